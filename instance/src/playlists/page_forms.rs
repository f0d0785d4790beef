//! What the forms of the pages do; each leads back to a page.

use askama::Template;
use axum::{
    Form,
    extract::{Multipart, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use platform::web::{ApiResult, Nonce, Page, PageContext, Problem};
use serde::Deserialize;

use super::{
    ElementId, MAX_ELEMENTS, PlaylistId, PlaylistKind,
    actions::{self, Times},
    element_store,
    form::{self, PlaylistForm},
    own_pages::{PlaylistFields, mine_filled_in},
    positions::Move,
    representation::look_at,
    store,
};
use crate::{
    App,
    oauth::{Session, SignedIn},
    pages::context,
    problem_pages::{form_again, problem_page},
    users::User,
    videos::find_visible as find_video,
};

fn answer(app: &App, nonce: &Nonce, user: &User, outcome: ApiResult<String>) -> Response {
    match outcome {
        Ok(path) => Redirect::to(&path).into_response(),
        Err(problem) => problem_page(context(app, nonce, Some(user), "playlists"), &problem),
    }
}

fn edit_path(id: PlaylistId) -> String {
    format!("/my-playlists/{}", id.0)
}

/// `POST /my-playlists`: makes a playlist.
pub async fn create(State(app): State<App>, nonce: Nonce, session: SignedIn, form: Multipart) -> Response {
    let mut written = PlaylistForm::default();
    let outcome: ApiResult<_> = async {
        form::read_into(form, &mut written).await?;
        Ok(actions::create(&app, &session.user, written.clone()).await?)
    }
    .await;
    match outcome {
        Ok((id, _)) => Redirect::to(&edit_path(id)).into_response(),
        Err(problem) => {
            let page = context(&app, &nonce, Some(&session.user), "playlists");
            mine_filled_in(&app, page, &session.user, written, &problem).await
        }
    }
}

#[derive(Template)]
#[template(path = "playlists/edit.html")]
struct EditPage {
    page: PageContext,
    id: i64,
    name: String,
    href: String,
    is_fixed: bool,
    form: PlaylistFields,
    elements: Vec<EditedElement>,
}

struct EditedElement {
    id: i64,
    position: i64,
    title: String,
    start: String,
    stop: String,
}

/// `GET /my-playlists/{id}`: everything about a playlist of the reader's, to be changed.
pub async fn edit_form(State(app): State<App>, nonce: Nonce, session: Session, Path(id): Path<i64>) -> Response {
    let Some(user) = session.user else {
        return Redirect::to(&format!("/login?next=/my-playlists/{id}")).into_response();
    };
    let page = context(&app, &nonce, Some(&user), "playlists");
    match read_edit_page(&app, page.clone(), &user, PlaylistId(id)).await {
        Ok(edit) => Page(edit).into_response(),
        Err(problem) => problem_page(page, &problem),
    }
}

async fn read_edit_page(app: &App, page: PageContext, user: &User, id: PlaylistId) -> ApiResult<EditPage> {
    let mut connection = app.platform.db.read().await?;
    let playlist = actions::find_own(&mut connection, id, user).await?;
    let elements = element_store::list(&mut connection, id, MAX_ELEMENTS, 0).await?;
    let shown = look_at(app, &mut connection, &elements, Some(user)).await?;
    let second = |second: Option<i64>| second.map(|second| second.to_string()).unwrap_or_default();
    let elements = elements.iter().zip(&shown).map(|(element, shown)| EditedElement {
        id: element.id.0,
        position: element.position,
        title: shown.words().to_owned(),
        start: second(element.start_s),
        stop: second(element.stop_s),
    });
    Ok(EditPage {
        page,
        id: id.0,
        name: playlist.name.clone(),
        href: playlist.page_path(),
        is_fixed: playlist.kind == PlaylistKind::WatchLater,
        form: PlaylistFields::read(&mut connection, playlist.account_id, Some(&playlist)).await?,
        elements: elements.collect(),
    })
}

/// `POST /my-playlists/{id}`: changes what the form says.
pub async fn edit(
    State(app): State<App>,
    nonce: Nonce,
    session: SignedIn,
    Path(id): Path<i64>,
    form: Multipart,
) -> Response {
    let id = PlaylistId(id);
    let mut written = PlaylistForm::default();
    let outcome: ApiResult<()> = async {
        form::read_into(form, &mut written).await?;
        Ok(actions::change(&app, &session.user, id, written.clone()).await?)
    }
    .await;
    let Err(problem) = outcome else { return Redirect::to(&edit_path(id)).into_response() };
    let page = context(&app, &nonce, Some(&session.user), "playlists");
    match read_edit_page(&app, page.clone(), &session.user, id).await {
        Ok(edit) => {
            let filled_in = edit.form.filled_in(written, &problem);
            form_again(EditPage { form: filled_in, ..edit }, &problem)
        }
        Err(_) => problem_page(page, &problem),
    }
}

/// `POST /my-playlists/{id}/delete`.
pub async fn remove(State(app): State<App>, nonce: Nonce, session: SignedIn, Path(id): Path<i64>) -> Response {
    let outcome = async {
        actions::delete(&app, &session.user, PlaylistId(id)).await?;
        Ok("/my-playlists".to_owned())
    };
    answer(&app, &nonce, &session.user, outcome.await)
}

/// Where an element goes.
#[derive(Debug, Deserialize)]
pub struct Target {
    /// Its new position, from 1.
    position: usize,
}

/// `POST /my-playlists/{id}/elements/{element}/move`.
pub async fn move_element(
    State(app): State<App>,
    nonce: Nonce,
    session: SignedIn,
    Path((id, element)): Path<(i64, i64)>,
    Form(target): Form<Target>,
) -> Response {
    let id = PlaylistId(id);
    let outcome = async {
        let missing = || Problem::not_found("Video playlist element not found");
        let mut connection = app.platform.db.read().await?;
        actions::find_own(&mut connection, id, &session.user).await?;
        let order = element_store::ids(&mut connection, id).await?;
        drop(connection);
        let start = 1 + order.iter().position(|other| *other == ElementId(element)).ok_or_else(missing)?;
        let position = target.position.clamp(1, order.len());
        let insert_after = if position > start { position } else { position - 1 };
        actions::reorder(&app, &session.user, id, Move { start, insert_after, length: 1 }).await?;
        Ok(edit_path(id))
    };
    answer(&app, &nonce, &session.user, outcome.await)
}

/// From when to when an element plays; empty for from the beginning and to the end.
#[derive(Debug, Deserialize)]
pub struct WrittenTimes {
    start: String,
    stop: String,
}

/// `POST /my-playlists/{id}/elements/{element}/times`.
pub async fn set_times(
    State(app): State<App>,
    nonce: Nonce,
    session: SignedIn,
    Path((id, element)): Path<(i64, i64)>,
    Form(written): Form<WrittenTimes>,
) -> Response {
    let id = PlaylistId(id);
    let outcome = async {
        let times = Times { start_s: second(&written.start)?, stop_s: second(&written.stop)? };
        actions::set_times(&app, &session.user, id, ElementId(element), times).await?;
        Ok(edit_path(id))
    };
    answer(&app, &nonce, &session.user, outcome.await)
}

fn second(text: &str) -> ApiResult<Option<i64>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Problem::bad_request("Write the seconds as a number."))
}

