//! Comments on the watch page: written on the server, read, paged and answered without a script.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use platform::{
    db::Connection,
    web::{Nonce, PageContext, Pagination, Problem, VideoCard},
};
use serde::Deserialize;

use super::{
    Comment, CommentId, actions, intake, jobs,
    model::{MAX_PER_THREAD, Policy, Sort, Viewer},
    recipients, store, text,
    tree::Thread,
};
use crate::{
    App,
    actors::page_path,
    oauth::Session,
    pages::{context, initial},
    problem_pages::problem_page,
    users::User,
    videos::{self, Video, iso},
};

const THREADS_PER_PAGE: i64 = 20;
/// Replies that are shown of each thread, unless one is asked for.
const REPLIES_SHOWN: usize = 10;
/// Levels that are moved in; deeper ones would leave no room for words on a phone.
const LEVELS_SHOWN: usize = 3;
/// People who are looked up for one page.
const MAX_PEOPLE: usize = 100;

/// Which comments the address of a watch page asks for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    comments: Option<i64>,
    sort: Option<String>,
    thread: Option<i64>,
}

#[derive(Template)]
#[template(path = "comments/section.html")]
struct Section {
    page: PageContext,
    heading: String,
    watch_path: String,
    write_action: String,
    is_closed: bool,
    waits: bool,
    takes_from_outside: bool,
    is_signed_in: bool,
    sorts: Vec<SortLink>,
    only_thread: bool,
    threads: Vec<ThreadView>,
    pagination: Pagination,
}

struct SortLink {
    label: &'static str,
    href: String,
    current: bool,
}

struct ThreadView {
    comments: Vec<CommentView>,
    /// Where the rest is, and how many that are.
    rest: Option<(String, usize)>,
}

struct CommentView {
    id: i64,
    level: usize,
    name: String,
    handle: String,
    author_href: Option<String>,
    avatar_url: Option<String>,
    initial: String,
    age_label: String,
    written_iso: String,
    is_edited: bool,
    html: String,
    is_stone: bool,
    is_held: bool,
    is_by_owner: bool,
    permalink: String,
    may_reply: bool,
    delete_action: Option<String>,
    approve_action: Option<String>,
    report_href: Option<String>,
}

/// The comments under a video as HTML, for the watch page.
///
/// # Errors
/// [`Problem`] if they cannot be read.
pub async fn section(
    app: &App,
    page: &PageContext,
    user: Option<&User>,
    id: &str,
    shown: &Shown,
) -> Result<String, Problem> {
    let mut connection = app.platform.db.read().await?;
    let video = videos::find_visible(&mut connection, id, user).await?;
    let section = read_section(app, &mut connection, page, &video, user, shown).await?;
    drop(connection);
    jobs::fetch_when_due(app, &video).await?;
    section.render().map_err(|error| Problem::internal(&error))
}

async fn read_section(
    app: &App,
    connection: &mut Connection,
    page: &PageContext,
    video: &Video,
    user: Option<&User>,
    shown: &Shown,
) -> Result<Section, Problem> {
    let viewer = actions::viewer(app, connection, video, user).await?;
    let policy = Policy::from(video.comments_policy);
    let sort = shown.sort.as_deref().and_then(Sort::parse).unwrap_or(Sort::Newest);
    let number = shown.comments.unwrap_or(1).clamp(1, 10_000);
    let only = match shown.thread {
        Some(thread) => actions::find_visible(connection, video, &viewer, CommentId(thread)).await.ok(),
        None => None,
    };
    let only = only.filter(|comment| comment.thread_id.is_none());
    let only_thread = only.is_some();
    let (roots, total, living) = if policy == Policy::Closed {
        (vec![], 0, 0)
    } else {
        let bounds = ((number - 1) * THREADS_PER_PAGE, THREADS_PER_PAGE);
        let roots = match only {
            Some(thread) => vec![thread],
            None => store::threads(connection, video.id, &viewer, sort, bounds).await?,
        };
        let total = if only_thread { 0 } else { store::count_threads(connection, video.id, &viewer).await? };
        (roots, total, store::count_living(connection, video.id, &viewer).await?)
    };
    let watch_path = video.watch_path();
    let mut views = Views::new(app, video, &viewer, user);
    let threads = views.read(connection, roots, only_thread).await?;
    let pages = total.unsigned_abs().div_ceil(THREADS_PER_PAGE.unsigned_abs());
    let pagination = Pagination::new(number.unsigned_abs(), pages, |number| {
        format!("{watch_path}?comments={number}&sort={}#comments", sort.name())
    });
    let link = |label, of: Sort| SortLink {
        label,
        href: format!("{watch_path}?sort={}#comments", of.name()),
        current: of == sort,
    };
    let sorts =
        vec![link("Newest", Sort::Newest), link("Oldest", Sort::Oldest), link("Most replies", Sort::MostReplies)];
    Ok(Section {
        page: page.clone(),
        heading: match living {
            0 => "Comments".to_owned(),
            1 => "1 comment".to_owned(),
            more => format!("{more} comments"),
        },
        write_action: format!("/videos/watch/{}/comments", video.uuid),
        is_closed: policy == Policy::Closed,
        waits: policy == Policy::Approval && !(viewer.sees_held && video.is_local),
        takes_from_outside: intake::takes_from_outside(app),
        is_signed_in: user.is_some(),
        sorts: if total > 1 { sorts } else { vec![] },
        only_thread,
        threads,
        pagination,
        watch_path,
    })
}

