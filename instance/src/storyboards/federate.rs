//! Storyboards on the wire.

use std::time::Duration;

use federation::wire;
use platform::{
    db::{Connection, DbError, Tx},
    jobs::enqueue,
};

use super::{FOLDER, Storyboard, store};
use crate::{
    App,
    videos::{VideoId, jobs::RemoveFiles},
};

/// The storyboard of one of our videos.
pub async fn of_video(
    app: &App,
    connection: &mut Connection,
    video: VideoId,
) -> Result<Option<wire::Storyboard>, DbError> {
    let Some(board) = store::of_video(connection, video).await? else { return Ok(None) };
    let pixels = |number: i64| u32::try_from(number).unwrap_or_default();
    Ok(Some(wire::Storyboard {
        media_type: media_type(&board.file).to_owned(),
        href: app.platform.public_url.join(&board.path()),
        width: pixels(board.total_width),
        height: pixels(board.total_height),
        tile_width: pixels(board.sprite_width),
        tile_height: pixels(board.sprite_height),
        tile_duration: Duration::from_secs(board.sprite_duration_s.unsigned_abs()),
    }))
}

/// What a file is, by its name.
pub fn media_type(file: &str) -> &'static str {
    match file.rsplit('.').next() {
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        _ => "image/jpeg",
    }
}

/// Takes over what the origin of a video says of its storyboard. The picture itself is fetched when somebody asks for it.
pub async fn replace_remote(app: &App, tx: &mut Tx, video: VideoId, object: &wire::Video) -> Result<(), DbError> {
    let known = store::of_video(tx, video).await?;
    let said = object.storyboard.as_ref().map(|board| read(app, board, known.as_ref()));
    let said = said.filter(Storyboard::is_plausible);
    match &said {
        Some(board) => store::upsert(tx, video, board).await?,
        None => store::delete(tx, video).await?,
    }
    match known {
        Some(known) if said.is_none_or(|said| said.file != known.file) => {
            let removal = RemoveFiles { files: vec![format!("{FOLDER}/{}", known.file)], folder: None };
            enqueue(tx, app.platform.clock.now(), &removal).await
        }
        _ => Ok(()),
    }
}

fn read(app: &App, board: &wire::Storyboard, known: Option<&Storyboard>) -> Storyboard {
    let remote_url = Some(board.href.to_string());
    let extension = match board.media_type.as_str() {
        "image/png" => "png",
        "image/webp" => "webp",
        _ => "jpg",
    };
    let kept = known.filter(|known| known.remote_url == remote_url).map(|known| known.file.clone());
    Storyboard {
        file: kept.unwrap_or_else(|| format!("{}.{extension}", app.platform.random.uuid())),
        remote_url,
        total_width: board.width.into(),
        total_height: board.height.into(),
        sprite_width: board.tile_width.into(),
        sprite_height: board.tile_height.into(),
        sprite_duration_s: i64::try_from(board.tile_duration.as_secs()).unwrap_or_default(),
    }
}
