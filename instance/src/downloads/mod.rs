//! Files of videos, to be kept: the same bytes as the stream's, under names that people can read. Those of other servers'
//! videos are where their server has them.
//!
//! **Invariants:** a file is given to whoever may see its video, and, if its owner does not offer downloads, to the owner and
//! those who look after the server alone. A download counts once: here if the video is ours, else at its origin, which we
//! tell of it. Nobody is sent to an origin's own page for downloads from here, since that counts, too.

use axum::{
    extract::{FromRequestParts, Path, Query, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use platform::{
    db::Connection,
    storage::Key,
    web::{ApiResult, Problem, object_response},
};
use url::Url;
use uuid::Uuid;

use crate::{
    App,
    address::ClientAddress,
    oauth::Session,
    users::{Role, User},
    videos::{self, Video, model::StoredFile, stream_folder},
};

const LONGEST_NAME: usize = 120;

/// Where a file of a stream can be downloaded from: at its origin, by the name that PeerTube gives it there. A file that is
/// kept elsewhere is taken from where it is.
pub fn address_of(file_url: &str, resolution: i64) -> String {
    let download = || {
        let url = Url::parse(file_url).ok()?;
        let segments: Vec<&str> = url.path_segments()?.collect();
        let ["static", "streaming-playlists", "hls", video, _] = *segments.as_slice() else { return None };
        let video = Uuid::try_parse(video).ok()?;
        let path = format!("/download/streaming-playlists/hls/videos/{video}-{resolution}-fragmented.mp4");
        url.join(&path).ok().map(|mut url| {
            url.set_query(None);
            url.to_string()
        })
    };
    download().unwrap_or_else(|| file_url.to_owned())
}

fn missing() -> Problem {
    Problem::not_found("There is no such file.")
}

/// `GET /download/streaming-playlists/hls/videos/{file}` and `GET /download/web-videos/{file}`.
pub async fn file(
    State(app): State<App>,
    Path(name): Path<String>,
    visitor: Visitor,
    session: Session,
) -> ApiResult<Response> {
    let (uuid, resolution) = read_name(&name).ok_or_else(missing)?;
    let mut connection = app.platform.db.read().await?;
    let (video, files) = offered(&mut connection, &uuid.to_string(), session.user.as_ref()).await?;
    drop(connection);
    let file = files.into_iter().find(|file| file.resolution == resolution).ok_or_else(missing)?;
    give(&app, &video, &file, &visitor).await
}

/// `{uuid}-{resolution}-fragmented.mp4`, or without `-fragmented`.
fn read_name(name: &str) -> Option<(Uuid, i64)> {
    let stem = name.strip_suffix(".mp4")?;
    let (uuid, resolution) = stem.strip_suffix("-fragmented").unwrap_or(stem).rsplit_once('-')?;
    let is_number = !resolution.is_empty() && resolution.bytes().all(|byte| byte.is_ascii_digit());
    Some((Uuid::try_parse(uuid).ok()?, resolution.parse().ok().filter(|_| is_number)?))
}

/// `GET /download/videos/generate/{id}?videoFileIds=…`: one of the files that has all that was asked for. Nothing is put
/// together here.
pub async fn generate(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(parameters): Query<Vec<(String, String)>>,
    visitor: Visitor,
    session: Session,
) -> ApiResult<Response> {
    let asked = parameters.iter().filter(|(name, _)| name.trim_end_matches("[]") == "videoFileIds");
    let asked: Vec<i64> = asked.filter_map(|(_, value)| value.parse().ok()).take(10).collect();
    if asked.is_empty() {
        return Err(Problem::bad_request("Say which files you want: videoFileIds is missing."));
    }
    let mut connection = app.platform.db.read().await?;
    let (video, mut files) = offered(&mut connection, &id, session.user.as_ref()).await?;
    drop(connection);
    files.retain(|file| asked.contains(&file.id));
    if files.len() < asked.len() {
        return Err(missing());
    }
    let is_whole = |file: &&StoredFile| {
        let has = |part: fn(&StoredFile) -> bool| part(file) || !files.iter().any(part);
        has(|file| file.has_audio) && has(|file| file.has_video)
    };
    let unable = || Problem::new(StatusCode::NOT_IMPLEMENTED, "This server does not put files together.");
    let file = files.iter().find(is_whole).ok_or_else(unable)?;
    give(&app, &video, file, &visitor).await
}

/// A video and its files, if they are offered to whoever asks.
async fn offered(connection: &mut Connection, id: &str, user: Option<&User>) -> ApiResult<(Video, Vec<StoredFile>)> {
    let video = videos::find_visible(connection, id, user).await?;
    if !video.download_enabled {
        let owner = videos::store::owner(connection, video.id).await?;
        let may = user.is_some_and(|user| user.role() != Role::User || owner == Some(user.id));
        if !may {
            return Err(Problem::forbidden("The owner of this video does not offer downloads."));
        }
    }
    let mut files = match videos::store::playlist(connection, video.id).await? {
        Some(playlist) => videos::store::files(connection, playlist.id).await?,
        None => vec![],
    };
    files.extend(videos::store::web_files(connection, video.id).await?);
    Ok((video, files))
}

/// Who asks, and for how much.
#[derive(Debug, FromRequestParts)]
pub struct Visitor {
    method: Method,
    headers: HeaderMap,
    address: Result<ClientAddress, Problem>,
}

impl Visitor {
    /// Whether this is a download, and not a look at it or the rest of one.
    fn begins(&self) -> bool {
        let range = self.headers.get(header::RANGE).and_then(|range| range.to_str().ok());
        self.method == Method::GET && range.is_none_or(|range| range.trim().starts_with("bytes=0-"))
    }
}

async fn give(app: &App, video: &Video, file: &StoredFile, visitor: &Visitor) -> ApiResult<Response> {
    let response = if video.is_local {
        send(app, video, file, &visitor.method, &visitor.headers).await?
    } else {
        let url = Url::parse(&file.file_url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        Redirect::to(url.ok_or_else(missing)?.as_str()).into_response()
    };
    if let (Ok(ClientAddress(address)), true, true) = (&visitor.address, visitor.begins(), is_given(&response)) {
        app.views.report_download(video.id, *address, app.platform.clock.now());
    }
    Ok(response)
}

fn is_given(response: &Response) -> bool {
    response.status().is_success() || response.status().is_redirection()
}

async fn send(
    app: &App,
    video: &Video,
    file: &StoredFile,
    method: &Method,
    headers: &HeaderMap,
) -> ApiResult<Response> {
    let name = file.file_url.rsplit('/').next().unwrap_or_default();
    let key = Key::new(format!("{}/{name}", stream_folder(video.uuid))).map_err(|_| missing())?;
    let is_for_all = video.privacy.is_open() && video.download_enabled;
    let cache = if is_for_all { "public, max-age=3600" } else { "private, max-age=3600" };
    let mut response = object_response(&app.platform.storage, &key, method, headers, "video/mp4", cache).await?;
    let disposition = content_disposition(&video.name, file.resolution);
    let disposition = HeaderValue::from_str(&disposition).map_err(|error| Problem::internal(&error))?;
    response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

/// A name for the file in two spellings (RFC 6266, appendix D): plain ASCII, and the whole title.
fn content_disposition(title: &str, resolution: i64) -> String {
    let title: String = title.chars().filter(|c| !c.is_control() && !"/\\:*?\"<>|".contains(*c)).collect();
    let title: String = title.trim().trim_matches('.').chars().take(LONGEST_NAME).collect();
    let whole = format!("{}-{resolution}p.mp4", if title.is_empty() { "video" } else { &title });
    let plain: String = whole.chars().map(|c| if c.is_ascii() && c != '%' { c } else { '_' }).collect();
    let is_free = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encoded: String = whole
        .bytes()
        .map(|byte| if is_free(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests;
