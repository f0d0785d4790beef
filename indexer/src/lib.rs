//! A search engine for many video instances: a crawler, an index, and the interface that PeerTube and others search with.
//!
//! A video comes in through `crawl` (which instances, and with whose consent, is said in [`hosts`]), is made safe by
//! `ingest`, and kept in the database (`store`). `projection` follows the database with the Tantivy `index`, from which
//! [`search`] answers what [`api`] and the search site ask, by the rules of [`query`]; how well is told by [`evaluate`].

pub mod api;
pub mod document;
pub mod evaluate;
pub mod hosts;
pub mod projection;
pub mod query;
pub mod search;
#[doc(hidden)]
pub mod testing;

mod config;
mod crawl;
mod index;
mod ingest;
mod schema;
mod store;
pub mod text;

use axum::Router;
use platform::{MountError, Platform, role::HealthCheck, role::Role};

pub use config::Config;
pub use search::Searcher;

use api::ApiState;
use index::VideoIndex;
use projection::Projection;

/// The role, and what the search site needs of it.
#[derive(Debug)]
pub struct Mounted {
    /// Interface, jobs, schedules and health.
    pub role: Role,
    /// Answers searches.
    pub searcher: Searcher,
    /// Follows the database; tests wait for it.
    pub projection: Projection,
}

/// Opens the index, brings the list of instances in line with the configuration, and starts following the database.
///
/// # Errors
/// [`MountError`] if the database or the index folder cannot be used, or the configuration names something that is not
/// an instance or a pace that cannot be kept.
pub async fn mount(platform: &Platform, config: Config) -> Result<Mounted, MountError> {
    config.check().map_err(MountError::Other)?;
    let now = platform.clock.now();
    let mut tx = platform.db.begin().await?;
    let state = store::initialise(&mut tx, &platform.random.hex(16)).await?;
    hosts::follow_configuration(&mut tx, &config.hosts, platform.http.allows_plain_http(), now)
        .await
        .map_err(|error| MountError::Other(format!("indexer.hosts: {error}")))?;
    tx.commit().await?;

    let folder = platform.data.folder("search-index");
    let memory = usize::try_from(config.writer_memory.get()).unwrap_or(usize::MAX);
    let index = VideoIndex::open(&folder, &state.epoch, memory)
        .map_err(|error| MountError::Other(format!("the search index in {}: {error}", folder.display())))?;
    let projection = Projection::start(platform, index.clone());
    let searcher = Searcher::new(platform.db.clone(), index, platform.clock.clone());
    let role = Role {
        name: "indexer",
        router: router(platform, &config, &searcher),
        jobs: crawl::jobs(platform, &config, &projection),
        schedules: crawl::schedules(&config),
        health: vec![health(&searcher)],
    };
    Ok(Mounted { role, searcher, projection })
}

/// The search interface, below the address that clients are given.
pub fn router(platform: &Platform, config: &Config, searcher: &Searcher) -> Router {
    api::router(ApiState {
        searcher: searcher.clone(),
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
