use std::{
    fs::{File, OpenOptions},
    future::pending,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use futures::future::join_all;
use platform::config;
use tokio::{
    process::{Child, ChildStdin, Command},
    time::timeout,
};

use super::{
    DemoError, Signals, console,
    network::{Member, Network},
    story::PASSWORD,
};

/// How long a server may take to stop by itself; its own grace time is 5 s.
const PATIENCE: Duration = Duration::from_secs(20);
/// How much of a log is looked at for its last lines.
const TAIL_BYTES: u64 = 8_192;
const TAIL_LINES: usize = 15;

/// A server process.
#[derive(Debug)]
struct Server {
    member: Member,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// The server stops when this is dropped.
    lifeline: Option<ChildStdin>,
}

/// The processes of the network.
#[derive(Debug)]
pub(super) struct Servers {
    servers: [Server; 3],
    logs: [std::path::PathBuf; 3],
}

impl Servers {
    /// Starts all three at the same time, with empty logs.
    ///
    /// # Errors
    /// [`DemoError::Start`] if a process cannot be started.
    pub(super) fn start(network: &Network) -> Result<Self, DemoError> {
        let logs = Member::ALL.map(|member| network.log(member));
        for (member, log) in Member::ALL.iter().zip(&logs) {
            File::create(log).map_err(|source| DemoError::Start { member: *member, source })?;
        }
        let mut servers = Self { servers: Member::ALL.map(|member| Server { member, running: None }), logs };
        for member in Member::ALL {
            servers.restart(network, member)?;
        }
        Ok(servers)
    }

    /// Starts a server that does not run.
    pub(super) fn restart(&mut self, network: &Network, member: Member) -> Result<(), DemoError> {
        let server = self.server(member);
        if server.running.is_none() {
            server.running = Some(spawn(network, member).map_err(|source| DemoError::Start { member, source })?);
        }
        Ok(())
    }

    /// The process id of a server that runs.
    pub(super) fn pid(&self, member: Member) -> Option<u32> {
        self.servers.iter().find(|server| server.member == member)?.running.as_ref()?.child.id()
    }

    fn server(&mut self, member: Member) -> &mut Server {
        let [alpha, beta, search] = &mut self.servers;
        match member {
            Member::Alpha => alpha,
            Member::Beta => beta,
            Member::Search => search,
        }
    }

    /// Waits until a server ends by itself.
    pub(super) async fn next_end(&mut self) -> (Member, ExitStatus) {
        let [alpha, beta, search] = &mut self.servers;
        tokio::select! {
            status = alpha.end() => (Member::Alpha, status),
            status = beta.end() => (Member::Beta, status),
            status = search.end() => (Member::Search, status),
        }
    }

    /// Waits until a server ends by itself, and says how in a way that stands alone.
    pub(super) async fn first_death(&mut self) -> DemoError {
        let (member, status) = self.next_end().await;
        let log = self.logs.get(member.index()).cloned().unwrap_or_default();
        DemoError::Died { member, status, tail: tail(&log), log: log.display().to_string() }
    }

    /// Stops one server; a signal meanwhile kills it.
    pub(super) async fn stop(&mut self, member: Member, signals: &mut Signals) {
        let server = self.server(member);
        if server.running.is_none() {
            return console::say(format!("{member} does not run"));
        }
        tokio::select! {
            () = server.stop() => {}
            () = signals.next() => server.kill().await,
        }
        console::say(format!("{member} has stopped; `start {member}` brings it back"));
    }

    /// Stops all servers; a signal meanwhile kills them.
    pub(super) async fn stop_all(&mut self, signals: &mut Signals) {
        if self.servers.iter().all(|server| server.running.is_none()) {
            return;
        }
        console::say("stopping …");
        tokio::select! {
            _ = join_all(self.servers.iter_mut().map(Server::stop)) => {}
            () = signals.next() => {}
        }
        join_all(self.servers.iter_mut().map(Server::kill)).await;
        console::say("all servers have stopped");
    }
}

impl Server {
    /// Waits until the process ends; forever, if there is none.
    async fn end(&mut self) -> ExitStatus {
        let Some(running) = &mut self.running else { return pending().await };
        let status = running.child.wait().await;
        self.running = None;
        // It fails only if somebody else has reaped the process; then nobody knows how it ended.
        status.unwrap_or_default()
    }

    async fn stop(&mut self) {
        let Some(running) = &mut self.running else { return };
        running.lifeline = None;
        if timeout(PATIENCE, running.child.wait()).await.is_err() {
            console::say(format!("{} takes too long to stop and is killed", self.member));
            return self.kill().await;
        }
        self.running = None;
    }

    async fn kill(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        let _ = running.child.kill().await;
    }
}

fn spawn(network: &Network, member: Member) -> io::Result<Running> {
    let log = OpenOptions::new().create(true).append(true).open(network.log(member))?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["serve", "--stop-with-stdin", "--config"]).arg(network.configuration(member));
    // What somebody set for a server of their own is not meant for these three.
    for (name, _) in config::environment().filter(|(name, _)| name.starts_with("SHOAL_")) {
        command.env_remove(name);
    }
    command.env("SHOAL_ROOT_PASSWORD", PASSWORD);
    command.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log);
    // In a group of its own, so that Ctrl-C reaches this process alone, which then stops the servers in order.
    let mut child = command.process_group(0).kill_on_drop(true).spawn()?;
    let lifeline = child.stdin.take();
    Ok(Running { child, lifeline })
}

/// The last lines of a log.
pub(super) fn tail(log: &Path) -> String {
    read_end(log).map(|end| last_lines(&end)).unwrap_or_default()
}

fn read_end(log: &Path) -> io::Result<String> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut end = vec![];
    file.take(TAIL_BYTES).read_to_end(&mut end)?;
    Ok(String::from_utf8_lossy(&end).into_owned())
}

fn last_lines(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().rev().take(TAIL_LINES).collect();
    lines.reverse();
    lines.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_long_log_is_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let lines: Vec<String> = (0..100_000).map(|number| format!("line {number}")).collect();
        let text = lines.join("\n") + "\n";
        std::fs::write(file.path(), text).unwrap();
        let shown = tail(file.path());
        assert_eq!(shown.lines().count(), TAIL_LINES);
        assert!(shown.ends_with("    line 99999"), "{shown}");
        assert_eq!(tail(Path::new("/nonexistent")), "");
    }
}
