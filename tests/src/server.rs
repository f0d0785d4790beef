//! A server of a world.

use std::{
    net::SocketAddr,
    ops::Deref,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, middleware::from_fn_with_state};
use indexer::projection::Projection;
use instance::{
    App, Config,
    compose::{Composition, Surroundings, compose, open_platform},
};
use platform::{
    DataDir, Platform, PublicUrl,
    clock::FakeClock,
    db::Db,
    ids::Random,
    jobs::{self, JobRunner, Scheduler},
    lifecycle,
    net::{NetConfig, StaticNames},
    testing::TestDatabase,
};
use reqwest::ClientBuilder;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    client::{Client, ROOT_PASSWORD},
    doorway::{self, Doorway},
    program,
};

/// How long a listener may take to close its connections.
const PATIENCE: Duration = Duration::from_secs(12);

/// A server with everything but a process of its own.
#[derive(Debug)]
pub struct Server {
    name: &'static str,
    config: Config,
    address: SocketAddr,
    platform: Platform,
    service: Router,
    runner: JobRunner,
    scheduler: Scheduler,
    app: Option<App>,
    projection: Option<Projection>,
    client: Client,
    /// While it is open: what closes the listener, and what says that it is closed.
    listener: Mutex<Option<Listener>>,
    doorway: Doorway,
}

type Listener = (CancellationToken, JoinHandle<()>);

impl Server {
    /// What a server of this name is told unless a test says otherwise.
    pub async fn configuration(name: &str, data: &Path) -> Config {
        let mut config = Config::default();
        config.server.data = data.to_owned();
        config.server.public_url = Some(format!("http://{name}.test"));
        config.server.roles = match name {
            "search" => vec!["indexer".to_owned(), "search-ui".to_owned()],
            _ => vec!["instance".to_owned(), "redundancy".to_owned()],
        };
        config.operator.name = name.to_owned();
        config.database = TestDatabase::config().await;
        // The guard stays on: names of the world are trusted, loopback and private addresses are not.
        config.net = NetConfig {
            allow_plain_http: true,
            requests_per_second_per_host: 10_000,
            concurrent_requests_per_host: 64,
            ..NetConfig::default()
        };
        config.instance.media_worker = Some(program::shoal());
        config.indexer.requests_per_second = 1_000.0;
        config
    }

    /// Starts a server on a free port, and gives it its name.
    pub async fn start(name: &'static str, config: Config, clock: &FakeClock, names: &StaticNames, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the port");
        let host = format!("{name}.test");
        names.insert(host.clone(), address);
        let surroundings = Surroundings {
            clock: Arc::new(clock.clone()),
            random: Random::seeded(seed),
            names: names.clone(),
            storage: None,
        };
        let data = DataDir::open(&config.server.data).expect("a data folder");
        let public_url = Url::parse(config.server.public_url.as_deref().unwrap_or_default()).expect("an address");
        let public_url = PublicUrl::new(public_url).expect("a public address");
        let platform = open_platform(&config, data, public_url, surroundings).await.expect("a platform");
        let Composition { server, app, projection, .. } =
            compose(platform.clone(), &config).await.expect("the roles of a server");
        if let Some(app) = &app {
            app.ensure_root(Some(ROOT_PASSWORD.to_owned())).await.expect("an administrator");
        }
        let client = Client::new(format!("http://{host}"), ClientBuilder::new().resolve(&host, address));
        let scheduler = Scheduler::new(platform.db.clone(), platform.clock.clone(), server.schedules.clone());
        // The first look only notes when each schedule is due.
        scheduler.tick().await.expect("the database");
        let started = Self {
            name,
            config,
            address,
            platform,
            service: server.service(),
            runner: server.job_runner(),
            scheduler,
            app,
            projection,
            client,
            listener: Mutex::new(None),
            doorway: Doorway::default(),
        };
        started.listen(listener);
        started
    }

    #[expect(clippy::disallowed_methods, reason = "the world itself waits for its listeners")]
    fn listen(&self, listener: TcpListener) {
        let stop = CancellationToken::new();
        let service = self.service.clone().layer(from_fn_with_state(self.doorway.clone(), doorway::pass));
        let serving = tokio::spawn(lifecycle::serve(listener, service, stop.clone(), 1_000));
        *self.lock_listener() = Some((stop, serving));
    }

