//! The Tantivy index on disk: how is it kept equal to the database, whatever happens?
//!
//! **Invariant:** the index is a projection of the table `index_videos`. Each commit carries, in the same atomic step, a
//! [`Position`]: everything in the database up to that revision is in the index, and nothing is lost by replaying from
//! there, since entries are replaced by their id. The database therefore never claims more than the index can be brought
//! up to, and `kill -9` at any moment costs a replay of a few rows. An index that cannot be opened, has another
//! [`schema::VERSION`], or belongs to another database is thrown away and made again.
//!
//! One thread owns the writer (see [`writer`]); everybody else reads.

mod writer;

use std::{
    fs, io,
    panic::catch_unwind,
    path::Path,
    sync::{Arc, RwLock, mpsc},
};

use serde::{Deserialize, Serialize};
use tantivy::{
    Index, IndexReader, ReloadPolicy, Searcher, TantivyDocument, TantivyError,
    directory::{Directory, MmapDirectory, RamDirectory},
};
use tokio::sync::oneshot;
use tracing::warn;

use crate::{
    document::VideoId,
    opensearch::OpenSearchError,
    schema::{self, Fields},
};

/// Why the index could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The folder cannot be created, read or emptied.
    #[error("the index folder cannot be used: {0}")]
    Folder(#[from] io::Error),
    /// Tantivy reports a problem, such as a full disk.
    #[error("the index failed: {0}")]
    Engine(#[from] TantivyError),
    /// Tantivy gave up in an unforeseen way, which damaged files can cause.
    #[error("the index failed in an unforeseen way; are its files damaged?")]
    Panicked,
    /// The writing thread is gone, because the process is stopping.
    #[error("the index is closed")]
    Closed,
    /// The cluster that holds the index does not answer, or refuses.
    #[error(transparent)]
    OpenSearch(#[from] OpenSearchError),
}

/// How far the index has followed the table: up to and including this row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The revision of the row.
    pub revision: i64,
    /// The id of the row, since a transaction gives all its rows the same revision.
    pub id: i64,
}

/// What happened to a video.
#[derive(Debug)]
pub enum Change {
    /// It is new or different.
    Put(VideoId, Box<TantivyDocument>),
    /// It is gone.
    Remove(VideoId),
}

/// The open index. Cheap to clone.
#[derive(Clone)]
pub struct VideoIndex {
    shared: Arc<Shared>,
    commands: mpsc::SyncSender<Command>,
}

struct Shared {
    index: Index,
    reader: IndexReader,
    fields: Fields,
    epoch: String,
    position: RwLock<Position>,
}

enum Command {
    Apply { changes: Vec<Change>, position: Position, reply: oneshot::Sender<Result<(), IndexError>> },
    Clear { reply: oneshot::Sender<Result<(), IndexError>> },
}

/// What each commit says about itself.
#[derive(Debug, Serialize, Deserialize)]
struct Stamp {
    version: u32,
    epoch: String,
    revision: i64,
    id: i64,
}

/// Commands that may wait for the writer.
const QUEUE: usize = 4;

impl VideoIndex {
    /// Opens the index of a folder, or makes an empty one there if it has none that fits.
    ///
    /// `epoch` identifies the database that the index follows; `writer_memory` is in bytes.
    ///
    /// # Errors
    /// [`IndexError::Folder`] if the folder cannot be used.
    pub fn open(folder: &Path, epoch: &str, writer_memory: usize) -> Result<Self, IndexError> {
        fs::create_dir_all(folder)?;
        let directory = MmapDirectory::open(folder).map_err(TantivyError::from)?;
        // Tantivy panics on some damaged files.
        match catch_unwind(|| Shared::existing(&directory, epoch)).unwrap_or(Err(Unusable::Damaged)) {
            Ok(shared) => return Self::start(shared, writer_memory),
            Err(Unusable::Absent | Unusable::Empty) => {} // nothing is lost, and nobody needs to know
            Err(unusable) => warn!(%unusable, "the search index is rebuilt from the database"),
        }
        fs::remove_dir_all(folder)?;
        fs::create_dir_all(folder)?;
        Self::start(Shared::empty(MmapDirectory::open(folder).map_err(TantivyError::from)?, epoch)?, writer_memory)
    }

    /// An index that lives as long as the process.
    ///
    /// # Errors
    /// [`IndexError`] if the writing thread cannot be started.
    pub fn in_memory(epoch: &str) -> Result<Self, IndexError> {
        Self::in_memory_with(epoch, writer::MIN_MEMORY)
    }

    /// The same, with so many bytes for the writer.
    ///
    /// # Errors
    /// [`IndexError`] if the writing thread cannot be started.
    pub fn in_memory_with(epoch: &str, writer_memory: usize) -> Result<Self, IndexError> {
        Self::start(Shared::empty(RamDirectory::create(), epoch)?, writer_memory)
    }

    fn start(shared: Shared, writer_memory: usize) -> Result<Self, IndexError> {
        let shared = Arc::new(shared);
        let (commands, inbox) = mpsc::sync_channel(QUEUE);
        writer::start(shared.clone(), inbox, writer_memory)?;
        Ok(Self { shared, commands })
    }

    /// Where the fields are.
    pub fn fields(&self) -> &Fields {
        &self.shared.fields
    }

    /// A view of the latest commit, which stays the same while it is held.
    pub fn searcher(&self) -> Searcher {
        self.shared.reader.searcher()
    }

    /// How far the latest commit has followed the table.
    pub fn position(&self) -> Position {
        self.shared.position()
    }

    /// Commits changes, and with them the new position. Visible to [`VideoIndex::searcher`] when it returns.
    ///
    /// # Errors
    /// [`IndexError`] if nothing was committed.
    pub async fn apply(&self, changes: Vec<Change>, position: Position) -> Result<(), IndexError> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Apply { changes, position, reply }).await?;
        answer.await.map_err(|_| IndexError::Closed)?
    }

    /// Empties the index, so that it follows the table from its beginning.
    ///
    /// # Errors
    /// [`IndexError`] if nothing was committed.
    pub async fn clear(&self) -> Result<(), IndexError> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Clear { reply }).await?;
        answer.await.map_err(|_| IndexError::Closed)?
    }

    /// The queue is short and its only user waits for each answer, so a full one means that the writer is at work.
    async fn send(&self, command: Command) -> Result<(), IndexError> {
        let commands = self.commands.clone();
        tokio::task::spawn_blocking(move || commands.send(command))
            .await
            .map_err(|_| IndexError::Closed)?
            .map_err(|_| IndexError::Closed)
    }
}

