use sqlx::migrate::MigrateError;

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A newer Shoal has migrated this database; an older one must not write to it.
    #[error(
        "the database was used by a newer version of Shoal (its schema has step {found}, this program knows {known}): \
         start the newer version, or restore a backup"
    )]
    NewerSchema {
        /// The newest step that the database has.
        found: i64,
        /// The newest step that this program has.
        known: i64,
    },
    /// The database could not be opened or reached.
    #[error("cannot open the database {place}: {source}")]
    Unavailable {
        /// File or host.
        place: String,
        /// What the driver says.
        source: sqlx::Error,
    },
    /// A migration failed; the database is as it was before.
    #[error("cannot bring the database schema up to date: {0}")]
    Migration(MigrateError),
    /// A statement failed.
    #[error("database: {0}")]
    Statement(#[from] sqlx::Error),
}

impl DbError {
    pub(super) fn unavailable(place: String, source: sqlx::Error) -> Self {
        Self::Unavailable { place, source }
    }

    fn database_error(&self) -> Option<&dyn sqlx::error::DatabaseError> {
        match self {
            Self::Statement(sqlx::Error::Database(error)) => Some(error.as_ref()),
            _ => None,
        }
    }

    /// Whether a row with the same unique key exists already.
    pub fn is_unique_violation(&self) -> bool {
        self.database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
    }

    /// Whether the database was locked or every connection taken: trying again later may help.
    pub fn is_busy(&self) -> bool {
        if matches!(self, Self::Statement(sqlx::Error::PoolTimedOut)) {
            return true;
        }
        // SQLite: SQLITE_BUSY and its extended codes; PostgreSQL: serialization failure, deadlock, lock not available.
        self.database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| ["5", "6", "261", "517", "773", "40001", "40P01", "55P03"].contains(&code.as_ref()))
    }

    /// Whether the disk under the database is full (SQLite: `SQLITE_FULL`; PostgreSQL: class 53).
    pub fn is_disk_full(&self) -> bool {
        self.database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| ["13", "53100"].contains(&code.as_ref()))
    }
}
