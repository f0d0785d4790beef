//! Several servers in one process.

use std::{ops::Deref, sync::Arc, thread, time::Duration};

use instance::Config;
use platform::{clock::FakeClock, net::StaticNames};
use tempfile::TempDir;
use tokio::{runtime, time::timeout};

use crate::{logs::LogWatch, server::Server, stranger::Stranger};

/// Longer than this, work does not end by itself.
const PATIENCE: Duration = Duration::from_mins(3);

/// Servers that reach each other by their names (`alpha.test`), and nobody else.
///
/// When it is dropped it fails the test if a job was given up or is left undone, if an error was logged, or if a task does
/// not end. Tests run it on a runtime with several threads: `#[tokio::test(flavor = "multi_thread")]`.
#[derive(Debug)]
pub struct World {
    /// An instance with mirrors.
    pub alpha: Place,
    /// Another one.
    pub beta: Place,
    /// A third.
    pub gamma: Place,
    /// An index with its search site.
    pub search: Place,
    clock: FakeClock,
    names: StaticNames,
    log: LogWatch,
    failures_expected: bool,
    // Last, so that the folder goes after the servers.
    _folder: TempDir,
}

/// A server of the world, which panics when the world has none of that name.
#[derive(Debug)]
pub struct Place {
    name: &'static str,
    server: Option<Arc<Server>>,
}

impl Deref for Place {
    type Target = Server;

    fn deref(&self) -> &Server {
        self.server.as_deref().unwrap_or_else(|| panic!("this world has no server {}", self.name))
    }
}

impl World {
    /// A world of the named servers: `alpha`, `beta`, `gamma`, `search`.
    pub async fn with<const N: usize>(names: [&'static str; N]) -> Self {
        Self::configured(names, |_, _| {}).await
    }

    /// The same, after a look at the configuration of each.
    pub async fn configured<const N: usize>(names: [&'static str; N], configure: impl Fn(&str, &mut Config)) -> Self {
        let log = LogWatch::start();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (clock, resolver) = (FakeClock::default(), StaticNames::default());
        let mut servers = vec![];
        for (number, name) in names.into_iter().enumerate() {
            let mut config = Server::configuration(name, &folder.path().join(name)).await;
            configure(name, &mut config);
            let seed = 1 + number as u64;
            servers.push(Arc::new(Server::start(name, config, &clock, &resolver, seed).await));
        }
        let place = |name| Place { name, server: servers.iter().find(|server| server.name() == name).cloned() };
        Self {
            alpha: place("alpha"),
            beta: place("beta"),
            gamma: place("gamma"),
            search: place("search"),
            clock,
            names: resolver,
            log,
            failures_expected: false,
            _folder: folder,
        }
    }

    /// The clock of all servers.
    pub fn clock(&self) -> &FakeClock {
        &self.clock
    }

    /// What operators saw in the log since this world began.
    pub fn log(&self) -> Vec<String> {
        self.log.lines()
    }

    /// A server of no particular kind, which says and serves what a test tells it to.
    pub async fn stranger(&self, host: &str) -> Stranger {
        Stranger::start(host, &self.names, &self.clock).await
    }

    /// In this world jobs may be given up and errors logged: the test is about that.
    pub fn expect_failures(&mut self) {
        self.failures_expected = true;
    }

    /// Cuts two servers apart: nothing that one sends reaches the other. Everybody else reaches both.
    pub fn cut(&self, one: &Server, other: &Server) {
        one.cut_off(other.host(), true);
        other.cut_off(one.host(), true);
    }

    /// Joins two servers again.
    pub fn heal(&self, one: &Server, other: &Server) {
        one.cut_off(other.host(), false);
        other.cut_off(one.host(), false);
    }

    fn servers(&self) -> impl Iterator<Item = &Arc<Server>> {
        [&self.alpha, &self.beta, &self.gamma, &self.search].into_iter().filter_map(|place| place.server.as_ref())
    }

    /// Does all work that is due, on all servers that run, and all work that follows from it.
    pub async fn settle(&self) {
        if timeout(PATIENCE, self.work_until_idle()).await.is_err() {
            let mut left = vec![];
            for server in self.servers() {
                left.push(format!("{}: {:?}", server.name(), server.unfinished_jobs().await));
            }
            panic!("the world does not settle; unfinished: {left:?}");
        }
    }

    async fn work_until_idle(&self) {
        loop {
            let mut done = 0;
            for server in self.servers().filter(|server| server.is_online()) {
                done += server.work().await;
            }
            if done == 0 {
                return;
            }
        }
    }

    /// Lets time pass: schedules become due, and everything is done that follows.
    pub async fn advance(&self, time: Duration) {
        self.clock.advance(time);
        for server in self.servers().filter(|server| server.is_online()) {
            server.tick().await;
        }
        self.settle().await;
    }

    /// What is wrong with the state that the servers are left in.
    fn complaints(&self) -> Vec<String> {
        let servers: Vec<Arc<Server>> = self.servers().cloned().collect();
        for server in &servers {
            server.shut_down();
        }
        // A runtime and connections of their own: those of the test may belong to the thread that waits here.
        let looking = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let mut complaints = vec![];
                for server in &servers {
                    complaints.extend(server.complaints().await);
                }
                complaints
            })
        });
        let mut complaints = looking.join().expect("the state of the servers");
        complaints.extend(self.log.errors().into_iter().map(|error| format!("an error was logged: {error}")));
        complaints
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if thread::panicking() || self.failures_expected {
            return;
        }
        let complaints = self.complaints();
        assert!(complaints.is_empty(), "the world was left in disorder:\n  {}", complaints.join("\n  "));
    }
}
