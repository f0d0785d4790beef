//! `shoal index`: which servers the search index reads, and how well it finds.

mod consent;
mod evaluate;
mod load;

use clap::{Args, Subcommand};
use indexer::{
    hosts::{self, HostState, HostStatus, Origin, Source, directories},
    listen::{Follow, FollowState},
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
    Add(Servers),
    /// Have a server of the index, or all of them, read again now
    Crawl(Crawl),
    /// Show how reading each server goes
    Status(Status),
    /// Take servers and what they publish out of the index
    Remove(Servers),
    /// Show how reading the directories goes
    Directories(Status),
    /// Keep somebody out of the index who asked for it: a server, an account or a channel
    OptOut(consent::Choice),
    /// Let somebody be found again who had opted out
    OptIn(consent::Choice),
    /// Show who has opted out
    OptOuts(Status),
    /// Take the records of a file into the index; works beside a running server
    Load(load::Load),
    /// Measure how well videos are found by parts of their titles; needs no server and no data folder
    Evaluate(evaluate::Evaluate),
}

#[derive(Debug, Args)]
pub(super) struct Servers {
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

pub(super) async fn run(command: &Command) -> Result<(), CliError> {
    match command {
        Command::Add(options) => add(options).await,
        Command::Crawl(options) => crawl(options).await,
        Command::Status(options) => status(options).await,
        Command::Remove(options) => remove(options).await,
        Command::Directories(options) => list_directories(options).await,
        Command::OptOut(options) => consent::opt_out(options).await,
        Command::OptIn(options) => consent::opt_in(options).await,
        Command::OptOuts(options) => consent::list(&options.place).await,
        Command::Load(options) => load::run(options).await,
        Command::Evaluate(options) => evaluate::run(options).await,
    }
}

async fn add(options: &Servers) -> Result<(), CliError> {
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

async fn remove(options: &Servers) -> Result<(), CliError> {
    let config = options.place.load()?;
    let db = beside::open_database(&config).await?;
    let mut tx = db.begin().await?;
    let mut removed = vec![];
    for server in &options.servers {
        let origin = Origin::parse(server, allows_http(&config)).map_err(hosts::HostsError::from)?;
        let source = hosts::remove_host(&mut tx, origin.host(), SystemClock.now()).await?;
        removed.push((origin, source));
    }
    tx.commit().await?;
    db.close().await;
    for (origin, source) in removed {
        print(format!("{} was taken out of the index{}", origin.host(), reminder(source)));
    }
    Ok(())
}

/// Whoever named the server may name it again.
fn reminder(source: Source) -> &'static str {
    match source {
        Source::Manual | Source::Directory | Source::Neighbour => "",
        Source::Configuration => {
            "; `indexer.hosts` names it: take it out there, or it comes back when the server starts"
        }
        Source::Follow => {
            "; the instance follows it for the index: end that on its page, or it comes back within the hour"
        }
        Source::OptIn => "; it came by its own wish, and can come back by it: `shoal index opt-out` keeps it out",
    }
}

async fn list_directories(options: &Status) -> Result<(), CliError> {
    let db = beside::open_database(&options.place.load()?).await?;
    let known = directories::status(&mut db.read().await?).await?;
    db.close().await;
    for directory in &known {
        let when =
            directory.read_at.map_or_else(|| "not read yet".to_owned(), |at| at.format("read %F %R UTC").to_string());
        let count = counted(usize::try_from(directory.host_count).unwrap_or_default(), "server");
        let error = directory.last_error.as_ref().map(|error| format!("; {error}")).unwrap_or_default();
        print(format!("{}  {count}, {when}{error}", directory.address));
    }
    if known.is_empty() {
        print("no directory is followed: name one in `indexer.directories`");
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
            let hidden = if status.hidden_at.is_some() { " (not found until it is back)" } else { "" };
            let next = status.next_crawl_at.format("%F %R UTC");
            format!("{videos}{hidden}, last read {when}, tried again {next}")
        }
        HostState::Refused => "does not want to be indexed".to_owned(),
    };
    match (&status.last_error, status.reading) {
        (Some(error), _) => words = format!("{words}; {error}"),
        (None, Some(position)) => words = format!("{words}; being read, at {position}"),
        (None, None) => {}
    }
    format!("{words}; {}", describe_follow(status.follow.as_ref()))
}

/// Whether the server tells what is new.
fn describe_follow(follow: Option<&Follow>) -> String {
    let Some(follow) = follow else { return "not asked to tell what is new".to_owned() };
    let since = follow.since.format("%F %R UTC");
    match follow.state {
        FollowState::Asked => format!("asked {since} to tell what is new"),
        FollowState::Accepted => format!("tells what is new since {since}"),
        FollowState::Refused => format!("does not tell what is new, as it answered {since}"),
        FollowState::Unavailable => {
            let error = follow.error.as_deref().unwrap_or("it has no actor of its own");
            format!("cannot be asked to tell what is new: {error}")
        }
    }
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
            source: Source::Manual,
            added_at: FakeClock::default().now(),
            state,
            video_count: 1,
            rejected_count: 0,
            reading: None,
            last_crawl_at: None,
            last_success_at: Some(FakeClock::default().now()),
            next_crawl_at: FakeClock::default().now(),
            last_error: None,
            hidden_at: None,
            follow: None,
        }
    }

    #[test]
    fn who_removes_a_server_is_told_who_may_name_it_again() {
        assert!(reminder(Source::Configuration).contains("`indexer.hosts`"));
        assert!(reminder(Source::OptIn).contains("opt-out"));
        assert_eq!(reminder(Source::Manual), "");
    }

    #[test]
    fn a_server_says_how_reading_it_goes() {
        assert!(describe(&status(HostState::Indexed)).starts_with("1 video, read 2026-03-01 12:00 UTC; "));
        let failing = HostStatus { last_error: Some("timed out".to_owned()), ..status(HostState::Failing) };
        assert!(describe(&failing).contains("tried again 2026-03-01 12:00 UTC; timed out; "));
        let reading = HostStatus { reading: Some(25), ..status(HostState::Waiting) };
        assert!(describe(&reading).contains("being read, at 25; "));
    }

    #[test]
    fn a_server_says_whether_it_tells_what_is_new() {
        let follow =
            |state| Follow { state, since: FakeClock::default().now(), error: Some("no such actor".to_owned()) };
        let said = |state| describe(&HostStatus { follow: Some(follow(state)), ..status(HostState::Indexed) });
        assert!(describe(&status(HostState::Indexed)).ends_with("not asked to tell what is new"));
        assert!(said(FollowState::Asked).ends_with("asked 2026-03-01 12:00 UTC to tell what is new"));
        assert!(said(FollowState::Accepted).ends_with("tells what is new since 2026-03-01 12:00 UTC"));
        assert!(said(FollowState::Refused).contains("does not tell what is new"));
        assert!(said(FollowState::Unavailable).ends_with("cannot be asked to tell what is new: no such actor"));
    }
}
