use std::{path::PathBuf, sync::Arc};

use courier::Courier;
use federation::ids::LocalIds;
use media::MediaWorker;
use platform::{
    MountError, Platform,
    config::{ByteSize, HumanDuration},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actors,
    compose::Roles,
    federation::ActorKeys,
    oauth::{self, LogInAttempts},
    tracker::Tracker,
    users,
    videos::{LazyFiles, VideoListCache},
};

/// How the video server behaves.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct InstanceConfig {
    /// The largest file that may be uploaded.
    pub max_upload_size: ByteSize,
    /// How long an access token is good for. Apps renew it by themselves; on the pages, one has to log in again.
    pub access_token_lifetime: HumanDuration,
    /// How long an app that is not used stays logged in.
    pub refresh_token_lifetime: HumanDuration,
    /// Whether the uploaded file is kept after it has been transcoded.
    pub keep_original_file: bool,
    /// Whether viewers may exchange segments with each other (WebRTC). They then see each other's addresses.
    pub p2p: bool,
    /// Whether other servers' follows are accepted without asking an administrator.
    pub accept_followers: bool,
    /// Program that decodes media in a sandbox, called with `media-worker`. Default: this program.
    pub media_worker: Option<PathBuf>,
    /// Heights (of the shorter side) that videos are offered in, besides at least one that fits the source.
    pub resolutions: Vec<u32>,
}

impl Default for InstanceConfig {
    fn default() -> Self {
        Self {
            max_upload_size: ByteSize(20_000_000_000),
            access_token_lifetime: HumanDuration::from_secs(24 * 3_600),
            refresh_token_lifetime: HumanDuration::from_secs(14 * 24 * 3_600),
            keep_original_file: false,
            p2p: true,
            accept_followers: true,
            media_worker: None,
            resolutions: vec![240, 360, 480, 720, 1080, 1440, 2160],
        }
    }
}

/// The video server as its handlers see it. Cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

/// What [`App`] points to.
pub struct Inner {
    /// What it stands on.
    pub platform: Platform,
    /// How it behaves.
    pub config: InstanceConfig,
    /// What else this process is.
    pub roles: Roles,
    /// The addresses of its actors and objects.
    pub ids: LocalIds,
    /// Federation's way in and out.
    pub courier: Courier,
    /// Decodes media in a sandbox.
    pub media: MediaWorker,
    /// Answers to the most frequent question.
    pub video_lists: VideoListCache,
    /// Captions and storyboards of other servers that were asked for lately.
    pub lazy_files: LazyFiles,
    /// Who has tried too many passwords.
    pub log_in_attempts: LogInAttempts,
    /// Introduces viewers to each other, unless the operator does not want that.
    pub tracker: Option<Tracker>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "App({})", self.platform.public_url)
    }
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl App {
    /// Opens the video server: makes its own actor and OAuth client on the first start. `roles` are those of this process.
    ///
    /// # Errors
    /// [`MountError`] if the database refuses, or the media worker cannot be found.
    pub async fn open(platform: &Platform, config: InstanceConfig, roles: Roles) -> Result<Self, MountError> {
        let ids = LocalIds::new(&platform.public_url.join("/"));
        let mut tx = platform.db.begin().await?;
        let instance_actor = actors::ensure_instance_actor(&mut tx, platform, &ids).await?;
        oauth::ensure_client(&mut tx, platform).await?;
        tx.commit().await?;
        let keys = Arc::new(ActorKeys::new(platform.clone()));
        let local = ActorKeys::local_actor(ids.instance_actor(), &instance_actor)
            .map_err(|error| MountError::Other(error.to_string()))?;
        let courier = Courier::new(platform.clone(), keys, local);
        let program = match &config.media_worker {
            Some(program) => program.clone(),
            None => std::env::current_exe()
                .map_err(|error| MountError::Other(format!("the path of this program is unknown: {error}")))?,
        };
        let media = MediaWorker::new(program, vec!["media-worker".into()], media::Limits::default());
        let inner = Inner {
            platform: platform.clone(),
            tracker: config.p2p.then(|| Tracker::new(platform)),
            config,
            roles,
            ids,
            courier,
            media,
            video_lists: VideoListCache::default(),
            lazy_files: LazyFiles::default(),
            log_in_attempts: LogInAttempts::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Makes sure that there is an administrator `root`. Gives the password back if it had to be made up.
    ///
    /// # Errors
    /// [`MountError`] if the database refuses or the password cannot be used.
    pub async fn ensure_root(&self, password: Option<String>) -> Result<Option<String>, MountError> {
        users::ensure_root(self, password).await.map_err(|error| MountError::Other(error.to_string()))
    }

    /// `name` or `name@host` as name and host.
    pub(crate) fn split_handle(&self, handle: &str) -> (String, String) {
        let handle = handle.trim_start_matches('@');
        match handle.split_once('@') {
            Some((name, host)) => (name.to_owned(), host.to_lowercase()),
            None => (handle.to_owned(), self.platform.public_url.host().to_owned()),
        }
    }
}

#[cfg(test)]
impl App {
    /// An instance that decodes nothing, with one video of the administrator `root`, whose password is `a long password`.
    pub(crate) async fn staged(test: &platform::testing::TestPlatform) -> (Self, crate::videos::Video) {
        use crate::videos;

        let config = InstanceConfig { media_worker: Some("/nonexistent".into()), ..InstanceConfig::default() };
        let app = Self::open(&test.platform, config, Roles::parse(&["instance"]).unwrap()).await.unwrap();
        users::ensure_root(&app, Some("a long password".to_owned())).await.unwrap();
        videos::seed(&app, 1).await.unwrap();
        let mut connection = test.platform.db.read().await.unwrap();
        let video = videos::store::list(&mut connection, &videos::ListQuery::default()).await.unwrap().remove(0);
        drop(connection);
        (app, video)
    }
}
