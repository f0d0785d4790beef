use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use axum::extract::multipart::{Field, MultipartError};
use platform::{
    db::DbError,
    jobs::{enqueue, enqueue_at},
    storage::{Key, StorageError},
};
use sqlx::types::Json;
use tempfile::TempPath;
use tokio::io::AsyncWriteExt;
use tracing::info;
use uuid::Uuid;

use super::{
    jobs::RemoveAbandoned,
    store::{self, Source},
};
use crate::{
    App, accounts,
    channels::{self, ChannelId},
    transcoding::Transcode,
    users::User,
    videos::{
        self, GivenPictures, PictureError, Privacy, StoredPictures, VideoId, VideoState,
        model::{LiveFacts, RemoteLinks, VideoDraft, VideoFacts},
    },
};

const FOLDER: &str = "originals";
const LONGEST_TITLE: usize = 120;
/// No storage takes longer for a file.
const ABANDONED_AFTER: Duration = Duration::from_hours(24);

/// Why an upload was not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// A part that must be there is not.
    #[error("the upload lacks its {0}")]
    Missing(&'static str),
    /// A part has a value that it cannot have.
    #[error("{0}")]
    Invalid(String),
    /// The file is larger than this server takes.
    #[error("the file is larger than the {0} bytes that this server takes")]
    TooLarge(u64),
    /// The connection ended before the upload did.
    #[error("the upload was cut off: {0}")]
    CutOff(String),
    /// The channel is not the user's.
    #[error("this channel is not yours")]
    ForeignChannel,
    /// A file could not be written.
    #[error("the file could not be saved: {0}")]
    Io(#[from] std::io::Error),
    /// A picture that came along cannot be used.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The storage refuses.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<MultipartError> for UploadError {
    fn from(error: MultipartError) -> Self {
        Self::CutOff(error.body_text())
    }
}

/// What comes with an uploaded file.
#[derive(Debug, Default)]
pub struct NewUpload {
    /// Title, 3 to 120 characters; without one, the name of the file.
    pub name: String,
    /// Row of the channel; without one, the user's first.
    pub channel_id: Option<i64>,
    /// Description, Markdown, at most 10,000 characters.
    pub description: Option<String>,
    /// How to support its makers, Markdown, at most 1,000 characters.
    pub support: Option<String>,
    /// PeerTube's number of the category.
    pub category: Option<i64>,
    /// PeerTube's number of the licence.
    pub licence: Option<i64>,
    /// Code of the language.
    pub language: Option<String>,
    /// PeerTube's number of the privacy; public without one.
    pub privacy: Option<i64>,
    /// Whether it is sensitive.
    pub nsfw: bool,
    /// What makes it sensitive, as PeerTube counts.
    pub nsfw_flags: i64,
    /// What makes it sensitive, in words, at most 250 characters.
    pub nsfw_summary: Option<String>,
    /// PeerTube's number of who may comment; everybody without one.
    pub comments_policy: Option<i64>,
    /// What it is about, at most 5 of 2 to 30 characters.
    pub tags: Vec<String>,
    /// Whether files are offered for download.
    pub download_enabled: bool,
    /// When it was first published anywhere.
    pub originally_published_at: Option<platform::clock::Timestamp>,
    /// What stands for it; without one, a picture of the video.
    pub pictures: GivenPictures,
}

/// An uploaded file, still in scratch space: it goes when this is dropped.
#[derive(Debug)]
pub struct Received {
    path: TempPath,
    file_name: String,
    size_bytes: u64,
}

impl Received {
    /// The name that its owner gave it.
    pub(super) fn file_name(&self) -> &str {
        &self.file_name
    }
}

/// Writes the file of a form to scratch space.
pub(super) async fn receive_file(app: &App, mut field: Field<'_>) -> Result<Received, UploadError> {
    let limit = app.config.max_upload_size.get();
    let file_name: String = field.file_name().unwrap_or("video").chars().take(200).collect();
    let (file, path) = tempfile::Builder::new().prefix("upload-").tempfile_in(app.platform.data.tmp())?.into_parts();
    let mut file = tokio::fs::File::from_std(file);
    let mut size_bytes = 0_u64;
    while let Some(chunk) = field.chunk().await? {
        size_bytes += chunk.len() as u64;
        if size_bytes > limit {
            return Err(UploadError::TooLarge(limit));
        }
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    if size_bytes == 0 {
        return Err(UploadError::Missing("file"));
    }
    Ok(Received { path, file_name, size_bytes })
}

/// Takes an upload: the file goes to storage, then the video and the job that transcodes it are written together.
pub(super) async fn accept(
    app: &App,
    user: &User,
    mut upload: NewUpload,
    file: Received,
) -> Result<(VideoId, Uuid), UploadError> {
    let channel_id = choose_channel(app, user, upload.channel_id).await?;
    let uuid = app.platform.random.uuid();
    let given = std::mem::take(&mut upload.pictures);
    let draft = draft(app, uuid, channel_id, upload, &file)?;
    let pictures = given.store(app).await?;
    let key = Key::new(format!("{FOLDER}/{uuid}{}", extension(&file.file_name))).map_err(StorageError::from)?;
    let source = Source {
        storage_key: key.to_string(),
        size_bytes: i64::try_from(file.size_bytes).unwrap_or(i64::MAX),
        file_name: file.file_name,
    };
    remove_later_unless_used(app, &key).await?;
    app.platform.storage.put_file(&key, &keep(file.path)?).await?;
    let id = match record(app, &draft, &pictures, &source).await {
        Err(error) if error.is_disk_full() => {
            // Nothing was recorded, and this room is needed before the job comes. Should it fail, there is still the job.
            let _ = app.platform.storage.delete(&key).await;
            return Err(error.into());
        }
        recorded => recorded?,
    };
    info!(video.uuid = %uuid, size_bytes = source.size_bytes, "uploaded video {uuid}");
    Ok((id, uuid))
}

/// Writes down the video, where its file is, and that it is to be transcoded: all of it, or nothing.
async fn record(app: &App, draft: &VideoDraft, pictures: &StoredPictures, source: &Source) -> Result<VideoId, DbError> {
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    let id = videos::store::upsert(&mut tx, draft, now).await?;
    videos::store::set_pictures(&mut tx, id, pictures.thumbnail.as_deref(), pictures.preview.as_deref()).await?;
    store::insert_source(&mut tx, id, source, now).await?;
    enqueue(&mut tx, now, &Transcode { video_id: id.0 }).await?;
    tx.commit().await?;
    Ok(id)
}

/// Whatever happens between storage and database, the file does not stay without a video.
async fn remove_later_unless_used(app: &App, key: &Key) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    enqueue_at(&mut tx, now, now + ABANDONED_AFTER, &RemoveAbandoned { key: key.to_string() }).await?;
    tx.commit().await
}

fn keep(path: TempPath) -> Result<PathBuf, UploadError> {
    path.keep().map_err(|error| UploadError::Io(error.error))
}

/// `.mp4` of `My Film.MP4`; nothing where that is no plain extension.
fn extension(file_name: &str) -> String {
    let extension = Path::new(file_name).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let is_plain = (1..=5).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_plain { format!(".{}", extension.to_ascii_lowercase()) } else { String::new() }
}

async fn choose_channel(app: &App, user: &User, wanted: Option<i64>) -> Result<ChannelId, UploadError> {
    let mut connection = app.platform.db.read().await?;
    if let Some(wanted) = wanted.map(ChannelId) {
        let owns = videos::store::is_channel_of_user(&mut connection, wanted, user.id).await?;
        return if owns { Ok(wanted) } else { Err(UploadError::ForeignChannel) };
    }
    let account = accounts::store::find_by_user(&mut connection, user.id).await?;
    let account = account.ok_or(UploadError::Missing("channel"))?;
    let channels = channels::store::of_account(&mut connection, account.id).await?;
    channels.first().map(|channel| channel.id).ok_or(UploadError::Missing("channel"))
}

fn draft(
    app: &App,
    uuid: Uuid,
    channel_id: ChannelId,
    upload: NewUpload,
    file: &Received,
) -> Result<VideoDraft, UploadError> {
    let invalid = |words: String| Err(UploadError::Invalid(words));
    let stem = Path::new(&file.file_name).file_stem().and_then(|stem| stem.to_str()).unwrap_or("video");
    let named = upload.name.trim();
    let name =
        if named.is_empty() { format!("{stem:.<3}").chars().take(LONGEST_TITLE).collect() } else { named.to_owned() };
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let language = filled(upload.language);
    let privacy = match upload.privacy {
        None => Privacy::Public,
        Some(number) => match Privacy::from_number(number) {
            Some(privacy) => privacy,
            None => return invalid(format!("there is no privacy with the number {number}")),
        },
    };
    let public_url = &app.platform.public_url;
    let trackers = if app.tracker.is_some() {
        vec![public_url.join("/tracker/announce").to_string(), public_url.websocket("/tracker/socket")]
    } else {
        vec![]
    };
    let facts = VideoFacts {
        uuid,
        url: app.ids.video(uuid).to_string(),
        is_local: true,
        channel_id,
        name,
        description: filled(upload.description),
        support: filled(upload.support),
        category: upload.category,
        licence: upload.licence,
        language,
        privacy,
        state: VideoState::ToTranscode,
        is_nsfw: upload.nsfw,
        nsfw_flags: upload.nsfw_flags,
        nsfw_summary: filled(upload.nsfw_summary),
        is_live: false,
        live: LiveFacts::default(),
        duration_s: 0,
        aspect_ratio: None,
        views: 0,
        downloads: 0,
        comments_policy: upload.comments_policy.unwrap_or(1),
        download_enabled: upload.download_enabled,
        wait_transcoding: true,
        tracker_urls: Json(trackers),
        published_at: app.platform.clock.now(),
        originally_published_at: upload.originally_published_at,
    };
    videos::check_facts(&facts, &upload.tags).map_err(UploadError::Invalid)?;
    Ok(VideoDraft {
        facts,
        remote_thumbnail_url: None,
        remote_preview_url: None,
        refreshed_at: None,
        updated_at: None,
        tags: upload.tags,
        links: RemoteLinks::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_extensions_are_kept() {
        assert_eq!(extension("My Film.MP4"), ".mp4");
        for name in ["film", "film.", "film.tar/../x", "film.x y", "film.toolong", "..", "film.日本"] {
            assert_eq!(extension(name), "", "{name}");
        }
    }
}
