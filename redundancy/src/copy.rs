//! How does a video become a copy?
//!
//! Playlists and hash list first, then each media file in ranges that are checked segment by segment, pictures last. What is
//! in storage or in the staging folder from an earlier attempt is checked and kept, so an attempt that was cut off costs the
//! segment that was under way. Nothing is served before all of it is here: that is one transaction of
//! [`actions`](crate::actions).

use std::{collections::BTreeSet, io, path::PathBuf, sync::Arc};

use bytes::Bytes;
use platform::{
    db::DbError,
    net::NetError,
    storage::{InvalidKey, Storage, StorageError},
};
use sha2::{Digest as _, Sha256};
use tracing::debug;

use crate::{
    catalogue::{MirrorSource, SourcePicture},
    fetch::{Origin, Pieces},
    model::{CopiedFile, FileKind, FileName},
    part::{PartFile, accept},
    playlist::{self, PlaylistError},
    policy,
    progress::Progress,
    verify::{self, MediaFile, PlanError, SegmentHashes, VerifiedPrefix, WrongHash},
};

const MAX_PLAYLIST_BYTES: u64 = 8_000_000;
const MAX_HASHES_BYTES: u64 = 32_000_000;
const MAX_PICTURE_BYTES: u64 = 4_000_000;
/// Segments are asked for together up to this size; a request each would tire the origin.
const PIECE_BYTES: u64 = 16 * 1024 * 1024;

/// Why a video could not be copied, in words for the operator.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The origin did not answer as it should.
    #[error(transparent)]
    Net(#[from] NetError),
    /// Our database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Our storage.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Our staging folder.
    #[error("cannot write copies in progress: {0}")]
    Staging(#[from] io::Error),
    /// A playlist that we do not copy.
    #[error(transparent)]
    Playlist(#[from] PlaylistError),
    /// Playlists, hashes and files that do not belong together.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Twice the same wrong bytes.
    #[error(transparent)]
    WrongHash(#[from] WrongHash),
    /// The playlist or hash list has a name that we do not serve.
    #[error("the origin's playlist or hash list has an unusable name")]
    UnusableName,
    /// Two files of the video have the same name.
    #[error("the origin has two files called {0}")]
    SameName(FileName),
    /// Playlists and hash list larger than any video of this size needs.
    #[error("the origin's playlists and hash list are too large")]
    TooLarge,
    /// The origin sends something else than the range that was asked for.
    #[error("the origin does not serve parts of its files")]
    NoRanges,
    /// Less arrived than was promised.
    #[error("a transfer broke off")]
    BrokeOff,
    /// Meanwhile the video was deleted, or changed again.
    #[error("the copy is no longer wanted")]
    Unwanted,
}

impl CopyError {
    /// Whether trying again soon is pointless.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Net(error) => error.is_permanent(),
            Self::Storage(error) => error.is_permanent(),
            Self::Db(_) | Self::Staging(_) | Self::BrokeOff => false,
            _ => true,
        }
    }
}

impl From<InvalidKey> for CopyError {
    fn from(_: InvalidKey) -> Self {
        Self::UnusableName
    }
}

/// One attempt to copy a video.
pub(crate) struct Copy<'a> {
    pub(crate) origin: &'a Origin,
    pub(crate) storage: &'a Storage,
    /// Where the files of this video grow. Not swept at start.
    pub(crate) staging: PathBuf,
    pub(crate) source: &'a MirrorSource,
    pub(crate) progress: Progress<'a>,
    /// What playlists, hash list and pictures may still take.
    pub(crate) small_files_left: u64,
}

/// A small file that was fetched whole.
struct Document {
    name: FileName,
    kind: FileKind,
    bytes: Bytes,
}

