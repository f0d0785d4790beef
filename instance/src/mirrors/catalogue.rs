use async_trait::async_trait;
use platform::db::{Connection, DbError};
use redundancy::{Candidate, Catalogue, MirrorSource, PictureKind, SourceFile, SourcePicture};
use url::Url;
use uuid::Uuid;

use super::store;
use crate::{App, moderation, videos};

/// The remote videos of this instance.
#[derive(Debug, Clone)]
pub struct InstanceCatalogue {
    app: App,
}

impl InstanceCatalogue {
    /// Of this instance.
    pub fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl Catalogue for InstanceCatalogue {
    async fn mirrorable_video(&self, uuid: Uuid) -> Result<Option<MirrorSource>, DbError> {
        let mut connection = self.app.platform.db.read().await?;
        read_source(&mut connection, uuid).await
    }

    async fn videos_of_followed_servers(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<Candidate>, DbError> {
        store::candidates(&mut self.app.platform.db.read().await?, after, limit.into()).await
    }
}

async fn read_source(connection: &mut Connection, uuid: Uuid) -> Result<Option<MirrorSource>, DbError> {
    let Some(video) = videos::store::find_by_uuid(connection, uuid).await? else { return Ok(None) };
    if video.is_local || video.is_live || !video.is_listed() || !store::is_to_be_mirrored(connection, video.id).await? {
        return Ok(None);
    }
    if moderation::store::is_hidden(connection, video.id).await? {
        return Ok(None);
    }
    let Some(playlist) = videos::store::playlist(connection, video.id).await? else { return Ok(None) };
    let Ok(playlist_url) = Url::parse(&playlist.playlist_url) else { return Ok(None) };
    let Some(Ok(segments_sha256_url)) = playlist.segments_sha256_url.as_deref().map(Url::parse) else {
        return Ok(None);
    };
    let files = videos::store::files(connection, playlist.id).await?;
    let files = files.into_iter().filter_map(|file| {
        Some(SourceFile { url: Url::parse(&file.file_url).ok()?, size_bytes: file.size_bytes.unsigned_abs() })
    });
    let (thumbnail, preview) = videos::store::remote_pictures(connection, video.id).await?.unwrap_or_default();
    let pictures = [(PictureKind::Thumbnail, thumbnail), (PictureKind::Preview, preview)];
    let pictures =
        pictures.into_iter().filter_map(|(kind, url)| Some(SourcePicture { kind, url: Url::parse(&url?).ok()? }));
    Ok(Some(MirrorSource {
        uuid,
        origin_host: video.host,
        video_url: video.facts.url,
        account_url: video.account_url,
        files: files.collect(),
        pictures: pictures.collect(),
        playlist_url,
        segments_sha256_url,
    }))
}
