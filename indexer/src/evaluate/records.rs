//! Reads a file of records in the shape of PeerTube's API, one a line.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use flate2::read::MultiGzDecoder;
use platform::clock::Timestamp;
use serde::Deserialize;

use super::EvaluateError;
use crate::{
    document::VideoDocument,
    hosts::Origin,
    ingest::{self, WireDetail, WireVideo},
};

/// What a file holds.
#[derive(Debug)]
pub(super) struct Records {
    /// Those that may be indexed, in the order of the file.
    pub videos: Arc<Vec<VideoDocument>>,
    /// How many lines are something else.
    pub skipped: usize,
}

pub(super) fn read(path: &Path) -> Result<Records, EvaluateError> {
    let (videos, skipped) =
        read_lines(path).map_err(|error| EvaluateError::File { path: path.display().to_string(), error })?;
    if videos.is_empty() {
        return Err(EvaluateError::Empty(path.display().to_string()));
    }
    Ok(Records { videos: Arc::new(videos), skipped })
}

fn read_lines(path: &Path) -> io::Result<(Vec<VideoDocument>, usize)> {
    let file = File::open(path)?;
    let is_compressed = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    let bytes: Box<dyn Read> = if is_compressed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let (mut videos, mut skipped) = (Vec::new(), 0);
    for line in BufReader::new(bytes).lines() {
        match read_record(&line?) {
            Some(video) => videos.push(video),
            None => skipped += 1,
        }
    }
    Ok((videos, skipped))
}

#[derive(Deserialize)]
struct HostOf {
    account: AccountHost,
}

#[derive(Deserialize)]
struct AccountHost {
    host: String,
}

fn read_record(line: &str) -> Option<VideoDocument> {
    let host: HostOf = serde_json::from_str(line).ok()?;
    let origin = Origin::parse(&host.account.host, false).ok()?;
    let wire: WireVideo = serde_json::from_str(line).ok()?;
    let detail: WireDetail = serde_json::from_str(line).ok()?;
    let mut video = ingest::read(&origin, &wire, end_of_time()).ok()?;
    ingest::complete(&mut video, &detail).ok()?;
    Some(video)
}

/// Later than any record, so that none is taken for one from the future: when a file is evaluated must not matter.
fn end_of_time() -> Timestamp {
    DateTime::<Utc>::MAX_UTC
}