impl Copy<'_> {
    /// Fetches and checks everything, and puts it into storage.
    pub(crate) async fn run(mut self) -> Result<Vec<CopiedFile>, CopyError> {
        let (mut documents, media) = self.plan().await?;
        self.progress.expect(media.iter().map(|file| file.size_bytes()).sum());
        let mut copied = Vec::new();
        for file in media {
            copied.push(self.media(&file).await?);
        }
        for picture in &self.source.pictures {
            documents.extend(self.picture(picture).await);
        }
        for document in documents {
            copied.push(self.store(document).await?);
        }
        refuse_same_names(&copied)?;
        Ok(copied)
    }

    /// Reads playlists and hash list: what there is to copy, and how to know that it is right.
    async fn plan(&mut self) -> Result<(Vec<Document>, Vec<Arc<MediaFile>>), CopyError> {
        let source = self.source;
        let name = |url| FileName::of_url(url).ok_or(CopyError::UnusableName);
        let master = self.document(&source.playlist_url, MAX_PLAYLIST_BYTES).await?;
        let mut variants = Vec::new();
        let mut documents = Vec::new();
        for playlist in playlist::parse_master(&master)? {
            let url = source.playlist_url.join(playlist.as_str()).map_err(|_| CopyError::UnusableName)?;
            let bytes = self.document(&url, MAX_PLAYLIST_BYTES).await?;
            variants.push(playlist::parse_variant(&bytes)?);
            documents.push(Document { name: playlist, kind: FileKind::Playlist, bytes });
        }
        let hashes = self.document(&source.segments_sha256_url, MAX_HASHES_BYTES).await?;
        let media = verify::plan(variants, &SegmentHashes::parse(&hashes)?, &source.files)?;
        documents.push(Document { name: name(&source.playlist_url)?, kind: FileKind::Master, bytes: master });
        documents.push(Document { name: name(&source.segments_sha256_url)?, kind: FileKind::Hashes, bytes: hashes });
        Ok((documents, media))
    }

    async fn document(&mut self, url: &url::Url, max_bytes: u64) -> Result<Bytes, CopyError> {
        let bytes = self.origin.document(url, max_bytes.min(self.small_files_left)).await?;
        self.small_files_left = self.small_files_left.checked_sub(bytes.len() as u64).ok_or(CopyError::TooLarge)?;
        Ok(bytes)
    }

    /// A picture is welcome, but no video is given up for want of one.
    async fn picture(&mut self, picture: &SourcePicture) -> Option<Document> {
        let bytes = match self.document(&picture.url, MAX_PICTURE_BYTES).await {
            Ok(bytes) => bytes,
            Err(error) => {
                debug!(video.uuid = %self.source.uuid, %error, "a picture could not be copied");
                return None;
            }
        };
        let name = FileName::new(&format!("{}.{}", picture.kind.name(), picture_extension(&bytes)?))?;
        Some(Document { name, kind: FileKind::Picture(picture.kind), bytes })
    }

    async fn store(&self, document: Document) -> Result<CopiedFile, CopyError> {
        let Document { name, kind, bytes } = document;
        let (size_bytes, sha256) = (bytes.len() as u64, hex::encode(Sha256::digest(&bytes)));
        self.storage.put_bytes(&name.key(self.source.uuid)?, bytes).await?;
        Ok(CopiedFile { name, kind, size_bytes, sha256 })
    }

    async fn media(&mut self, media: &Arc<MediaFile>) -> Result<CopiedFile, CopyError> {
        let sha256 = match self.stored_before(media).await? {
            Some(sha256) => sha256,
            None => self.fetch_media(media).await?,
        };
        let (name, size_bytes) = (media.name.clone(), media.size_bytes());
        Ok(CopiedFile { name, kind: FileKind::Media, size_bytes, sha256 })
    }

    /// The hash of a file that an earlier attempt, or the copy of an earlier version of the video, has left in storage.
    async fn stored_before(&mut self, media: &Arc<MediaFile>) -> Result<Option<String>, CopyError> {
        let key = media.name.key(self.source.uuid)?;
        if self.storage.size(&key).await? != Some(media.size_bytes()) {
            return Ok(None);
        }
        let mut pieces = Pieces::of(self.storage.read(&key, None).await?.stream);
        let Some(init) = pieces.take(media.init.end as usize).await? else {
            return Ok(None);
        };
        let mut prefix = VerifiedPrefix::new(media.clone(), &init);
        while let Some(segment) = prefix.missing().first() {
            let Some(bytes) = pieces.take(segment.len()).await? else {
                return Ok(None);
            };
            let (checked, outcome) = accept(prefix, bytes).await?;
            prefix = checked;
            if outcome.is_err() {
                return Ok(None);
            }
        }
        self.progress.advance(media.size_bytes()).await?;
        Ok(prefix.finish())
    }

    async fn fetch_media(&mut self, media: &Arc<MediaFile>) -> Result<String, CopyError> {
        let init = self.origin.bytes(&media.url, media.init.clone()).await?;
        let mut part = PartFile::open(&self.staging, media).await?;
        let mut prefix = part.resume(media, &init).await?;
        self.progress.advance(prefix.end()).await?;
        let mut doubted = None;
        while !prefix.missing().is_empty() {
            prefix = self.fetch_piece(media, prefix, &mut part, &mut doubted).await?;
        }
        let path = part.finish().await?;
        self.storage.put_file(&media.name.key(self.source.uuid)?, &path).await?;
        prefix.finish().ok_or(CopyError::BrokeOff)
    }

    /// Fetches the next segments. A wrong one ends the piece and is `doubted`: it is fetched once more, since a proxy or a
    /// line may be at fault, and only the second time it is the origin's.
    async fn fetch_piece(
        &mut self,
        media: &MediaFile,
        mut prefix: VerifiedPrefix,
        part: &mut PartFile,
        doubted: &mut Option<u64>,
    ) -> Result<VerifiedPrefix, CopyError> {
        let piece = prefix.end()..end_of_piece(&prefix);
        let mut pieces = self.origin.range(&media.url, piece.clone()).await?;
        while prefix.end() < piece.end {
            let Some(length) = prefix.missing().first().map(verify::Segment::len) else {
                break;
            };
            let bytes = pieces.take(length).await?.ok_or(CopyError::BrokeOff)?;
            let (checked, outcome) = accept(prefix, bytes.clone()).await?;
            prefix = checked;
            match outcome {
                Ok(()) => {
                    part.append(&bytes).await?;
                    self.progress.advance(bytes.len() as u64).await?;
                }
                Err(wrong) if *doubted == Some(wrong.start) => return Err(wrong.into()),
                Err(wrong) => {
                    *doubted = Some(wrong.start);
                    break;
                }
            }
        }
        Ok(prefix)
    }
}

/// As many whole segments as fit a piece, at least one.
fn end_of_piece(prefix: &VerifiedPrefix) -> u64 {
    let limit = prefix.end() + PIECE_BYTES;
    let ends = prefix.missing().iter().map(|segment| segment.range.end);
    let first = ends.clone().next().unwrap_or(limit);
    ends.take_while(|end| *end <= limit).last().unwrap_or(first)
}

/// What a picture is, by its first bytes; `None` for anything that is no picture.
fn picture_extension(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some("jpg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("png"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("webp"),
        _ => None,
    }
}

fn refuse_same_names(files: &[CopiedFile]) -> Result<(), CopyError> {
    let mut names = BTreeSet::new();
    match files.iter().find(|file| !names.insert(&file.name)) {
        Some(file) => Err(CopyError::SameName(file.name.clone())),
        None => Ok(()),
    }
}

/// What playlists, hash list and pictures of this video may take.
pub(crate) fn small_files_of(source: &MirrorSource) -> u64 {
    policy::small_files(source.files.iter().map(|file| file.size_bytes).fold(0, u64::saturating_add))
}
