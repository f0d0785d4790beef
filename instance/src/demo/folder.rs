use std::{
    fs, io,
    path::{Path, PathBuf},
};

use platform::DataDir;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    DemoError,
    network::{Member, Ports},
};

const NOTES: &str = "demo.json";

/// What an earlier run has done already.
#[derive(Debug, Serialize, Deserialize)]
struct Notes {
    ports: Ports,
    videos: Vec<DemoVideo>,
    complete: bool,
}

/// A video of the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DemoVideo {
    pub title: String,
    pub uuid: Uuid,
    /// A word of the title with a letter wrong, by which it must be found all the same.
    pub mistyped: String,
}

/// The folder of the network, which this process alone uses.
#[derive(Debug)]
pub(super) struct DemoFolder {
    data: DataDir,
    notes: Notes,
}

impl DemoFolder {
    /// Opens the folder, creating it where there is none.
    ///
    /// # Errors
    /// [`DemoError::Folder`] if it is in use, belongs to something else, or was made with other ports.
    pub(super) fn open(root: &Path, ports: Ports, fresh: bool) -> Result<Self, DemoError> {
        refuse_foreign(root)?;
        let data = DataDir::open(root).map_err(DemoError::Folder)?;
        if fresh {
            clear(data.root()).map_err(|error| unusable(root, &error))?;
        }
        let mut notes = read_notes(data.root()).unwrap_or(Notes { ports, videos: vec![], complete: false });
        if notes.ports != ports && notes.videos.is_empty() {
            // An earlier start came to nothing, perhaps because a port was taken: there is nothing to keep.
            clear(data.root()).map_err(|error| unusable(root, &error))?;
            notes.ports = ports;
        }
        if notes.ports != ports {
            return Err(DemoError::Folder(format!(
                "the network in {} was made with the ports {}, which are part of its addresses: use --ports {}, or start \
                 over with --fresh",
                root.display(),
                notes.ports,
                notes.ports,
            )));
        }
        let folder = Self { data, notes };
        folder.save()?;
        Ok(folder)
    }

    pub(super) fn root(&self) -> &Path {
        self.data.root()
    }

    /// For clips on their way; emptied at each start.
    pub(super) fn scratch(&self, name: &str) -> PathBuf {
        self.data.tmp().join(name)
    }

    pub(super) fn videos(&self) -> &[DemoVideo] {
        &self.notes.videos
    }

    pub(super) fn is_complete(&self) -> bool {
        self.notes.complete
    }

    pub(super) fn add(&mut self, video: DemoVideo) -> Result<(), DemoError> {
        self.notes.videos.push(video);
        self.save()
    }

    pub(super) fn complete(&mut self) -> Result<(), DemoError> {
        self.notes.complete = true;
        self.save()
    }

    fn save(&self) -> Result<(), DemoError> {
        let (path, next) = (self.root().join(NOTES), self.root().join("demo.json.next"));
        let write = || -> io::Result<()> {
            fs::write(&next, serde_json::to_vec_pretty(&self.notes)?)?;
            fs::rename(&next, &path)
        };
        write().map_err(|error| unusable(self.root(), &error))
    }
}

/// Notes that cannot be read are as good as none: whatever is there already is found over the API.
fn read_notes(root: &Path) -> Option<Notes> {
    serde_json::from_slice(&fs::read(root.join(NOTES)).ok()?).ok()
}

/// Three servers and `--fresh` have no business in a folder that holds something else.
fn refuse_foreign(root: &Path) -> Result<(), DemoError> {
    let Ok(mut entries) = fs::read_dir(root) else { return Ok(()) };
    if entries.next().is_none() || root.join(NOTES).exists() {
        return Ok(());
    }
    Err(DemoError::Folder(format!(
        "{} holds something else than a demo network: choose another with --data",
        root.display()
    )))
}

/// Removes what a demo network consists of, and nothing else.
fn clear(root: &Path) -> io::Result<()> {
    let tolerate = |outcome: io::Result<()>| match outcome {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    for member in Member::ALL {
        tolerate(fs::remove_dir_all(root.join(member.name())))?;
    }
    tolerate(fs::remove_file(root.join(NOTES)))
}

fn unusable(root: &Path, error: &io::Error) -> DemoError {
    DemoError::Folder(format!("the folder {} cannot be used: {error}", root.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(text: &str) -> Ports {
        text.parse().unwrap()
    }

    fn video() -> DemoVideo {
        DemoVideo { title: "A title".to_owned(), uuid: Uuid::nil(), mistyped: "titel".to_owned() }
    }

    #[test]
    fn a_second_run_knows_what_the_first_has_done() {
        let root = tempfile::tempdir().unwrap();
        let mut folder = DemoFolder::open(root.path(), ports("1,2,3"), false).unwrap();
        folder.add(video()).unwrap();
        folder.complete().unwrap();
        drop(folder);
        let folder = DemoFolder::open(root.path(), ports("1,2,3"), false).unwrap();
        assert!(folder.is_complete());
        assert_eq!(folder.videos(), [video()]);
    }

    #[test]
    fn starting_over_forgets_the_servers_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let mut folder = DemoFolder::open(root.path(), ports("1,2,3"), false).unwrap();
        folder.add(video()).unwrap();
        fs::create_dir(root.path().join("alpha")).unwrap();
        fs::write(root.path().join("mine.txt"), "x").unwrap();
        drop(folder);
        let folder = DemoFolder::open(root.path(), ports("4,5,6"), true).unwrap();
        assert!(folder.videos().is_empty());
        assert!(!root.path().join("alpha").exists());
        assert!(root.path().join("mine.txt").exists());
    }

    #[test]
    fn other_ports_would_be_other_servers() {
        let root = tempfile::tempdir().unwrap();
        let mut folder = DemoFolder::open(root.path(), ports("1,2,3"), false).unwrap();
        folder.add(video()).unwrap();
        drop(folder);
        let error = DemoFolder::open(root.path(), ports("1,2,4"), false).unwrap_err();
        assert!(error.to_string().contains("use --ports 1,2,3"), "{error}");
    }

    #[test]
    fn a_start_that_came_to_nothing_does_not_bind_to_its_ports() {
        let root = tempfile::tempdir().unwrap();
        drop(DemoFolder::open(root.path(), ports("1,2,3"), false).unwrap());
        fs::create_dir(root.path().join("alpha")).unwrap();
        drop(DemoFolder::open(root.path(), ports("1,2,4"), false).unwrap());
        assert!(!root.path().join("alpha").exists(), "its addresses have the old port in them");
    }

    #[test]
    fn a_folder_of_something_else_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("thesis.tex"), "x").unwrap();
        assert!(DemoFolder::open(root.path(), ports("1,2,3"), true).is_err());
        assert!(root.path().join("thesis.tex").exists());
    }

    #[test]
    fn two_networks_cannot_share_a_folder() {
        let root = tempfile::tempdir().unwrap();
        let _first = DemoFolder::open(root.path(), ports("1,2,3"), false).unwrap();
        let error = DemoFolder::open(root.path(), ports("1,2,3"), true).unwrap_err();
        assert!(error.to_string().contains("in use"), "{error}");
    }
}
