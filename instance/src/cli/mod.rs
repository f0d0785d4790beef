//! The command line of `shoal`.
//!
//! **Invariant:** whatever goes wrong is one sentence on standard error and exit code 1; wrong usage is exit code 2.

mod admin;
mod beside;
mod error;
mod index;
mod options;
mod seed;
mod serve;

use std::{ffi::OsStr, fmt::Display, future::Future, io::Write, process::ExitCode};

use clap::{Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};

use crate::{Config, demo};

pub use error::CliError;
pub use options::{Place, ServeOptions};

/// The word behind which media is decoded; see [`media::worker_main`].
const MEDIA_WORKER: &str = "media-worker";

/// A federated video server, a search index over many, and a keeper of copies.
#[derive(Debug, Parser)]
#[command(name = "shoal", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a server
    Serve(ServeOptions),
    /// Run a demo network of three servers on this machine
    Demo(demo::Options),
    /// Look after users; works beside a running server
    #[command(subcommand)]
    Admin(admin::Command),
    /// Look after the search index; works beside a running server
    #[command(subcommand)]
    Index(index::Command),
    /// Print every configuration key with its meaning and default
    Config,
    /// Decode media in a sandbox: for the server's own use
    #[command(name = MEDIA_WORKER, hide = true)]
    MediaWorker,
    /// Fill a data folder for measurements
    #[command(hide = true)]
    BenchSeed(seed::Options),
}

/// The whole of the program.
pub fn main() -> ExitCode {
    // Before anything else: the worker walls itself in, and must be alone in its process when it does.
    if std::env::args_os().nth(1).as_deref() == Some(OsStr::new(MEDIA_WORKER)) {
        return media::worker_main();
    }
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "shoal: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), CliError> {
    match command {
        Command::Serve(options) => block_on(Builder::new_multi_thread(), serve::run(&options)),
        // On one thread: it starts, watches and stops processes, and the work is theirs.
        Command::Demo(options) => block_on(Builder::new_current_thread(), demo::run(&options)),
        Command::Admin(command) => block_on(Builder::new_current_thread(), admin::run(&command)),
        Command::Index(command) => block_on(Builder::new_current_thread(), index::run(&command)),
        Command::Config => {
            print(platform::config::reference::<Config>().trim_end());
            Ok(())
        }
        Command::MediaWorker => Err(CliError::Other(format!("{MEDIA_WORKER} must be the first word"))),
        Command::BenchSeed(options) => block_on(Builder::new_multi_thread(), seed::run(&options)),
    }
}

fn block_on(mut builder: Builder, command: impl Future<Output = Result<(), CliError>>) -> Result<(), CliError> {
    let runtime: Runtime = builder
        .enable_all()
        .build()
        .map_err(|error| CliError::Other(format!("this machine gives no threads to work with: {error}")))?;
    let outcome = runtime.block_on(command);
    // What still blocks a thread now is being dropped anyway; it must not hold the process.
    runtime.shutdown_background();
    outcome
}

/// Prints a line. A reader that has gone away, as in `shoal config | head`, is no error.
fn print(text: impl Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_documented_commands_are_understood() {
        for line in [
            "shoal serve --config shoal.toml --data d --listen 127.0.0.1:1 --public-url https://a.example --roles instance,indexer",
            "shoal demo --data demo-data --footage f --ports 9001,9002,9003 --fresh --ready-file ready.json",
            "shoal admin create-user ann --email ann@a.example --password secret-secret --data d",
            "shoal admin reset-password root",
            "shoal index add https://a.example b.example --data d",
            "shoal index crawl",
            "shoal index crawl a.example",
            "shoal index status",
            "shoal index load videos.ndjson.gz --data d",
            "shoal index evaluate videos.ndjson.gz --queries 50 --index folder --misses 5",
            "shoal index remove a.example b.example --data d",
            "shoal index opt-out a.example",
            "shoal index opt-out ann@a.example",
            "shoal index opt-in a.example",
            "shoal index opt-outs",
            "shoal index directories",
            "shoal config",
            "shoal bench-seed --data d --videos 200",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
    }
}
