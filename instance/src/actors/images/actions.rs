use std::path::Path;

use media::MediaError;
use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
    ids::Random,
    storage::{Key, StorageError},
};

use super::{ActorImage, ImageKind, RemoteImage, store, store::NewImage};
use crate::{App, actors::ActorId, videos::jobs::RemoveFiles};

/// Sizes of one picture that are kept at most.
const MAX_SIZES: usize = 6;

/// Why a picture cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// It is none, or cannot be read.
    #[error("this picture cannot be used: {0}")]
    Media(#[from] MediaError),
    /// Something about the scratch space.
    #[error("the picture cannot be kept: {0}")]
    Io(#[from] std::io::Error),
    /// Something about the storage.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Makes the sizes of a picture that somebody here gives, and keeps their files. They are the actor's once [`put`] says so.
pub async fn prepare(app: &App, kind: ImageKind, input: &Path) -> Result<Vec<NewImage>, ImageError> {
    let scratch = tempfile::Builder::new().prefix("picture-").tempdir_in(app.platform.data.tmp())?;
    let stem = app.platform.random.uuid().to_string();
    let pictures = app.media.crop(input, scratch.path(), &stem, kind.sizes()).await?;
    let mut images = vec![];
    for picture in pictures {
        let file = file_name(&app.platform.random, "jpg");
        let key = Key::new(format!("{}/{file}", kind.folder())).map_err(StorageError::from)?;
        app.platform.storage.put_file(&key, &scratch.path().join(&picture.file)).await?;
        let (width, height) = (Some(picture.width.into()), Some(picture.height.into()));
        images.push(NewImage { kind, width, height, file, remote_url: None });
    }
    Ok(images)
}

/// Gives an actor other pictures of a kind, or none; the files of those before go soon.
pub async fn put(
    tx: &mut Tx,
    actor: ActorId,
    kind: ImageKind,
    images: &[NewImage],
    now: Timestamp,
) -> Result<(), DbError> {
    let before = store::of_actor(tx, actor, kind).await?;
    forget(tx, &before, now).await?;
    for image in images {
        store::insert(tx, actor, image, now).await?;
    }
    Ok(())
}

/// Keeps what the server of a remote actor says of its pictures of a kind. Those that it named before stay as they are.
pub async fn adopt(
    tx: &mut Tx,
    random: &Random,
    actor: ActorId,
    kind: ImageKind,
    named: &[RemoteImage],
    now: Timestamp,
) -> Result<(), DbError> {
    let mut wanted: Vec<&RemoteImage> = vec![];
    for image in named {
        if wanted.len() < MAX_SIZES && !wanted.iter().any(|other| other.url == image.url) {
            wanted.push(image);
        }
    }
    let known = store::of_actor(tx, actor, kind).await?;
    let is_same = |image: &ActorImage, named: &RemoteImage| {
        image.remote_url.as_deref() == Some(named.url.as_str()) && image.width == named.width
    };
    let (kept, outdated): (Vec<_>, Vec<_>) =
        known.into_iter().partition(|image| wanted.iter().any(|named| is_same(image, named)));
    forget(tx, &outdated, now).await?;
    for named in wanted.into_iter().filter(|named| !kept.iter().any(|image| is_same(image, named))) {
        let image = NewImage {
            kind,
            width: named.width,
            height: named.height,
            file: file_name(random, extension(named.url.path())),
            remote_url: Some(named.url.to_string()),
        };
        store::insert(tx, actor, &image, now).await?;
    }
    Ok(())
}

/// Forgets pictures; their files go soon.
pub async fn forget(tx: &mut Tx, images: &[ActorImage], now: Timestamp) -> Result<(), DbError> {
    let files: Vec<String> = images.iter().filter_map(ActorImage::key).collect();
    for file in images.iter().filter_map(|image| image.file.as_deref()) {
        store::delete_file(tx, file).await?;
    }
    if files.is_empty() {
        return Ok(());
    }
    platform::jobs::enqueue(tx, now, &RemoveFiles { files, folder: None }).await
}

fn file_name(random: &Random, extension: &str) -> String {
    format!("{}.{extension}", random.uuid())
}

/// Only for looks: what a file is, its first bytes say.
fn extension(path: &str) -> &'static str {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref() {
        Some("png") => "png",
        Some("webp") => "webp",
        Some("gif") => "gif",
        _ => "jpg",
    }
}

#[cfg(test)]
mod tests {
    use platform::testing::TestPlatform;
    use url::Url;

    use super::*;
    use crate::actors;

    fn named(url: &str) -> RemoteImage {
        RemoteImage { url: Url::parse(url).unwrap(), width: Some(120), height: Some(120) }
    }

    #[tokio::test]
    async fn a_picture_that_is_still_named_keeps_its_file_and_others_go() {
        let test = TestPlatform::new().await;
        let (app, _) = App::staged(&test).await;
        let now = app.platform.clock.now();
        let mut tx = app.platform.db.begin().await.unwrap();
        let actor = actors::store::find_local(&mut tx, "root").await.unwrap().unwrap().id;
        let (one, two) = (named("https://r.example/1.png"), named("https://r.example/2"));
        let random = &app.platform.random;
        adopt(&mut tx, random, actor, ImageKind::Avatar, &[one.clone(), one.clone()], now).await.unwrap();
        let first = store::of_actor(&mut tx, actor, ImageKind::Avatar).await.unwrap();
        assert_eq!(first.len(), 1);
        assert_eq!(first[0].file.as_ref().unwrap().rsplit_once('.').unwrap().1, "png");
        adopt(&mut tx, random, actor, ImageKind::Avatar, &[one, two.clone()], now).await.unwrap();
        let both = store::of_actor(&mut tx, actor, ImageKind::Avatar).await.unwrap();
        assert_eq!(both.len(), 2);
        assert!(both.contains(&first[0]));
        adopt(&mut tx, random, actor, ImageKind::Avatar, &[two], now).await.unwrap();
        let left = store::of_actor(&mut tx, actor, ImageKind::Avatar).await.unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].remote_url.as_deref(), Some("https://r.example/2"));
    }
}
