use std::{path::PathBuf, sync::Arc};

use courier::{Courier, KeyStores};
use federation::ids::LocalIds;
use media::MediaWorker;
use platform::{
    MountError, Platform,
    config::{ByteSize, HumanDuration},
    db::DbError,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    actors::{self, images::LazyImages},
    compose::{RoleName, Roles},
    federation::ActorKeys,
    lookup::{Lookups, RemoteLookup},
    moderation::Border,
    oauth::{self, LogInAttempts},
    settings::Settings,
    tracker::Tracker,
    users,
    videos::{self, LazyFiles, VideoListCache},
    views,
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
    /// Whether servers that follow this one are followed in turn.
    pub follow_back: bool,
    /// Addresses of lists of servers to follow: plain text with a host on each line, or JSON as PeerTube's index of servers
    /// answers. They are looked at every hour; a server that was unfollowed is not followed again. Holds until
    /// administrators set other lists.
    pub follow_lists: Vec<Url>,
    /// Who may bring videos and channels of other servers here by pasting their address into the search: `users`, `anybody`
    /// or `nobody`.
    pub remote_lookup: RemoteLookup,
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
            follow_back: false,
            follow_lists: vec![],
            remote_lookup: RemoteLookup::Users,
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
    /// With whom it speaks, and what its administrators have set.
    pub border: Arc<Border>,
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
    /// Who has had other servers asked for something.
    pub lookups: Lookups,
    /// Who is watching.
    pub(crate) views: views::Register,
    /// Introduces viewers to each other, unless the operator does not want that.
    pub tracker: Option<Tracker>,
    /// Fetches pictures of remote actors when they are first looked at.
    pub lazy_images: LazyImages,
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
        let mut keys = KeyStores::default().and(Arc::new(ActorKeys::new(platform.clone())));
        if roles.has(RoleName::Indexer) {
            keys = keys.and(Arc::new(indexer::listen::Keys::new(platform.clone())));
        }
        let local = ActorKeys::local_actor(ids.instance_actor(), &instance_actor)
            .map_err(|error| MountError::Other(error.to_string()))?;
        let border = Arc::new(Border::open(&platform.db, Settings::of_config(&config)).await?);
        let courier = Courier::new(platform.clone(), Arc::new(keys), local, border.clone());
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
            border,
            courier,
            media,
            video_lists: VideoListCache::default(),
            views: views::Register::new(&platform.random),
            lazy_files: LazyFiles::default(),
            log_in_attempts: LogInAttempts::default(),
            lazy_images: LazyImages::default(),
            lookups: Lookups::default(),
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

    /// Adds published videos that have rows but no files, as measurements want them.
    ///
    /// # Errors
    /// [`MountError`] if the database refuses.
    pub async fn seed_videos(&self, count: u32) -> Result<(), MountError> {
        Ok(videos::seed(self, count).await?)
    }

    /// Writes down who has been watching, which otherwise happens every few seconds.
    ///
    /// # Errors
    /// The database's.
    pub async fn write_views_down(&self) -> Result<(), DbError> {
        views::flush(self, false).await
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

        let app = Self::reopened(test).await;
        users::ensure_root(&app, Some("a long password".to_owned())).await.unwrap();
        videos::seed(&app, 1).await.unwrap();
        let mut connection = test.platform.db.read().await.unwrap();
        let video = videos::store::list(&mut connection, &videos::ListQuery::default()).await.unwrap().remove(0);
        drop(connection);
        (app, video)
    }

    /// An instance over what an earlier one left: nothing of that is in memory.
    pub(crate) async fn reopened(test: &platform::testing::TestPlatform) -> Self {
        let config = InstanceConfig { media_worker: Some("/nonexistent".into()), ..InstanceConfig::default() };
        Self::open(&test.platform, config, Roles::parse(&["instance"]).unwrap()).await.unwrap()
    }
}
