use axum::{
    extract::{Multipart, Path, State, multipart::Field},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use platform::{
    storage::Key,
    web::{ApiResult, Problem, object_response},
};
use tempfile::TempPath;
use tokio::io::AsyncWriteExt;
use url::Url;

use super::{ImageKind, actions::ImageError, lazy::picture_type, store};
use crate::App;

const A_DAY: &str = "public, max-age=86400";
/// What somebody here may give as a picture, as PeerTube has it.
pub const MAX_UPLOAD_BYTES: usize = 8_000_000;
/// Fields of a form that are read at most.
const MAX_FIELDS: usize = 20;

/// `GET /lazy-static/avatars/{file}`.
pub async fn avatar_file(
    State(app): State<App>,
    Path(file): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> ApiResult<Response> {
    picture(&app, ImageKind::Avatar, &file, &method, &headers).await
}

/// `GET /lazy-static/banners/{file}`.
pub async fn banner_file(
    State(app): State<App>,
    Path(file): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> ApiResult<Response> {
    picture(&app, ImageKind::Banner, &file, &method, &headers).await
}

async fn picture(app: &App, kind: ImageKind, file: &str, method: &Method, headers: &HeaderMap) -> ApiResult<Response> {
    let missing = || Problem::not_found("There is no such picture.");
    let key = Key::new(format!("{}/{file}", kind.folder())).map_err(|_| missing())?;
    if app.platform.storage.size(&key).await?.is_none() {
        let image = store::find_by_file(&mut app.platform.db.read().await?, file).await?;
        let image = image.filter(|image| image.kind() == kind).ok_or_else(missing)?;
        let url = image.remote_url.and_then(|url| Url::parse(&url).ok()).ok_or_else(missing)?;
        app.lazy_images.fetch(app, &key, &url).await?;
    }
    let beginning = app.platform.storage.read(&key, Some(0..16)).await?.collect().await?;
    let content_type = picture_type(&beginning).ok_or_else(missing)?;
    let mut response = object_response(&app.platform.storage, &key, method, headers, content_type, A_DAY).await?;
    // Should a picture be a page after all, it can do nothing.
    let policy = HeaderValue::from_static("default-src 'none'; sandbox");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// Reads the picture of a form, under one of the names that clients give it, into scratch space. `None` if the field is
/// there but empty, as browsers send it when no file was chosen.
pub async fn receive(app: &App, mut form: Multipart, name: &str) -> ApiResult<Option<TempPath>> {
    for _ in 0..MAX_FIELDS {
        let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? else { break };
        if field.name() == Some(name) {
            return receive_field(app, field).await;
        }
    }
    Err(Problem::bad_request(format!("The form has no file {name}.")))
}

/// Reads the picture in a field of a form into scratch space; `None` if it is empty.
pub async fn receive_field(app: &App, mut field: Field<'_>) -> ApiResult<Option<TempPath>> {
    let scratch = tempfile::Builder::new().prefix("picture-").tempfile_in(app.platform.data.tmp())?;
    let (file, path) = scratch.into_parts();
    let mut file = tokio::fs::File::from_std(file);
    let mut size_bytes = 0;
    while let Some(chunk) = field.chunk().await.map_err(|error| unreadable(&error))? {
        size_bytes += chunk.len();
        if size_bytes > MAX_UPLOAD_BYTES {
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "A picture has at most 8 MB.")
                .code("max_file_size_reached"));
        }
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    Ok((size_bytes > 0).then_some(path))
}

fn unreadable(error: &axum::extract::multipart::MultipartError) -> Problem {
    Problem::new(error.status(), "The form cannot be read.")
}

impl From<ImageError> for Problem {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Media(media::MediaError::NotMedia(_) | media::MediaError::Truncated(_)) => {
                Self::bad_request(error.to_string())
            }
            ImageError::Media(error) => Self::internal(&error),
            ImageError::Io(error) => error.into(),
            ImageError::Storage(error) => error.into(),
            ImageError::Db(error) => error.into(),
        }
    }
}
