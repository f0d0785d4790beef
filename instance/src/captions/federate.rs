//! Captions on the wire.

use federation::wire;
use platform::{
    db::{Connection, DbError, Tx},
    jobs::enqueue,
};
use url::Url;

use super::{Caption, store};
use crate::{
    App,
    videos::{VideoId, jobs::RemoveFiles},
};

const MAX_CAPTIONS: usize = 200;

/// The captions of one of our videos.
pub async fn of_video(app: &App, connection: &mut Connection, video: VideoId) -> Result<Vec<wire::Caption>, DbError> {
    let captions = store::of_video(connection, video).await?;
    let to_wire = |caption: &Caption| wire::Caption {
        language: caption.language.clone(),
        name: caption.shown_label().to_owned(),
        automatically_generated: Some(caption.is_automatic),
        vtt_url: app.platform.public_url.join(&caption.path()),
        playlist_url: caption.playlist_url.as_deref().and_then(|url| Url::parse(url).ok()),
    };
    Ok(captions.iter().map(to_wire).collect())
}

/// Takes over what the origin of a video says of its captions. The files are fetched when somebody asks for them; a file
/// at an address that is known stays.
pub async fn replace_remote(app: &App, tx: &mut Tx, video: VideoId, object: &wire::Video) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    let known = store::of_video(tx, video).await?;
    let mut outdated = vec![];
    let said: Vec<_> = object.captions.iter().take(MAX_CAPTIONS).filter(|said| is_code(&said.language)).collect();
    for caption in &known {
        if !said.iter().any(|said| said.language == caption.language) {
            outdated.push(caption.storage_key());
            store::delete(tx, video, &caption.language).await?;
        }
    }
    for said in said {
        let before = known.iter().find(|caption| caption.language == said.language);
        let after = read(app, said, before, now);
        if before == Some(&after) {
            continue;
        }
        outdated.extend(before.filter(|before| before.file != after.file).map(Caption::storage_key));
        store::upsert(tx, video, &after, now).await?;
    }
    if outdated.is_empty() {
        return Ok(());
    }
    enqueue(tx, now, &RemoveFiles { files: outdated, folder: None }).await
}

fn read(app: &App, said: &wire::Caption, before: Option<&Caption>, now: platform::clock::Timestamp) -> Caption {
    let remote_url = Some(said.vtt_url.to_string());
    let kept = before.filter(|before| before.remote_url == remote_url);
    let new_file = || format!("{}-{}.vtt", app.platform.random.uuid(), said.language);
    Caption {
        language: said.language.clone(),
        label: said.name.clone(),
        file: kept.map_or_else(new_file, |kept| kept.file.clone()),
        remote_url,
        playlist_url: said.playlist_url.as_ref().map(Url::to_string),
        is_automatic: said.automatically_generated.unwrap_or_default(),
        updated_at: kept.map_or(now, |kept| kept.updated_at),
    }
}

/// Whether a text can be the code of a language (BCP 47): it becomes part of a file's name.
pub(super) fn is_code(text: &str) -> bool {
    (2..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
