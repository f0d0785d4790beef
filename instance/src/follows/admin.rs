//! The administrators' pages: whom this server follows and how far reading them is, and who follows it.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use platform::{
    clock::Timestamp,
    jobs::{Job, JobId, OpenJob},
    web::{ApiResult, Nonce, Page, PageContext, Pagination, Problem, VideoCard, grouped},
};
use serde::Deserialize;

use super::{
    Choices, Follow, FollowError, FollowId, FollowState, Target,
    actions::{self, Verdict},
    api::require_administrator,
    jobs::FollowActor,
    model::{FollowQuery, Side},
    store,
};
use crate::{
    App,
    actors::{ActorId, ActorKind, fold_name},
    backfill::{self, Backfill, BackfillState},
    oauth::SignedIn,
    pages,
    problem_pages::problem_page,
    settings::FollowPolicy,
};

const PAGE_SIZE: i64 = 25;
const MAX_LINES: usize = 500;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    page: Option<u64>,
    state: String,
    search: String,
}

impl ListQuery {
    fn number(&self) -> u64 {
        self.page.unwrap_or(1).clamp(1, 10_000)
    }

    fn to_follows(&self, side: Side) -> FollowQuery {
        let search: String = self.search.trim().chars().take(200).collect();
        FollowQuery {
            state: FollowState::parse(&self.state),
            search: Some(search).filter(|search| !search.is_empty()),
            start: i64::try_from(self.number() - 1).unwrap_or_default() * PAGE_SIZE,
            count: PAGE_SIZE,
            ..FollowQuery::new(side)
        }
    }

    /// Whether a search stands before the follows of this page. It is found by the same words as they are.
    fn shows(&self, search: &OpenJob<FollowActor>) -> bool {
        let is_meant = self.state.is_empty() || FollowState::parse(&self.state) == Some(FollowState::Pending);
        let words = fold_name(self.search.trim().trim_start_matches('@'));
        is_meant && self.number() == 1 && fold_name(&search.job.target).contains(&words)
    }

    fn pagination(&self, path: &str, total: i64) -> Pagination {
        let pages = total.unsigned_abs().div_ceil(PAGE_SIZE.unsigned_abs());
        Pagination::new(self.number(), pages, |number| self.address(path, number))
    }

    /// The address of a page of the same list.
    fn address(&self, path: &str, number: u64) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("state", &self.state), ("search", &self.search)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("{path}?{}", query.append_pair("page", &number.to_string()).finish())
    }
}

#[derive(Template)]
#[template(path = "follows/following.html")]
struct FollowingPage {
    page: PageContext,
    rows: Vec<FollowingRow>,
    searches: Vec<SearchRow>,
    left: Left,
    /// Whether the page is another one soon. Not while it answers a form: loading it again would send that again.
    is_reading: bool,
    /// Its address.
    here: String,
    state: String,
    search: String,
    pagination: Pagination,
}

/// What of the form was not done.
#[derive(Debug, Default, PartialEq, Eq)]
struct Left {
    refused: Vec<Refused>,
    /// Beyond [`MAX_LINES`].
    rest: Vec<String>,
}

impl Left {
    fn is_empty(&self) -> bool {
        self.refused.is_empty() && self.rest.is_empty()
    }
}

/// A line of the form that names nobody who can be followed.
#[derive(Debug, PartialEq, Eq)]
struct Refused {
    target: String,
    words: String,
}

struct FollowingRow {
    id: i64,
    name: String,
    href: String,
    what: &'static str,
    state: &'static str,
    badge: &'static str,
    choices: Choices,
    reading: Option<Reading>,
}

/// Somebody who is to be followed and was not found yet.
struct SearchRow {
    id: i64,
    name: String,
    state: &'static str,
    badge: &'static str,
    words: String,
}

impl SearchRow {
    fn of(search: &OpenJob<FollowActor>) -> Self {
        let error = search.error.as_deref().unwrap_or("nobody knows why");
        let (state, badge, words) = match (search.is_given_up, search.attempts) {
            (true, tries) if tries >= FollowActor::POLICY.max_attempts => {
                ("Failed", "badge-danger", format!("It did not answer for seven days: {error}."))
            }
            (true, _) => ("Failed", "badge-danger", format!("It cannot be followed: {error}.")),
            (false, 0) => ("Looking", "badge-warning", "It is being looked for.".to_owned()),
            (false, tries) => {
                let times = if tries == 1 { "once".to_owned() } else { format!("{tries} times") };
                let words = format!("It does not answer (tried {times}): {error}. It is tried again for seven days.");
                ("Waiting", "badge-warning", words)
            }
        };
        Self { id: search.id.0, name: search.job.target.clone(), state, badge, words }
    }
}

