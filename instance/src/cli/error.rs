use platform::{MountError, config::ConfigError, db::DbError, lifecycle::RunError, storage::StorageError};

use crate::{
    compose::{ComposeError, RoleError},
    demo::DemoError,
    users::UserError,
};

/// Why a command ended early, in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The server could not be built.
    #[error(transparent)]
    Compose(ComposeError),
    /// The server could not run.
    #[error(transparent)]
    Run(RunError),
    /// The database.
    #[error(transparent)]
    Db(DbError),
    /// A user cannot be made or changed.
    #[error(transparent)]
    User(UserError),
    /// The list of the index cannot be changed.
    #[error(transparent)]
    Hosts(#[from] indexer::hosts::HostsError),
    /// A file cannot be taken into the index.
    #[error(transparent)]
    Load(#[from] indexer::load::LoadError),
    /// The search cannot be measured.
    #[error(transparent)]
    Evaluate(#[from] indexer::evaluate::EvaluateError),
    /// The demo network did not come up.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// No room left under the data folder.
    #[error("the disk is full: make room, then start again; nothing was lost")]
    DiskFull,
    /// Anything else, in one sentence.
    #[error("{0}")]
    Other(String),
}

impl From<String> for CliError {
    fn from(sentence: String) -> Self {
        Self::Other(sentence)
    }
}

impl From<RoleError> for CliError {
    fn from(error: RoleError) -> Self {
        Self::Compose(error.into())
    }
}

impl From<ComposeError> for CliError {
    fn from(error: ComposeError) -> Self {
        match &error {
            ComposeError::Mount { error, .. } if for_want_of_space(error) => Self::DiskFull,
            _ => Self::Compose(error),
        }
    }
}

impl From<MountError> for CliError {
    fn from(error: MountError) -> Self {
        if for_want_of_space(&error) { Self::DiskFull } else { Self::Other(error.to_string()) }
    }
}

impl From<RunError> for CliError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Db(error) => error.into(),
            RunError::Other(_) => Self::Run(error),
        }
    }
}

impl From<DbError> for CliError {
    fn from(error: DbError) -> Self {
        if is_full(&error) { Self::DiskFull } else { Self::Db(error) }
    }
}

impl From<UserError> for CliError {
    fn from(error: UserError) -> Self {
        match error {
            UserError::Db(error) => error.into(),
            other => Self::User(other),
        }
    }
}

/// Opening and migrating wrap what the database says, so the text is looked at, too.
fn is_full(error: &DbError) -> bool {
    error.is_disk_full() || error.to_string().contains("database or disk is full")
}

fn for_want_of_space(error: &MountError) -> bool {
    match error {
        MountError::Db(error) => is_full(error),
        MountError::Storage(error) => matches!(error, StorageError::NoSpace { .. }),
        MountError::Net(_) | MountError::Other(_) => false,
    }
}
