//! Where files live once they are finished: videos, segments, thumbnails, mirrored copies.
//!
//! The invariant: **a key either does not exist or names a complete object.** Backends write under a temporary name and
//! make the object appear in one step, so a crash in the middle of a write leaves nothing that a reader can see. Objects
//! are replaced, never changed.
//!
//! Three backends keep the same promises, and `suite` holds all of them to the same tests: a folder (the default), any
//! S3-compatible service, and memory for tests.

mod config;
mod error;
mod folder;
mod key;
mod memory;
mod object;
mod s3;

#[cfg(test)]
mod s3_server;
#[cfg(test)]
mod suite;

use std::{ops::Range, path::Path, sync::Arc};

use bytes::Bytes;

pub use config::{S3Config, StorageConfig, StorageKind};
pub use error::StorageError;
pub(crate) use error::is_want_of_space;
pub use key::{InvalidKey, Key};
pub use object::{ObjectReader, ObjectStream};

use folder::Folder;
use memory::Memory;
use s3::S3;

/// The storage of this process. Clones share the backend.
#[derive(Debug, Clone)]
pub struct Storage {
    backend: Backend,
}

#[derive(Debug, Clone)]
enum Backend {
    Folder(Arc<Folder>),
    S3(Arc<S3>),
    Memory(Memory),
}

/// Calls the same method on whichever backend there is.
macro_rules! on_backend {
    ($storage:expr, $backend:ident => $call:expr) => {
        match &$storage.backend {
            Backend::Folder($backend) => $call.await,
            Backend::S3($backend) => $call.await,
            Backend::Memory($backend) => $call.await,
        }
    };
}

impl Storage {
    /// Opens what the configuration names. A folder is created if it is missing, and swept of what crashed writers left.
    ///
    /// # Errors
    /// [`StorageError::Config`] if the configuration is incomplete, or the backend's error if it cannot be written to.
    pub async fn open(config: &StorageConfig, data_dir: &Path) -> Result<Self, StorageError> {
        match config.kind {
            StorageKind::Folder => Self::folder(&config.folder_in(data_dir)).await,
            StorageKind::S3 => Self::s3(&config.s3),
        }
    }

    /// Opens a folder, which is created if it is missing.
    ///
    /// # Errors
    /// If the folder cannot be created or written to.
    pub async fn folder(path: &Path) -> Result<Self, StorageError> {
        let folder = Folder::open(path.to_owned()).await?;
        Ok(Self { backend: Backend::Folder(Arc::new(folder)) })
    }

    /// Uses a bucket of an S3-compatible service, without contacting it yet.
    ///
    /// # Errors
    /// [`StorageError::Config`] if the configuration is incomplete.
    pub fn s3(config: &S3Config) -> Result<Self, StorageError> {
        Ok(Self { backend: Backend::S3(Arc::new(S3::new(config)?)) })
    }

    /// Keeps everything in memory, for tests.
    pub fn memory() -> Self {
        Self { backend: Backend::Memory(Memory::default()) }
    }

    /// Stores an object, replacing an earlier one.
    ///
    /// # Errors
    /// [`StorageError::NoSpace`] if it does not fit; then nothing has changed.
    pub async fn put_bytes(&self, key: &Key, bytes: impl Into<Bytes>) -> Result<(), StorageError> {
        let bytes = bytes.into();
        on_backend!(self, backend => backend.put_bytes(key, bytes))
    }

    /// Moves a finished local file into storage, replacing an earlier object. Afterwards `source` is gone.
    ///
    /// # Errors
    /// As [`Self::put_bytes`]; then `source` is still there.
    pub async fn put_file(&self, key: &Key, source: &Path) -> Result<(), StorageError> {
        on_backend!(self, backend => backend.put_file(key, source))
    }

    /// Opens an object, or a range of it that starts inside it; an end beyond the object means its end.
    ///
    /// # Errors
    /// [`StorageError::NotFound`], or [`StorageError::RangeNotSatisfiable`] if the range is empty or starts at or after the
    /// end of the object.
    pub async fn read(&self, key: &Key, range: Option<Range<u64>>) -> Result<ObjectReader, StorageError> {
        on_backend!(self, backend => backend.read(key, range))
    }

    /// Reads a whole object of at most `max` bytes.
    ///
    /// # Errors
    /// [`StorageError::NotFound`], or [`StorageError::TooLarge`].
    pub async fn bytes(&self, key: &Key, max: u64) -> Result<Bytes, StorageError> {
        let object = self.read(key, None).await?;
        if object.size > max {
            return Err(StorageError::TooLarge { key: key.clone(), size: object.size, max });
        }
        object.collect().await
    }

    /// The size of an object in bytes, or `None` if there is none.
    ///
    /// # Errors
    /// If the backend cannot tell.
    pub async fn size(&self, key: &Key) -> Result<Option<u64>, StorageError> {
        on_backend!(self, backend => backend.size(key))
    }

    /// Deletes an object. Deleting what is not there succeeds.
    ///
    /// # Errors
    /// If the backend cannot delete it.
    pub async fn delete(&self, key: &Key) -> Result<(), StorageError> {
        on_backend!(self, backend => backend.delete(key))
    }

    /// Deletes everything below a folder: `"hls/abc"` deletes `hls/abc/master.m3u8`, but neither `hls/abc` nor `hls/abcd/x`.
    ///
    /// # Errors
    /// [`StorageError::InvalidKey`] if the folder is empty (nobody means to delete everything), or if the backend fails
    /// half-way; calling it again finishes the work.
    pub async fn delete_prefix(&self, folder: &str) -> Result<(), StorageError> {
        let folder = Key::new(folder.trim_end_matches('/'))?;
        on_backend!(self, backend => backend.delete_prefix(&folder))
    }

    /// Every object below a folder with its size, sorted by key; `""` lists everything.
    ///
    /// # Errors
    /// If the folder is no valid key, or the backend fails.
    pub async fn list(&self, folder: &str) -> Result<Vec<(Key, u64)>, StorageError> {
        let folder = match folder.trim_end_matches('/') {
            "" => None,
            folder => Some(Key::new(folder)?),
        };
        let mut objects = on_backend!(self, backend => backend.list(folder.as_ref()))?;
        objects.sort_unstable();
        Ok(objects)
    }
}
