//! Every statement of every crate is understood by the database: SQLite, or PostgreSQL in the second round.

#![cfg(test)]

use std::collections::BTreeSet;

use platform::{db::statements, testing::TestDatabase};
use shoal_tests as _;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqlSafeStr, SqliteConnection, sqlite::SqliteConnectOptions};

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
fn the_statements_of_every_crate_are_looked_at() {
    let crates: BTreeSet<&str> = statements().map(|statement| folder_of(statement.file)).collect();
    for expected in ["crates/platform", "crates/courier", "instance", "indexer", "redundancy"] {
        assert!(crates.contains(expected), "no statement of {expected}, only of {crates:?}");
    }
}

/// `crates/platform` of `crates/platform/src/jobs/store.rs`.
fn folder_of(file: &'static str) -> &'static str {
    file.split_once("/src/").map_or(file, |(folder, _)| folder)
}