/// Makes comments ready to be shown.
struct Views<'v> {
    app: &'v App,
    video: &'v Video,
    viewer: &'v Viewer,
    is_signed_in: bool,
    moderates: bool,
    people: HashMap<text::Mention, Option<String>>,
}

impl<'v> Views<'v> {
    fn new(app: &'v App, video: &'v Video, viewer: &'v Viewer, user: Option<&User>) -> Self {
        Self { app, video, viewer, is_signed_in: user.is_some(), moderates: viewer.sees_held, people: HashMap::new() }
    }

    async fn read(
        &mut self,
        connection: &mut Connection,
        roots: Vec<Comment>,
        whole: bool,
    ) -> Result<Vec<ThreadView>, Problem> {
        let ids: Vec<CommentId> = roots.iter().map(|root| root.id).collect();
        let replies = store::replies(connection, &ids, self.viewer, MAX_PER_THREAD).await?;
        let tree = Thread::new(&replies);
        let limit = if whole { usize::MAX } else { REPLIES_SHOWN };
        let mut threads = vec![];
        for root in &roots {
            let flat = tree.flatten(root);
            let rest = flat.len().saturating_sub(1).saturating_sub(limit);
            let mut comments = vec![];
            for (comment, level) in flat.into_iter().take(limit.saturating_add(1)) {
                self.find_people(connection, &comment.text).await?;
                comments.push(self.view(comment, level));
            }
            let href = format!("{}?thread={}#comment-{}", self.video.watch_path(), root.id.0, root.id.0);
            threads.push(ThreadView { comments, rest: (rest > 0).then_some((href, rest)) });
        }
        Ok(threads)
    }

    /// Finds the pages of those who are named: known people by their address, others where most programs have them.
    async fn find_people(&mut self, connection: &mut Connection, text: &str) -> Result<(), Problem> {
        for mention in text::mentions(text) {
            if self.people.len() >= MAX_PEOPLE {
                return Ok(());
            }
            if self.people.contains_key(&mention) {
                continue;
            }
            let known = recipients::find_mentioned(self.app, connection, &mention).await?;
            let href = match (known, &mention.host) {
                (Some(actor), _) => Some(actor.url().to_owned()),
                (None, Some(host)) => Some(format!("https://{host}/@{}", mention.name)),
                (None, None) => None,
            };
            self.people.insert(mention, href);
        }
        Ok(())
    }

    /// The page here of who wrote it.
    fn author_path(&self, comment: &Comment) -> Option<String> {
        let (name, host) = (comment.author_username.as_ref()?, comment.author_host.as_ref()?);
        Some(page_path(false, name, host, host == self.app.platform.public_url.host()))
    }

