use std::path::{Path, PathBuf};

use futures::StreamExt;
use media::{Ladder, Thumbnails, TranscodeOutput, TranscodeRequest};
use platform::{
    db::DbError,
    jobs::{JobContext, enqueue},
    storage::{Key, StorageError},
};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use super::jobs::MakeError;
use crate::{
    App,
    uploads::{self, store::Source},
    videos::{self, Video, VideoFile, jobs::RemoveFiles, model::FileLinks, store::NewPlaylist},
};

/// A stream whose files are in storage.
pub(super) struct Stream {
    output: TranscodeOutput,
    thumbnail_file: String,
    preview_file: String,
}

/// Decodes the upload in the sandbox and puts what comes out into storage, in place of what an earlier attempt left.
pub(super) async fn make_stream(
    app: &App,
    video: &Video,
    source: &Source,
    context: &JobContext,
) -> Result<Stream, MakeError> {
    let scratch = tempfile::Builder::new().prefix("transcode-").tempdir_in(app.platform.data.tmp())?;
    let input = fetch_source(app, source, &scratch).await?;
    let work_dir = scratch.path().join("work");
    tokio::fs::create_dir(&work_dir).await?;
    let stem = app.platform.random.uuid().to_string();
    let thumbnails = app.media.thumbnails(&input, &work_dir, &stem).await?;
    let request = TranscodeRequest {
        input,
        work_dir: work_dir.clone(),
        stem,
        ladder: Ladder::new(app.config.resolutions.iter().copied()),
    };
    let (sender, mut progress) = tokio::sync::watch::channel(None);
    let transcode = app.media.transcode(request, |progress| {
        sender.send_replace(Some(progress));
    });
    tokio::pin!(transcode);
    let output = loop {
        tokio::select! {
            output = &mut transcode => break output?,
            Ok(()) = progress.changed() => {
                let now = *progress.borrow_and_update();
                if let Some(now) = now {
                    context.progress(now.done_ms, now.total_ms).await;
                }
            }
        }
    };
    store_files(app, video, &work_dir, &output).await?;
    let (thumbnail_file, preview_file) = store_pictures(app, &work_dir, &thumbnails).await?;
    Ok(Stream { output, thumbnail_file, preview_file })
}

/// The uploaded file as a file that FFmpeg can open.
async fn fetch_source(app: &App, source: &Source, scratch: &TempDir) -> Result<PathBuf, MakeError> {
    let key = source.key()?;
    let path = scratch.path().join("source");
    let mut file = tokio::fs::File::create(&path).await?;
    let mut reader = app.platform.storage.read(&key, None).await?;
    while let Some(chunk) = reader.stream.next().await {
        file.write_all(&chunk?).await?;
    }
    file.flush().await?;
    Ok(path)
}

async fn store_files(app: &App, video: &Video, work_dir: &Path, output: &TranscodeOutput) -> Result<(), StorageError> {
    let folder = videos::stream_folder(video.uuid);
    app.platform.storage.delete_prefix(&folder).await?;
    let renditions = output.renditions.iter().flat_map(|rendition| [&rendition.video_file, &rendition.playlist_file]);
    for name in renditions.chain([&output.segments_sha256_file, &output.master_file]) {
        app.platform.storage.put_file(&Key::new(format!("{folder}/{name}"))?, &work_dir.join(name)).await?;
    }
    Ok(())
}

async fn store_pictures(app: &App, work_dir: &Path, thumbnails: &Thumbnails) -> Result<(String, String), StorageError> {
    let name = |()| format!("{}.jpg", app.platform.random.uuid());
    let (thumbnail, preview) = (name(()), name(()));
    for (folder, name, picture) in
        [("thumbnails", &thumbnail, &thumbnails.thumbnail), ("previews", &preview, &thumbnails.preview)]
    {
        let key = Key::new(format!("{folder}/{name}"))?;
        app.platform.storage.put_file(&key, &work_dir.join(&picture.file)).await?;
    }
    Ok((thumbnail, preview))
}

/// Records the stream, publishes the video and lets the upload go, all at once. Of a video that was deleted meanwhile,
/// nothing stays.
pub(super) async fn publish(app: &App, video: &Video, source: &Source, stream: Stream) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    let Stream { output, thumbnail_file, preview_file } = stream;
    let mut tx = app.platform.db.begin().await?;
    let pictures = vec![format!("thumbnails/{thumbnail_file}"), format!("previews/{preview_file}")];
    let Some(current) = videos::store::find(&mut tx, video.id).await? else {
        let removal = RemoveFiles { files: pictures, folder: Some(videos::stream_folder(video.uuid)) };
        enqueue(&mut tx, now, &removal).await?;
        return tx.commit().await;
    };
    let duration_s = i64::try_from((output.duration_ms + 500).div_euclid(1_000).max(1)).unwrap_or(i64::MAX);
    let aspect_ratio = output.renditions.last().map(|largest| {
        let ratio = f64::from(largest.width) / f64::from(largest.height.max(1));
        (ratio * 10_000.0).round() / 10_000.0
    });
    videos::store::set_measures(&mut tx, video.id, duration_s, aspect_ratio).await?;
    if current.picture_keys().next().is_some() {
        // Its owner chose others.
        enqueue(&mut tx, now, &RemoveFiles { files: pictures, folder: None }).await?;
    } else {
        videos::store::set_pictures(&mut tx, video.id, Some(&thumbnail_file), Some(&preview_file)).await?;
    }
    videos::store::replace_playlist(&mut tx, video.id, &playlist(app, video, &output), now).await?;
    videos::publish(app, &mut tx, video.id).await?;
    if !app.config.keep_original_file {
        uploads::store::delete_source(&mut tx, video.id).await?;
        enqueue(&mut tx, now, &RemoveFiles { files: vec![source.storage_key.clone()], folder: None }).await?;
    }
    tx.commit().await
}

fn playlist(app: &App, video: &Video, output: &TranscodeOutput) -> NewPlaylist {
    let folder = format!("/static/{}", videos::stream_folder(video.uuid));
    let url = |name: &str| app.platform.public_url.join(&format!("{folder}/{name}")).to_string();
    let file = |rendition: &media::RenditionFiles| VideoFile {
        resolution: rendition.resolution.into(),
        width: Some(rendition.width.into()),
        height: Some(rendition.height.into()),
        fps: rendition.fps.into(),
        size_bytes: i64::try_from(rendition.size_bytes).unwrap_or(i64::MAX),
        file_url: url(&rendition.video_file),
        has_audio: rendition.has_audio,
        has_video: rendition.has_video,
        links: FileLinks::default(),
    };
    NewPlaylist {
        playlist_url: url(&output.master_file),
        segments_sha256_url: Some(url(&output.segments_sha256_file)),
        files: output.renditions.iter().map(file).collect(),
    }
}
