use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use sqlx::{
    Arguments, Decode, Encode, FromRow, PgConnection, Postgres, SqlStr, Sqlite, SqliteConnection, Transaction, Type,
    pool::PoolConnection,
    postgres::{PgArguments, PgRow},
    query_as_with, query_scalar_with, query_with,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::{Commits, DbError, Dialect, dynamic::DynamicQuery, stats};

pub(super) enum Handle {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTx(Transaction<'static, Sqlite>),
    Postgres(PoolConnection<Postgres>),
    PostgresTx(Transaction<'static, Postgres>),
}

enum Raw<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// One connection, inside or outside a transaction.
pub struct Connection {
    handle: Handle,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Connection({:?})", self.dialect())
    }
}

impl Connection {
    pub(super) fn new(handle: Handle) -> Self {
        Self { handle }
    }

    /// Which database is at the other end.
    pub fn dialect(&self) -> Dialect {
        match self.handle {
            Handle::Sqlite(_) | Handle::SqliteTx(_) => Dialect::Sqlite,
            Handle::Postgres(_) | Handle::PostgresTx(_) => Dialect::Postgres,
        }
    }

    /// Begins a statement. Use [`sql!`](crate::sql) for its text.
    pub fn query(&mut self, sql: &'static str) -> Query<'_> {
        self.prepare(sqlx::SqlSafeStr::into_sql_str(sql))
    }

    /// Begins a statement whose end depends on values, such as a list with optional filters.
    /// Use [`sql!(fragment …)`](crate::sql) for its beginning.
    pub fn build(&mut self, beginning: &'static str) -> DynamicQuery<'_> {
        DynamicQuery::new(self, beginning)
    }

    pub(super) fn prepare(&mut self, sql: SqlStr) -> Query<'_> {
        let arguments = Values::new(self.dialect());
        Query { raw: self.raw(), sql, values: arguments, failure: None }
    }

    fn raw(&mut self) -> Raw<'_> {
        match &mut self.handle {
            Handle::Sqlite(connection) => Raw::Sqlite(connection),
            Handle::SqliteTx(transaction) => Raw::Sqlite(transaction),
            Handle::Postgres(connection) => Raw::Postgres(connection),
            Handle::PostgresTx(transaction) => Raw::Postgres(transaction),
        }
    }

    /// Lets the database parse a statement without running it.
    ///
    /// # Errors
    /// [`DbError`] if the statement is wrong there.
    pub async fn check(&mut self, sql: &'static str) -> Result<(), DbError> {
        use sqlx::{Executor, SqlSafeStr};
        match self.raw() {
            Raw::Sqlite(connection) => connection.prepare(sql.into_sql_str()).await.map(drop)?,
            Raw::Postgres(connection) => connection.prepare(sql.into_sql_str()).await.map(drop)?,
        }
        Ok(())
    }
}

/// A transaction. Dropping it undoes what was done in it.
#[derive(Debug)]
pub struct Tx {
    connection: Connection,
    commits: Arc<Commits>,
    has_jobs: bool,
}

impl Tx {
    pub(super) fn new(handle: Handle, commits: Arc<Commits>) -> Self {
        Self { connection: Connection::new(handle), commits, has_jobs: false }
    }

    /// Remembers to wake the workers after the commit.
    pub(crate) fn has_enqueued_jobs(&mut self) {
        self.has_jobs = true;
    }

    /// Makes everything done in it last.
    ///
    /// # Errors
    /// [`DbError`] if the database could not; then nothing was done, unless the connection to a PostgreSQL server broke
    /// before its answer came: then all of it was done, or nothing.
    pub async fn commit(self) -> Result<(), DbError> {
        match self.connection.handle {
            Handle::SqliteTx(transaction) => transaction.commit().await?,
            Handle::PostgresTx(transaction) => transaction.commit().await?,
            Handle::Sqlite(_) | Handle::Postgres(_) => {}
        }
        self.commits.count.fetch_add(1, Ordering::AcqRel);
        if self.has_jobs {
            self.commits.enqueued.notify_waiters();
        }
        Ok(())
    }
}

impl Deref for Tx {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// A value that both databases can take.
pub trait Bind:
    for<'q> Encode<'q, Sqlite> + Type<Sqlite> + for<'q> Encode<'q, Postgres> + Type<Postgres> + Send
{
}

impl<T> Bind for T where
    T: for<'q> Encode<'q, Sqlite> + Type<Sqlite> + for<'q> Encode<'q, Postgres> + Type<Postgres> + Send
{
}

/// A row that both databases can give; derive it with `sqlx::FromRow`.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// A single value that both databases can give.
pub trait Scalar:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres> + Send + Unpin
{
}

impl<T> Scalar for T where
    T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres> + Send + Unpin
{
}

enum Values {
    Sqlite(SqliteArguments),
    Postgres(PgArguments),
}

impl Values {
    fn new(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Sqlite => Self::Sqlite(SqliteArguments::default()),
            Dialect::Postgres => Self::Postgres(PgArguments::default()),
        }
    }
}

/// A statement with its values, ready to be sent.
#[must_use = "a query does nothing until it is executed or fetched"]
pub struct Query<'c> {
    raw: Raw<'c>,
    sql: SqlStr,
    values: Values,
    failure: Option<sqlx::Error>,
}

/// Sends the statement to whichever database it is for, and counts it.
macro_rules! send {
    ($query:ident, $sqlx:ident $(::<$($type:ty),*>)?, $method:ident) => {{
        if let Some(failure) = $query.failure {
            return Err(failure.into());
        }
        let started = Instant::now();
        let answer = match ($query.raw, $query.values) {
            (Raw::Sqlite(connection), Values::Sqlite(values)) => {
                $sqlx::<Sqlite, $($($type,)*)? _>($query.sql, values).$method(connection).await.map(Into::into)
            }
            (Raw::Postgres(connection), Values::Postgres(values)) => {
                $sqlx::<Postgres, $($($type,)*)? _>($query.sql, values).$method(connection).await.map(Into::into)
            }
            _ => Err(sqlx::Error::WorkerCrashed),
        };
        stats::record(started.elapsed());
        answer
    }};
}

struct Affected(u64);

impl From<sqlx::sqlite::SqliteQueryResult> for Affected {
    fn from(result: sqlx::sqlite::SqliteQueryResult) -> Self {
        Self(result.rows_affected())
    }
}

impl From<sqlx::postgres::PgQueryResult> for Affected {
    fn from(result: sqlx::postgres::PgQueryResult) -> Self {
        Self(result.rows_affected())
    }
}

impl Query<'_> {
    /// Gives the next placeholder its value.
    pub fn bind<T: Bind>(mut self, value: T) -> Self {
        self.push(value);
        self
    }

    pub(super) fn push<T: Bind>(&mut self, value: T) {
        let added = match &mut self.values {
            Values::Sqlite(values) => Arguments::add(values, value),
            Values::Postgres(values) => Arguments::add(values, value),
        };
        if let Err(error) = added {
            self.failure.get_or_insert(sqlx::Error::Encode(error));
        }
    }

    pub(super) fn with_sql(mut self, sql: SqlStr) -> Self {
        self.sql = sql;
        self
    }

    /// Runs it for its effect, and tells how many rows it touched.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn execute(self) -> Result<u64, DbError> {
        let affected: Result<Affected, sqlx::Error> = send!(self, query_with, execute);
        Ok(affected?.0)
    }

    /// The only row.
    ///
    /// # Errors
    /// [`DbError`] if there is none, or the database refuses.
    pub async fn fetch_one<T: Row>(self) -> Result<T, DbError> {
        let row: Result<T, sqlx::Error> = send!(self, query_as_with::<T>, fetch_one);
        Ok(row?)
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn fetch_optional<T: Row>(self) -> Result<Option<T>, DbError> {
        let row: Result<Option<T>, sqlx::Error> = send!(self, query_as_with::<T>, fetch_optional);
        Ok(row?)
    }

    /// All rows. Bound their number in the statement.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn fetch_all<T: Row>(self) -> Result<Vec<T>, DbError> {
        let rows: Result<Vec<T>, sqlx::Error> = send!(self, query_as_with::<T>, fetch_all);
        Ok(rows?)
    }

    /// The first column of the only row.
    ///
    /// # Errors
    /// [`DbError`] if there is no row, or the database refuses.
    pub async fn fetch_scalar<T: Scalar>(self) -> Result<T, DbError> {
        let value: Result<T, sqlx::Error> = send!(self, query_scalar_with::<T>, fetch_one);
        Ok(value?)
    }

    /// The first column of the first row, if there is one.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn fetch_optional_scalar<T: Scalar>(self) -> Result<Option<T>, DbError> {
        let value: Result<Option<T>, sqlx::Error> = send!(self, query_scalar_with::<T>, fetch_optional);
        Ok(value?)
    }

    /// The first column of all rows.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn fetch_all_scalars<T: Scalar>(self) -> Result<Vec<T>, DbError> {
        let values: Result<Vec<T>, sqlx::Error> = send!(self, query_scalar_with::<T>, fetch_all);
        Ok(values?)
    }
}
