//! Background work on videos: removing files, and keeping copies of remote videos' pictures.

use axum::body::Bytes;
use platform::{
    jobs::{Job, JobContext, JobError, JobSet, Lane, RetryPolicy},
    storage::Key,
};
use serde::{Deserialize, Serialize};
use tracing::info;
use url::Url;

use super::{
    VideoId, lazy,
    pictures::{self, Size},
    store,
};
use crate::App;

/// Pictures of remote videos are small; what is larger is no thumbnail.
const MAX_PICTURE_BYTES: u64 = 4_000_000;

/// Removes what a deleted video leaves in storage.
#[derive(Debug, Serialize, Deserialize)]
pub struct RemoveFiles {
    /// Single files.
    pub files: Vec<String>,
    /// A folder with everything in it.
    pub folder: Option<String>,
}

impl Job for RemoveFiles {
    const KIND: &'static str = "video_remove_files";
}

/// Copies the pictures of a remote video, so that lists show them without asking its server.
#[derive(Debug, Serialize, Deserialize)]
pub struct FetchPictures {
    /// Row of the video.
    pub video_id: i64,
    /// Its server.
    pub host: String,
}

impl Job for FetchPictures {
    const KIND: &'static str = "video_fetch_pictures";
    const LANE: Lane = Lane::Fetch;
    const POLICY: RetryPolicy = RetryPolicy::DEFAULT;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.video_id.to_string())
    }

    fn party(&self) -> Option<String> {
        Some(self.host.clone())
    }
}

/// The jobs of this feature.
pub fn job_set(app: &App) -> JobSet {
    let (remover, fetcher) = (app.clone(), app.clone());
    JobSet::new()
        .on::<RemoveFiles, _, _>(move |job, _| remove_files(remover.clone(), job))
        .on::<FetchPictures, _, _>(move |job, context| fetch_pictures(fetcher.clone(), job, context))
}

async fn remove_files(app: App, job: RemoveFiles) -> Result<(), JobError> {
    for file in job.files {
        app.platform.storage.delete(&Key::new(file).map_err(JobError::fail)?).await?;
    }
    if let Some(folder) = job.folder {
        app.platform.storage.delete_prefix(&folder).await?;
    }
    Ok(())
}

async fn fetch_pictures(app: App, job: FetchPictures, _: JobContext) -> Result<(), JobError> {
    let id = VideoId(job.video_id);
    let urls = store::remote_pictures(&mut app.platform.db.read().await?, id).await?;
    let Some((thumbnail, preview)) = urls else { return Ok(()) };
    // One that cannot be had or shown is no reason to do without the other.
    let thumbnail = fetch_picture(&app, thumbnail.as_deref(), Size::Thumbnail).await?;
    let preview = fetch_picture(&app, preview.as_deref(), Size::Preview).await?;
    let pictures = pictures::store_pictures(&app, thumbnail, preview).await?;
    let mut tx = app.platform.db.begin().await?;
    let outdated: Vec<String> = if let Some(video) = store::find(&mut tx, id).await? {
        store::set_pictures(&mut tx, id, pictures.thumbnail.as_deref(), pictures.preview.as_deref()).await?;
        video.picture_keys().collect()
    } else {
        // Deleted meanwhile: nobody will ask for what was fetched.
        pictures.keys().collect()
    };
    if !outdated.is_empty() {
        let removal = RemoveFiles { files: outdated, folder: None };
        platform::jobs::enqueue(&mut tx, app.platform.clock.now(), &removal).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// A picture as a JPEG; `None` if there is none, or none that can be shown.
async fn fetch_picture(app: &App, url: Option<&str>, size: Size) -> Result<Option<Bytes>, JobError> {
    let Some(url) = url.and_then(|url| Url::parse(url).ok()) else { return Ok(None) };
    let response = app.platform.http.get(&url).max_body(MAX_PICTURE_BYTES).send().await;
    let response = match response.and_then(platform::net::Response::error_for_status) {
        Ok(response) => response,
        Err(error) if error.is_permanent() => {
            info!(%url, %error, "a picture of a remote video did not come");
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    if lazy::is_jpeg(&response.body) {
        return Ok(Some(response.body));
    }
    match pictures::convert(app, &response.body).await {
        Ok(converted) => Ok(Some(converted.of(size))),
        Err(error) if error.is_permanent() => {
            info!(%url, %error, "a picture of a remote video cannot be shown");
            Ok(None)
        }
        Err(error) => Err(JobError::retry(error)),
    }
}
