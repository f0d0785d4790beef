//! Background work on videos: removing files, and keeping copies of remote videos' pictures.

use platform::{
    jobs::{Job, JobContext, JobError, JobSet, RetryPolicy},
    storage::Key,
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{VideoId, store};
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
}

impl Job for FetchPictures {
    const KIND: &'static str = "video_fetch_pictures";
    const POLICY: RetryPolicy = RetryPolicy::DEFAULT;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.video_id.to_string())
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
    let thumbnail = fetch_picture(&app, "thumbnails", thumbnail.as_deref()).await?;
    let preview = fetch_picture(&app, "previews", preview.as_deref()).await?;
    let mut tx = app.platform.db.begin().await?;
    let outdated: Vec<String> = if let Some(video) = store::find(&mut tx, id).await? {
        store::set_pictures(&mut tx, id, thumbnail.as_deref(), preview.as_deref()).await?;
        video.picture_keys().collect()
    } else {
        // Deleted meanwhile: nobody will ask for what was fetched.
        let fetched = [("thumbnails", thumbnail), ("previews", preview)];
        fetched.into_iter().filter_map(|(folder, file)| file.map(|file| format!("{folder}/{file}"))).collect()
    };
    if !outdated.is_empty() {
        let removal = RemoveFiles { files: outdated, folder: None };
        platform::jobs::enqueue(&mut tx, app.platform.clock.now(), &removal).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn fetch_picture(app: &App, folder: &str, url: Option<&str>) -> Result<Option<String>, JobError> {
    let Some(url) = url.and_then(|url| Url::parse(url).ok()) else { return Ok(None) };
    let response = app.platform.http.get(&url).max_body(MAX_PICTURE_BYTES).send().await?.error_for_status()?;
    if !response.body.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return Err(JobError::fail(format!("the picture of {} is no JPEG", url.host_str().unwrap_or_default())));
    }
    let file = format!("{}.jpg", app.platform.random.uuid());
    let key = Key::new(format!("{folder}/{file}")).map_err(JobError::fail)?;
    app.platform.storage.put_bytes(&key, response.body).await?;
    Ok(Some(file))
}
