use platform::db::{Connection, DbError};

use super::{Blocker, store};
use crate::{
    App,
    accounts::{self, Account, AccountId},
    actors::ActorId,
    moderation::{self, BadHost, read_host},
};

/// Why nobody is blocked.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// The text is no host.
    #[error(transparent)]
    BadHost(#[from] BadHost),
    /// Nobody of that name is known here.
    #[error("no account {0:?} is known here")]
    UnknownAccount(String),
    /// It was not blocked.
    #[error("{0} is not blocked")]
    NotBlocked(String),
    /// One cannot do without oneself.
    #[error("you cannot block yourself")]
    Myself,
    /// The server cannot do without itself.
    #[error("you cannot block your own server")]
    OwnServer,
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Blocker {
    /// The account whose blocks they are.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn account(self, connection: &mut Connection) -> Result<AccountId, DbError> {
        match self {
            Self::User(account) => Ok(account),
            Self::Server => Ok(moderation::store::find_server_account(connection).await?.unwrap_or(AccountId(0))),
        }
    }
}

/// Blocks the account of a handle (`name@host`; the host may be left out for local ones).
///
/// # Errors
/// [`BlockError`] if it is not known, or the blocker's own.
pub async fn block_account(app: &App, blocker: Blocker, handle: &str) -> Result<(), BlockError> {
    let mut tx = app.platform.db.begin().await?;
    let target = find_account(app, &mut tx, handle).await?;
    let by = blocker.account(&mut tx).await?;
    let is_server = moderation::store::find_server_account(&mut tx).await? == Some(target.id);
    if target.id == by || is_server {
        return Err(if is_server { BlockError::OwnServer } else { BlockError::Myself });
    }
    store::insert_account(&mut tx, by, target.id, app.platform.clock.now()).await?;
    tx.commit().await?;
    Ok(after_change(app, blocker).await?)
}

/// Unblocks the account of a handle.
///
/// # Errors
/// [`BlockError`] if it is not known or not blocked.
pub async fn unblock_account(app: &App, blocker: Blocker, handle: &str) -> Result<(), BlockError> {
    let mut tx = app.platform.db.begin().await?;
    let target = find_account(app, &mut tx, handle).await?;
    let by = blocker.account(&mut tx).await?;
    if !store::delete_account(&mut tx, by, target.id).await? {
        return Err(BlockError::NotBlocked(handle.to_owned()));
    }
    tx.commit().await?;
    Ok(after_change(app, blocker).await?)
}

/// Blocks servers with their subdomains, whether anything is known of them or not; all of them or none.
///
/// # Errors
/// [`BlockError`] if a text is no host, or this server's own.
pub async fn block_servers(app: &App, blocker: Blocker, hosts: &[&str]) -> Result<(), BlockError> {
    let hosts = hosts.iter().map(|host| read_host(host)).collect::<Result<Vec<_>, _>>()?;
    if hosts.iter().any(|host| is_own(app, host.as_str())) {
        return Err(BlockError::OwnServer);
    }
    let mut tx = app.platform.db.begin().await?;
    let by = blocker.account(&mut tx).await?;
    for host in &hosts {
        store::insert_server(&mut tx, by, host.as_str(), app.platform.clock.now()).await?;
    }
    store::cover_known_hosts(&mut tx, Some(by)).await?;
    tx.commit().await?;
    Ok(after_change(app, blocker).await?)
}

/// Unblocks a server. What a broader block covers stays blocked.
///
/// # Errors
/// [`BlockError`] if it is not blocked.
pub async fn unblock_server(app: &App, blocker: Blocker, host: &str) -> Result<(), BlockError> {
    let host = read_host(host)?;
    let mut tx = app.platform.db.begin().await?;
    let by = blocker.account(&mut tx).await?;
    if !store::delete_server(&mut tx, by, host.as_str()).await? {
        return Err(BlockError::NotBlocked(host.to_string()));
    }
    store::cover_known_hosts(&mut tx, Some(by)).await?;
    tx.commit().await?;
    Ok(after_change(app, blocker).await?)
}

/// Has whoever blocks an account also block the one that it has moved to, lest moving become a way around.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn follow_move(app: &App, from: ActorId, to: ActorId) -> Result<(), DbError> {
    let mut tx = app.platform.db.begin().await?;
    let from = accounts::store::find_by_actor(&mut tx, from).await?;
    let to = accounts::store::find_by_actor(&mut tx, to).await?;
    let (Some(from), Some(to)) = (from, to) else { return Ok(()) };
    let carried = store::copy_account_blocks(&mut tx, from.id, to.id, app.platform.clock.now()).await?;
    tx.commit().await?;
    if carried == 0 {
        return Ok(());
    }
    app.border.reload(&app.platform.db).await
}

/// Writes out what blocks cover among hosts that have become known since.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn cover_new_hosts(app: &App) -> Result<(), DbError> {
    let mut tx = app.platform.db.begin().await?;
    store::cover_known_hosts(&mut tx, None).await?;
    tx.commit().await
}

/// A block that covers this server would hide everything that is published here.
fn is_own(app: &App, host: &str) -> bool {
    let own = app.platform.public_url.host();
    let name = own.rsplit_once(':').map_or(own, |(name, _)| name);
    own == host || name == host || own.ends_with(&format!(".{host}")) || name.ends_with(&format!(".{host}"))
}

async fn find_account(app: &App, connection: &mut Connection, handle: &str) -> Result<Account, BlockError> {
    let (name, host) = app.split_handle(handle.trim());
    let found = accounts::store::find_by_handle(connection, &name, &host).await?;
    found.ok_or_else(|| BlockError::UnknownAccount(handle.chars().take(200).collect()))
}

async fn after_change(app: &App, blocker: Blocker) -> Result<(), DbError> {
    match blocker {
        Blocker::Server => app.border.reload(&app.platform.db).await,
        Blocker::User(_) => Ok(()),
    }
}
