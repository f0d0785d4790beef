use axum::{
    Json,
    body::Bytes,
    extract::{Multipart, State, multipart::Field},
    http::StatusCode,
};
use platform::{
    clock::Timestamp,
    ids::short_uuid,
    web::{ApiResult, Problem},
};
use serde_json::{Value, json};

use super::{
    NewUpload, UploadError,
    actions::{self, Received},
};
use crate::{
    App,
    oauth::SignedIn,
    users::User,
    videos::{MAX_PICTURE_BYTES, VideoId},
};

/// What the texts of a form may take together, names included; those that are used take a tenth of it.
const MAX_TEXT_BYTES: usize = 500_000;

/// `POST /api/v1/videos/upload`: one form with the file and what is to be known of it.
pub async fn upload(State(app): State<App>, session: SignedIn, form: Multipart) -> ApiResult<Json<Value>> {
    let (id, uuid) = take(&app, &session.user, form).await?;
    Ok(Json(json!({ "video": { "id": id.0, "uuid": uuid, "shortUUID": short_uuid(uuid) } })))
}

/// Reads the form and takes the upload.
pub(super) async fn take(app: &App, user: &User, mut form: Multipart) -> Result<(VideoId, uuid::Uuid), UploadError> {
    let mut upload = NewUpload { download_enabled: true, ..NewUpload::default() };
    let mut file: Option<Received> = None;
    let mut text_left = MAX_TEXT_BYTES;
    while let Some(mut field) = form.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "videofile" if file.is_some() => {
                return Err(UploadError::Invalid("there is more than one file in the form".to_owned()));
            }
            "videofile" => file = Some(actions::receive_file(app, field).await?),
            "thumbnailfile" => upload.pictures.thumbnail = receive_picture(&mut field).await?,
            "previewfile" => upload.pictures.preview = receive_picture(&mut field).await?,
            _ => {
                let value = receive_text(&mut field, &mut text_left).await?;
                read_text(&mut upload, name.trim_end_matches("[]"), value)?;
            }
        }
    }
    let file = file.ok_or(UploadError::Missing("videofile"))?;
    tracing::debug!(file.name = file.file_name(), "a file was received");
    actions::accept(app, user, upload, file).await
}

async fn receive_text(field: &mut Field<'_>, left: &mut usize) -> Result<String, UploadError> {
    // A part without content is not free, or there could be any number of them.
    *left = left.checked_sub(100).ok_or_else(too_much_text)?;
    let mut bytes = vec![];
    while let Some(chunk) = field.chunk().await? {
        *left = left.checked_sub(chunk.len()).ok_or_else(too_much_text)?;
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| UploadError::Invalid("a text of the form is not UTF-8".to_owned()))
}

fn too_much_text() -> UploadError {
    UploadError::Invalid(format!("the texts of the form take more than {MAX_TEXT_BYTES} bytes"))
}

/// `None` for a file input that was left empty.
async fn receive_picture(field: &mut Field<'_>) -> Result<Option<Bytes>, UploadError> {
    let mut bytes = vec![];
    while let Some(chunk) = field.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_PICTURE_BYTES {
            return Err(UploadError::Invalid(format!("a picture has at most {MAX_PICTURE_BYTES} bytes")));
        }
    }
    Ok(Some(Bytes::from(bytes)).filter(|bytes| !bytes.is_empty()))
}

fn read_text(upload: &mut NewUpload, name: &str, value: String) -> Result<(), UploadError> {
    let wrong = || UploadError::Invalid(format!("{name} cannot be used as it is"));
    let number =
        |text: &str| if text.is_empty() { Ok(None) } else { text.parse::<i64>().map(Some).map_err(|_| wrong()) };
    match name {
        "name" => upload.name = value,
        "channelId" => upload.channel_id = number(&value)?,
        "description" => upload.description = Some(value),
        "support" => upload.support = Some(value),
        "category" => upload.category = number(&value)?,
        "licence" => upload.licence = number(&value)?,
        "language" => upload.language = Some(value),
        "privacy" => upload.privacy = number(&value)?,
        "nsfw" => upload.nsfw = matches!(value.as_str(), "true" | "1" | "on"),
        "nsfwFlags" => upload.nsfw_flags = number(&value)?.unwrap_or_default(),
        "nsfwSummary" => upload.nsfw_summary = Some(value),
        "commentsPolicy" => upload.comments_policy = number(&value)?,
        "downloadEnabled" => upload.download_enabled = matches!(value.as_str(), "true" | "1" | "on"),
        "originallyPublishedAt" if !value.is_empty() => {
            upload.originally_published_at = Some(value.parse::<Timestamp>().map_err(|_| wrong())?);
        }
        name if name == "tags" || name.starts_with("tags[") => {
            upload.tags.extend(value.split(',').map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()));
        }
        _ => {}
    }
    Ok(())
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Missing(_) | UploadError::Invalid(_) | UploadError::CutOff(_) => {
                Self::bad_request(error.to_string())
            }
            UploadError::TooLarge(_) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()).code("max_file_size_reached")
            }
            UploadError::ForeignChannel => Self::forbidden(error.to_string()),
            UploadError::Io(error) => error.into(),
            UploadError::Picture(error) => error.into(),
            UploadError::Storage(error) => error.into(),
            UploadError::Db(error) => error.into(),
        }
    }
}
