//! A search engine for many video instances: a crawler, an index, and the interface that PeerTube and others search with.
//!
//! A video, channel or playlist comes in through `crawl` (which instances, and with whose consent, is said in [`hosts`]),
//! because its instance told [`listen`], or from a file ([`load`]). It is made safe by `ingest`, and kept in the database
//! (`store`). `projection` follows the database with an `engine` (Tantivy's `index`, or [`opensearch`]), from which [`search`] answers what [`api`] and the
//! search site ask, by the rules of [`query`]; how well is told by [`evaluate`].

pub mod api;
pub mod captions;
pub mod channels;
pub mod collections;
pub mod document;
pub mod evaluate;
pub mod hosts;
pub mod listen;
pub mod load;
pub mod playlists;
pub mod projection;
pub mod query;
pub mod search;
#[doc(hidden)]
pub mod testing;

mod config;
mod crawl;
mod engine;
mod index;
mod ingest;
pub mod opensearch;
mod records;
mod schema;
mod store;
pub mod text;

use axum::Router;
use courier::Courier;
use platform::{MountError, Platform, role::HealthCheck, role::Role};

pub use config::Config;
pub use search::Searcher;

use api::ApiState;
use collections::Collections;
use engine::Engines;
use hosts::{ConsentDesk, directories::Directory};
use projection::Projection;

/// The role, and what the search site needs of it.
#[derive(Debug)]
pub struct Mounted {
    /// Interface, jobs, schedules and health.
    pub role: Role,
    /// Answers searches.
    pub searcher: Searcher,
    /// Finds channels and playlists.
    pub collections: Collections,
    /// Follows the database; tests wait for it.
    pub projection: Projection,
    /// Where instances and people say whether they want to be found.
    pub consent: ConsentDesk,
    /// What other servers ask of the index as an actor. It belongs to the root of the public address, wherever the interface
    /// and the site are put.
    pub actor: Router,
}

/// Opens the index, brings the list of instances in line with the configuration, and starts following the database.
/// `courier` is that of the instance in the same process; without an instance the index has one of its own.
///
/// # Errors
/// [`MountError`] if the database or the index folder cannot be used, or the configuration names something that is not
/// an instance or a pace that cannot be kept.
pub async fn mount(platform: &Platform, config: Config, courier: Option<Courier>) -> Result<Mounted, MountError> {
    config.check().map_err(MountError::Other)?;
    let now = platform.clock.now();
    let mut tx = platform.db.begin().await?;
    let state = store::initialise(&mut tx, &platform.random.hex(16)).await?;
    hosts::follow_configuration(&mut tx, &config.hosts, platform.http.allows_plain_http(), now)
        .await
        .map_err(|error| MountError::Other(format!("indexer.hosts: {error}")))?;
    let directories = directories_of(platform, &config)?;
    hosts::directories::follow_configuration(&mut tx, &directories, now)
        .await
        .map_err(|error| MountError::Other(format!("indexer.directories: {error}")))?;
    hosts::neighbours::follow_configuration(&mut tx, config.discover_neighbours, now)
        .await
        .map_err(|error| MountError::Other(error.to_string()))?;
    tx.commit().await?;

    let engines = Engines::open(platform, &config, &state.epoch)?;
    let projection = Projection::start(platform, engines.videos.clone());
    let collections = Collections::over(platform, engines.channels, engines.playlists);
    let searcher = Searcher::new(platform.db.clone(), engines.videos, platform.clock.clone());
    let listening = listen::mount(platform, &config, courier).await?;
    let jobs = crawl::jobs(platform, &config, listening.courier, &projection, &collections)
        .merge(hosts::job_set(platform, &config));
    let role = Role {
        name: "indexer",
        router: router(platform, &config, &searcher, &collections),
        jobs: jobs.merge(listening.jobs),
        schedules: [crawl::schedules(&config), hosts::schedules(), listening.schedules].concat(),
        health: vec![health(&searcher)],
    };
    let consent = ConsentDesk::new(platform, config.accept_opt_in);
    Ok(Mounted { role, searcher, collections, projection, consent, actor: listening.router })
}

fn directories_of(platform: &Platform, config: &Config) -> Result<Vec<Directory>, MountError> {
    let parse = |text: &String| Directory::parse(text, platform.http.allows_plain_http());
    let directories: Result<_, String> = config.directories.iter().map(parse).collect();
    directories.map_err(|error| MountError::Other(format!("indexer.directories: {error}")))
}

/// The search interface, below the address that clients are given.
pub fn router(platform: &Platform, config: &Config, searcher: &Searcher, collections: &Collections) -> Router {
    api::router(ApiState {
        searcher: searcher.clone(),
        collections: collections.clone(),
        config: config.clone(),
        site_name: platform.operator.name.clone(),
    })
}

fn health(searcher: &Searcher) -> HealthCheck {
    let searcher = searcher.clone();
    HealthCheck::new("search index", move || {
        let searcher = searcher.clone();
        async move { searcher.counts().await.map(drop).map_err(|error| error.to_string()) }
    })
}
