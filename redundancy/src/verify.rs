//! Are these the bytes that the origin published?
//!
//! The origin's hash list names the SHA-256 of every segment. A [`MediaFile`] is a file of which every byte behind the
//! initialisation has such a hash; a [`VerifiedPrefix`] grows only by segments that agree with theirs. So what a copy holds
//! is always a beginning of what the origin published.

use std::{collections::BTreeMap, collections::HashMap, ops::Range, sync::Arc};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::{catalogue::SourceFile, model::FileName, playlist::Variant, policy::with_tolerance};

/// Why playlists, hash list and declared files do not make one video.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The hash list is no JSON of the expected shape.
    #[error("the origin's hash list is unreadable")]
    UnreadableHashes,
    /// A segment without a hash cannot be checked.
    #[error("the origin's hash list has no hash for bytes {start}-{end} of {file}")]
    NoHash {
        /// The file.
        file: FileName,
        /// Its first byte.
        start: u64,
        /// Its last byte.
        end: u64,
    },
    /// A file whose size nobody declared could fill the disk.
    #[error("the origin's playlists name {0}, which the video does not declare")]
    Undeclared(FileName),
    /// More than 5 % above the declared size.
    #[error("the origin declares {declared_bytes} bytes for {file}, but its playlist covers {actual_bytes}")]
    LargerThanDeclared {
        /// The file.
        file: FileName,
        /// What the video says.
        declared_bytes: u64,
        /// What the playlist says.
        actual_bytes: u64,
    },
    /// Two playlists cut the same file differently.
    #[error("two playlists of the origin cut {0} differently")]
    Contradiction(FileName),
}

/// The hashes of all segments: file name, inclusive byte range, SHA-256.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct SegmentHashes(HashMap<String, HashMap<String, String>>);

impl SegmentHashes {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, PlanError> {
        serde_json::from_slice(bytes).map_err(|_| PlanError::UnreadableHashes)
    }

    fn of(&self, file: &FileName, range: &Range<u64>) -> Option<[u8; 32]> {
        let last = range.end.checked_sub(1)?;
        let digits = self.0.get(file.as_str())?.get(&format!("{}-{last}", range.start))?;
        let mut hash = [0; 32];
        hex::decode_to_slice(digits, &mut hash).ok()?;
        Some(hash)
    }
}

/// A media file, and how to know that it is right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MediaFile {
    pub(crate) name: FileName,
    pub(crate) url: Url,
    /// Not covered by hashes; a few hundred bytes of track descriptions.
    pub(crate) init: Range<u64>,
    pub(crate) segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) range: Range<u64>,
    pub(crate) sha256: [u8; 32],
}

impl Segment {
    pub(crate) fn len(&self) -> usize {
        (self.range.end - self.range.start) as usize
    }
}

impl MediaFile {
    pub(crate) fn size_bytes(&self) -> u64 {
        self.segments.last().map_or(self.init.end, |segment| segment.range.end)
    }
}

/// Brings playlists, hash list and declared files together: the media files of a video, each once.
pub(crate) fn plan(
    variants: Vec<Variant>,
    hashes: &SegmentHashes,
    declared: &[SourceFile],
) -> Result<Vec<Arc<MediaFile>>, PlanError> {
    let mut files: BTreeMap<FileName, MediaFile> = BTreeMap::new();
    for variant in variants {
        let file = media_file(variant, hashes, declared)?;
        match files.get(&file.name) {
            Some(other) if *other != file => return Err(PlanError::Contradiction(file.name)),
            Some(_) => {}
            None => drop(files.insert(file.name.clone(), file)),
        }
    }
    Ok(files.into_values().map(Arc::new).collect())
}

fn media_file(variant: Variant, hashes: &SegmentHashes, declared: &[SourceFile]) -> Result<MediaFile, PlanError> {
    let name = variant.media;
    let source = declared
        .iter()
        .find(|file| FileName::of_url(&file.url).as_ref() == Some(&name))
        .ok_or_else(|| PlanError::Undeclared(name.clone()))?;
    let segments = variant
        .segments
        .into_iter()
        .map(|range| match hashes.of(&name, &range) {
            Some(sha256) => Ok(Segment { range, sha256 }),
            None => Err(PlanError::NoHash { file: name.clone(), start: range.start, end: range.end - 1 }),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let file = MediaFile { name, url: source.url.clone(), init: variant.init, segments };
    let (declared_bytes, actual_bytes) = (source.size_bytes, file.size_bytes());
    if actual_bytes > with_tolerance(declared_bytes) {
        return Err(PlanError::LargerThanDeclared { file: file.name, declared_bytes, actual_bytes });
    }
    Ok(file)
}

/// A segment that is not what the origin published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bytes {start}-{end} of {file} are not those that the origin's hash list promises")]
pub struct WrongHash {
    /// The file.
    pub file: FileName,
    /// The segment's first byte.
    pub start: u64,
    /// The segment's last byte.
    pub end: u64,
}

/// As much of a media file as is known to be right.
#[derive(Debug, Clone)]
pub(crate) struct VerifiedPrefix {
    media: Arc<MediaFile>,
    whole: Sha256,
    accepted: usize,
}

impl VerifiedPrefix {
    /// Begins with the initialisation, which has no hash.
    pub(crate) fn new(media: Arc<MediaFile>, init: &[u8]) -> Self {
        Self { media, whole: Sha256::new_with_prefix(init), accepted: 0 }
    }

    /// The segments that are still missing.
    pub(crate) fn missing(&self) -> &[Segment] {
        self.media.segments.get(self.accepted..).unwrap_or_default()
    }

    /// How long the prefix is.
    pub(crate) fn end(&self) -> u64 {
        match self.accepted.checked_sub(1).and_then(|last| self.media.segments.get(last)) {
            Some(segment) => segment.range.end,
            None => self.media.init.end,
        }
    }

    /// Takes the next segment if it is right; unchanged otherwise. Costs milliseconds.
    pub(crate) fn accept(&mut self, bytes: &[u8]) -> Result<(), WrongHash> {
        let Some(segment) = self.missing().first() else {
            return Ok(());
        };
        if Sha256::digest(bytes).as_slice() != segment.sha256 {
            let Range { start, end } = segment.range;
            return Err(WrongHash { file: self.media.name.clone(), start, end: end - 1 });
        }
        self.whole.update(bytes);
        self.accepted += 1;
        Ok(())
    }

    /// The SHA-256 of the whole file in hexadecimal digits; `None` while segments are missing.
    pub(crate) fn finish(self) -> Option<String> {
        self.missing().is_empty().then(|| hex::encode(self.whole.finalize()))
    }
}

#[cfg(test)]
mod tests;
