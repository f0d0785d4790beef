//! How a command works on the data of a server that may be running.
//!
//! Nothing here takes the lock of the data folder, sweeps scratch files or runs jobs: those belong to the server, which
//! finds what a command enqueued within a second.

use platform::{DataDir, Platform, db::Db, storage::Storage};

use super::{CliError, serve};
use crate::{
    App, Config,
    compose::{Roles, Surroundings, open_platform},
};

/// The database alone.
pub(super) async fn open_database(config: &Config) -> Result<Db, CliError> {
    let data = DataDir::beside(&config.server.data)?;
    Ok(Db::open(&config.database, data.root()).await?)
}

/// The video server, without its files.
pub(super) async fn open_app(config: &Config) -> Result<App, CliError> {
    let data = DataDir::beside(&config.server.data)?;
    let platform = open(config, data).await?;
    Ok(App::open(&platform, config.instance.clone(), Roles::parse(&config.server.roles)?).await?)
}

async fn open(config: &Config, data: DataDir) -> Result<Platform, CliError> {
    let public_url = serve::public_url_beside(config)?;
    // Opening the real storage would sweep away what the running server is writing.
    let surroundings = Surroundings { storage: Some(Storage::memory()), ..Surroundings::default() };
    Ok(open_platform(config, data, public_url, surroundings).await?)
}
