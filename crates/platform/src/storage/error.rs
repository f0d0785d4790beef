//! Why storage did not do what it was asked to.

use std::{error::Error, io, path::Path};

use super::{InvalidKey, Key};

/// The cause behind an error, for the log.
pub type Cause = Box<dyn Error + Send + Sync>;

/// A storage operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// There is no object of this name.
    #[error("there is no object {0}")]
    NotFound(Key),
    /// The range is empty or starts at or after the object's end.
    #[error("object {key} has {size} bytes; the range starts behind its end")]
    RangeNotSatisfiable {
        /// The object.
        key: Key,
        /// Its size in bytes.
        size: u64,
    },
    /// The object is larger than the caller wants in memory.
    #[error("object {key} has {size} bytes, more than {max}")]
    TooLarge {
        /// The object.
        key: Key,
        /// Its size in bytes.
        size: u64,
        /// The caller's limit in bytes.
        max: u64,
    },
    /// A text that is no key.
    #[error(transparent)]
    InvalidKey(#[from] InvalidKey),
    /// The disk, quota or bucket is full.
    #[error("no space left in {place}: free some, or lower the storage budgets, and the work goes on by itself")]
    NoSpace {
        /// Which storage is full.
        place: String,
    },
    /// We may not do this: wrong permissions, wrong credentials.
    #[error("{place} does not let us in: {cause}")]
    Denied {
        /// Which storage refuses.
        place: String,
        /// What it says.
        cause: Cause,
    },
    /// The local file that was to be stored cannot be read.
    #[error("cannot read {path}: {cause}")]
    Source {
        /// The local file.
        path: String,
        /// Why not.
        cause: io::Error,
    },
    /// The storage does not answer as it should; this may pass.
    #[error("{place} failed: {cause}")]
    Unavailable {
        /// Which storage failed.
        place: String,
        /// How.
        cause: Cause,
    },
    /// The configuration is incomplete or contradicts itself.
    #[error("storage configuration: {0}")]
    Config(String),
}

impl StorageError {
    /// Whether trying the same again later is pointless.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::NotFound(_)
            | Self::RangeNotSatisfiable { .. }
            | Self::TooLarge { .. }
            | Self::InvalidKey(_)
            | Self::Source { .. }
            | Self::Config(_) => true,
            Self::NoSpace { .. } | Self::Denied { .. } | Self::Unavailable { .. } => false, // the operator can repair these
        }
    }

    /// Sorts an error of the file system by what can be done about it.
    pub(super) fn from_io(error: io::Error, place: &Path) -> Self {
        let place = place.display().to_string();
        match error.kind() {
            _ if is_want_of_space(&error) => Self::NoSpace { place },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Denied { place, cause: error.into() }
            }
            _ => Self::Unavailable { place, cause: error.into() },
        }
    }
}

/// Whether a file could not be written because the disk, or what its owner may use of it, is full.
pub(crate) fn is_want_of_space(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_one_clear_sentence_and_may_be_tried_again() {
        let error = StorageError::from_io(io::ErrorKind::StorageFull.into(), Path::new("/srv/shoal"));
        assert_eq!(
            error.to_string(),
            "no space left in /srv/shoal: free some, or lower the storage budgets, and the work goes on by itself"
        );
        assert!(!error.is_permanent());
    }

    #[test]
    fn a_missing_permission_is_told_apart_from_a_broken_disk() {
        let denied = StorageError::from_io(io::ErrorKind::PermissionDenied.into(), Path::new("/srv"));
        assert!(matches!(denied, StorageError::Denied { .. }));
        let broken = StorageError::from_io(io::Error::other("input/output error"), Path::new("/srv"));
        assert!(matches!(broken, StorageError::Unavailable { .. }));
    }
}
