//! What becomes of an instance that does not come back?
//!
//! A server that is off for a weekend loses nothing. After a time of grace its videos are no longer found, since nobody could
//! watch them; they are kept, and found again with the first reading that succeeds. Much later they are forgotten. The
//! instance stays on the list and is tried again for ever.

mod store;

use platform::{
    Platform,
    db::{DbError, Tx},
    jobs::{Job, RetryPolicy},
};
use serde::{Deserialize, Serialize};
use tracing::info;

use super::{remove_videos, store as hosts};
use crate::{Config, collections, store as videos};

/// Hides and forgets instances that are away.
#[derive(Debug, Serialize, Deserialize)]
pub struct LookForVanished {}

impl Job for LookForVanished {
    const KIND: &'static str = "index_look_for_vanished";
    const POLICY: RetryPolicy = RetryPolicy::ONCE;

    fn dedupe_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Instances at one time; the next look finds the others.
const AT_ONCE: i64 = 50;

/// Does the job. Each instance has a transaction of its own, so that nobody waits long.
pub async fn look(platform: &Platform, config: &Config) -> Result<(), DbError> {
    let now = platform.clock.now();
    let mut conn = platform.db.read().await?;
    let vanished = store::vanished(&mut conn, now - config.hide_absent_after.get(), AT_ONCE).await?;
    let forgotten = store::long_vanished(&mut conn, now - config.forget_absent_after.get(), AT_ONCE).await?;
    drop(conn);
    for host in vanished {
        let mut tx = platform.db.begin().await?;
        if store::hide(&mut tx, &host, now).await? {
            announce(&mut tx, &host).await?;
        }
        tx.commit().await?;
        info!(host, "{host} could not be read for long, and is not found until it is back");
    }
    for host in forgotten {
        let mut tx = platform.db.begin().await?;
        hosts::lock(&mut tx, &host).await?;
        let removed = remove_videos(&mut tx, &host, now).await?;
        hosts::recount(&mut tx, &host).await?;
        tx.commit().await?;
        info!(host, removed, "{host} did not come back, and what was known of it is forgotten");
    }
    Ok(())
}

/// An instance is back: what was hidden is found again.
pub async fn end(tx: &mut Tx, host: &str) -> Result<(), DbError> {
    if store::unhide(tx, host).await? {
        announce(tx, host).await?;
    }
    Ok(())
}

async fn announce(tx: &mut Tx, host: &str) -> Result<(), DbError> {
    let revision = videos::next_revision(tx).await?;
    videos::announce_all(tx, host, revision).await?;
    collections::store::announce_all(tx, host, revision).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use platform::{clock::Clock, testing::TestPlatform};

    use super::*;
    use crate::{
        hosts::{self, HostState, store as rows},
        index::VideoIndex,
        projection::Projection,
        testing,
    };

    const HOST: &str = "tube.example";

    #[tokio::test]
    async fn an_instance_that_is_away_is_hidden_then_forgotten_and_found_again_when_it_is_back() {
        let test = TestPlatform::new().await;
        let (platform, config) = (&test.platform, Config::default());
        testing::searcher_over(&platform.db, &[testing::video("Whales")]).await;
        let index = VideoIndex::in_memory("epoch").unwrap();
        let projection = Projection::start(platform, index.clone());
        let mut tx = platform.db.begin().await.unwrap();
        hosts::add_host(&mut tx, HOST, false, test.clock.now()).await.unwrap();
        rows::recount(&mut tx, HOST).await.unwrap();
        rows::note_failure(&mut tx, HOST, "it is off", test.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let found = async || {
            look(platform, &config).await.unwrap();
            projection.catch_up().await.unwrap();
            index.searcher().num_docs()
        };
        assert_eq!(found().await, 1);
        test.clock.advance(config.hide_absent_after.get() + Duration::from_secs(1));
        assert_eq!(found().await, 0);
        let status = hosts::find(&mut platform.db.read().await.unwrap(), HOST).await.unwrap().unwrap();
        assert_eq!((status.state, status.video_count, status.hidden_at.is_some()), (HostState::Failing, 1, true));

        let mut tx = platform.db.begin().await.unwrap();
        end(&mut tx, HOST).await.unwrap();
        rows::finish_pass(&mut tx, HOST, 1, 0, test.clock.now(), test.clock.now()).await.unwrap();
        rows::note_failure(&mut tx, HOST, "it is off again", test.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(found().await, 1, "it was back");
        test.clock.advance(config.forget_absent_after.get() + Duration::from_secs(1));
        assert_eq!(found().await, 0);
        found().await;
        let mut conn = platform.db.read().await.unwrap();
        assert_eq!(videos::count(&mut conn, HOST).await.unwrap(), 0);
        assert_eq!(hosts::find(&mut conn, HOST).await.unwrap().unwrap().video_count, 0, "it stays on the list");
    }
}
