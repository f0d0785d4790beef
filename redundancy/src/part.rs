//! What of a file is here already?
//!
//! **Invariant:** behind the initialisation, a part file holds segments that agreed with their hashes when they were
//! appended. After a crash it is read and checked again from its beginning, and cut where it stops being right: the last
//! write may be torn, and nothing else needs remembering.

use std::{
    io::{self, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use tokio::{
    fs::{self, File, OpenOptions},
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt},
};

use crate::{
    copy::CopyError,
    verify::{MediaFile, VerifiedPrefix, WrongHash},
};

/// A file on its way into storage.
pub(crate) struct PartFile {
    file: File,
    path: PathBuf,
}

impl PartFile {
    /// Opens what an earlier attempt left, or begins anew.
    pub(crate) async fn open(folder: &Path, media: &MediaFile) -> io::Result<Self> {
        fs::create_dir_all(folder).await?;
        let path = folder.join(format!("{}.part", media.name));
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).await?;
        Ok(Self { file, path })
    }

    /// Checks what is here, drops the rest, and is ready to append. If the file does not begin with the initialisation that
    /// the origin serves now, nothing of it is kept.
    pub(crate) async fn resume(&mut self, media: &Arc<MediaFile>, init: &[u8]) -> Result<VerifiedPrefix, CopyError> {
        let mut prefix = VerifiedPrefix::new(media.clone(), init);
        if self.read(init.len()).await?.as_deref() == Some(init) {
            while let Some(segment) = prefix.missing().first() {
                let Some(bytes) = self.read(segment.len()).await? else {
                    break;
                };
                let (checked, outcome) = accept(prefix, bytes).await?;
                prefix = checked;
                if outcome.is_err() {
                    break;
                }
            }
        } else {
            self.file.set_len(0).await?;
            self.file.seek(SeekFrom::Start(0)).await?;
            self.append(init).await?;
        }
        self.file.set_len(prefix.end()).await?;
        self.file.seek(SeekFrom::Start(prefix.end())).await?;
        Ok(prefix)
    }

    pub(crate) async fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await?;
        self.file.flush().await
    }

    /// The finished file, safely on disk.
    pub(crate) async fn finish(self) -> io::Result<PathBuf> {
        self.file.sync_all().await?;
        Ok(self.path)
    }

    async fn read(&mut self, length: usize) -> io::Result<Option<Bytes>> {
        let mut bytes = vec![0; length];
        match self.file.read_exact(&mut bytes).await {
            Ok(_) => Ok(Some(bytes.into())),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Checks a segment outside the asynchronous workers: hashing some megabytes takes milliseconds.
pub(crate) async fn accept(
    mut prefix: VerifiedPrefix,
    bytes: Bytes,
) -> Result<(VerifiedPrefix, Result<(), WrongHash>), CopyError> {
    let check = move || {
        let outcome = prefix.accept(&bytes);
        (prefix, outcome)
    };
    tokio::task::spawn_blocking(check).await.map_err(|_| CopyError::BrokeOff)
}
