//! The program as an operator meets it: what goes wrong is one sentence and exit code 1.

#![cfg(test)]

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use shoal_tests::{
    Process,
    process::{command, free_port},
};

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    command().args(arguments).envs(variables.iter().copied()).current_dir(folder.path()).output().unwrap()
}

/// What the program said before it ended with exit code 1.
fn complaint(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = run(arguments, variables);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let complaint = said.lines().last().unwrap_or_default().to_owned();
    assert!(complaint.starts_with("shoal: ") && !said.contains("panicked"), "{said}");
    complaint
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = complaint(&["serve", "--listen", &address], &[]);
    assert!(said.contains(&address) && said.contains("another program uses this port"), "{said}");
}

#[test]
fn a_wrong_configuration_names_the_key() {
    let said = complaint(&["serve", "--listen", "127.0.0.1:0"], &[("SHOAL__SERVER__LISEN", "x")]);
    assert_eq!(said, "shoal: unknown configuration key `server.lisen`: did you mean `server.listen`?");
    let said = complaint(&["serve", "--roles", "instance,serch-ui"], &[]);
    assert!(said.contains("the roles are instance, indexer, redundancy, search-ui"), "{said}");
    let said = complaint(&["serve", "--config", "/nonexistent.toml"], &[]);
    assert!(said.contains("/nonexistent.toml"), "{said}");
    let pace = [("SHOAL__INDEXER__REQUESTS_PER_SECOND", "nan")];
    let said = complaint(&["serve", "--listen", "127.0.0.1:0", "--roles", "indexer"], &pace);
    assert!(said.contains("indexer.requests_per_second = NaN must be a number above 0"), "{said}");
    let said = complaint(&["serve", "--listen", "127.0.0.1:0", "--public-url", "tube.example"], &[]);
    assert!(said.contains("tube.example"), "{said}");
}

#[test]
fn a_command_without_a_server_says_which_folder_it_looked_in() {
    let said = complaint(&["index", "status", "--data", "nowhere"], &[]);
    assert!(said.contains("no data folder at nowhere"), "{said}");
}

#[test]
fn a_data_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    fs::write(&file, "x").unwrap();
    let said = complaint(&["serve", "--listen", "127.0.0.1:0", "--data", file.to_str().unwrap()], &[]);
    assert!(said.contains("a-file cannot be used"), "{said}");
}

#[test]
fn the_reference_is_printed_and_may_be_cut_short() {
    let output = run(&["config"], &[]);
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().contains("[server]"));
}

