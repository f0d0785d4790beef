use platform::db::DbError;

use super::{Settings, store};
use crate::{
    App,
    moderation::{BadHost, read_host},
};

/// Why a setting is not changed.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The text is no host.
    #[error(transparent)]
    BadHost(#[from] BadHost),
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Changes the settings, in the database and in memory.
///
/// # Errors
/// [`SettingsError`] if the database refuses.
pub async fn change(app: &App, wanted: &Settings) -> Result<(), SettingsError> {
    let (now, current) = (app.platform.clock.now(), app.border.settings().members());
    let mut tx = app.platform.db.begin().await?;
    for (name, value) in wanted.members() {
        if current.get(&name) != Some(&value) {
            tracing::info!(setting.name = name, setting.value = %value, "an administrator changed a setting");
            store::set(&mut tx, &name, &value, now).await?;
        }
    }
    tx.commit().await?;
    Ok(app.border.reload(&app.platform.db).await?)
}

/// Adds servers to those that are spoken with in allow-list mode; all of them or none.
///
/// # Errors
/// [`SettingsError`] if one of them is no host.
pub async fn allow_servers(app: &App, hosts: &[String]) -> Result<(), SettingsError> {
    set_allowed(app, hosts, false).await
}

/// Makes these servers the only ones that are spoken with in allow-list mode.
///
/// # Errors
/// [`SettingsError`] if one of them is no host.
pub async fn allow_only(app: &App, hosts: &[String]) -> Result<(), SettingsError> {
    set_allowed(app, hosts, true).await
}

async fn set_allowed(app: &App, hosts: &[String], only_these: bool) -> Result<(), SettingsError> {
    let hosts = hosts.iter().map(|host| read_host(host)).collect::<Result<Vec<_>, _>>()?;
    let mut tx = app.platform.db.begin().await?;
    if only_these {
        store::disallow_all(&mut tx).await?;
    }
    for host in hosts {
        store::allow_server(&mut tx, host.as_str(), app.platform.clock.now()).await?;
    }
    tx.commit().await?;
    Ok(app.border.reload(&app.platform.db).await?)
}

/// Takes a server out of those that are spoken with in allow-list mode.
///
/// # Errors
/// [`SettingsError`] if the database refuses.
pub async fn disallow_server(app: &App, host: &str) -> Result<(), SettingsError> {
    let mut tx = app.platform.db.begin().await?;
    store::disallow_server(&mut tx, host).await?;
    tx.commit().await?;
    Ok(app.border.reload(&app.platform.db).await?)
}
