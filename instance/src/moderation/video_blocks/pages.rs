use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use platform::web::{ApiResult, Nonce, Page, PageContext, Pagination, Problem, VideoCard};
use serde::Deserialize;

use super::{actions, store};
use crate::{
    App,
    moderation::{ListOptions, moderator, page_of},
    oauth::Session,
    pages::context,
    problem_pages::problem_page,
    users::User,
    videos::{self, find_visible},
};

const PATH: &str = "/admin/video-blocks";

#[derive(Template)]
#[template(path = "moderation/video_blocks.html")]
struct VideoBlocksPage {
    page: PageContext,
    search: String,
    /// The video that the form begins with.
    video: String,
    total: i64,
    rows: Vec<Row>,
    pagination: Pagination,
}

struct Row {
    uuid: String,
    href: String,
    title: String,
    host: String,
    reason: String,
    is_unfederated: bool,
    since: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    page: Option<u64>,
    search: String,
    video: String,
}

/// `GET /admin/video-blocks`.
pub async fn list(State(app): State<App>, nonce: Nonce, session: Session, Query(shown): Query<Shown>) -> Response {
    let user = match moderator(&app, &nonce, session, PATH) {
        Ok(user) => user,
        Err(response) => return response,
    };
    let page = context(&app, &nonce, Some(&user), "video-blocks");
    match read(&app, page.clone(), shown).await {
        Ok(blocks) => Page(blocks).into_response(),
        Err(problem) => problem_page(page, &problem),
    }
}

/// What the forms of the page say: `action` is `block`, `change` or `unblock`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Change {
    action: String,
    video: String,
    reason: String,
    unfederate: Option<String>,
}

/// `POST /admin/video-blocks`.
pub async fn change(State(app): State<App>, nonce: Nonce, session: Session, Form(change): Form<Change>) -> Response {
    let user = match moderator(&app, &nonce, session, PATH) {
        Ok(user) => user,
        Err(response) => return response,
    };
    match apply(&app, &user, &change).await {
        Ok(()) => Redirect::to(PATH).into_response(),
        Err(problem) => problem_page(context(&app, &nonce, Some(&user), "video-blocks"), &problem),
    }
}

async fn apply(app: &App, user: &User, change: &Change) -> ApiResult<()> {
    let id = id_in(&change.video);
    let video = find_visible(&mut app.platform.db.read().await?, id, Some(user)).await?;
    match change.action.as_str() {
        "unblock" => actions::unblock(app, &video).await?,
        "change" => actions::change_reason(app, &video, Some(&change.reason)).await?,
        "block" => actions::block(app, &video, Some(&change.reason), change.unfederate.is_some()).await?,
        _ => return Err(Problem::bad_request("The form does not say what to do.")),
    }
    Ok(())
}

/// The id of a video, or the last part of its address on this server.
fn id_in(text: &str) -> &str {
    let text = text.trim().trim_end_matches('/');
    let path = text.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

async fn read(app: &App, page: PageContext, shown: Shown) -> ApiResult<VideoBlocksPage> {
    let number = shown.page.unwrap_or(1);
    let options = ListOptions::page(number, Some(shown.search.clone()));
    let now = app.platform.clock.now();
    let mut connection = app.platform.db.read().await?;
    let total = store::count(&mut connection, &options).await?;
    let mut rows = vec![];
    for block in store::list(&mut connection, &options).await? {
        let Some(video) = videos::store::find(&mut connection, block.video_id).await? else { continue };
        rows.push(Row {
            uuid: video.uuid.to_string(),
            href: video.watch_path(),
            host: video.host.clone(),
            reason: block.reason.unwrap_or_default(),
            is_unfederated: block.is_unfederated,
            since: VideoCard::age_label(block.created_at, now),
            title: video.facts.name,
        });
    }
    let pagination = page_of(number, total, |number| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("search", &shown.search).append_pair("page", &number.to_string());
        format!("{PATH}?{}", query.finish())
    });
    Ok(VideoBlocksPage { page, search: shown.search, video: shown.video, total, rows, pagination })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_video_is_named_by_its_id_or_its_address() {
        for text in ["abc", " https://a.example/w/abc?start=1 ", "https://a.example/videos/watch/abc/"] {
            assert_eq!(id_in(text), "abc", "{text}");
        }
    }
}
