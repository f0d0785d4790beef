//! Editing what is known of a local video, as a form or as JSON.

use axum::{
    body::Bytes,
    extract::{FromRequest, Multipart, Path, Request, State, multipart::Field},
    http::{StatusCode, header},
};
use platform::{
    clock::Timestamp,
    jobs::enqueue,
    web::{ApiResult, Problem},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Privacy, Video, actions,
    api::find_owned,
    jobs::RemoveFiles,
    model::VideoFacts,
    pictures::{GivenPictures, MAX_BYTES as MAX_PICTURE_BYTES, PictureError, StoredPictures},
    rules, store,
};
use crate::{App, channels::ChannelId, oauth::SignedIn, patch::Patch};

const MAX_TEXT_BYTES: usize = 500_000;
/// More parts than any form of a client has.
const MAX_PARTS: usize = 200;

/// `PUT /api/v1/videos/{id}`: what is given is changed, the rest stays.
pub async fn update(
    State(app): State<App>,
    Path(id): Path<String>,
    session: SignedIn,
    request: Request,
) -> ApiResult<StatusCode> {
    let video = find_owned(&app, &id, &session.user).await?;
    change(&app, &video, read_request(request).await?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes what the form gives.
pub(super) async fn change(app: &App, video: &Video, form: Form) -> ApiResult<()> {
    let edit: Edit = serde_json::from_value(Value::Object(form.texts))
        .map_err(|error| Problem::bad_request(format!("The changes cannot be read: {error}")))?;
    save(app, video, edit, form.pictures).await
}

/// What is to be changed; what is absent stays.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Edit {
    name: Option<String>,
    category: Patch<i64>,
    licence: Patch<i64>,
    language: Patch<String>,
    description: Patch<String>,
    support: Patch<String>,
    privacy: Option<i64>,
    tags: Option<Vec<String>>,
    comments_policy: Option<i64>,
    /// Before PeerTube 6.2.
    comments_enabled: Option<bool>,
    download_enabled: Option<bool>,
    nsfw: Option<bool>,
    nsfw_summary: Patch<String>,
    nsfw_flags: Option<i64>,
    wait_transcoding: Option<bool>,
    channel_id: Option<i64>,
    originally_published_at: Patch<Timestamp>,
}

impl Edit {
    fn apply(self, facts: &mut VideoFacts, now: Timestamp) -> ApiResult<()> {
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        fn patch<T>(place: &mut Option<T>, change: Patch<T>) {
            *place = change.over(place.take());
        }
        fn patch_text(place: &mut Option<String>, change: Patch<String>) {
            *place = change.over(place.take()).filter(|text| !text.trim().is_empty());
        }
        set(&mut facts.name, self.name.map(|name| name.trim().to_owned()));
        patch(&mut facts.category, self.category);
        patch(&mut facts.licence, self.licence);
        patch_text(&mut facts.language, self.language);
        patch_text(&mut facts.description, self.description);
        patch_text(&mut facts.support, self.support);
        set(&mut facts.comments_policy, self.comments_enabled.map(|enabled| if enabled { 1 } else { 2 }));
        set(&mut facts.comments_policy, self.comments_policy);
        set(&mut facts.download_enabled, self.download_enabled);
        set(&mut facts.is_nsfw, self.nsfw);
        set(&mut facts.nsfw_flags, self.nsfw_flags);
        patch_text(&mut facts.nsfw_summary, self.nsfw_summary);
        set(&mut facts.wait_transcoding, self.wait_transcoding);
        patch(&mut facts.originally_published_at, self.originally_published_at);
        set(&mut facts.channel_id, self.channel_id.map(ChannelId));
        if let Some(number) = self.privacy {
            let privacy = Privacy::from_number(number)
                .ok_or_else(|| Problem::bad_request(format!("There is no privacy with the number {number} here.")))?;
            if facts.privacy == Privacy::Private && privacy != Privacy::Private {
                facts.published_at = now;
            }
            facts.privacy = privacy;
        }
        Ok(())
    }
}

async fn save(app: &App, video: &Video, mut edit: Edit, given: GivenPictures) -> ApiResult<()> {
    let now = app.platform.clock.now();
    let pictures = given.store(app).await?;
    let mut tx = app.platform.db.begin().await?;
    // Read again: what was checked before the form came may have changed meanwhile.
    let before = store::find(&mut tx, video.id).await?.ok_or_else(|| Problem::not_found("Video not found"))?;
    let tags = match edit.tags.take() {
        Some(tags) => tags,
        None => store::tags(&mut tx, video.id).await?,
    };
    let mut facts = before.facts.clone();
    edit.apply(&mut facts, now)?;
    rules::check(&facts, &tags).map_err(Problem::bad_request)?;
    if facts.channel_id != before.channel_id {
        let owner = store::owner(&mut tx, video.id).await?.ok_or_else(|| Problem::not_found("Video not found"))?;
        if !store::is_channel_of_user(&mut tx, facts.channel_id, owner).await? {
            return Err(Problem::bad_request("This channel does not belong to the owner of the video."));
        }
    }
    store::update_local(&mut tx, video.id, &facts, &tags, now).await?;
    let outdated = replace_pictures(&mut tx, &before, &pictures).await?;
    if !outdated.is_empty() {
        enqueue(&mut tx, now, &RemoveFiles { files: outdated, folder: None }).await?;
    }
    actions::tell_of_edit(app, &mut tx, &before).await?;
    tx.commit().await?;
    Ok(())
}

/// Puts new pictures in the place of the old, and tells which files nobody needs any more.
async fn replace_pictures(tx: &mut platform::db::Tx, before: &Video, new: &StoredPictures) -> ApiResult<Vec<String>> {
    if new.thumbnail.is_none() && new.preview.is_none() {
        return Ok(vec![]);
    }
    let thumbnail = new.thumbnail.as_deref().or(before.thumbnail_file.as_deref());
    let preview = new.preview.as_deref().or(before.preview_file.as_deref());
    store::set_pictures(tx, before.id, thumbnail, preview).await?;
    let replaced = StoredPictures {
        thumbnail: before.thumbnail_file.clone().filter(|_| new.thumbnail.is_some()),
        preview: before.preview_file.clone().filter(|_| new.preview.is_some()),
    };
    Ok(replaced.keys().collect())
}

/// What came: the texts as JSON would have them, and the pictures.
#[derive(Debug, Default)]
pub(super) struct Form {
    pub(super) texts: Map<String, Value>,
    pictures: GivenPictures,
}

pub(super) async fn read_request(request: Request) -> ApiResult<Form> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if content_type.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
        let form = Multipart::from_request(request, &()).await;
        return read_form(form.map_err(|error| Problem::bad_request(error.body_text()))?).await;
    }
    let body = axum::body::to_bytes(request.into_body(), MAX_TEXT_BYTES).await;
    let body =
        body.map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "That is more than a video has to say."))?;
    let texts =
        serde_json::from_slice(&body).map_err(|error| Problem::bad_request(format!("That is no JSON: {error}")))?;
    Ok(Form { texts, pictures: GivenPictures::default() })
}