/// How far reading is, in words.
struct Reading {
    words: String,
    percent: Option<u64>,
    action: &'static str,
    label: &'static str,
}

impl Reading {
    fn of(backfill: &Backfill, now: Timestamp) -> Self {
        let (done, total) = (backfill.done.unsigned_abs(), backfill.total.map(i64::unsigned_abs));
        let progress = match total {
            Some(total) => format!("{} of {}", grouped(done), grouped(total.max(done))),
            None => format!("{} so far", grouped(done)),
        };
        let error = backfill.error.as_deref().unwrap_or("the other server did not answer");
        let (words, action, label) = match backfill.state() {
            BackfillState::Reading => (format!("Reading its videos: {progress}"), "pause", "Pause"),
            BackfillState::Paused => (format!("Paused at {progress}"), "resume", "Go on"),
            BackfillState::Finished => {
                let age = backfill.finished_at.map(|then| VideoCard::age_label(then, now)).unwrap_or_default();
                let words = match done {
                    0 => format!("It had no videos {age}"),
                    1 => format!("Its one video read {age}"),
                    more => format!("All {} videos read {age}", grouped(more)),
                };
                let words = match &backfill.error {
                    Some(cut) => format!("{} videos read {age}, and no more: {cut}", grouped(done)),
                    None => words,
                };
                (words, "resume", "Read again")
            }
            BackfillState::Failed => {
                (format!("Stopped at {progress}: {error}. It is tried again by itself."), "resume", "Try now")
            }
        };
        let percent = total.filter(|total| *total > 0).map(|total| (100 * done / total).min(100));
        let is_finished = backfill.state() == BackfillState::Finished;
        Self { words, percent: percent.filter(|_| !is_finished), action, label }
    }
}

fn kind_words(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::Application | ActorKind::Service => "Server",
        ActorKind::Group => "Channel",
        ActorKind::Person | ActorKind::Organization => "Account",
    }
}

fn state_words(state: FollowState) -> (&'static str, &'static str) {
    match state {
        FollowState::Accepted => ("Accepted", "badge-success"),
        FollowState::Pending => ("Waiting", "badge-warning"),
        FollowState::Rejected => ("Rejected", "badge-danger"),
    }
}

fn row(follow: &Follow, readings: &[Backfill], now: Timestamp) -> FollowingRow {
    let kind = follow.target_kind();
    let (state, badge) = state_words(follow.state());
    let name = match kind {
        ActorKind::Application => follow.target_host.clone(),
        _ => format!("{}@{}", follow.target_username, follow.target_host),
    };
    let reading = readings.iter().find(|backfill| backfill.actor_id == follow.target_id);
    FollowingRow {
        id: follow.id.0,
        name,
        href: follow.target_url.clone(),
        what: kind_words(kind),
        state,
        badge,
        choices: follow.choices(),
        reading: reading.filter(|_| follow.state() == FollowState::Accepted).map(|reading| Reading::of(reading, now)),
    }
}

/// `GET /admin/following`.
pub async fn following(
    State(app): State<App>,
    nonce: Nonce,
    session: SignedIn,
    Query(query): Query<ListQuery>,
) -> Response {
    let page = pages::context(&app, &nonce, Some(&session.user), "following");
    match read_following(&app, page.clone(), &session, &query).await {
        Ok(page) => Page(page).into_response(),
        Err(problem) => problem_page(page, &problem),
    }
}

