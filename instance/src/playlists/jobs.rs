//! Background work on playlists: asking their origins for them, and keeping copies of their pictures.

use platform::jobs::{Job, JobError, JobSet, Lane};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{PlaylistId, federate, pictures, store};
use crate::App;

/// Asks the origin of a playlist for it and its elements, and keeps what it says.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefreshPlaylist {
    /// Its address.
    pub url: Url,
}

impl Job for RefreshPlaylist {
    const KIND: &'static str = "playlist_refresh";
    const LANE: Lane = Lane::Fetch;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.url.to_string())
    }

    fn party(&self) -> Option<String> {
        self.url.host_str().map(str::to_owned)
    }
}

/// Copies the picture of a remote playlist, so that lists show it without asking its server.
#[derive(Debug, Serialize, Deserialize)]
pub struct FetchPicture {
    /// Row of the playlist.
    pub playlist_id: i64,
    /// Its server.
    pub host: String,
}

impl Job for FetchPicture {
    const KIND: &'static str = "playlist_fetch_picture";
    const LANE: Lane = Lane::Fetch;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.playlist_id.to_string())
    }

    fn party(&self) -> Option<String> {
        Some(self.host.clone())
    }
}

/// The jobs of this feature.
pub fn job_set(app: &App) -> JobSet {
    let (refresher, fetcher) = (app.clone(), app.clone());
    JobSet::new()
        .on::<RefreshPlaylist, _, _>(move |job, _| {
            let app = refresher.clone();
            async move { federate::refresh(&app, &job.url).await.map_err(JobError::from) }
        })
        .on::<FetchPicture, _, _>(move |job, _| fetch_picture(fetcher.clone(), job))
}

async fn fetch_picture(app: App, job: FetchPicture) -> Result<(), JobError> {
    let id = PlaylistId(job.playlist_id);
    let url = store::remote_picture(&mut app.platform.db.read().await?, id).await?;
    let url = url.and_then(|url| Url::parse(&url).ok());
    let file = match &url {
        Some(url) => Some(fetch(&app, url).await?),
        None => None,
    };
    let mut tx = app.platform.db.begin().await?;
    if let Some(playlist) = store::find(&mut tx, id).await? {
        store::set_picture(&mut tx, id, file.as_deref()).await?;
        pictures::remove(&app, &mut tx, &playlist).await?;
    } else {
        // Deleted meanwhile: nobody will ask for what was fetched.
        pictures::remove_file(&app, &mut tx, file.as_deref()).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn fetch(app: &App, url: &Url) -> Result<String, JobError> {
    let request = app.platform.http.get(url).max_body(pictures::MAX_BYTES as u64);
    let response = request.send().await?.error_for_status()?;
    if !response.body.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return Err(JobError::fail(format!("the picture of {} is no JPEG", url.host_str().unwrap_or_default())));
    }
    let (file, key) = pictures::new_file(app)?;
    app.platform.storage.put_bytes(&key, response.body).await?;
    Ok(file)
}
