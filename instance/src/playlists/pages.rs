//! Playlists for people: to watch, to look through, and one's own.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use platform::{
    db::{Connection, DbError},
    web::{ApiResult, Nonce, Page, PageContext, Problem, VideoCard},
};
use serde::Deserialize;

use super::{
    Element, Playlist, PlaylistKind, actions,
    api::find_visible,
    documents, element_store,
    listing::{PlaylistFilter, PlaylistQuery},
    representation::{Shown, look_at},
    store,
};
use crate::{
    App,
    accounts::AccountId,
    federation::{Paging, endpoints::wants_document},
    oauth::Session,
    pages::{context, markdown},
    problem_pages::{of_address, problem_page},
    users::User,
    videos::{self, Video},
};

/// How much of a list is shown beside the player.
const WINDOW: i64 = 50;

/// A playlist as lists of playlists show it (`playlists/cards.html`).
#[derive(Debug)]
pub struct PlaylistCard {
    /// Where it leads.
    pub href: String,
    /// Title.
    pub title: String,
    /// Its picture.
    pub thumbnail_url: Option<String>,
    /// `12 videos`.
    pub length_label: String,
    /// Who may see it, unless everybody.
    pub privacy: Option<&'static str>,
    /// Where its owner changes it, for the owner.
    pub edit_href: Option<String>,
}

pub(super) fn card(playlist: &Playlist, user: Option<&User>) -> PlaylistCard {
    let is_own = user.is_some_and(|user| playlist.user_id == Some(user.id));
    PlaylistCard {
        href: playlist.page_path(),
        title: playlist.name.clone(),
        thumbnail_url: playlist.picture_path(),
        length_label: length_label(playlist.length),
        privacy: (playlist.privacy != super::PlaylistPrivacy::Public).then(|| playlist.privacy.label()),
        edit_href: is_own.then(|| format!("/my-playlists/{}", playlist.id.0)),
    }
}

fn length_label(length: i64) -> String {
    if length == 1 { "1 video".to_owned() } else { format!("{length} videos") }
}

/// The playlists of an account that somebody may see, for `playlists/cards.html`: the newest 100.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn cards_of_account(
    connection: &mut Connection,
    account: AccountId,
    user: Option<&User>,
) -> Result<Vec<PlaylistCard>, DbError> {
    let filter = PlaylistFilter { account: Some(account), ..PlaylistFilter::default() };
    let query = PlaylistQuery { filter, count: 100, ..PlaylistQuery::default() };
    let playlists = store::list(connection, &query).await?;
    Ok(playlists.iter().map(|playlist| card(playlist, user)).collect())
}

/// The list beside the player (`playlists/beside.html`).
#[derive(Debug)]
pub struct Beside {
    pub(crate) title: String,
    pub(crate) href: String,
    pub(crate) owner: String,
    pub(crate) description_html: String,
    pub(crate) place_label: String,
    pub(crate) previous_href: Option<String>,
    pub(crate) next_href: Option<String>,
    pub(crate) earlier_href: Option<String>,
    pub(crate) later_href: Option<String>,
    pub(crate) edit_href: Option<String>,
    pub(crate) items: Vec<BesideItem>,
}

