use sqlx::{
    Connection, Executor, PgPool,
    migrate::{MigrateError, Migrator},
};

use super::{Backend, Db, DbError};

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

impl Db {
    /// Applies the steps that are missing, each in a transaction of its own.
    pub(super) async fn migrate(&self) -> Result<(), DbError> {
        let (result, migrator) = match &self.backend {
            Backend::Sqlite { writer, .. } => (SQLITE.run(writer).await, &SQLITE),
            Backend::Postgres(pool) => (run_on_postgres(pool).await, &POSTGRES),
        };
        result.map_err(|error| match error {
            MigrateError::VersionMissing(found) | MigrateError::VersionTooNew(found, _) => {
                DbError::NewerSchema { found, known: newest(migrator) }
            }
            other => DbError::Migration(other),
        })
    }
}

/// While one node applies steps, the others wait for it, however long that takes.
async fn run_on_postgres(pool: &PgPool) -> Result<(), MigrateError> {
    let mut connection = pool.acquire().await?.detach();
    connection.execute("SET lock_timeout = 0").await?;
    POSTGRES.run(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

fn newest(migrator: &Migrator) -> i64 {
    migrator.iter().map(|step| step.version).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(migrator: &Migrator) -> Vec<(i64, String)> {
        migrator.iter().map(|step| (step.version, step.description.to_string())).collect()
    }

    #[test]
    fn both_databases_have_the_same_steps() {
        assert_eq!(names(&SQLITE), names(&POSTGRES));
    }

    #[tokio::test]
    async fn a_database_of_a_newer_version_is_refused() {
        let test = crate::testing::TestDatabase::new().await;
        let mut tx = test.db.begin().await.unwrap();
        tx.query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             SELECT 999999, description, success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1",
        )
        .execute()
        .await
        .unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(test.db.migrate().await, Err(DbError::NewerSchema { found: 999_999, .. })));
    }
}
