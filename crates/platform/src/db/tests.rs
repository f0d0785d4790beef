//! What happens when somebody else holds the database, and when there is no room left.

use std::time::Duration;

use tokio::time::sleep;

use super::{Db, DbError, Dialect, Tx};
use crate::{
    clock::{Clock, FakeClock},
    testing::TestDatabase,
};

/// Changes one row that all callers share.
async fn change(tx: &mut Tx) -> Result<u64, DbError> {
    tx.query(
        "INSERT INTO schedules (name, next_run_at) VALUES ('shared', $1) \
         ON CONFLICT (name) DO UPDATE SET next_run_at = excluded.next_run_at",
    )
    .bind(FakeClock::default().now())
    .execute()
    .await
}

async fn change_and_commit(db: &Db) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    change(&mut tx).await?;
    tx.commit().await
}

async fn rows(db: &Db, name: &str) -> i64 {
    let mut connection = db.read().await.unwrap();
    let query = connection.query("SELECT count(*) FROM schedules WHERE name = $1").bind(name.to_owned());
    query.fetch_scalar().await.unwrap()
}

#[tokio::test]
async fn who_comes_while_another_writes_waits_for_their_turn() {
    let test = TestDatabase::impatient().await;
    let mut held = test.db.begin().await.unwrap();
    change(&mut held).await.unwrap();
    let release = async {
        sleep(Duration::from_millis(300)).await;
        held.commit().await.unwrap();
    };
    let (second, ()) = tokio::join!(change_and_commit(&test.db), release);
    second.unwrap();
}

#[tokio::test]
async fn who_waits_too_long_is_told_that_the_database_is_busy_and_readers_do_not_wait() {
    let test = TestDatabase::impatient().await;
    let mut held = test.db.begin().await.unwrap();
    change(&mut held).await.unwrap();
    let error = change_and_commit(&test.db).await.unwrap_err();
    assert!(error.is_busy() && !error.is_disk_full(), "{error:?}");
    assert_eq!(rows(&test.db, "shared").await, 0, "nothing is committed yet");
    held.commit().await.unwrap();
    change_and_commit(&test.db).await.unwrap();
    assert_eq!(rows(&test.db, "shared").await, 1);
}

#[tokio::test]
async fn another_program_on_the_same_file_is_waited_for_just_as_long() {
    let test = TestDatabase::impatient().await;
    if test.db.dialect() == Dialect::Postgres {
        return; // There, all programs are alike: the tests above are about them.
    }
    let other = Db::open(&test.config, test.folder()).await.unwrap();
    let held = other.begin().await.unwrap();
    let error = change_and_commit(&test.db).await.unwrap_err();
    assert!(error.is_busy(), "{error:?}");
    drop(held);
    change_and_commit(&test.db).await.unwrap();
}

/// Lets the database grow by so many pages and no more.
async fn limit_growth(db: &Db, pages: i64) {
    let mut tx = db.begin().await.unwrap();
    let now: i64 = tx.query("PRAGMA page_count").fetch_scalar().await.unwrap();
    let most = now + pages;
    tx.query(format!("PRAGMA max_page_count = {most}").leak()).execute().await.unwrap();
    tx.commit().await.unwrap();
}

/// Writes half a megabyte in one transaction, after a row that would be first to show if a part of it stayed.
async fn write_much(db: &Db) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    change(&mut tx).await?;
    for number in 0..50 {
        tx.query("INSERT INTO schedules (name, next_run_at) VALUES ($1, $2)")
            .bind(format!("{number}{}", "x".repeat(10_000)))
            .bind(FakeClock::default().now())
            .execute()
            .await?;
    }
    tx.commit().await
}

#[tokio::test]
async fn on_a_full_disk_a_transaction_leaves_nothing_and_what_is_there_can_be_read() {
    let test = TestDatabase::new().await;
    if test.db.dialect() == Dialect::Postgres {
        return; // Its disk cannot be filled from here.
    }
    for _ in 0..2 {
        limit_growth(&test.db, 20).await;
        let error = write_much(&test.db).await.unwrap_err();
        assert!(error.is_disk_full() && !error.is_busy(), "{error:?}");
        assert_eq!(rows(&test.db, "shared").await, 0, "what fitted was undone as well");
    }
    limit_growth(&test.db, 100_000).await;
    write_much(&test.db).await.unwrap();
    assert_eq!(rows(&test.db, "shared").await, 1);
}
