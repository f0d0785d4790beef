//! Files of records in the shape of PeerTube's API, one a line.
//!
//! A record is made safe in the same way as what an instance answers, so a file can lie about its own videos only.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Lines, Read},
    path::Path,
};

use flate2::read::MultiGzDecoder;
use platform::clock::Timestamp;
use serde::Deserialize;

use crate::{
    document::VideoDocument,
    hosts::Origin,
    ingest::{self, WireDetail, WireVideo},
};

/// The records of a file, one after another; `None` for a line that is no record of a public video.
pub(crate) struct Records {
    lines: Lines<BufReader<Box<dyn Read>>>,
    now: Timestamp,
}

impl Records {
    /// Opens a file, which is compressed if its name ends in `.gz`. Dates after `now` are not believed.
    pub fn open(path: &Path, now: Timestamp) -> io::Result<Self> {
        let file = File::open(path)?;
        let is_compressed = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
        let bytes: Box<dyn Read> = if is_compressed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        Ok(Self { lines: BufReader::new(bytes).lines(), now })
    }
}

impl Iterator for Records {
    type Item = io::Result<Option<VideoDocument>>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.lines.next()?.map(|line| read(&line, self.now)))
    }
}

#[derive(Deserialize)]
struct HostOf {
    account: AccountHost,
}

#[derive(Deserialize)]
struct AccountHost {
    host: String,
}

fn read(line: &str, now: Timestamp) -> Option<VideoDocument> {
    let host: HostOf = serde_json::from_str(line).ok()?;
    let origin = Origin::parse(&host.account.host, false).ok()?;
    let wire: WireVideo = serde_json::from_str(line).ok()?;
    let detail: WireDetail = serde_json::from_str(line).ok()?;
    let mut video = ingest::read(&origin, &wire, now).ok()?;
    ingest::complete(&mut video, &detail).ok()?;
    Some(video)
}
