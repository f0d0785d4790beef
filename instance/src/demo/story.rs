//! What happens in the network before anybody looks: beta follows alpha, alpha publishes, and each video travels.

use std::{fs, future::Future, path::Path, time::Duration};

use platform::net::HttpClient;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{
    DemoError,
    api::{Api, ApiError},
    clips::{Clip, clips},
    console::say,
    folder::{DemoFolder, DemoVideo},
    network::{Member, Network},
};

/// Who may log in on alpha and beta.
pub(super) const USER: &str = "root";
pub(super) const PASSWORD: &str = "shoal-demo";

const POLL: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_mins(10);

/// Does what no earlier run has done, and waits until it shows.
pub(super) async fn tell(
    http: &HttpClient,
    network: &Network,
    folder: &mut DemoFolder,
    footage: Option<&Path>,
) -> Result<(), DemoError> {
    if folder.is_complete() {
        return Ok(());
    }
    say("preparing the network; this takes a minute or two, and only the first time");
    let alpha = Api::log_in(http, network, Member::Alpha, USER, PASSWORD).await?;
    let beta = Api::log_in(http, network, Member::Beta, USER, PASSWORD).await?;
    follow(&beta, &network.host(Member::Alpha)).await?;
    publish(&alpha, folder, footage).await?;
    let search = Api::new(http, network, Member::Search);
    let mut journeys: Vec<Journey> = folder.videos().iter().cloned().map(Journey::new).collect();
    let all = async {
        while !journeys.iter().all(Journey::is_over) {
            for journey in &mut journeys {
                journey.look(&alpha, &beta, &search).await?;
            }
            sleep(POLL).await;
        }
        Ok(())
    };
    within(PATIENCE, "publishing, copying and indexing", all).await?;
    folder.complete()
}

async fn follow(beta: &Api<'_>, alpha_host: &str) -> Result<(), DemoError> {
    beta.follow(alpha_host).await?;
    let accepted = async {
        while !beta.follows(alpha_host).await? {
            sleep(POLL).await;
        }
        Ok(())
    };
    within(Duration::from_mins(2), "alpha's answer to beta's follow", accepted).await?;
    say("beta follows alpha");
    Ok(())
}

async fn publish(alpha: &Api<'_>, folder: &mut DemoFolder, footage: Option<&Path>) -> Result<(), DemoError> {
    let channel = alpha.default_channel().await?;
    for (number, clip) in clips(footage).iter().enumerate() {
        if folder.videos().iter().any(|video| video.title == clip.title) {
            continue;
        }
        let uuid = if let Some(uuid) = alpha.find(clip.title).await? {
            uuid
        } else {
            let scratch = folder.scratch(&format!("clip-{number}.mp4"));
            let file = clip.read(&scratch).await?;
            let _ = fs::remove_file(&scratch);
            let uuid = upload_patiently(alpha, channel, clip, &file).await?;
            say(format!("uploaded    {}", clip.title));
            uuid
        };
        folder.add(DemoVideo { title: clip.title.to_owned(), uuid, mistyped: clip.mistyped.to_owned() })?;
    }
    Ok(())
}

/// Uploads, and tries again for a while when the server says that it is busy.
async fn upload_patiently(alpha: &Api<'_>, channel: i64, clip: &Clip, file: &[u8]) -> Result<Uuid, DemoError> {
    const TRIES: u32 = 5;
    for _ in 1..TRIES {
        match alpha.upload(channel, clip, file).await {
            Err(ApiError::Refused { status: 503, .. }) => sleep(Duration::from_secs(2)).await,
            outcome => return Ok(outcome?),
        }
    }
    Ok(alpha.upload(channel, clip, file).await?)
}

/// How far a video has come.
#[derive(Debug)]
struct Journey {
    video: DemoVideo,
    published: bool,
    on_beta: bool,
    mirrored: bool,
    indexed: bool,
}

impl Journey {
    fn new(video: DemoVideo) -> Self {
        Self { video, published: false, on_beta: false, mirrored: false, indexed: false }
    }

    fn is_over(&self) -> bool {
        self.published && self.on_beta && self.mirrored && self.indexed
    }

    /// Looks for news, and tells them.
    async fn look(&mut self, alpha: &Api<'_>, beta: &Api<'_>, search: &Api<'_>) -> Result<(), DemoError> {
        let uuid = self.video.uuid;
        if !self.published || !self.mirrored {
            let Some(details) = alpha.video(uuid).await? else { return Ok(()) };
            if details.has_failed() {
                return Err(DemoError::Transcoding(self.video.title.clone()));
            }
            note(&mut self.published, details.is_published(), "published  ", &self.video.title);
            note(&mut self.mirrored, details.is_mirrored(), "copied     ", &self.video.title);
        }
        if self.published && !self.on_beta {
            let seen = beta.video(uuid).await?.is_some();
            note(&mut self.on_beta, seen, "on beta    ", &self.video.title);
        }
        if self.published && !self.indexed {
            let found = search.finds(&self.video.title, uuid).await?;
            note(&mut self.indexed, found, "searchable ", &self.video.title);
        }
        Ok(())
    }
}

fn note(known: &mut bool, now: bool, news: &str, title: &str) {
    if now && !*known {
        say(format!("{news} {title}"));
    }
    *known |= now;
}

async fn within(
    patience: Duration,
    what: &str,
    work: impl Future<Output = Result<(), DemoError>>,
) -> Result<(), DemoError> {
    let late = |_| DemoError::Late { what: what.to_owned(), patience };
    timeout(patience, work).await.map_err(late)?
}
