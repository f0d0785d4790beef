//! `shoal index`: which servers the search index reads, and how well it finds.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use indexer::{
    evaluate,
    hosts::{self, HostState, HostStatus},
};
use platform::{
    clock::{Clock, SystemClock},
    db::Db,
};

use super::{CliError, Place, beside, print};
use crate::Config;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Have servers read for the index, now and from now on
    Add(Add),
    /// Have a server of the index, or all of them, read again now
    Crawl(Crawl),
    /// Show how reading each server goes
    Status(Status),
    /// Measure how well videos are found by parts of their titles; needs no server and no data folder
    Evaluate(Evaluate),
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// Host names, or addresses such as `https://tube.example`
    #[arg(required = true, value_name = "HOST|URL")]
    servers: Vec<String>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct Crawl {
    /// Host name; all servers of the index without it
    host: Option<String>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct Evaluate {
    /// Records in the shape of PeerTube's API, one a line, such as `videos.ndjson.gz`
    file: PathBuf,
    /// How many queries of each kind to ask, in each half
    #[arg(long, default_value_t = 300)]
    queries: usize,
    /// A folder to keep the index in for the next time
    #[arg(long, value_name = "DIR")]
    index: Option<PathBuf>,
    /// How many queries to list that did not lead to their video at once
    #[arg(long, default_value_t = 0)]
    misses: usize,
}

pub(super) async fn run(command: &Command) -> Result<(), CliError> {
    match command {
        Command::Add(options) => add(options).await,
        Command::Crawl(options) => crawl(options).await,
        Command::Status(options) => status(options).await,
        Command::Evaluate(options) => evaluate(options).await,
    }
}

async fn evaluate(options: &Evaluate) -> Result<(), CliError> {
    let options = evaluate::Options {
        records: options.file.clone(),
        queries: options.queries,
        index: options.index.clone(),
        misses: options.misses,
    };
    print(evaluate::run(options).await?);
    Ok(())
}

async fn add(options: &Add) -> Result<(), CliError> {
    let config = options.place.load()?;
    let db = beside::open_database(&config).await?;
    let mut tx = db.begin().await?;
    let mut added = vec![];
    for server in &options.servers {
        added.push(hosts::add_host(&mut tx, server, allows_http(&config), SystemClock.now()).await?);
    }
    tx.commit().await?;
    db.close().await;
    for origin in added {
        print(format!("{} will be read as soon as the server runs", origin.host()));
    }
    Ok(())
}

async fn crawl(options: &Crawl) -> Result<(), CliError> {
    let config = options.place.load()?;
    let db = beside::open_database(&config).await?;
    let chosen = match &options.host {
        Some(host) => vec![host.clone()],
        None => all_origins(&db).await?,
    };
    if chosen.is_empty() {
        return Err(CliError::Other("the index has no servers yet: add one with `shoal index add`".to_owned()));
    }
    let mut tx = db.begin().await?;
    for address in &chosen {
        hosts::crawl_now(&mut tx, address, allows_http(&config), SystemClock.now()).await?;
    }
    tx.commit().await?;
    db.close().await;
    print(format!("{} of the index will be read now", counted(chosen.len(), "server")));
    Ok(())
}

async fn all_origins(db: &Db) -> Result<Vec<String>, CliError> {
    Ok(hosts::status(&mut db.read().await?).await?.into_iter().map(|status| status.origin).collect())
}

/// What the guarded client of the server will say about plain HTTP.
fn allows_http(config: &Config) -> bool {
    config.net.allow_plain_http || config.net.allow_private_addresses
}

async fn status(options: &Status) -> Result<(), CliError> {
    let db = beside::open_database(&options.place.load()?).await?;
    let statuses = hosts::status(&mut db.read().await?).await?;
    db.close().await;
    let width = statuses.iter().map(|status| status.host.chars().count()).max().unwrap_or_default();
    for status in &statuses {
        print(format!("{:width$}  {}", status.host, describe(status)));
    }
    let videos: i64 = statuses.iter().map(|status| status.video_count).sum();
    let videos = usize::try_from(videos).unwrap_or_default();
    print(format!("{}, {}", counted(statuses.len(), "server"), counted(videos, "video")));
    Ok(())
}

fn describe(status: &HostStatus) -> String {
    let videos = counted(usize::try_from(status.video_count).unwrap_or_default(), "video");
    let when = status.last_success_at.map_or_else(|| "never".to_owned(), |at| at.format("%F %R UTC").to_string());
    let mut words = match status.state {
        HostState::Waiting => "waiting to be read for the first time".to_owned(),
        HostState::Indexed => format!("{videos}, read {when}"),
        HostState::Failing => {
            format!("{videos}, last read {when}, tried again {}", status.next_crawl_at.format("%F %R UTC"))
        }
        HostState::Refused => "does not want to be indexed".to_owned(),
    };
    match (&status.last_error, status.reading) {
        (Some(error), _) => words = format!("{words}; {error}"),
        (None, Some(position)) => words = format!("{words}; being read, at {position}"),
        (None, None) => {}
    }
    words
}

/// A number with its noun: `1 server`, `2 servers`.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use platform::clock::FakeClock;

    use super::*;

    fn status(state: HostState) -> HostStatus {
        HostStatus {
            host: "tube.example".to_owned(),
            origin: "https://tube.example".to_owned(),
            state,
            video_count: 1,
            rejected_count: 0,
            reading: None,
            last_crawl_at: None,
            last_success_at: Some(FakeClock::default().now()),
            next_crawl_at: FakeClock::default().now(),
            last_error: None,
        }
    }

    #[test]
    fn a_server_says_how_reading_it_goes() {
        assert_eq!(describe(&status(HostState::Indexed)), "1 video, read 2026-03-01 12:00 UTC");
        let failing = HostStatus { last_error: Some("timed out".to_owned()), ..status(HostState::Failing) };
        assert!(describe(&failing).ends_with("tried again 2026-03-01 12:00 UTC; timed out"));
        let reading = HostStatus { reading: Some(25), ..status(HostState::Waiting) };
        assert!(describe(&reading).ends_with("being read, at 25"));
    }
}
