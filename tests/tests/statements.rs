//! Every statement of every crate is understood by the database: SQLite, or PostgreSQL in the second round.

#![cfg(test)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use platform::{db::statements, testing::TestDatabase};
use shoal_tests as _;
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, SqlSafeStr, SqliteConnection, sqlite::SqliteConnectOptions,
};

/// Prepares a text, which neither runs it nor needs values for its placeholders.
enum Database {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Database {
    async fn open(test: &TestDatabase) -> Self {
        if let Some(url) = &test.config.url {
            return Self::Postgres(PgConnection::connect(url).await.unwrap());
        }
        let options = SqliteConnectOptions::new().filename(test.folder().join("shoal.sqlite3"));
        Self::Sqlite(SqliteConnection::connect_with(&options).await.unwrap())
    }

    async fn prepare(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(sql).into_sql_str();
        match self {
            Self::Sqlite(connection) => connection.prepare(sql).await.map(drop),
            Self::Postgres(connection) => connection.prepare(sql).await.map(drop),
        }
    }
}

#[tokio::test]
async fn every_statement_can_be_prepared() {
    let test = TestDatabase::new().await;
    let mut database = Database::open(&test).await;
    let mut refused = vec![];
    for statement in statements().filter(|statement| !statement.fragment) {
        if let Err(error) = database.prepare(statement.sql).await {
            refused.push(format!("{}:{}: {error}\n    {}", statement.file, statement.line, statement.sql));
        }
    }
    assert!(refused.is_empty(), "{} statements are refused:\n{}", refused.len(), refused.join("\n"));
}

#[test]
fn the_statements_of_every_store_are_looked_at() {
    let known: BTreeSet<&str> = statements().map(|statement| statement.file).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let stores = ["crates", "instance", "indexer", "redundancy"].map(|folder| stores(&root.join(folder))).concat();
    assert!(stores.len() >= 10, "only {stores:?}");
    for store in stores {
        let file = store.strip_prefix(&root).unwrap().to_str().unwrap();
        assert!(known.contains(file), "{file} is not linked into this test, so nobody prepares its statements");
    }
}

/// Every `store.rs` with a statement in it.
fn stores(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            let is_store = || path.ends_with("store.rs") && fs::read_to_string(&path).unwrap().contains("sql!(");
            if path.is_dir() {
                stores(&path)
            } else if is_store() {
                vec![path]
            } else {
                vec![]
            }
        })
        .collect()
}
