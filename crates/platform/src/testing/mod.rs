//! What tests stand on: a fresh database, a clock that stands still, seeded randomness, files in memory.
//!
//! Tests run on SQLite, and on PostgreSQL when `SHOAL_TEST_POSTGRES_URL` names a server on which databases may be created.

use std::{path::Path, sync::Arc};

use sqlx::{AssertSqlSafe, Connection as _, Executor, PgConnection, Row};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    DataDir, Operator, Platform, PublicUrl,
    clock::FakeClock,
    config::{self, HumanDuration},
    db::{DatabaseConfig, Db},
    ids::Random,
    jobs::{JobRunner, JobSet},
    net::{HttpClient, NetConfig, StaticNames},
    storage::Storage,
    tasks::Tasks,
};

const POSTGRES: &str = "SHOAL_TEST_POSTGRES_URL";

/// A migrated database that nobody else uses. Its file goes when this is dropped; a PostgreSQL database goes with the
/// throw-away cluster of the test run.
#[derive(Debug)]
pub struct TestDatabase {
    /// The database.
    pub db: Db,
    /// How it was opened.
    pub config: DatabaseConfig,
    folder: TempDir,
}

impl TestDatabase {
    /// Creates one.
    ///
    /// # Panics
    /// If that fails.
    pub async fn new() -> Self {
        Self::opened_with(Self::config().await).await
    }

    /// One on which nobody waits longer than two seconds.
    ///
    /// # Panics
    /// If it cannot be created.
    pub async fn impatient() -> Self {
        Self::opened_with(DatabaseConfig { longest_wait: HumanDuration::from_secs(2), ..Self::config().await }).await
    }

    #[expect(clippy::expect_used, reason = "only tests call it")]
    async fn opened_with(config: DatabaseConfig) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let db = Db::open(&config, folder.path()).await.expect("a fresh database");
        Self { db, config, folder }
    }

    /// The folder of the database file.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The configuration of a fresh database: SQLite, or an empty database on the PostgreSQL server of the test run.
    ///
    /// # Panics
    /// If the database cannot be created.
    pub async fn config() -> DatabaseConfig {
        let url = match config::variable(POSTGRES) {
            None => None,
            Some(server) => Some(claim_postgres_database(&server).await),
        };
        DatabaseConfig { url, max_connections: 4, ..DatabaseConfig::default() }
    }
}

/// Locks of the server that say which of its databases a test uses: this and the numbers after it.
const FIRST_LOCK: i64 = 7_460_000;

/// An empty database that no other test uses. A few are emptied again and again, because making a thousand, and removing
/// their files, takes longer than the tests. The lock is let go when the process ends.
#[expect(clippy::expect_used, reason = "only tests call it")]
async fn claim_postgres_database(server: &str) -> String {
    let mut keeper = PgConnection::connect(server).await.expect("the PostgreSQL server of the tests");
    let mut number = 0;
    while !says_yes(&mut keeper, format!("SELECT pg_try_advisory_lock({})", FIRST_LOCK + number)).await {
        number += 1;
    }
    let name = format!("shoal_test_{number}");
    let mut url = Url::parse(server).expect("SHOAL_TEST_POSTGRES_URL is an address");
    url.set_path(&name);
    let exists = format!("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = '{name}')");
    if says_yes(&mut keeper, exists).await {
        empty(&mut keeper, &name, &url).await;
    } else {
        keeper.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("a new PostgreSQL database");
    }
    Box::leak(Box::new(keeper));
    url.to_string()
}

/// Removes what the last test left, and whoever still works on it.
#[expect(clippy::expect_used, reason = "only tests call it")]
async fn empty(keeper: &mut PgConnection, name: &str, url: &Url) {
    let leave = format!("SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = '{name}'");
    keeper.execute(AssertSqlSafe(leave)).await.expect("a database that nobody uses");
    let mut connection = PgConnection::connect(url.as_str()).await.expect("a database of an earlier test");
    let statements = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
    connection.execute(statements).await.expect("an empty database");
    let _ = connection.close().await;
}

#[expect(clippy::expect_used, reason = "only tests call it")]
async fn says_yes(connection: &mut PgConnection, question: String) -> bool {
    let row = connection.fetch_one(AssertSqlSafe(question)).await.expect("an answer of the PostgreSQL server");
    row.get(0)
}

/// A platform for tests of one role.
#[derive(Debug)]
pub struct TestPlatform {
    /// The platform.
    pub platform: Platform,
    /// Its clock.
    pub clock: FakeClock,
    /// Names that resolve to listeners of the test.
    pub names: StaticNames,
    _database: TestDatabase,
}

impl TestPlatform {
    /// A platform called `alpha.test`.
    ///
    /// # Panics
    /// If it cannot be built.
    pub async fn new() -> Self {
        Self::named("alpha.test").await
    }

    /// A platform of the given host, reached over plain HTTP.
    ///
    /// # Panics
    /// If it cannot be built.
    pub async fn named(host: &str) -> Self {
        Self::over(TestDatabase::new().await, host)
    }

    /// A platform called `alpha.test` over a database on which nobody waits longer than two seconds.
    ///
    /// # Panics
    /// If it cannot be built.
    pub async fn impatient() -> Self {
        Self::over(TestDatabase::impatient().await, "alpha.test")
    }

    #[expect(clippy::expect_used, reason = "only tests call it")]
    fn over(database: TestDatabase, host: &str) -> Self {
        let clock = FakeClock::default();
        let names = StaticNames::default();
        let net = NetConfig { allow_private_addresses: true, ..NetConfig::default() };
        let public_url = Url::parse(&format!("http://{host}")).expect("a host name");
        let http = HttpClient::builder(net).static_names(names.clone()).build().expect("an HTTP client");
        let platform = Platform {
            clock: Arc::new(clock.clone()),
            random: Random::seeded(7),
            db: database.db.clone(),
            storage: Storage::memory(),
            http,
            tasks: Tasks::default(),
            stop: CancellationToken::new(),
            public_url: PublicUrl::new(public_url).expect("a public address"),
            data: DataDir::open(&database.folder().join("data")).expect("a data folder"),
            operator: Arc::new(Operator::default()),
        };
        Self { platform, clock, names, _database: database }
    }

    /// Does every job that is due, and those that they enqueue; tells how many.
    ///
    /// # Panics
    /// If the database refuses.
    #[expect(clippy::expect_used, reason = "only tests call it")]
    pub async fn run_jobs(&self, jobs: JobSet) -> usize {
        let platform = &self.platform;
        JobRunner::new(
            platform.db.clone(),
            platform.clock.clone(),
            platform.random.clone(),
            jobs,
            platform.stop.clone(),
        )
        .run_due()
        .await
        .expect("the database")
    }
}
