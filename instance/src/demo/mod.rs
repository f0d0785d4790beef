//! `shoal demo`: a network of three servers on this machine, with something to see.
//!
//! `alpha` publishes, `beta` follows it and keeps copies, `search` finds what both have. Each is a process of its own with
//! a data folder of its own, as on three machines; this process writes their configuration, starts, watches and stops
//! them, and otherwise talks to them only as anybody could: over their public interface.
//!
//! **Invariant:** no server outlives this process. Each stops when its standard input closes, and the other end of that
//! is here; so they also stop when this process is killed.

mod api;
mod clips;
mod console;
mod folder;
mod form;
mod network;
mod process;
mod ready;
mod story;

use std::{path::PathBuf, time::Duration};

use clap::Args;
use platform::net::{HttpClient, NetConfig};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::CliError;
use console::{Console, Order};
use folder::DemoFolder;
use network::{Member, Network, Ports};
use process::Servers;

pub use api::ApiError;

/// What `shoal demo` takes.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Folder that holds the three servers
    #[arg(long, value_name = "DIR", default_value = "demo-data")]
    data: PathBuf,
    /// Folder with big-buck-bunny.mp4; without it, all clips are generated
    #[arg(long, value_name = "DIR")]
    footage: Option<PathBuf>,
    /// Ports of alpha, beta and search
    #[arg(long, value_name = "A,B,C", default_value = "9001,9002,9003")]
    ports: Ports,
    /// Forget an earlier network and start over
    #[arg(long)]
    fresh: bool,
    /// Write a JSON file with addresses and process ids once everything is published, mirrored and indexed
    #[arg(long, value_name = "PATH")]
    ready_file: Option<PathBuf>,
}

/// Why there is no demo network.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The folder cannot be used.
    #[error("{0}")]
    Folder(String),
    /// A server could not be started.
    #[error("{member} could not be started: {source}")]
    Start {
        /// Which.
        member: Member,
        /// Why.
        source: std::io::Error,
    },
    /// A server ended by itself.
    #[error("{member} ended ({status}) before the network was ready; the end of {log}:\n{tail}")]
    Died {
        /// Which.
        member: Member,
        /// How.
        status: std::process::ExitStatus,
        /// Its log file.
        log: String,
        /// The last lines of it.
        tail: String,
    },
    /// A server did not do what it was asked.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A clip could not be made.
    #[error(transparent)]
    Clip(#[from] media::MediaError),
    /// A clip could not be transcoded.
    #[error("alpha could not transcode {0:?}; its log says why")]
    Transcoding(String),
    /// Something did not happen in time.
    #[error("{what} did not happen within {minutes} minutes; the logs in the data folder may say why", minutes = patience.as_secs() / 60)]
    Late {
        /// What.
        what: String,
        /// How long it was waited for.
        patience: Duration,
    },
    /// The ready file cannot be written.
    #[error("the ready file cannot be written: {0}")]
    ReadyFile(std::io::Error),
}

/// Runs the network until it is told to stop.
///
/// # Errors
/// [`CliError`] if it does not come up; all servers are stopped by then.
pub async fn run(options: &Options) -> Result<(), CliError> {
    let mut signals = Signals::new()?;
    let mut folder = DemoFolder::open(&options.data, options.ports, options.fresh)?;
    let network = Network::new(folder.root(), options.ports);
    network.write_configurations()?;
    if let Some(path) = &options.ready_file {
        ready::remove(path)?;
    }
    let mut servers = Servers::start(&network)?;
    let prepared = tokio::select! {
        prepared = prepare(options, &network, &mut folder) => prepared.map(|()| true),
        error = servers.first_death() => Err(error.into()),
        () = signals.next() => Ok(false),
    };
    let outcome = match prepared {
        Ok(true) => converse(options, &network, &folder, &mut servers, &mut signals).await,
        Ok(false) => Ok(()),
        Err(error) => Err(error),
    };
    servers.stop_all(&mut signals).await;
    outcome
}

/// Waits for the servers, and does what has not been done in an earlier run.
async fn prepare(options: &Options, network: &Network, folder: &mut DemoFolder) -> Result<(), CliError> {
    let http = client()?;
    ready::await_servers(&http, network, &Member::ALL).await?;
    story::tell(&http, network, folder, options.footage.as_deref()).await?;
    Ok(())
}

/// A client that may reach loopback, as often as it likes.
fn client() -> Result<HttpClient, CliError> {
    let config = NetConfig {
        allow_private_addresses: true,
        requests_per_second_per_host: 1_000,
        concurrent_requests_per_host: 16,
        ..NetConfig::default()
    };
    HttpClient::builder(config).build().map_err(|error| CliError::Other(error.to_string()))
}

/// Tells what there is to see, then does what is typed until it is time to stop.
async fn converse(
    options: &Options,
    network: &Network,
    folder: &DemoFolder,
    servers: &mut Servers,
    signals: &mut Signals,
) -> Result<(), CliError> {
    let http = client()?;
    if let Some(path) = &options.ready_file {
        ready::write(path, network, servers)?;
    }
    console::welcome(network, folder.videos(), servers);
    let mut console = Console::listen();
    loop {
        tokio::select! {
            order = console.next() => match order {
                Order::Stop(member) => servers.stop(member, signals).await,
                Order::Start(member) => start(&http, network, servers, member).await,
                Order::Status => console::status(network, servers),
                Order::Quit => return Ok(()),
                Order::Unknown(line) => console::explain(&line),
            },
            (member, status) = servers.next_end() => console::ended(network, member, status),
            () = signals.next() => return Ok(()),
        }
    }
}

async fn start(http: &HttpClient, network: &Network, servers: &mut Servers, member: Member) {
    if let Err(error) = servers.restart(network, member) {
        return console::say(error);
    }
    let members = [member];
    tokio::select! {
        outcome = ready::await_servers(http, network, &members) => match outcome {
            Ok(()) => console::say(format!("{member} is up again: {}", network.url(member))),
            Err(error) => console::say(error),
        },
        error = servers.first_death() => console::say(error),
    }
}

/// Ctrl-C and the polite signal of process managers.
#[derive(Debug)]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self, CliError> {
        let listen =
            |kind| signal(kind).map_err(|error| CliError::Other(format!("signals cannot be received: {error}")));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
