//! How does a configuration become a server?
//!
//! [`open_platform`] opens what roles stand on, [`compose`] mounts the roles and gives each its place. Nothing listens
//! yet when they return, so a test can take the parts and drive them itself.

mod roles;

use std::sync::Arc;

use axum::{Router, response::Redirect, routing::get};
use courier::Courier;
use indexer::{Mounted, projection::Projection};
use platform::{
    DataDir, MountError, Platform, PublicUrl,
    clock::{SharedClock, SystemClock},
    db::Db,
    ids::Random,
    lifecycle::Server,
    net::{HttpClient, StaticNames},
    role::Role,
    storage::Storage,
    tasks::Tasks,
};
use tokio_util::sync::CancellationToken;

use crate::{App, Config, mirrors};

pub use roles::{RoleError, RoleName, Roles};

/// Why a server could not be put together. Each reads well as the only line that the program prints.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// `server.roles` makes no sense.
    #[error(transparent)]
    Roles(#[from] RoleError),
    /// A role.
    #[error("the role {role} cannot start: {error}")]
    Mount {
        /// Which.
        role: RoleName,
        /// Why.
        error: MountError,
    },
    /// A value of the configuration that only the whole shows to be wrong.
    #[error("{0}")]
    Config(String),
}

/// What stands in for the real world in tests and beside a running server.
#[derive(Debug)]
pub struct Surroundings {
    /// What time it is.
    pub clock: SharedClock,
    /// Randomness.
    pub random: Random,
    /// Names that the guarded client trusts.
    pub names: StaticNames,
    /// Files, instead of those that the configuration names.
    pub storage: Option<Storage>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), random: Random::system(), names: StaticNames::default(), storage: None }
    }
}

/// Opens what roles stand on: the database (which is migrated), the storage, the way out.
///
/// # Errors
/// [`MountError`] if something of it cannot be used.
pub async fn open_platform(
    config: &Config,
    data: DataDir,
    public_url: PublicUrl,
    surroundings: Surroundings,
) -> Result<Platform, MountError> {
    let db = Db::open(&config.database, data.root()).await?;
    let storage = match surroundings.storage {
        Some(storage) => storage,
        None => Storage::open(&config.storage, data.root()).await?,
    };
    let http = HttpClient::builder(config.net.clone())
        .operated_by(&public_url.join("/"), config.operator.contact.as_deref())
        .static_names(surroundings.names)
        .build()?;
    Ok(Platform {
        clock: surroundings.clock,
        random: surroundings.random,
        db,
        storage,
        http,
        tasks: Tasks::default(),
        stop: CancellationToken::new(),
        public_url,
        data,
        operator: Arc::new(config.operator.clone()),
    })
}

/// A server with its roles, ready to listen.
#[derive(Debug)]
pub struct Composition {
    /// The server.
    pub server: Server,
    /// The index and its site, if they have a listener of their own (`search_place.listen`).
    pub search_site: Option<Router>,
    /// The video server, if that is one of the roles.
    pub app: Option<App>,
    /// What keeps the index up to date, if that is one of the roles; tests wait for it.
    pub projection: Option<Projection>,
}

/// Mounts the roles of the configuration.
///
/// # Errors
/// [`ComposeError`] if a role cannot start, or the roles do not fit together.
pub async fn compose(platform: Platform, config: &Config) -> Result<Composition, ComposeError> {
    let roles = Roles::parse(&config.server.roles)?;
    let mut mounted = vec![];
    let mut router = Router::new();
    let app = if roles.has(RoleName::Instance) {
        let (app, role) = mount_instance(&platform, config, &roles).await?;
        router = router.merge(role.router.clone());
        mounted.push(role);
        Some(app)
    } else {
        None
    };
    if let Some(app) = &app
        && roles.has(RoleName::Redundancy)
    {
        let role = mount_redundancy(&platform, config, app);
        router = router.merge(role.router.clone());
        mounted.push(role);
    }
    let (mut search_site, mut projection) = (None, None);
    if roles.has(RoleName::Indexer) {
        let place = place_of_search(config, app.is_some())?;
        let courier = app.as_ref().map(|app| app.courier.clone());
        let search = mount_search(&platform, config, &roles, &place, courier).await?;
        router = router.merge(search.actor);
        match place {
            Place::Root => router = router.merge(search.router),
            Place::Prefix(prefix) => router = router.merge(nest(&prefix, search.router)),
            Place::OwnListener => search_site = Some(search.router),
        }
        mounted.extend(search.roles);
        projection = Some(search.projection);
    }
    let server = Server::new(platform, router, config.jobs.clone(), mounted);
    Ok(Composition { server, search_site, app, projection })
}

async fn mount_instance(platform: &Platform, config: &Config, roles: &Roles) -> Result<(App, Role), ComposeError> {
    let app = App::open(platform, config.instance.clone(), roles.clone())
        .await
        .map_err(|error| ComposeError::Mount { role: RoleName::Instance, error })?;
    let role = crate::mount(&app);
    Ok((app, role))
}

fn mount_redundancy(platform: &Platform, config: &Config, app: &App) -> Role {
    let catalogue = Arc::new(mirrors::InstanceCatalogue::new(app.clone()));
    let announcer = Arc::new(mirrors::InstanceAnnouncer::new(app.clone()));
    redundancy::mount(platform, config.redundancy.clone(), catalogue, announcer)
}

/// Where the index and its site are found.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Root,
    Prefix(String),
    OwnListener,
}

impl Place {
    /// What links of the site begin with.
    fn base_path(&self) -> &str {
        match self {
            Self::Prefix(prefix) => prefix,
            Self::Root | Self::OwnListener => "",
        }
    }
}

fn place_of_search(config: &Config, beside_instance: bool) -> Result<Place, ComposeError> {
    if config.search_place.listen.is_some() {
        return Ok(Place::OwnListener);
    }
    if !beside_instance {
        return Ok(Place::Root);
    }
    let prefix = config.search_place.checked_prefix().map_err(ComposeError::Config)?;
    Ok(Place::Prefix(prefix.to_owned()))
}

/// The index and its site.
struct Search {
    router: Router,
    /// Of the actor that the index is.
    actor: Router,
    roles: Vec<Role>,
    projection: Projection,
}

async fn mount_search(
    platform: &Platform,
    config: &Config,
    roles: &Roles,
    place: &Place,
    courier: Option<Courier>,
) -> Result<Search, ComposeError> {
    let mounted = indexer::mount(platform, config.indexer.clone(), courier).await;
    let Mounted { role, searcher, collections, projection, consent, actor } =
        mounted.map_err(|error| ComposeError::Mount { role: RoleName::Indexer, error })?;
    let mut search = Search { router: role.router.clone(), actor, roles: vec![role], projection };
    if roles.has(RoleName::SearchUi) {
        let site = config.search_ui.clone();
        let role = search_ui::mount(platform, site, searcher, collections, consent, place.base_path())
            .await
            .map_err(|error| ComposeError::Mount { role: RoleName::SearchUi, error })?;
        search.router = search.router.merge(role.router.clone());
        search.roles.push(role);
    }
    Ok(search)
}

/// Puts a site under a prefix, and sends those who add a slash to its home page.
fn nest(prefix: &str, site: Router) -> Router {
    let home = prefix.to_owned();
    Router::new()
        .nest(prefix, site)
        .route(&format!("{prefix}/"), get(move || async move { Redirect::permanent(&home) }))
}

#[cfg(test)]
mod tests;
