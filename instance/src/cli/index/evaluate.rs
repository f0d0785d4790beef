//! `shoal index evaluate`: how well the search finds what somebody has in mind.

use std::path::PathBuf;

use clap::Args;
use indexer::evaluate;

use crate::cli::{CliError, print};

#[derive(Debug, Args)]
pub(in crate::cli) struct Evaluate {
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

pub(super) async fn run(options: &Evaluate) -> Result<(), CliError> {
    let options = evaluate::Options {
        records: options.file.clone(),
        queries: options.queries,
        index: options.index.clone(),
        misses: options.misses,
    };
    print(evaluate::run(options).await?);
    Ok(())
}
