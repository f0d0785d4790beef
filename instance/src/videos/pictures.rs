//! Pictures that stand for a video, from whatever somebody gave: decoded by the media worker, kept as JPEG.

use std::path::Path;

use axum::body::Bytes;
use media::MediaError;
use platform::storage::{Key, StorageError};

use super::lazy;
use crate::App;

/// A picture that somebody gives is no larger.
pub(crate) const MAX_BYTES: usize = 8_000_000;

/// Which picture is meant.
#[derive(Debug, Clone, Copy)]
pub(super) enum Size {
    /// The small one.
    Thumbnail,
    /// The large one.
    Preview,
}

/// A picture in both sizes, as JPEG.
#[derive(Debug)]
pub(super) struct Converted {
    thumbnail: Bytes,
    preview: Bytes,
}

impl Converted {
    /// In one of its sizes.
    pub fn of(self, size: Size) -> Bytes {
        match size {
            Size::Thumbnail => self.thumbnail,
            Size::Preview => self.preview,
        }
    }
}

/// Why a picture cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// It is none that is known here.
    #[error("a picture is a JPEG, PNG or WebP file")]
    Kind,
    /// It cannot be decoded.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// Scratch space or storage refuses.
    #[error("a picture could not be kept: {0}")]
    Scratch(#[from] std::io::Error),
    /// The storage refuses.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl PictureError {
    /// Whether another try with the same bytes is pointless.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Kind => true,
            Self::Media(error) => error.is_permanent(),
            Self::Scratch(_) | Self::Storage(_) => false,
        }
    }
}

/// Decodes a picture in the sandbox, and makes both sizes of it.
pub(super) async fn convert(app: &App, picture: &[u8]) -> Result<Converted, PictureError> {
    if !lazy::is_picture(picture) {
        return Err(PictureError::Kind);
    }
    let scratch = tempfile::Builder::new().prefix("picture-").tempdir_in(app.platform.data.tmp())?;
    let (input, work_dir) = (scratch.path().join("source"), scratch.path().join("work"));
    tokio::fs::write(&input, picture).await?;
    tokio::fs::create_dir(&work_dir).await?;
    let made = app.media.thumbnails(&input, &work_dir, "picture").await?;
    let read = async |file: &str| tokio::fs::read(work_dir.join(Path::new(file))).await.map(Bytes::from);
    Ok(Converted { thumbnail: read(&made.thumbnail.file).await?, preview: read(&made.preview.file).await? })
}

/// Pictures as somebody gave them.
#[derive(Debug, Default)]
pub struct GivenPictures {
    /// For the small one.
    pub thumbnail: Option<Bytes>,
    /// For the large one.
    pub preview: Option<Bytes>,
}

impl GivenPictures {
    /// Converts them and puts them into storage. What is given for one size serves for the other, too, if that is not given.
    pub(crate) async fn store(self, app: &App) -> Result<StoredPictures, PictureError> {
        let Self { thumbnail, preview } = self;
        let (Some(for_thumbnail), Some(for_preview)) = (thumbnail.clone().or(preview.clone()), preview.or(thumbnail))
        else {
            return Ok(StoredPictures::default());
        };
        let thumbnail = convert(app, &for_thumbnail).await?.of(Size::Thumbnail);
        let preview = convert(app, &for_preview).await?.of(Size::Preview);
        Ok(store_pictures(app, Some(thumbnail), Some(preview)).await?)
    }
}

/// File names of pictures that are in storage.
#[derive(Debug, Default)]
pub struct StoredPictures {
    pub(crate) thumbnail: Option<String>,
    pub(crate) preview: Option<String>,
}

impl StoredPictures {
    /// Where they are kept.
    pub(super) fn keys(self) -> impl Iterator<Item = String> {
        let thumbnail = self.thumbnail.map(|file| format!("thumbnails/{file}"));
        thumbnail.into_iter().chain(self.preview.map(|file| format!("previews/{file}")))
    }
}

/// Puts JPEGs into storage.
pub(super) async fn store_pictures(
    app: &App,
    thumbnail: Option<Bytes>,
    preview: Option<Bytes>,
) -> Result<StoredPictures, StorageError> {
    let mut stored = StoredPictures::default();
    for (folder, picture, name) in
        [("thumbnails", thumbnail, &mut stored.thumbnail), ("previews", preview, &mut stored.preview)]
    {
        let Some(picture) = picture else { continue };
        let file = format!("{}.jpg", app.platform.random.uuid());
        app.platform.storage.put_bytes(&Key::new(format!("{folder}/{file}"))?, picture).await?;
        *name = Some(file);
    }
    Ok(stored)
}