#[tokio::test]
async fn two_servers_cannot_share_a_data_folder() {
    let root = tempfile::tempdir().unwrap();
    let server = Process::start("alpha", &["instance"], root.path(), "").await;
    let data = server.data();
    let said = complaint(&["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()], &[]);
    assert!(said.contains("in use by another Shoal server"), "{said}");
}

#[tokio::test]
async fn commands_work_beside_a_running_server() {
    let root = tempfile::tempdir().unwrap();
    let server = Process::start("alpha", &["instance", "indexer", "search-ui"], root.path(), "").await;
    let said = server.command(&["admin", "create-user", "ann", "--email", "ann@example.org"]);
    let password = said.lines().find_map(|line| line.strip_prefix("password: ")).unwrap().to_owned();
    assert!(server.user("ann", &password).log_in().await.status.is_success());
    server.command(&["admin", "reset-password", "ann", "--password", "another-password"]);
    assert!(!server.user("ann", &password).log_in().await.status.is_success());
    assert!(server.user("ann", "another-password").log_in().await.status.is_success());

    server.command(&["index", "add", server.url()]);
    let host = server.url().trim_start_matches("http://").to_owned();
    server
        .until("the crawl of a server that was added beside", async |_| {
            server.command(&["index", "status"]).contains(&format!("{host}  0 videos, read 2")).then_some(())
        })
        .await;
    server.command(&["index", "crawl"]);
}

#[tokio::test]
async fn a_restart_finds_everything_as_it_was() {
    let root = tempfile::tempdir().unwrap();
    let mut server =
        Process::start("alpha", &["instance", "indexer", "redundancy", "search-ui"], root.path(), "").await;
    let before = server.get_json("/api/v1/oauth-clients/local").await;
    server.kill_and_restart().await;
    assert_eq!(server.get_json("/api/v1/oauth-clients/local").await, before);
    assert!(server.admin().log_in().await.status.is_success());
    assert_eq!(server.get("/search-index").await.status, 200);
}

/// `shoal demo` in a folder of its own. Whatever happens to the test, it ends with it.
struct Demo {
    child: Child,
    ports: [u16; 3],
    folder: tempfile::TempDir,
}

impl Demo {
    /// Starts it in a folder that is empty, or holds the notes of an earlier run that did all there is to do.
    fn start(is_complete: bool) -> Self {
        let (folder, ports) = (tempfile::tempdir().unwrap(), [free_port(), free_port(), free_port()]);
        let data = folder.path().join("data");
        if is_complete {
            fs::create_dir(&data).unwrap();
            let notes = format!("{{\"ports\": {ports:?}, \"videos\": [], \"complete\": true}}");
            fs::write(data.join("demo.json"), notes).unwrap();
        }
        let output = fs::File::create(folder.path().join("output")).unwrap();
        let [alpha, beta, search] = ports;
        let child = command()
            .args(["demo", "--data"])
            .arg(&data)
            .args(["--ports", &format!("{alpha},{beta},{search}"), "--ready-file"])
            .arg(folder.path().join("ready.json"))
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, ports, folder }
    }

    fn output(&self) -> String {
        fs::read_to_string(self.folder.path().join("output")).unwrap()
    }

    fn until(&mut self, what: &str, mut happened: impl FnMut(&mut Self) -> bool) {
        let started = Instant::now();
        while !happened(self) {
            assert!(started.elapsed() < Duration::from_secs(90), "{what} did not happen:\n{}", self.output());
            sleep(Duration::from_millis(20));
        }
    }

    /// Presses Ctrl-C, and waits for the end.
    fn interrupt(&mut self) {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.until("the end", |demo| demo.child.try_wait().unwrap().is_some());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}:\n{}", self.output());
    }

    fn listeners(&self) -> usize {
        self.ports.iter().filter(|port| TcpStream::connect(("127.0.0.1", **port)).is_ok()).count()
    }

    /// Nothing of it runs, each server had time to say goodbye, and each database is one file again.
    fn assert_nothing_left(&self) {
        assert!(self.output().contains("all servers have stopped"), "{}", self.output());
        assert_eq!(self.listeners(), 0);
        assert_eq!(processes_about(self.folder.path()), Vec::<String>::new());
        for member in ["alpha", "beta", "search"] {
            let log = fs::read_to_string(self.folder.path().join(format!("data/{member}.log"))).unwrap();
            assert!(log.lines().last().is_some_and(|line| line.contains("stopped")), "{member}:\n{log}");
            let data = self.folder.path().join("data").join(member);
            assert!(data.join("shoal.sqlite3").is_file(), "{member} has a database");
            assert!(!data.join("shoal.sqlite3-wal").exists(), "{member} closed it");
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Its servers end with it: their standard input is a pipe that it holds.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Command lines of the processes that name something in a folder.
fn processes_about(folder: &Path) -> Vec<String> {
    let folder = folder.to_string_lossy();
    let processes =
        fs::read_dir("/proc").unwrap().filter_map(|entry| fs::read(entry.ok()?.path().join("cmdline")).ok());
    let lines = processes.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(&*folder)).collect()
}

#[test]
fn ctrl_c_stops_all_three_servers_of_the_demo_network() {
    let mut demo = Demo::start(true);
    demo.until("the network", |demo| demo.folder.path().join("ready.json").exists());
    assert_eq!((demo.listeners(), processes_about(demo.folder.path()).len()), (3, 4));
    demo.interrupt();
    demo.assert_nothing_left();
}

#[test]
fn ctrl_c_also_ends_the_preparation_of_the_demo_network() {
    let mut demo = Demo::start(false);
    // By now it makes the first clip: FFmpeg is at work for it.
    let is_making_clips = |demo: &mut Demo| processes_about(demo.folder.path()).len() > 4;
    demo.until("the making of clips", is_making_clips);
    demo.interrupt();
    demo.assert_nothing_left();
}
