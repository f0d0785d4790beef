//! The steps from which folder storage is made. All of them block.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::Duration,
};

use tempfile::{NamedTempFile, TempDir};

use crate::storage::Key;

/// Where unfinished files are: in the root, out of reach of any key.
pub(super) const INCOMING: &str = ".incoming";
/// No write pauses for this long; another process on the same folder may be in the middle of a younger one.
pub(super) const STALE_AFTER: Duration = Duration::from_hours(1);
const TEMPORARY_PREFIX: &str = "write-";
/// A concurrent delete may remove an empty folder between its creation and our rename.
const RENAME_ATTEMPTS: usize = 5;

/// `None` for what is not there, so that "missing" is an answer and not an error. A key below another object, or
/// one that is a folder, counts as missing too.
pub(super) fn found<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

pub(super) fn open_object(path: &Path) -> io::Result<Option<(File, u64)>> {
    let Some(file) = found(File::open(path))? else { return Ok(None) };
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some((file, metadata.len())))
}

/// A file that vanishes unless it is renamed. Who may read it is left to the process's umask, as with any other file, so
/// that a web server beside us can be allowed to serve objects.
pub(super) fn new_temporary(root: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(TEMPORARY_PREFIX)
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(root.join(INCOMING))
}

/// A folder for what is about to be deleted.
pub(super) fn new_bin(root: &Path) -> io::Result<TempDir> {
    tempfile::Builder::new().prefix(TEMPORARY_PREFIX).tempdir_in(root.join(INCOMING))
}

/// Another file system holds the source: the bytes move, and the source goes when they have arrived.
pub(super) fn copy_into_place(root: &Path, key: &Key, mut from: File, source: &Path) -> io::Result<()> {
    let mut temporary = new_temporary(root)?;
    io::copy(&mut from, temporary.as_file_mut())?;
    temporary.as_file().sync_all()?;
    rename_into_place(root, key, |target| fs::rename(temporary.path(), target))?;
    fs::remove_file(source)
}

pub(super) fn rename_into_place(root: &Path, key: &Key, rename: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    let target = root.join(key.as_str());
    let parent = target.parent().unwrap_or(root);
    let mut outcome = Ok(());
    for _ in 0..RENAME_ATTEMPTS {
        let is_new = !parent.is_dir();
        fs::create_dir_all(parent)?;
        outcome = rename(&target);
        match &outcome {
            Ok(()) => return flush_folders(root, parent, is_new),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {} // a concurrent delete took the folder
            Err(_) => return outcome,
        }
    }
    outcome
}

/// Makes the rename survive a power cut; of folders that are new, the names in their parents as well.
fn flush_folders(root: &Path, parent: &Path, is_new: bool) -> io::Result<()> {
    let levels = if is_new { usize::MAX } else { 1 };
    for folder in parent.ancestors().take(levels) {
        match File::open(folder) {
            Ok(folder) => folder.sync_all()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {} // deleted again meanwhile
            Err(error) => return Err(error),
        }
        if folder == root {
            break;
        }
    }
    Ok(())
}

/// Removes folders that held nothing else, up to the root. Failing is fine: somebody else has put something there.
pub(super) fn remove_empty_parents(root: &Path, path: &Path) {
    for parent in path.ancestors().skip(1).take_while(|parent| *parent != root) {
        if fs::remove_dir(parent).is_err() {
            break;
        }
    }
}

/// Names that are no keys are not ours: they are left out.
pub(super) fn collect_objects(root: &Path, folder: &Path, objects: &mut Vec<(Key, u64)>) -> io::Result<()> {
    let Some(entries) = found(fs::read_dir(folder))? else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        let key = path.strip_prefix(root).ok().and_then(Path::to_str).and_then(|name| Key::new(name).ok());
        let (Some(key), Some(metadata)) = (key, found(fs::metadata(&path))?) else { continue };
        if metadata.is_dir() {
            collect_objects(root, &path, objects)?;
        } else if metadata.is_file() {
            objects.push((key, metadata.len()));
        }
    }
    Ok(())
}

/// Removes what writers that crashed have left. Age is measured against a file made now, so that the clock of a network
/// file system may differ from ours.
pub(super) fn sweep(incoming: &Path) -> io::Result<usize> {
    let probe = NamedTempFile::with_prefix_in(TEMPORARY_PREFIX, incoming)?;
    let now = probe.as_file().metadata()?.modified()?;
    let mut swept = 0;
    for entry in fs::read_dir(incoming)? {
        let entry = entry?;
        let Some(metadata) = found(entry.metadata())? else { continue };
        if now.duration_since(metadata.modified()?).is_ok_and(|age| age > STALE_AFTER) {
            let removed =
                if metadata.is_dir() { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
            swept += usize::from(found(removed)?.is_some());
        }
    }
    Ok(swept)
}
