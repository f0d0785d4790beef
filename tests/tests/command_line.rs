//! The program as an operator meets it: what goes wrong is one sentence and exit code 1.

#![cfg(test)]

use std::{fs, net::TcpListener, process::Output};

use shoal_tests::{Process, process::command};

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
