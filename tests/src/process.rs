//! A server as a process of its own, which a test may kill at any moment.

use std::{
    fs::{self, File},
    net::TcpListener,
    ops::Deref,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use platform::{
    config,
    db::{DatabaseConfig, Db, Dialect},
    testing::TestDatabase,
};
use reqwest::ClientBuilder;
use tokio::time::{sleep, timeout};

use crate::{
    client::{Client, ROOT_PASSWORD},
    program,
};

const PATIENCE: Duration = Duration::from_secs(90);

/// A running `shoal serve`.
#[derive(Debug)]
pub struct Process {
    child: Child,
    folder: PathBuf,
    variables: Variables,
    /// No file that it writes gets larger than this.
    largest_file_bytes: Option<usize>,
    database: DatabaseConfig,
    client: Client,
}

/// Environment variables that a process gets besides the usual ones; `None` takes one away.
pub type Variables = Vec<(&'static str, Option<String>)>;

impl Process {
    /// Starts a server of the given roles in a folder of its own below `root`, and waits until it is ready. `more` is
    /// added to its configuration.
    pub async fn start(name: &str, roles: &[&str], root: &Path, more: &str) -> Self {
        Self::start_with(name, roles, root, more, Variables::new()).await
    }

    /// As [`Process::start`], with other environment variables.
    pub async fn start_with(name: &str, roles: &[&str], root: &Path, more: &str, variables: Variables) -> Self {
        Self::start_within(name, roles, root, more, (variables, None)).await
    }

    /// As [`Process::start`]; the system does not let the process write files larger than this.
    pub async fn start_limited(name: &str, roles: &[&str], root: &Path, largest_file_bytes: usize) -> Self {
        Self::start_within(name, roles, root, "", (Variables::new(), Some(largest_file_bytes))).await
    }

    async fn start_within(
        name: &str,
        roles: &[&str],
        root: &Path,
        more: &str,
        (variables, largest_file_bytes): (Variables, Option<usize>),
    ) -> Self {
        let folder = root.join(name);
        fs::create_dir_all(&folder).expect("a folder");
        let (port, database) = (free_port(), TestDatabase::config().await);
        let url = format!("http://127.0.0.1:{port}");
        let database_url = database.url.as_ref().map(|url| format!("url = {url:?}\n")).unwrap_or_default();
        let configuration = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"{url}\"\nroles = {roles:?}\ndata = \"{data}\"\n\n\
             [database]\n{database_url}max_connections = 4\n\n[net]\nallow_private_addresses = true\n\n{more}",
            data = folder.join("data").display(),
        );
        fs::write(folder.join("shoal.toml"), configuration).expect("a configuration");
        let client = Client::new(url, ClientBuilder::new());
        let child = spawn(&folder, &variables, largest_file_bytes);
        let mut process = Self { child, folder, variables, largest_file_bytes, database, client };
        process.await_ready().await;
        process
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// How long it has used the processor so far, to a hundredth of a second.
    pub fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("a process that runs");
        // The name, in brackets, may contain spaces; after it, the times are the twelfth and the thirteenth.
        let (_, rest) = stat.rsplit_once(") ").expect("a name in brackets");
        let ticks = rest.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number"));
        Duration::from_millis(10 * ticks.sum::<u64>())
    }

    /// Waits until it has nothing to do.
    pub async fn calm(&self) {
        let calm = async {
            let mut before = self.processor_time();
            loop {
                sleep(Duration::from_secs(1)).await;
                let now = self.processor_time();
                if now.saturating_sub(before) < Duration::from_millis(50) {
                    return;
                }
                before = now;
            }
        };
        timeout(PATIENCE, calm).await.expect("the process comes to rest");
    }

    /// Ends the process in the middle of whatever it does.
    pub fn kill(&mut self) {
        self.child.kill().expect("a process that can be killed");
        self.child.wait().expect("the end of the process");
    }

    /// Asks the process to stop, as systemd and `kill` do.
    pub fn terminate(&self) {
        let process = self.child.id().to_string();
        let status = Command::new("kill").args(["-TERM", &process]).status().expect("the program kill");
        assert!(status.success(), "process {process} cannot be told to stop");
    }

    /// Waits for the end of the process.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = async {
            loop {
                if let Some(status) = self.child.try_wait().expect("the state of the process") {
                    return status;
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, ended).await.expect("the process ends")
    }

    /// Starts the process again and waits until it is ready.
    pub async fn restart(&mut self) {
        self.outwait_leases().await;
        self.child = spawn(&self.folder, &self.variables, self.largest_file_bytes);
        self.await_ready().await;
    }

    /// From the next start on, files may be as large as they like.
    pub fn lift_limit(&mut self) {
        self.largest_file_bytes = None;
    }

    /// Kills the process, and starts it again.
    pub async fn kill_and_restart(&mut self) {
        self.kill();
        self.restart().await;
    }

    /// Runs a command beside the server, or while it is down.
    pub fn command(&self, arguments: &[&str]) -> String {
        run(&self.folder, arguments)
    }

    /// On SQLite a server knows at its start that nobody else works on its jobs. On PostgreSQL it waits for the leases of
    /// the dead to run out, which this test does not do.
    async fn outwait_leases(&self) {
        let db = Db::open(&self.database, &self.data()).await.expect("the database");
        if db.dialect() == Dialect::Postgres {
            let mut tx = db.begin().await.expect("a transaction");
            let expired = "UPDATE jobs SET lease_until = created_at WHERE state = 'running'";
            tx.query(expired).execute().await.expect("expired leases");
            tx.commit().await.expect("a commit");
        }
        db.close().await;
    }

    async fn await_ready(&mut self) {
        let ready = async {
            loop {
                let request = self.client.request(http::Method::GET, "/readyz");
                if self.client.try_send(request).await.is_some_and(|answer| answer.status.is_success()) {
                    return;
                }
                if let Some(status) = self.child.try_wait().expect("the state of the process") {
                    panic!("the server ended ({status}):\n{}", self.log());
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(timeout(PATIENCE, ready).await.is_ok(), "the server does not get ready:\n{}", self.log());
    }

    /// Waits until a look at the server finds what it looks for.
    pub async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut(&Client) -> Option<T>) -> T {
        let found = async {
            loop {
                if let Some(found) = look(&self.client).await {
                    return found;
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        let Ok(found) = timeout(PATIENCE, found).await else {
            panic!("{what} did not happen; the log:\n{}", self.log());
        };
        found
    }
}

impl Deref for Process {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the log of {}:\n{}", self.folder.display(), self.log());
        }
    }
}

/// The program, without what the environment says about other servers.
pub fn command() -> Command {
    clean(Command::new(program::shoal()))
}

/// The same under a limit of the size of files, which it learns of as an error of its writes and not as a signal. A soft one:
/// media workers set their own.
fn limited_command(largest_file_bytes: usize) -> Command {
    const BLOCK_BYTES: usize = 512; // as POSIX has it for `ulimit -f`
    let mut command = Command::new("sh");
    let blocks = (largest_file_bytes / BLOCK_BYTES).to_string();
    command.args(["-c", "trap '' XFSZ; ulimit -S -f \"$0\" && exec \"$@\"", &blocks]).arg(program::shoal());
    clean(command)
}

fn clean(mut command: Command) -> Command {
    for (name, _) in config::environment().filter(|(name, _)| name.starts_with("SHOAL_")) {
        command.env_remove(name);
    }
    command.env("SHOAL_ROOT_PASSWORD", ROOT_PASSWORD);
    command
}

fn spawn(folder: &Path, variables: &Variables, largest_file_bytes: Option<usize>) -> Child {
    let log = File::options().create(true).append(true).open(folder.join("log")).expect("a log file");
    let errors = log.try_clone().expect("the same log file");
    let mut command = largest_file_bytes.map_or_else(command, limited_command);
    for (name, value) in variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
        .args(["serve", "--config"])
        .arg(folder.join("shoal.toml"))
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .expect("the program starts")
}

fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = command()
        .args(arguments)
        .arg("--config")
        .arg(folder.join("shoal.toml"))
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "shoal {arguments:?} failed:\n{said}");
    said
}

/// A port that nobody listens on at this moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}
