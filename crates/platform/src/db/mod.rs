//! Two databases, one SQL text.
//!
//! **Invariant:** whoever writes holds a [`Tx`]; what follows from the write (a job, an activity) is written in the same
//! one. On SQLite a transaction starts with `BEGIN IMMEDIATE` on the single writer connection, so that it can neither fail
//! half-way for lack of the lock nor deadlock; readers have connections of their own and never wait for it.
//!
//! Nobody waits for ever: who does not get a connection, the turn to write or a locked row within `database.longest_wait`
//! is told so by an error that [`DbError::is_busy`] knows, and nothing of the transaction stays.
//!
//! Statements are written once, in the portable subset (`$1` placeholders, `ON CONFLICT … RETURNING`), through [`sql!`],
//! which registers them so that a test can prepare each one on both databases.

mod config;
mod connection;
mod dynamic;
mod error;
mod migrate;
mod statement;
mod stats;
#[cfg(test)]
mod tests;

use std::{
    future::ready,
    path::Path,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection as _, Executor, PgConnection, PgPool, SqliteConnection, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::Notify;

pub use config::DatabaseConfig;
pub use connection::{Bind, Connection, Query, Row, Scalar, Tx};
pub use dynamic::DynamicQuery;
pub use error::DbError;
pub use statement::{Statement, statements};
pub use stats::{QueryStats, with_stats};

use connection::Handle;

/// A database with its connections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    backend: Backend,
    commits: Arc<Commits>,
}

/// What is remembered about the transactions that this process has committed.
#[derive(Debug, Default)]
struct Commits {
    count: AtomicU64,
    /// Told whenever a transaction that enqueued a job has been committed here.
    enqueued: Notify,
}

#[derive(Debug, Clone)]
enum Backend {
    /// An embedded file with one writer and several readers that refuse to write.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    /// A server shared by several nodes.
    Postgres(PgPool),
}

/// Which of the two databases is spoken to, where that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite 3.
    Sqlite,
    /// PostgreSQL 13 or newer.
    Postgres,
}

impl Db {
    /// Opens the database, creating an SQLite file where there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`DbError::NewerSchema`] if a newer Shoal has used this database; [`DbError::Unavailable`] if it cannot be reached
    /// or the file cannot be written.
    pub async fn open(config: &DatabaseConfig, data: &Path) -> Result<Self, DbError> {
        let backend = match config.url.as_deref() {
            None => open_sqlite(&data.join("shoal.sqlite3"), config).await?,
            Some(url) => open_postgres(url, config).await?,
        };
        let db = Self { backend, commits: Arc::default() };
        db.migrate().await?;
        Ok(db)
    }

    /// Which of the two this is.
    pub fn dialect(&self) -> Dialect {
        match &self.backend {
            Backend::Sqlite { .. } => Dialect::Sqlite,
            Backend::Postgres(_) => Dialect::Postgres,
        }
    }

    /// A connection for reading. On SQLite it refuses to write.
    ///
    /// # Errors
    /// [`DbError`] if no connection becomes free in time.
    pub async fn read(&self) -> Result<Connection, DbError> {
        Ok(Connection::new(match &self.backend {
            Backend::Sqlite { readers, .. } => Handle::Sqlite(readers.acquire().await?),
            Backend::Postgres(pool) => Handle::Postgres(pool.acquire().await?),
        }))
    }

    /// A transaction for writing. On SQLite there is one at a time, and it waits for its turn.
    ///
    /// # Errors
    /// [`DbError`] if the turn does not come in time.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        let handle = match &self.backend {
            Backend::Sqlite { writer, .. } => Handle::SqliteTx(writer.begin_with("BEGIN IMMEDIATE").await?),
            Backend::Postgres(pool) => Handle::PostgresTx(pool.begin().await?),
        };
        Ok(Tx::new(handle, self.commits.clone()))
    }

    /// Finishes what is under way and closes every connection; on SQLite the write-ahead log is folded into the file.
    pub async fn close(&self) {
        match &self.backend {
            Backend::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Backend::Postgres(pool) => pool.close().await,
        }
    }

    /// How many transactions this process has committed. What was read before the number changed may be outdated.
    pub fn generation(&self) -> u64 {
        self.commits.count.load(Ordering::Acquire)
    }

    /// Waits until this process has enqueued a job, counted from the moment of this call.
    pub fn job_enqueued(&self) -> impl Future<Output = ()> + '_ {
        self.commits.enqueued.notified()
    }

    /// Asks the database for a trivial answer.
    ///
    /// # Errors
    /// [`DbError`] if it does not answer.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.read().await?.query(crate::sql!("SELECT CAST(1 AS BIGINT)")).fetch_scalar::<i64>().await.map(drop)
    }
}

async fn open_sqlite(file: &Path, config: &DatabaseConfig) -> Result<Backend, DbError> {
    let longest_wait = config.longest_wait.get();
    let unavailable = |error| DbError::unavailable(file.display().to_string(), error);
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(longest_wait)
        // No statistics: taken of the few rows of a young server, they would make it read whole tables when it has grown.
        .optimize_on_close(false, None)
        .disable_statement_logging();
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .acquire_timeout(longest_wait)
        .idle_timeout(None)
        .max_lifetime(None)
        .before_acquire(|connection, _| Box::pin(ready(Ok(is_reusable(connection)))))
        .connect_with(options.clone())
        .await
        .map_err(unavailable)?;
    let readers = SqlitePoolOptions::new()
        .max_connections(config.max_connections.max(1))
        .acquire_timeout(longest_wait)
        .max_lifetime(None)
        .connect_with(options.pragma("query_only", "ON"))
        .await
        .map_err(unavailable)?;
    Ok(Backend::Sqlite { writer, readers })
}

/// Whether a connection can begin a transaction. SQLite ends one by itself when the disk is full or fails; there is nothing
/// left to roll back then, so the driver goes on believing in it and would refuse every other. Such a connection is
/// replaced.
fn is_reusable(connection: &SqliteConnection) -> bool {
    !connection.is_in_transaction()
}

async fn open_postgres(url: &str, config: &DatabaseConfig) -> Result<Backend, DbError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| DbError::unavailable("database.url".to_owned(), error))?
        .disable_statement_logging();
    let place = options.get_host().to_owned();
    let longest_wait = config.longest_wait.get();
    let pool = PgPoolOptions::new()
        .max_connections(config.max_connections.max(2))
        .acquire_timeout(longest_wait)
        .after_connect(move |connection, _| Box::pin(limit_lock_waits(connection, longest_wait)))
        .connect_with(options)
        .await
        .map_err(|error| DbError::unavailable(place, error))?;
    Ok(Backend::Postgres(pool))
}

/// PostgreSQL itself waits for a locked row for ever.
async fn limit_lock_waits(connection: &mut PgConnection, longest: Duration) -> Result<(), sqlx::Error> {
    // 0 would be no limit; this statement takes no bound values.
    let milliseconds = longest.as_millis().clamp(1, 1_000_000_000);
    connection.execute(AssertSqlSafe(format!("SET lock_timeout = {milliseconds}"))).await.map(drop)
}