    fn lock_listener(&self) -> std::sync::MutexGuard<'_, Option<Listener>> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its name, without `.test`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its host, as others call it.
    pub fn host(&self) -> String {
        format!("{}.test", self.name)
    }

    /// What it stands on.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// The video server.
    pub fn app(&self) -> &App {
        self.app.as_ref().unwrap_or_else(|| panic!("{} is no instance", self.name))
    }

    /// Whether it answers and works.
    pub fn is_online(&self) -> bool {
        self.lock_listener().is_some()
    }

    /// Stops answering and working, as if the machine were off.
    pub async fn go_offline(&self) {
        let listener = self.lock_listener().take();
        let (stop, serving) = listener.unwrap_or_else(|| panic!("{} is offline already", self.name));
        stop.cancel();
        tokio::time::timeout(PATIENCE, serving).await.expect("connections end").expect("the listener ends");
    }

    /// Answers and works again, at the same address.
    pub async fn go_online(&self) {
        self.listen(TcpListener::bind(self.address).await.expect("the same port"));
    }

    /// From now on, or no longer, what another server sends does not arrive here.
    pub(crate) fn cut_off(&self, host: String, is_cut: bool) {
        self.doorway.cut_off(host, is_cut);
    }

    /// From now on, requests for addresses with this in them wait.
    pub fn hold_back(&self, part: &str) {
        self.doorway.hold_back(part);
    }

    /// Waits until a request waits.
    pub async fn somebody_waits(&self) {
        self.doorway.somebody_waits().await;
    }

    /// Nobody waits any longer.
    pub fn let_through(&self) {
        self.doorway.let_through();
    }

    /// The paths, with their queries, that it was asked for since the last call.
    pub fn asked(&self) -> Vec<String> {
        self.doorway.asked()
    }

    /// Does every job that is due, and tells how many.
    pub async fn work(&self) -> usize {
        let done = self.runner.run_due().await.expect("the database");
        if let Some(projection) = &self.projection {
            projection.catch_up().await.expect("the index");
        }
        done
    }

    /// Does what is due by the clock: enqueues the jobs of schedules, writes views down.
    pub async fn tick(&self) {
        if let Some(app) = &self.app {
            app.write_views_down().await.expect("the database");
        }
        self.scheduler.tick().await.expect("the database");
    }

    /// How many jobs of each lane are left.
    pub async fn unfinished_jobs(&self) -> Vec<(String, i64)> {
        jobs::unfinished(&mut self.platform.db.read().await.expect("a connection")).await.expect("the jobs")
    }

    /// Ends listeners and tasks, without waiting for them.
    pub(crate) fn shut_down(&self) {
        if let Some((stop, _)) = self.lock_listener().take() {
            stop.cancel();
        }
        self.platform.stop.cancel();
    }

    /// What is wrong with the state that it was left in.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let mut complaints = self.complaints_about_jobs().await;
        let mut waited = Duration::ZERO;
        while self.platform.tasks.running() > 0 && waited < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(10)).await;
            waited += Duration::from_millis(10);
        }
        match self.platform.tasks.running() {
            0 => {}
            count => complaints.push(format!("{}: {count} tasks do not end", self.name)),
        }
        complaints
    }

    async fn complaints_about_jobs(&self) -> Vec<String> {
        let db = Db::open(&self.config.database, self.platform.data.root()).await.expect("the database");
        let mut connection = db.read().await.expect("a connection");
        let failed = jobs::failed_jobs(&mut connection).await.expect("the jobs");
        let due: Vec<(String, Option<String>)> = connection
            .query("SELECT kind, error FROM jobs WHERE state = 'running' OR (state = 'waiting' AND run_at <= $1)")
            .bind(self.platform.clock.now())
            .fetch_all()
            .await
            .expect("the jobs");
        drop(connection);
        db.close().await;
        let name = self.name;
        let failed = failed.into_iter().map(|job| format!("{name}: a {} job was given up: {}", job.kind, job.error));
        let due = due.into_iter().map(|(kind, error)| format!("{name}: a {kind} job is left undone: {error:?}"));
        failed.chain(due).collect()
    }
}

impl Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
