//! Objects as files below one folder.
//!
//! A write goes to a temporary name in `.incoming`, is flushed to the disk, renamed into place, and the folders on the way
//! are flushed too: after a crash or power cut the object is there in full or not at all. Keys cannot begin with a dot, so
//! `.incoming` is out of their reach. Every call does its file work in one go on the blocking pool.

mod files;

use std::{
    fs,
    io::{self, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;
use tracing::info;

use files::{
    INCOMING, collect_objects, copy_into_place, found, new_bin, new_temporary, open_object, remove_empty_parents,
    rename_into_place, sweep,
};

use super::{Key, ObjectReader, StorageError, object::clip};

const READ_PIECE_BYTES: usize = 128 * 1_024;

/// A folder that holds objects.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Creates what is missing, makes sure that it can be written to, and sweeps.
    pub(super) async fn open(root: PathBuf) -> Result<Self, StorageError> {
        let folder = Self { root };
        folder
            .run(|root| {
                fs::create_dir_all(root.join(INCOMING))?;
                let swept = sweep(&root.join(INCOMING))?;
                if swept > 0 {
                    info!(storage.swept = swept, "removed {swept} unfinished files of an earlier run");
                }
                Ok(())
            })
            .await?;
        Ok(folder)
    }

    pub(super) async fn put_bytes(&self, key: &Key, bytes: Bytes) -> Result<(), StorageError> {
        let key = key.clone();
        self.run(move |root| {
            let mut temporary = new_temporary(root)?;
            temporary.write_all(&bytes)?;
            temporary.as_file().sync_all()?;
            rename_into_place(root, &key, |target| fs::rename(temporary.path(), target))
        })
        .await
    }

    pub(super) async fn put_file(&self, key: &Key, source: &Path) -> Result<(), StorageError> {
        let (key, source) = (key.clone(), source.to_owned());
        let opened = tokio::fs::File::open(&source).await;
        let opened = opened.map_err(|cause| StorageError::Source { path: source.display().to_string(), cause })?;
        let opened = opened.into_std().await;
        self.run(move |root| {
            opened.sync_all()?;
            match rename_into_place(root, &key, |target| fs::rename(&source, target)) {
                Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                    copy_into_place(root, &key, opened, &source)
                }
                outcome => outcome,
            }
        })
        .await
    }

    pub(super) async fn read(&self, key: &Key, range: Option<Range<u64>>) -> Result<ObjectReader, StorageError> {
        let path = self.path_of(key);
        let opened = self.run(move |_| open_object(&path)).await?;
        let (mut file, size) = opened.ok_or_else(|| StorageError::NotFound(key.clone()))?;
        let range = clip(key, range, size)?;
        if range.start > 0 {
            file.seek(SeekFrom::Start(range.start)).map_err(|error| self.error(error))?;
        }
        let bytes = tokio::fs::File::from_std(file).take(range.end - range.start);
        let root = self.root.clone();
        let stream = ReaderStream::with_capacity(bytes, READ_PIECE_BYTES)
            .map_err(move |error| StorageError::from_io(error, &root))
            .boxed();
        Ok(ObjectReader { size, range, stream })
    }

    pub(super) async fn size(&self, key: &Key) -> Result<Option<u64>, StorageError> {
        let path = self.path_of(key);
        self.run(move |_| Ok(found(fs::metadata(path))?.filter(fs::Metadata::is_file).map(|metadata| metadata.len())))
            .await
    }

    pub(super) async fn delete(&self, key: &Key) -> Result<(), StorageError> {
        let path = self.path_of(key);
        self.run(move |root| {
            found(fs::remove_file(&path))?;
            remove_empty_parents(root, &path);
            Ok(())
        })
        .await
    }

    /// The folder vanishes from readers in one step, whatever it holds, and is then taken apart.
    pub(super) async fn delete_prefix(&self, folder: &Key) -> Result<(), StorageError> {
        let path = self.path_of(folder);
        self.run(move |root| {
            if !found(fs::metadata(&path))?.is_some_and(|metadata| metadata.is_dir()) {
                return Ok(());
            }
            let doomed = new_bin(root)?;
            found(fs::rename(&path, doomed.path()))?;
            remove_empty_parents(root, &path);
            doomed.close()
        })
        .await
    }

    pub(super) async fn list(&self, folder: Option<&Key>) -> Result<Vec<(Key, u64)>, StorageError> {
        let folder = folder.cloned();
        self.run(move |root| {
            let mut objects = Vec::new();
            let start = folder.as_ref().map_or_else(|| root.to_owned(), |folder| root.join(folder.as_str()));
            collect_objects(root, &start, &mut objects)?;
            Ok(objects)
        })
        .await
    }

    fn path_of(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    fn error(&self, error: io::Error) -> StorageError {
        StorageError::from_io(error, &self.root)
    }

    /// Does file work on the blocking pool.
    async fn run<T, F>(&self, work: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: FnOnce(&Path) -> io::Result<T> + Send + 'static,
    {
        let root = self.root.clone();
        let outcome = tokio::task::spawn_blocking(move || work(&root)).await;
        outcome.unwrap_or_else(|stopped| Err(io::Error::other(stopped))).map_err(|error| self.error(error))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::File, os::unix::fs::PermissionsExt, time::Duration};

    use tempfile::TempDir;

    use super::{files::STALE_AFTER, *};

    fn set_age(path: &Path, age: Duration) {
        let file = File::open(path).expect("a file");
        let modified = file.metadata().expect("its metadata").modified().expect("its age");
        file.set_modified(modified - age).expect("a new age");
    }

    async fn folder() -> (TempDir, Folder) {
        let root = tempfile::tempdir().expect("a temporary folder");
        let folder = Folder::open(root.path().to_owned()).await.expect("a storage");
        (root, folder)
    }

    fn key(text: &str) -> Key {
        Key::new(text).expect("a key")
    }

    #[tokio::test]
    async fn what_a_crashed_writer_left_is_swept_but_not_what_a_living_one_writes() {
        let (root, _) = folder().await;
        let incoming = root.path().join(INCOMING);
        let (stale, stale_folder, fresh) =
            (incoming.join("write-stale"), incoming.join("write-trash"), incoming.join("write-fresh"));
        fs::write(&stale, "half").expect("a file");
        fs::create_dir_all(stale_folder.join("deep")).expect("a folder");
        fs::write(&fresh, "half").expect("a file");
        for old in [&stale, &stale_folder] {
            set_age(old, STALE_AFTER * 2);
        }
        let reopened = Folder::open(root.path().to_owned()).await.expect("a storage");
        assert!(!stale.exists() && !stale_folder.exists());
        assert!(fresh.exists());
        assert_eq!(reopened.list(None).await.expect("a list"), [], "unfinished files are never objects");
    }

    #[tokio::test]
    async fn names_that_are_no_keys_are_not_listed() {
        let (root, folder) = folder().await;
        fs::write(root.path().join("with space"), "1").expect("a file");
        fs::write(root.path().join(".hidden"), "1").expect("a file");
        folder.put_bytes(&key("a"), Bytes::from_static(b"1")).await.expect("a stored object");
        assert_eq!(folder.list(None).await.expect("a list"), [(key("a"), 1)]);
    }

    #[tokio::test]
    async fn folders_that_held_nothing_else_go_with_their_last_object() {
        let (root, folder) = folder().await;
        folder.put_bytes(&key("a/b/c"), Bytes::new()).await.expect("a stored object");
        folder.delete(&key("a/b/c")).await.expect("a deletion");
        assert!(!root.path().join("a").exists() && root.path().exists());
    }

    #[tokio::test]
    async fn a_reader_keeps_the_version_that_it_opened() {
        let (_root, folder) = folder().await;
        folder.put_bytes(&key("a"), Bytes::from_static(b"old")).await.expect("a stored object");
        let opened = folder.read(&key("a"), None).await.expect("an object");
        folder.put_bytes(&key("a"), Bytes::from_static(b"newer")).await.expect("a stored object");
        assert_eq!(opened.collect().await.expect("its bytes"), "old");
    }

    #[tokio::test]
    async fn objects_are_as_readable_as_other_new_files() {
        let (root, folder) = folder().await;
        folder.put_bytes(&key("object"), Bytes::new()).await.expect("a stored object");
        fs::write(root.path().join("ordinary"), "").expect("a file");
        let mode = |name| fs::metadata(root.path().join(name)).expect("its metadata").permissions().mode();
        assert_eq!(mode("object"), mode("ordinary"));
    }

    #[tokio::test]
    async fn a_file_from_another_file_system_is_copied_and_then_removed() {
        let (root, folder) = folder().await;
        let source = root.path().join(".elsewhere");
        fs::write(&source, "moved").expect("a file");
        copy_into_place(root.path(), &key("a/b"), File::open(&source).expect("a file"), &source).expect("a copy");
        assert_eq!(folder.size(&key("a/b")).await.expect("a size"), Some(5));
        assert!(!source.exists());
        assert_eq!(fs::read_dir(root.path().join(INCOMING)).expect("a folder").count(), 0);
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_created_is_an_error_at_start() {
        let (root, _) = folder().await;
        let file = root.path().join("file");
        fs::write(&file, "").expect("a file");
        assert!(Folder::open(file.join("storage")).await.is_err());
    }
}