async fn read_following(
    app: &App,
    page: PageContext,
    session: &SignedIn,
    query: &ListQuery,
) -> ApiResult<FollowingPage> {
    require_administrator(&session.user)?;
    let mut connection = app.platform.db.read().await?;
    let me = actions::instance_actor(app, &mut connection).await?;
    let wanted = query.to_follows(Side::Following(me.id));
    let total = store::count(&mut connection, &wanted).await?;
    let follows = store::list(&mut connection, &wanted).await?;
    let targets: Vec<ActorId> = follows.iter().map(|follow| follow.target_id).collect();
    let readings = backfill::store::of_actors(&mut connection, &targets).await?;
    let searches = actions::searches(app, &mut connection).await?;
    let searches = searches.iter().filter(|search| query.shows(search));
    let now = app.platform.clock.now();
    Ok(FollowingPage {
        page,
        rows: follows.iter().map(|follow| row(follow, &readings, now)).collect(),
        searches: searches.map(SearchRow::of).collect(),
        left: Left::default(),
        is_reading: readings.iter().any(|backfill| backfill.state() == BackfillState::Reading),
        here: query.address("/admin/following", query.number()),
        state: query.state.clone(),
        search: query.search.clone(),
        pagination: query.pagination("/admin/following", total),
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewTargets {
    targets: String,
}

/// `POST /admin/following`: hosts, handles and addresses, one on each line. Those that name nobody are named, and those that
/// were too many stay in the form.
pub async fn follow(State(app): State<App>, nonce: Nonce, session: SignedIn, Form(form): Form<NewTargets>) -> Response {
    let page = pages::context(&app, &nonce, Some(&session.user), "following");
    match follow_lines(&app, &session, &form.targets).await {
        Ok(left) if left.is_empty() => Redirect::to("/admin/following").into_response(),
        Ok(left) => match read_following(&app, page.clone(), &session, &ListQuery::default()).await {
            Ok(page) => Page(FollowingPage { left, is_reading: false, ..page }).into_response(),
            Err(problem) => problem_page(page, &problem),
        },
        Err(problem) => problem_page(page, &problem),
    }
}

async fn follow_lines(app: &App, session: &SignedIn, text: &str) -> ApiResult<Left> {
    require_administrator(&session.user)?;
    let lines = text.split(|character: char| character.is_whitespace() || character == ',');
    let mut lines = lines.filter(|line| !line.is_empty());
    let mut refused = vec![];
    for line in lines.by_ref().take(MAX_LINES) {
        let outcome = match line.parse::<Target>() {
            Ok(target) => actions::follow_as_server(app, &target).await,
            Err(error) => Err(error.into()),
        };
        match outcome {
            Ok(()) => {}
            Err(FollowError::Db(error)) => return Err(error.into()),
            Err(error) => refused.push(Refused { target: line.to_owned(), words: error.to_string() }),
        }
    }
    Ok(Left { refused, rest: lines.map(str::to_owned).collect() })
}

/// `POST /admin/following/searches/{id}/{retry|forget}`: looks again for somebody who was not found, or never more.
pub async fn search(
    State(app): State<App>,
    nonce: Nonce,
    session: SignedIn,
    Path((id, action)): Path<(i64, String)>,
) -> Response {
    let outcome = async {
        require_administrator(&session.user)?;
        Ok(actions::end_search(&app, JobId(id), action == "retry").await?)
    };
    done(&app, &nonce, &session, "following", outcome.await)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChoicesForm {
    listed: Option<String>,
    mirrored: Option<String>,
    indexed: Option<String>,
}

/// `POST /admin/following/{id}/choices`.
pub async fn choose(
    State(app): State<App>,
    nonce: Nonce,
    session: SignedIn,
    Path(id): Path<i64>,
    Form(form): Form<ChoicesForm>,
) -> Response {
    let choices = Choices {
        is_listed: form.listed.is_some(),
        is_mirrored: form.mirrored.is_some(),
        is_indexed: form.indexed.is_some(),
    };
    let outcome = async {
        require_administrator(&session.user)?;
        Ok(actions::choose(&app, FollowId(id), choices).await?)
    };
    done(&app, &nonce, &session, "following", outcome.await)
}

/// `POST /admin/following/{id}/remove`.
pub async fn unfollow(State(app): State<App>, nonce: Nonce, session: SignedIn, Path(id): Path<i64>) -> Response {
    let outcome = async {
        require_administrator(&session.user)?;
        Ok(actions::unfollow_by_id(&app, FollowId(id)).await?)
    };
    done(&app, &nonce, &session, "following", outcome.await)
}

/// `POST /admin/following/{id}/reading/{action}`: pauses reading, goes on, or begins anew.
pub async fn read(
    State(app): State<App>,
    nonce: Nonce,
    session: SignedIn,
    Path((id, action)): Path<(i64, String)>,
) -> Response {
    let outcome = async {
        require_administrator(&session.user)?;
        change_reading(&app, FollowId(id), action == "pause").await
    };
    done(&app, &nonce, &session, "following", outcome.await)
}

async fn change_reading(app: &App, id: FollowId, pauses: bool) -> ApiResult<()> {
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    let missing = || Problem::not_found("There is no such follow.");
    let follow = store::find(&mut tx, id).await?.ok_or_else(missing)?;
    if pauses {
        backfill::pause(&mut tx, now, follow.target_id).await?;
    } else if follow.state() == FollowState::Accepted {
        backfill::resume(&mut tx, now, follow.target_id).await?;
    }
    Ok(tx.commit().await?)
}

#[derive(Template)]
#[template(path = "follows/followers.html")]
struct FollowersPage {
    page: PageContext,
    rows: Vec<FollowerRow>,
    accepts_everyone: bool,
    state: String,
    search: String,
    pagination: Pagination,
}

struct FollowerRow {
    id: i64,
    handle: String,
    href: String,
    state: &'static str,
    badge: &'static str,
    is_pending: bool,
    is_rejected: bool,
}

/// `GET /admin/followers`.
pub async fn followers(
    State(app): State<App>,
    nonce: Nonce,
    session: SignedIn,
    Query(query): Query<ListQuery>,
) -> Response {
    let page = pages::context(&app, &nonce, Some(&session.user), "followers");
    match read_followers(&app, page.clone(), &session, &query).await {
        Ok(page) => Page(page).into_response(),
        Err(problem) => problem_page(page, &problem),
    }
}

async fn read_followers(
    app: &App,
    page: PageContext,
    session: &SignedIn,
    query: &ListQuery,
) -> ApiResult<FollowersPage> {
    require_administrator(&session.user)?;
    let mut connection = app.platform.db.read().await?;
    let me = actions::instance_actor(app, &mut connection).await?;
    let wanted = query.to_follows(Side::Followers(vec![me.id]));
    let total = store::count(&mut connection, &wanted).await?;
    let rows = store::list(&mut connection, &wanted).await?.into_iter().map(|follow| {
        let (state, badge) = state_words(follow.state());
        FollowerRow {
            id: follow.id.0,
            handle: format!("{}@{}", follow.follower_username, follow.follower_host),
            href: follow.follower_url.clone(),
            state,
            badge,
            is_pending: follow.state() == FollowState::Pending,
            is_rejected: follow.state() == FollowState::Rejected,
        }
    });
    Ok(FollowersPage {
        page,
        rows: rows.collect(),
        accepts_everyone: app.border.settings().follow_policy() == FollowPolicy::Accept,
        state: query.state.clone(),
        search: query.search.clone(),
        pagination: query.pagination("/admin/followers", total),
    })
}

/// `POST /admin/followers/{id}/{accept|reject|remove}`.
pub async fn judge(
    State(app): State<App>,
    nonce: Nonce,
    session: SignedIn,
    Path((id, verdict)): Path<(i64, String)>,
) -> Response {
    let outcome = async {
        require_administrator(&session.user)?;
        let verdict = match verdict.as_str() {
            "accept" => Verdict::Accept,
            "reject" => Verdict::Reject,
            "remove" => Verdict::Remove,
            _ => return Err(Problem::not_found("There is nothing at this address.")),
        };
        let follow = actions::received(&app, FollowId(id)).await?;
        Ok(actions::judge(&app, &follow, verdict).await?)
    };
    done(&app, &nonce, &session, "followers", outcome.await)
}

/// Back to the page `/admin/{tab}`, or what went wrong.
fn done(app: &App, nonce: &Nonce, session: &SignedIn, tab: &str, outcome: ApiResult<()>) -> Response {
    match outcome {
        Ok(()) => Redirect::to(&format!("/admin/{tab}")).into_response(),
        Err(problem) => problem_page(pages::context(app, nonce, Some(&session.user), tab), &problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_found_by_the_words_that_find_a_follow() {
        let job = FollowActor { follower: 1, target: "Bob@tube.example".to_owned() };
        let search = OpenJob { id: JobId(1), job, attempts: 0, error: None, is_given_up: false };
        let shows = |words: &str| ListQuery { search: words.to_owned(), ..ListQuery::default() }.shows(&search);
        for words in ["", "bob", " @BOB@tube", "tube.example"] {
            assert!(shows(words), "{words:?}");
        }
        assert!(!shows("rob") && !shows("bob@other"));
    }
}
