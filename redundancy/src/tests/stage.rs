//! A server with the role mounted, an origin, and a host that knows the origin's videos.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::{Announcer, CacheFile, Candidate, Catalogue, Config, LocalCopy, Mirror, MirrorSource};
use async_trait::async_trait;
use axum::{
    body::{Body, Bytes},
    http::{Request, Response},
};
use http_body_util::BodyExt;
use platform::{
    clock::{Clock, FakeClock},
    config::ByteSize,
    db::{DbError, Tx},
    jobs::Scheduler,
    role::Role,
    testing::TestPlatform,
};
use tower::ServiceExt;
use uuid::Uuid;

use super::origin::Origin;

/// The videos that the host knows.
#[derive(Default)]
pub struct Host {
    pub videos: Mutex<BTreeMap<Uuid, MirrorSource>>,
    pub announced: Mutex<Vec<CacheFile>>,
    pub withdrawn: Mutex<Vec<CacheFile>>,
    pub refuses_to_announce: Mutex<bool>,
}

#[async_trait]
impl Catalogue for Host {
    async fn mirrorable_video(&self, uuid: Uuid) -> Result<Option<MirrorSource>, DbError> {
        Ok(self.videos.lock().unwrap().get(&uuid).cloned())
    }

    async fn videos_of_followed_servers(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<Candidate>, DbError> {
        let videos = self.videos.lock().unwrap();
        let later = videos.values().filter(|video| after.is_none_or(|after| video.uuid > after));
        let candidate = |video: &MirrorSource| Candidate {
            uuid: video.uuid,
            playlist_url: video.playlist_url.to_string(),
            size_bytes: video.files.iter().map(|file| file.size_bytes).sum(),
            published_at: FakeClock::default().now(),
        };
        Ok(later.take(limit as usize).map(candidate).collect())
    }
}

#[async_trait]
impl Announcer for Host {
    async fn announce_cache_file(&self, _: &mut Tx, cache_file: &CacheFile) -> Result<(), DbError> {
        if *self.refuses_to_announce.lock().unwrap() {
            return Err(DbError::Statement(sqlx::Error::PoolTimedOut));
        }
        self.announced.lock().unwrap().push(cache_file.clone());
        Ok(())
    }

    async fn withdraw_cache_file(&self, _: &mut Tx, cache_file: &CacheFile) -> Result<(), DbError> {
        self.withdrawn.lock().unwrap().push(cache_file.clone());
        Ok(())
    }
}

pub struct Stage {
    pub test: TestPlatform,
    pub origin: Origin,
    pub host: Arc<Host>,
    pub role: Role,
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(Config { enabled: true, ..Config::default() }).await
    }

    pub async fn with_budget(budget: u64) -> Self {
        Self::with(Config { enabled: true, budget: ByteSize(budget), ..Config::default() }).await
    }

    pub async fn with(config: Config) -> Self {
        let test = TestPlatform::new().await;
        let origin = Origin::start(&test).await;
        let host = Arc::new(Host::default());
        let role = crate::mount(&test.platform, config, host.clone(), host.clone());
        Self { test, origin, host, role }
    }

    /// A video of the origin arrives.
    pub async fn receive(&self, source: MirrorSource) -> Uuid {
        let uuid = source.uuid;
        self.host.videos.lock().unwrap().insert(uuid, source);
        let mut tx = self.test.platform.db.begin().await.unwrap();
        crate::consider(&mut tx, self.test.platform.clock.now(), uuid).await.unwrap();
        tx.commit().await.unwrap();
        uuid
    }

    /// The origin deletes a video.
    pub async fn forget(&self, uuid: Uuid) {
        self.host.videos.lock().unwrap().remove(&uuid);
        let mut tx = self.test.platform.db.begin().await.unwrap();
        crate::forget(&mut tx, self.test.platform.clock.now(), uuid).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Runs everything that is due.
    pub async fn work(&self) {
        self.test.run_jobs(self.role.jobs.clone()).await;
    }

    /// Lets time pass, runs the hourly check, and what comes of it.
    pub async fn work_after(&self, time: Duration) {
        let platform = &self.test.platform;
        let scheduler = Scheduler::new(platform.db.clone(), platform.clock.clone(), self.role.schedules.clone());
        scheduler.tick().await.unwrap();
        self.test.clock.advance(time);
        scheduler.tick().await.unwrap();
        self.work().await;
    }

    pub async fn mirror(&self, uuid: Uuid) -> Option<Mirror> {
        let mut conn = self.test.platform.db.read().await.unwrap();
        let (_, mirrors) = crate::api::list(&mut conn, 0, 100).await.unwrap();
        mirrors.into_iter().find(|mirror| mirror.video_uuid == uuid)
    }

    pub async fn summary(&self, uuid: Uuid) -> String {
        self.mirror(uuid).await.unwrap().summary()
    }

    pub async fn copy(&self, uuid: Uuid) -> Option<LocalCopy> {
        crate::copies_of(&mut self.test.platform.db.read().await.unwrap(), uuid).await.unwrap()
    }

    pub async fn used_bytes(&self) -> u64 {
        crate::api::usage(&mut self.test.platform.db.read().await.unwrap()).await.unwrap().used_bytes
    }

    /// The names of all stored files of a video.
    pub async fn stored(&self, uuid: Uuid) -> Vec<String> {
        let objects = self.test.platform.storage.list(&format!("redundancy/hls/{uuid}")).await.unwrap();
        objects.into_iter().map(|(key, _)| key.file_name().to_owned()).collect()
    }

    pub fn staging(&self, uuid: Uuid) -> PathBuf {
        self.test.platform.data.folder("mirrors").join(uuid.to_string())
    }

    pub async fn get(&self, path: &str) -> (Response<()>, Bytes) {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn send(&self, request: Request<Body>) -> (Response<()>, Bytes) {
        let (head, body) = self.role.router.clone().oneshot(request).await.unwrap().into_parts();
        (Response::from_parts(head, ()), body.collect().await.unwrap().to_bytes())
    }
}