#[derive(Debug)]
pub(crate) struct BesideItem {
    pub(crate) position: i64,
    pub(crate) title: String,
    pub(crate) href: Option<String>,
    pub(crate) thumbnail_url: Option<String>,
    pub(crate) duration_label: String,
    pub(crate) is_current: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Place {
    playlist_position: Option<i64>,
}

#[derive(Template)]
#[template(path = "playlists/empty.html")]
struct EmptyPage {
    page: PageContext,
    beside: Option<Beside>,
}

/// `GET /w/p/{id}`: a video of the playlist with the list beside it; the object for servers.
pub async fn show(
    State(app): State<App>,
    nonce: Nonce,
    session: Session,
    Path(id): Path<String>,
    Query(place): Query<Place>,
    headers: HeaderMap,
) -> Response {
    if wants_document(&headers) {
        let page = Query(Paging::default());
        return documents::playlist(State(app), Path(id), page, headers).await.into_response();
    }
    let page = context(&app, &nonce, session.user.as_ref(), "playlist");
    match read_show(&app, &id, place.playlist_position, session.user.as_ref()).await {
        Ok((Some((video, element)), beside)) => {
            videos::pages::watch_beside(app, nonce, session, &video, times(&element), beside).await
        }
        Ok((None, beside)) => Page(EmptyPage { page, beside: Some(beside) }).into_response(),
        Err(problem) => problem_page(page, &of_address(problem, "No playlist has this address.")),
    }
}

/// From when to when a browser plays, as the end of an address (Media Fragments, section 4.2.1).
fn times(element: &Element) -> String {
    match (element.start_s, element.stop_s) {
        (None, None) => String::new(),
        (start, Some(stop)) => format!("#t={},{stop}", start.unwrap_or_default()),
        (Some(start), None) => format!("#t={start}"),
    }
}

type Playing = (Box<Video>, Element);

async fn read_show(
    app: &App,
    id: &str,
    position: Option<i64>,
    user: Option<&User>,
) -> ApiResult<(Option<Playing>, Beside)> {
    let mut connection = app.platform.db.read().await?;
    let playlist = find_visible(&mut connection, id, user).await?;
    let start = (position.unwrap_or(1).clamp(1, super::MAX_ELEMENTS) - 1) / WINDOW * WINDOW;
    let elements = element_store::list(&mut connection, playlist.id, WINDOW, start).await?;
    let shown = look_at(app, &mut connection, &elements, user).await?;
    drop(connection);
    actions::refresh_if_old(app, &playlist).await?;
    // Without a position, the first that can be played; a place where nothing can be played leads to the next one.
    let current = elements.iter().zip(&shown).find_map(|(element, shown)| match shown {
        Shown::Video(video) if element.position >= position.unwrap_or(1) => Some((video.clone(), element.clone())),
        _ => None,
    });
    let beside = beside(&playlist, &elements, &shown, start, current.as_ref().map(|(_, at)| at.position), user);
    Ok((current, beside))
}

fn beside(
    playlist: &Playlist,
    elements: &[Element],
    shown: &[Shown],
    start: i64,
    current: Option<i64>,
    user: Option<&User>,
) -> Beside {
    let href_of = |position: i64| format!("{}?playlistPosition={position}", playlist.page_path());
    let playable = || {
        let pairs = elements.iter().zip(shown);
        pairs.filter(|(_, shown)| matches!(shown, Shown::Video(_))).map(|(element, _)| element.position)
    };
    let last = start + i64::try_from(elements.len()).unwrap_or_default();
    let (earlier, later) = ((start > 0).then_some(start), (last < playlist.length).then_some(last + 1));
    let at = current.unwrap_or_default();
    Beside {
        title: playlist.name.clone(),
        href: playlist.page_path(),
        owner: format!("@{}@{}", playlist.account_username, playlist.account_host),
        description_html: playlist.description.as_deref().map(markdown).unwrap_or_default(),
        place_label: match current {
            Some(at) => format!("{at} of {}", playlist.length),
            None => length_label(playlist.length),
        },
        previous_href: playable().rfind(|position| *position < at).or(earlier).map(href_of),
        next_href: playable().find(|position| *position > at).or(later).map(href_of),
        earlier_href: earlier.map(href_of),
        later_href: later.map(href_of),
        edit_href: card(playlist, user).edit_href,
        items: elements.iter().zip(shown).map(|(element, shown)| item(element, shown, current, href_of)).collect(),
    }
}

fn item(element: &Element, shown: &Shown, current: Option<i64>, href_of: impl Fn(i64) -> String) -> BesideItem {
    let video = match shown {
        Shown::Video(video) => Some(video),
        _ => None,
    };
    BesideItem {
        position: element.position,
        title: shown.words().to_owned(),
        href: video.map(|_| href_of(element.position)),
        thumbnail_url: video.and_then(|video| video.thumbnail_path()),
        duration_label: video.map(|video| VideoCard::duration_label(video.duration_s)).unwrap_or_default(),
        is_current: current == Some(element.position),
    }
}

/// `GET /video-playlists/embed/{id}`: the player of the first video that everybody may see.
pub async fn embed(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    let (playing, _) = read_show(&app, &id, None, None).await?;
    let (video, _) = playing.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "There is nothing to play here."))?;
    Ok(Redirect::to(&format!("/videos/embed/{}", video.uuid)).into_response())
}

/// "Save to a playlist" on the page of a video (`playlists/save.html`).
#[derive(Debug)]
pub struct SaveForm {
    pub(crate) video: i64,
    pub(crate) choices: Vec<(i64, String)>,
    pub(crate) saved: Vec<SavedIn>,
}

#[derive(Debug)]
pub(crate) struct SavedIn {
    pub(crate) playlist: i64,
    pub(crate) element: i64,
    pub(crate) name: String,
    pub(crate) href: String,
}

/// The form for a reader who is logged in.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn save_form(
    connection: &mut Connection,
    user: Option<&User>,
    video: &Video,
) -> Result<Option<SaveForm>, DbError> {
    let Some(user) = user else { return Ok(None) };
    let Some(account) = crate::accounts::store::find_by_user(connection, user.id).await? else { return Ok(None) };
    let playlists = store::of_account(connection, account.id).await?;
    let mut choices: Vec<(i64, String)> =
        playlists.iter().map(|playlist| (playlist.id.0, playlist.name.clone())).collect();
    if !playlists.iter().any(|playlist| playlist.kind == PlaylistKind::WatchLater) {
        // It is made when something is first put into it.
        choices.insert(0, (0, "Watch later".to_owned()));
    }
    let places = element_store::occurrences(connection, account.id, &[video.id]).await?;
    let saved = places.into_iter().map(|place| SavedIn {
        playlist: place.playlist_id.0,
        element: place.element_id.0,
        name: place.playlist_name,
        href: format!("/w/p/{}", platform::ids::short_uuid(place.playlist_uuid)),
    });
    Ok(Some(SaveForm { video: video.id.0, choices, saved: saved.collect() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_where_to_begin_and_end() {
        let element = |start_s, stop_s| Element {
            id: super::super::ElementId(1),
            video_url: String::new(),
            video_id: None,
            position: 1,
            start_s,
            stop_s,
        };
        assert_eq!(times(&element(None, None)), "");
        assert_eq!(times(&element(Some(3), None)), "#t=3");
        assert_eq!(times(&element(Some(3), Some(9))), "#t=3,9");
        assert_eq!(times(&element(None, Some(9))), "#t=0,9");
    }
}
