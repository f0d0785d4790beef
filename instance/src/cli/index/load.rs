//! `shoal index load`: takes a file of records into the index.

use std::{path::PathBuf, time::Instant};

use clap::Args;
use indexer::load::{self, Loaded};
use platform::{
    clock::{Clock, SystemClock},
    ids::Random,
};

use super::{Place, beside, counted};
use crate::cli::{CliError, print};

#[derive(Debug, Args)]
pub(in crate::cli) struct Load {
    /// Records in the shape of PeerTube's API, one a line, such as `videos.ndjson.gz`
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

pub(super) async fn run(options: &Load) -> Result<(), CliError> {
    let db = beside::open_database(&options.place.load()?).await?;
    let begun = Instant::now();
    let loaded = load::load(&db, &options.file, SystemClock.now(), &Random::system()).await?;
    db.close().await;
    print(describe(loaded, begun.elapsed().as_secs_f64()));
    Ok(())
}

fn describe(loaded: Loaded, seconds: f64) -> String {
    let mut parts = vec![format!("{} taken in within {seconds:.1} s", counted(loaded.videos, "video"))];
    if loaded.skipped > 0 {
        parts.push(format!("left out {} without a public video", counted(loaded.skipped, "line")));
    }
    if loaded.opted_out > 0 {
        parts.push(format!("left out {} of who has opted out", counted(loaded.opted_out, "video")));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_is_said() {
        let loaded = Loaded { videos: 5, skipped: 0, opted_out: 0 };
        assert_eq!(describe(loaded, 1.25), "5 videos taken in within 1.2 s");
        let partly = Loaded { skipped: 1, opted_out: 2, ..loaded };
        assert!(
            describe(partly, 1.0)
                .ends_with("; left out 1 line without a public video; left out 2 videos of who has opted out")
        );
    }
}