    fn view(&self, comment: &Comment, level: usize) -> CommentView {
        let now = self.app.platform.clock.now();
        let name = comment.author_display_name.clone().unwrap_or_default();
        let handle = match (&comment.author_username, &comment.author_host) {
            (Some(name), Some(host)) => format!("@{name}@{host}"),
            _ => String::new(),
        };
        let watch_path = self.video.watch_path();
        let action = |what: &str| format!("/videos/watch/{}/comments/{}/{what}", self.video.uuid, comment.id.0);
        let is_own = comment.account_id.is_some() && comment.account_id == self.viewer.account;
        let may_delete = !comment.is_stone() && (is_own || self.moderates);
        let person = |mention: &text::Mention| self.people.get(mention).cloned().flatten();
        CommentView {
            id: comment.id.0,
            level: level.min(LEVELS_SHOWN),
            initial: initial(&name),
            name,
            handle,
            author_href: self.author_path(comment),
            report_href: (self.is_signed_in && !is_own).then(|| format!("/report?comment={}", comment.id.0)),
            avatar_url: comment.author_avatar_file.as_ref().map(|file| format!("/lazy-static/avatars/{file}")),
            age_label: VideoCard::age_label(comment.created_at, now),
            written_iso: iso(comment.created_at).to_string(),
            is_edited: comment.updated_at - comment.created_at > chrono::TimeDelta::minutes(1),
            html: text::to_html(&comment.text, &watch_path, person),
            is_stone: comment.is_stone(),
            is_held: comment.is_held,
            is_by_owner: comment.account_id == Some(self.video.account_id),
            permalink: format!("{watch_path}?thread={}#comment-{}", comment.thread().0, comment.id.0),
            may_reply: self.is_signed_in && !comment.is_stone() && !comment.is_held,
            delete_action: may_delete.then(|| action("delete")),
            approve_action: (comment.is_held && self.moderates && self.video.is_local).then(|| action("approve")),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewComment {
    text: String,
    in_reply_to: Option<i64>,
}

/// `POST /videos/watch/{id}/comments`: writes a comment, or answers one.
pub async fn write(
    State(app): State<App>,
    Path(id): Path<String>,
    nonce: Nonce,
    session: Session,
    Form(new): Form<NewComment>,
) -> Response {
    let Some(user) = &session.user else { return log_in(&id) };
    let outcome = async {
        let video = visible(&app, &id, user).await?;
        let comment = actions::write(&app, user, &video, new.in_reply_to.map(CommentId), &new.text).await?;
        Ok(format!("{}?thread={}#comment-{}", video.watch_path(), comment.thread().0, comment.id.0))
    };
    respond(&app, &nonce, user, outcome.await)
}

/// `POST /videos/watch/{id}/comments/{comment}/delete`.
pub async fn delete(
    State(app): State<App>,
    Path((id, comment)): Path<(String, i64)>,
    nonce: Nonce,
    session: Session,
) -> Response {
    let Some(user) = &session.user else { return log_in(&id) };
    let outcome = async {
        let video = visible(&app, &id, user).await?;
        actions::delete(&app, user, &video, CommentId(comment)).await?;
        Ok(format!("{}#comments", video.watch_path()))
    };
    respond(&app, &nonce, user, outcome.await)
}

/// `POST /videos/watch/{id}/comments/{comment}/approve`.
pub async fn approve(
    State(app): State<App>,
    Path((id, comment)): Path<(String, i64)>,
    nonce: Nonce,
    session: Session,
) -> Response {
    let Some(user) = &session.user else { return log_in(&id) };
    let outcome = async {
        let video = visible(&app, &id, user).await?;
        actions::approve(&app, user, &video, CommentId(comment)).await?;
        Ok(format!("{}#comment-{comment}", video.watch_path()))
    };
    respond(&app, &nonce, user, outcome.await)
}

async fn visible(app: &App, id: &str, user: &User) -> Result<Video, Problem> {
    videos::find_visible(&mut app.platform.db.read().await?, id, Some(user)).await
}

fn respond(app: &App, nonce: &Nonce, user: &User, outcome: Result<String, Problem>) -> Response {
    match outcome {
        Ok(path) => Redirect::to(&path).into_response(),
        Err(problem) => problem_page(context(app, nonce, Some(user), "watch"), &problem),
    }
}

fn log_in(id: &str) -> Response {
    let next: String = url::form_urlencoded::byte_serialize(format!("/w/{id}").as_bytes()).collect();
    Redirect::to(&format!("/login?next={next}")).into_response()
}
