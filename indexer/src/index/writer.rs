//! The one thread that writes.
//!
//! The writer holds memory and a lock on the folder, so it is opened for work and put away when there has been none for a
//! while: an idle server pays nothing for it. After a failure it is dropped, which undoes what was not committed.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use tantivy::{IndexWriter, Term};
use tracing::debug;

use super::{Change, Command, IndexError, Position, Shared, Stamp};
use crate::schema::{self, index_number};

/// The least that Tantivy accepts, in bytes.
pub(super) const MIN_MEMORY: usize = 15_000_000;
const PUT_AWAY_AFTER: Duration = Duration::from_secs(20);

pub(super) fn start(shared: Arc<Shared>, inbox: mpsc::Receiver<Command>, memory: usize) -> Result<(), IndexError> {
    let mut worker = Worker { shared, writer: None, memory: memory.max(MIN_MEMORY) };
    thread::Builder::new().name("index-writer".to_owned()).spawn(move || worker.run(&inbox))?;
    Ok(())
}

/// A panic costs the command, not the thread: the writer is dropped after it as after any failure.
fn guarded(work: impl FnOnce() -> Result<(), IndexError>) -> Result<(), IndexError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(IndexError::Panicked))
}

struct Worker {
    shared: Arc<Shared>,
    writer: Option<IndexWriter>,
    memory: usize,
}

impl Worker {
    /// Ends when the last [`super::VideoIndex`] is dropped.
    fn run(&mut self, inbox: &mpsc::Receiver<Command>) {
        loop {
            match inbox.recv_timeout(PUT_AWAY_AFTER) {
                Ok(command) => self.obey(command),
                Err(mpsc::RecvTimeoutError::Timeout) => self.put_away(),
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn obey(&mut self, command: Command) {
        let (outcome, reply) = match command {
            Command::Apply { changes, position, reply } => (guarded(|| self.apply(changes, position)), reply),
            Command::Clear { reply } => (guarded(|| self.clear()), reply),
        };
        if outcome.is_err() {
            self.writer = None;
        }
        // Whoever asked may be gone: the work is done all the same.
        let _ = reply.send(outcome);
    }

    fn put_away(&mut self) {
        if let Some(writer) = self.writer.take()
            && let Err(error) = writer.wait_merging_threads()
        {
            debug!(%error, "a merge did not finish");
        }
    }

    fn apply(&mut self, changes: Vec<Change>, position: Position) -> Result<(), IndexError> {
        let id_field = self.shared.fields.id;
        let writer = self.writer()?;
        for change in changes {
            match change {
                Change::Put(id, entry) => {
                    writer.delete_term(Term::from_field_u64(id_field, index_number(id)));
                    writer.add_document(*entry)?;
                }
                Change::Remove(id) => {
                    writer.delete_term(Term::from_field_u64(id_field, index_number(id)));
                }
            }
        }
        self.commit(position)
    }

    fn clear(&mut self) -> Result<(), IndexError> {
        self.writer()?.delete_all_documents()?;
        self.commit(Position::default())
    }

    fn commit(&mut self, position: Position) -> Result<(), IndexError> {
        let stamp = Stamp {
            version: schema::VERSION,
            epoch: self.shared.epoch.clone(),
            revision: position.revision,
            id: position.id,
        };
        let payload = serde_json::to_string(&stamp).map_err(std::io::Error::other)?;
        let mut commit = self.writer()?.prepare_commit()?;
        commit.set_payload(&payload);
        commit.commit()?;
        self.shared.reader.reload()?;
        self.shared.moved_to(position);
        Ok(())
    }

    fn writer(&mut self) -> Result<&mut IndexWriter, IndexError> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.shared.index.writer_with_num_threads(1, self.memory)?,
        };
        Ok(self.writer.insert(writer))
    }
}
