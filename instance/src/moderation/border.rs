//! **Invariant:** what is asked for every request is answered from memory; what is in memory was read after the last change
//! that this process made.

use std::{
    collections::HashSet,
    net::Ipv4Addr,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use courier::Refusal;
use federation::origin::Host;
use platform::{
    Platform,
    db::{Connection, Db, DbError},
};
use tokio::time::{MissedTickBehavior, interval};
use url::Url;

use super::{blocks, store};
use crate::settings::{self, Settings};

/// Another process on the same database may have changed something.
const RELOAD_AFTER: Duration = Duration::from_secs(30);

/// With whom this server speaks, and what its administrators have set. Cheap to ask.
#[derive(Debug)]
pub struct Border {
    defaults: Settings,
    /// Readings so far. One that began before the one that stands is thrown away.
    readings: AtomicU64,
    standing: RwLock<Arc<Standing>>,
}

#[derive(Debug)]
struct Standing {
    reading: u64,
    settings: Arc<Settings>,
    blocked_hosts: HashSet<String>,
    blocked_actors: HashSet<String>,
    allowed_hosts: HashSet<String>,
}

impl Border {
    /// Reads the blocks and settings of the database; what nobody has set is as in `defaults`.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn open(db: &Db, defaults: Settings) -> Result<Self, DbError> {
        let standing = Standing::read(&mut db.read().await?, &defaults, 0).await?;
        Ok(Self { defaults, readings: AtomicU64::new(1), standing: RwLock::new(Arc::new(standing)) })
    }

    /// What administrators have set.
    pub fn settings(&self) -> Arc<Settings> {
        self.standing().settings.clone()
    }

    /// Reads everything again, after a change.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn reload(&self, db: &Db) -> Result<(), DbError> {
        let reading = self.readings.fetch_add(1, Ordering::AcqRel);
        let standing = Standing::read(&mut db.read().await?, &self.defaults, reading).await?;
        let mut current = self.standing.write().unwrap_or_else(PoisonError::into_inner);
        if current.reading < reading {
            *current = Arc::new(standing);
        }
        Ok(())
    }

    /// Keeps it up to date with what other processes change.
    pub fn start(self: &Arc<Self>, platform: &Platform) {
        let (border, db, stop) = (self.clone(), platform.db.clone(), platform.stop.clone());
        platform.tasks.spawn("border", async move {
            let mut times = interval(RELOAD_AFTER);
            times.set_missed_tick_behavior(MissedTickBehavior::Delay);
            times.tick().await;
            loop {
                tokio::select! {
                    _ = times.tick() => {
                        if let Err(error) = border.reload(&db).await {
                            tracing::warn!(%error, "blocks and settings could not be read again");
                        }
                    }
                    () = stop.cancelled() => break,
                }
            }
        });
    }

    /// Whether the server, or the actor, that an address belongs to is not spoken with.
    pub fn refuses_url(&self, url: &Url) -> bool {
        Host::of(url).is_some_and(|host| courier::Border::refuses(self, &host, Some(url)).is_some())
    }

    /// Whether the server blocks a host, or a domain that it is part of.
    pub fn blocks_host(&self, host: &str) -> bool {
        covers(&self.standing().blocked_hosts, host)
    }

    fn standing(&self) -> Arc<Standing> {
        self.standing.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl courier::Border for Border {
    fn refuses(&self, host: &Host, actor: Option<&Url>) -> Option<Refusal> {
        self.standing().refuses(host.as_str(), actor)
    }
}

impl Standing {
    async fn read(connection: &mut Connection, defaults: &Settings, reading: u64) -> Result<Self, DbError> {
        let settings = Arc::new(defaults.with_rows(settings::store::all(connection).await?));
        let allowed_hosts = settings::store::allowed_servers(connection).await?.into_iter().collect();
        let mut standing =
            Self { reading, settings, blocked_hosts: HashSet::new(), blocked_actors: HashSet::new(), allowed_hosts };
        if let Some(server) = store::find_server_account(connection).await? {
            standing.blocked_hosts = blocks::store::blocked_hosts(connection, server).await?.into_iter().collect();
            standing.blocked_actors = blocks::store::blocked_actors(connection, server).await?.into_iter().collect();
        }
        Ok(standing)
    }

    fn refuses(&self, host: &str, actor: Option<&Url>) -> Option<Refusal> {
        if !self.settings.federates {
            return Some(Refusal::Closed);
        }
        if covers(&self.blocked_hosts, host) {
            return Some(Refusal::ServerBlocked);
        }
        if self.settings.is_allow_list && !self.allowed_hosts.contains(host) {
            return Some(Refusal::NotAllowed);
        }
        actor.and_then(|actor| self.knows_actor(actor).then_some(Refusal::ActorBlocked))
    }

    /// Keys are named by their actor's address, with or without a fragment.
    fn knows_actor(&self, actor: &Url) -> bool {
        if self.blocked_actors.is_empty() {
            return false;
        }
        let document = actor.as_str().split('#').next().unwrap_or_default();
        self.blocked_actors.contains(document)
    }
}

/// Whether a host is in a list, or part of a domain that is. An entry without a port stands for every port.
fn covers(list: &HashSet<String>, host: &str) -> bool {
    if list.is_empty() {
        return false;
    }
    let (name, port) = split_port(host);
    let is_in = |name: &str| list.contains(name) || port.is_some_and(|port| list.contains(&format!("{name}:{port}")));
    if is_in(name) {
        return true;
    }
    let is_address = name.starts_with('[') || name.parse::<Ipv4Addr>().is_ok();
    !is_address && name.match_indices('.').any(|(dot, _)| name.get(dot + 1..).is_some_and(is_in))
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => (name, Some(port)),
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::InstanceConfig;

    fn list(hosts: &[&str]) -> HashSet<String> {
        hosts.iter().map(|host| (*host).to_owned()).collect()
    }

    #[test]
    fn a_block_covers_subdomains_and_ports_but_no_neighbours() {
        let blocked = list(&["evil.example", "127.0.0.1:9001", "odd.example:8443", "[::1]"]);
        for host in [
            "evil.example",
            "evil.example:8443",
            "a.b.evil.example",
            "a.evil.example:1",
            "127.0.0.1:9001",
            "a.odd.example:8443",
            "[::1]:9000",
        ] {
            assert!(covers(&blocked, host), "{host}");
        }
        for host in ["notevil.example", "example", "evil.example.org", "127.0.0.1:9002", "odd.example", "[::2]:9000"] {
            assert!(!covers(&blocked, host), "{host}");
        }
    }

    fn standing(settings: Settings) -> Standing {
        Standing {
            reading: 0,
            settings: Arc::new(settings),
            blocked_hosts: list(&["evil.example"]),
            blocked_actors: list(&["https://good.example/accounts/eve"]),
            allowed_hosts: list(&["good.example", "evil.example"]),
        }
    }

    #[test]
    fn the_first_reason_not_to_speak_is_the_broadest() {
        let settings = Settings::of_config(&InstanceConfig::default());
        let open = standing(settings.clone());
        let eve = Url::parse("https://good.example/accounts/eve#main-key").unwrap();
        assert_eq!(open.refuses("good.example", None), None);
        assert_eq!(open.refuses("good.example", Some(&eve)), Some(Refusal::ActorBlocked));
        assert_eq!(open.refuses("evil.example", None), Some(Refusal::ServerBlocked));
        let chosen = standing(Settings { is_allow_list: true, ..settings.clone() });
        assert_eq!(chosen.refuses("good.example", None), None);
        assert_eq!(chosen.refuses("other.example", None), Some(Refusal::NotAllowed));
        assert_eq!(chosen.refuses("evil.example", None), Some(Refusal::ServerBlocked), "a block weighs more");
        let closed = standing(Settings { federates: false, ..settings });
        assert_eq!(closed.refuses("good.example", None), Some(Refusal::Closed));
    }

    proptest! {
        #[test]
        fn whatever_is_before_a_blocked_domain_is_covered(label in "[a-z0-9-]{1,20}", port in proptest::option::of(1_u16..)) {
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            let blocked = list(&["evil.example"]);
            let (subdomain, neighbour) = (format!("{label}.evil.example{port}"), format!("{label}evil.example{port}"));
            prop_assert!(covers(&blocked, &subdomain));
            prop_assert!(!covers(&blocked, &neighbour));
        }
    }
}