impl std::fmt::Debug for VideoIndex {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "VideoIndex({:?})", self.position())
    }
}

/// Why an index that is there is not the one we want.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("there is none")]
    Absent,
    /// Made by a process that stopped before it had anything to write.
    #[error("nothing was ever committed to it")]
    Empty,
    #[error("it has another layout")]
    Version,
    #[error("it belongs to another database")]
    Epoch,
    #[error("it cannot be read: {0}")]
    Engine(#[from] TantivyError),
    #[error("its files are damaged")]
    Damaged,
}

impl Shared {
    fn existing(directory: &MmapDirectory, epoch: &str) -> Result<Self, Unusable> {
        if !Index::exists(directory).map_err(TantivyError::from)? {
            return Err(Unusable::Absent);
        }
        let index = Index::open(directory.clone())?;
        let (schema, fields) = Fields::build();
        let metas = index.load_metas()?;
        if metas.payload.is_none() && metas.segments.is_empty() {
            return Err(Unusable::Empty);
        }
        let stamp: Option<Stamp> = metas.payload.as_deref().and_then(|payload| serde_json::from_str(payload).ok());
        match stamp {
            Some(stamp) if stamp.version != schema::VERSION || index.schema() != schema => Err(Unusable::Version),
            Some(stamp) if stamp.epoch != epoch => Err(Unusable::Epoch),
            Some(stamp) => {
                let position = Position { revision: stamp.revision, id: stamp.id };
                Ok(Self::assemble(index, fields, epoch, position)?)
            }
            None => Err(Unusable::Version),
        }
    }

    fn empty(directory: impl Into<Box<dyn Directory>>, epoch: &str) -> Result<Self, IndexError> {
        let (schema, fields) = Fields::build();
        let index = Index::create(directory, schema, tantivy::IndexSettings::default())?;
        Ok(Self::assemble(index, fields, epoch, Position::default())?)
    }

    fn assemble(index: Index, fields: Fields, epoch: &str, position: Position) -> Result<Self, TantivyError> {
        schema::register_tokenizers(index.tokenizers());
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { index, reader, fields, epoch: epoch.to_owned(), position: RwLock::new(position) })
    }

    fn position(&self) -> Position {
        *self.position.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn moved_to(&self, position: Position) {
        *self.position.write().unwrap_or_else(std::sync::PoisonError::into_inner) = position;
    }
}

#[cfg(test)]
mod tests;
