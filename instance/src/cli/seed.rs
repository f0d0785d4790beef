//! `shoal bench-seed`: a data folder with as many videos as a measurement wants.

use clap::Args;
use platform::DataDir;

use super::{CliError, Place, print, serve};
use crate::{
    App,
    compose::{Roles, Surroundings, open_platform},
};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    place: Place,
    /// How many videos to add
    #[arg(long, default_value_t = 200)]
    videos: u32,
}

pub(super) async fn run(options: &Options) -> Result<(), CliError> {
    let config = options.place.load()?;
    let data = DataDir::open(&config.server.data)?;
    let public_url = serve::public_url_beside(&config)?;
    let platform = open_platform(&config, data, public_url, Surroundings::default()).await?;
    let app = App::open(&platform, config.instance.clone(), Roles::parse(&config.server.roles)?).await?;
    app.ensure_root(None).await?;
    app.seed_videos(options.videos).await?;
    platform.db.close().await;
    print(format!("added {} videos", options.videos));
    Ok(())
}
