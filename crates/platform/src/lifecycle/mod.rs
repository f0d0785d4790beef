//! From the first listener to the last task: what a server process does around its roles.
//!
//! Shutdown has two stages. The first signal (or the end of the caller's token) is *soft*: listeners close, workers take
//! no more jobs, running requests and jobs are told and may finish. The second signal, or the end of the grace time, is
//! *hard*: what still runs is dropped; leases and atomic writes make sure that nothing is lost by it.

mod listener;
mod probes;

use std::time::Duration;

use axum::Router;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing::{error, info, warn};

use crate::{
    Platform,
    config::HumanDuration,
    db::DbError,
    jobs::{JobRunner, JobSet, RunnerConfig, Schedule, Scheduler},
    role::{HealthCheck, Role},
    web::{RequestPolicy, wrap},
};

pub use listener::{bind, serve};

/// How long closing the database may take once nothing but what was given up runs any more.
const CLOSING: Duration = Duration::from_secs(5);

/// How the server listens and stops.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Address and port to listen on.
    pub listen: String,
    /// How the world reaches this server, as in `https://tube.example`. It becomes part of every address that other
    /// servers remember: it cannot be changed later. Default: `http://` and the listening address.
    pub public_url: Option<String>,
    /// The roles of this process: `instance`, `indexer`, `redundancy`, `search-ui`.
    pub roles: Vec<String>,
    /// The folder that holds database, files and index.
    pub data: std::path::PathBuf,
    /// How long requests and jobs may take to finish after the first signal to stop.
    pub grace: HumanDuration,
    /// The most connections that are served at the same time.
    pub max_connections: usize,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:9000".to_owned(),
            public_url: None,
            roles: ["instance", "indexer", "redundancy", "search-ui"].map(str::to_owned).to_vec(),
            data: "data".into(),
            grace: HumanDuration::from_secs(20),
            max_connections: 10_000,
        }
    }
}

/// Why a server stopped before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Anything else, in one sentence.
    #[error("{0}")]
    Other(String),
}

/// A server that is ready to start.
#[derive(Debug)]
pub struct Server {
    /// What it stands on.
    pub platform: Platform,
    /// Its pages and interfaces, those of all roles together.
    pub router: Router,
    /// Jobs of all roles.
    pub jobs: JobSet,
    /// Schedules of all roles.
    pub schedules: Vec<Schedule>,
    /// Health checks of all roles.
    pub health: Vec<HealthCheck>,
    /// How many jobs run at the same time.
    pub runner: RunnerConfig,
}

impl Server {
    /// Collects what roles bring, except their routers, whose places the caller decides.
    pub fn new(platform: Platform, router: Router, runner: RunnerConfig, roles: Vec<Role>) -> Self {
        let mut server = Self { platform, router, jobs: JobSet::new(), schedules: vec![], health: vec![], runner };
        for role in roles {
            server.jobs = server.jobs.merge(role.jobs);
            server.schedules.extend(role.schedules);
            server.health.extend(role.health);
        }
        server
    }

    /// Everything that answers on the public listener, with the layers around it.
    pub fn service(&self) -> Router {
        let policy = RequestPolicy {
            random: self.platform.random.clone(),
            allow_plain_http: self.platform.http.allows_plain_http(),
        };
        let router = self
            .router
            .clone()
            .merge(probes::router(self.platform.clone(), self.health.clone()))
            .merge(crate::web::assets_router());
        wrap(router, policy)
    }

    /// The runner of its jobs.
    pub fn job_runner(&self) -> JobRunner {
        let platform = &self.platform;
        JobRunner::new(
            platform.db.clone(),
            platform.clock.clone(),
            platform.random.clone(),
            self.jobs.clone(),
            platform.stop.clone(),
        )
    }

    /// Runs until `platform.stop` is cancelled or a signal arrives, then shuts down in two stages.
    ///
    /// # Errors
    /// [`RunError`] if the work could not begin.
    pub async fn run(
        self,
        listener: TcpListener,
        metrics: Option<(TcpListener, metrics_exporter_prometheus::PrometheusHandle)>,
        config: &ServerConfig,
    ) -> Result<(), RunError> {
        let platform = self.platform.clone();
        let runner = self.job_runner();
        if platform.db.dialect() == crate::db::Dialect::Sqlite {
            runner.take_over().await?;
        }
        runner.start(&platform.tasks, &self.runner);
        let scheduler = Scheduler::new(platform.db.clone(), platform.clock.clone(), self.schedules.clone());
        platform.tasks.spawn("scheduler", scheduler.run(platform.stop.clone()));
        if let Some((listener, handle)) = metrics {
            let (stop, db) = (platform.stop.clone(), platform.db.clone());
            platform.tasks.spawn("metrics", async move {
                listener::serve(listener, probes::metrics_router(handle, db), stop, 64).await;
            });
        }
        let (service, stop, limit) = (self.service(), platform.stop.clone(), config.max_connections);
        let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
        platform.tasks.spawn("listener", listener::serve(listener, service, stop, limit));
        info!(address, url = %platform.public_url, "listening on {address} as {}", platform.public_url);
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);

        tokio::select! {
            received = next_signal() => received?,
            () = platform.stop.cancelled() => {}
        }
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        platform.stop.cancel();
        info!("stopping: open requests and jobs may finish");
        finish(&platform, config.grace.get()).await;
        // What still runs may hold a connection, for which closing would wait.
        if tokio::time::timeout(CLOSING, platform.db.close()).await.is_err() {
            warn!("the database is still in use: stopping without closing it");
        }
        info!("stopped");
        Ok(())
    }
}

/// Waits for a signal that asks the process to stop.
async fn next_signal() -> Result<(), RunError> {
    let listen = |kind| signal(kind).map_err(|error| RunError::Other(format!("signals cannot be received: {error}")));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// Waits for what still runs, until the grace time is over or a second signal arrives.
async fn finish(platform: &Platform, grace: Duration) {
    let second_signal = async {
        if let Err(error) = next_signal().await {
            error!(%error, "no second signal can be received");
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = platform.tasks.wait() => {}
        () = second_signal => warn!(tasks = platform.tasks.running(), "stopping at once"),
        () = tokio::time::sleep(grace) => {
            warn!(tasks = platform.tasks.running(), "the grace time is over: stopping at once");
        }
    }
}