async fn read_form(mut multipart: Multipart) -> ApiResult<Form> {
    let mut form = Form::default();
    let mut left = MAX_TEXT_BYTES;
    let unreadable = |error: axum::extract::multipart::MultipartError| Problem::bad_request(error.body_text());
    for _ in 0..MAX_PARTS {
        let Some(mut field) = multipart.next_field().await.map_err(unreadable)? else { return Ok(form) };
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "thumbnailfile" => form.pictures.thumbnail = read_picture(&mut field).await?,
            "previewfile" => form.pictures.preview = read_picture(&mut field).await?,
            _ => {
                let bytes = read_part(&mut field, left).await?;
                left -= bytes.len();
                let text = String::from_utf8(bytes.to_vec())
                    .map_err(|_| Problem::bad_request(format!("{name} is not UTF-8 text.")))?;
                add_text(&mut form.texts, &name, text);
            }
        }
    }
    Err(Problem::bad_request(format!("A form has at most {MAX_PARTS} parts.")))
}

/// `None` for a file input that was left empty.
async fn read_picture(field: &mut Field<'_>) -> ApiResult<Option<Bytes>> {
    Ok(Some(read_part(field, MAX_PICTURE_BYTES).await?).filter(|bytes| !bytes.is_empty()))
}

async fn read_part(field: &mut Field<'_>, most: usize) -> ApiResult<Bytes> {
    let mut bytes = vec![];
    while let Some(chunk) = field.chunk().await.map_err(|error| Problem::bad_request(error.body_text()))? {
        if bytes.len() + chunk.len() > most {
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("A part has more than {most} bytes.")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.into())
}

/// Forms know texts only: what is a number or a box elsewhere is made one. Lists are written `tags[0]`, `tags[]` or `tags`;
/// the page of a video has all tags in one field, with commas between them.
fn add_text(texts: &mut Map<String, Value>, name: &str, text: String) {
    let plain = name.split('[').next().unwrap_or_default();
    let value = match plain {
        "tags" => {
            let list = texts.entry("tags").or_insert_with(|| Value::Array(vec![]));
            if let Value::Array(list) = list
                && !matches!(text.as_str(), "" | "null")
            {
                list.push(text.into());
            }
            return;
        }
        "tagList" => {
            let tags = text.split(',').map(str::trim).filter(|tag| !tag.is_empty());
            texts.insert("tags".to_owned(), tags.collect());
            return;
        }
        _ if text.is_empty() || text == "null" => Value::Null,
        "category" | "licence" | "privacy" | "commentsPolicy" | "nsfwFlags" | "channelId" => {
            text.parse::<i64>().map_or_else(|_| Value::String(text), Value::from)
        }
        "commentsEnabled" | "downloadEnabled" | "nsfw" | "waitTranscoding" => {
            Value::Bool(matches!(text.as_str(), "true" | "1" | "on"))
        }
        _ => Value::String(text),
    };
    texts.insert(plain.to_owned(), value);
}

impl From<PictureError> for Problem {
    fn from(error: PictureError) -> Self {
        match error {
            error if error.is_permanent() => Self::bad_request(error.to_string()),
            PictureError::Storage(error) => error.into(),
            PictureError::Scratch(error) => error.into(),
            error => Self::internal(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_says_the_same_as_json() {
        let mut texts = Map::new();
        for (name, text) in [
            ("name", "12"),
            ("category", "15"),
            ("licence", ""),
            ("nsfw", "true"),
            ("tags[0]", "ocean"),
            ("tags[1]", "7"),
            ("support", "null"),
        ] {
            add_text(&mut texts, name, text.to_owned());
        }
        let as_json = json!({"name": "12", "category": 15, "licence": null, "nsfw": true, "tags": ["ocean", "7"], "support": null});
        assert_eq!(Value::Object(texts), as_json);
    }

    #[test]
    fn what_is_null_is_told_from_what_is_not_there() {
        let edit: Edit = serde_json::from_value(json!({"category": null})).unwrap();
        assert_eq!((edit.category, edit.licence), (Patch::Clear, Patch::Keep));
    }
}
