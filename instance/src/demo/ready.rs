use std::{collections::BTreeMap, fs, io, path::Path, time::Duration};

use futures::future::try_join_all;
use platform::net::HttpClient;
use serde::Serialize;
use tokio::time::{sleep, timeout};

use super::{
    DemoError,
    network::{Member, Network},
    process::Servers,
};

const PATIENCE: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(20);

/// Waits until each of the servers says that it is ready.
pub(super) async fn await_servers(http: &HttpClient, network: &Network, members: &[Member]) -> Result<(), DemoError> {
    try_join_all(members.iter().map(|member| await_server(http, network, *member))).await.map(drop)
}

async fn await_server(http: &HttpClient, network: &Network, member: Member) -> Result<(), DemoError> {
    let url = network.join(member, "/readyz");
    let ready = async {
        while !http.get(&url).send().await.is_ok_and(|answer| answer.status.is_success()) {
            sleep(POLL).await;
        }
    };
    let late = |_| DemoError::Late { what: format!("the start of {member}"), patience: PATIENCE };
    timeout(PATIENCE, ready).await.map_err(late)
}

#[derive(Serialize)]
struct Entry {
    url: String,
    pid: Option<u32>,
}

/// Tells programs where the servers are. The file appears complete, in one step.
pub(super) fn write(path: &Path, network: &Network, servers: &Servers) -> Result<(), DemoError> {
    let entries: BTreeMap<&str, Entry> = Member::ALL
        .into_iter()
        .map(|member| (member.name(), Entry { url: network.url(member), pid: servers.pid(member) }))
        .collect();
    let next = path.with_extension("next");
    let write = || -> io::Result<()> {
        fs::write(&next, serde_json::to_vec_pretty(&entries)?)?;
        fs::rename(&next, path)
    };
    write().map_err(DemoError::ReadyFile)
}

/// Removes what an earlier run has told.
pub(super) fn remove(path: &Path) -> Result<(), DemoError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(DemoError::ReadyFile(error)),
        _ => Ok(()),
    }
}