/// Where to go after something was taken out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Back {
    /// The video whose page the reader was on.
    video: Option<i64>,
}

/// `POST /my-playlists/{id}/elements/{element}/remove`.
pub async fn remove_from(
    State(app): State<App>,
    nonce: Nonce,
    session: SignedIn,
    Path((id, element)): Path<(i64, i64)>,
    Form(back): Form<Back>,
) -> Response {
    let id = PlaylistId(id);
    let outcome = async {
        actions::take_out(&app, &session.user, id, ElementId(element)).await?;
        match back.video {
            Some(video) => watch_path(&app, &session.user, video).await,
            None => Ok(edit_path(id)),
        }
    };
    answer(&app, &nonce, &session.user, outcome.await)
}

async fn watch_path(app: &App, user: &User, video: i64) -> ApiResult<String> {
    let video = find_video(&mut app.platform.db.read().await?, &video.to_string(), Some(user)).await?;
    Ok(video.watch_path())
}

/// Which video goes where.
#[derive(Debug, Deserialize)]
pub struct Saving {
    video: i64,
    /// Row of the playlist; 0 for what is to be watched later.
    playlist: i64,
}

/// `POST /my-playlists/save`: puts a video into a playlist.
pub async fn save(State(app): State<App>, nonce: Nonce, session: SignedIn, Form(saving): Form<Saving>) -> Response {
    let user = &session.user;
    let outcome = async {
        let id = if saving.playlist == 0 { watch_later(&app, user).await? } else { PlaylistId(saving.playlist) };
        let video = saving.video.to_string();
        let video = find_video(&mut app.platform.db.read().await?, &video, Some(user)).await?;
        actions::add(&app, user, id, &video, Times::default()).await?;
        Ok(video.watch_path())
    };
    answer(&app, &nonce, user, outcome.await)
}

async fn watch_later(app: &App, user: &User) -> ApiResult<PlaylistId> {
    let account = actions::account_of(&mut app.platform.db.read().await?, user).await?;
    actions::ensure_watch_later(app, &account).await?;
    let playlists = store::of_account(&mut app.platform.db.read().await?, account.id).await?;
    let found = playlists.into_iter().find(|playlist| playlist.kind == PlaylistKind::WatchLater);
    Ok(found.ok_or(super::PlaylistError::NotFound)?.id)
}
