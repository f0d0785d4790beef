use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use platform::{
    db::Connection,
    web::{ApiResult, Nonce, Page, PageContext, Pagination, Problem, VideoCard},
};
use serde::Deserialize;

use super::{
    Abuse, AbuseId, AbuseState, NewAbuse, Subject,
    actions::{self, find_account},
    api::own_account,
    model::PREDEFINED_REASONS,
    store::{self, AbuseFilters},
};
use crate::{
    App,
    accounts::{self, AccountId},
    moderation::{ListOptions, moderator, page_of, somebody, video_blocks},
    oauth::Session,
    pages::{context, plain_text, sentence},
    problem_pages::{form_again, problem_page},
    users::User,
    videos::{self, find_visible},
};

const PATH: &str = "/admin/abuses";

#[derive(Template)]
#[template(path = "moderation/abuses.html")]
struct AbusesPage {
    page: PageContext,
    states: Vec<Choice>,
    search: String,
    total: i64,
    abuses: Vec<Entry>,
    pagination: Pagination,
}

/// A value of a select element.
struct Choice {
    value: i64,
    label: &'static str,
    is_chosen: bool,
}

struct Entry {
    id: i64,
    subject: String,
    text: String,
    /// Where it is shown here; `None` if it is gone.
    href: Option<String>,
    /// For blocking the video.
    video: Option<String>,
    is_video_blocked: bool,
    reportee: Option<String>,
    /// The server of the reportee, if it is another one.
    host: Option<String>,
    reporter: Option<String>,
    reason: String,
    predefined: Vec<&'static str>,
    seconds: Option<String>,
    note: String,
    age: String,
    states: Vec<Choice>,
    messages: Vec<Message>,
}

struct Message {
    speaker: String,
    age: String,
    text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    page: Option<u64>,
    /// 0 stands for all.
    state: Option<i64>,
    search: String,
}

/// `GET /admin/abuses`.
pub async fn list(State(app): State<App>, nonce: Nonce, session: Session, Query(shown): Query<Shown>) -> Response {
    let user = match moderator(&app, &nonce, session, PATH) {
        Ok(user) => user,
        Err(response) => return response,
    };
    let page = context(&app, &nonce, Some(&user), "reports");
    match read(&app, page.clone(), shown).await {
        Ok(abuses) => Page(abuses).into_response(),
        Err(problem) => problem_page(page, &problem),
    }
}

async fn read(app: &App, page: PageContext, shown: Shown) -> ApiResult<AbusesPage> {
    let number = shown.page.unwrap_or(1);
    let state = shown.state.unwrap_or(AbuseState::Pending.number());
    let filters = AbuseFilters { state: (state != 0).then_some(state), ..AbuseFilters::default() };
    let options = ListOptions::page(number, Some(shown.search.clone()));
    let mut connection = app.platform.db.read().await?;
    let total = store::count(&mut connection, &filters, None, &options).await?;
    let mut abuses = vec![];
    for abuse in store::list(&mut connection, &filters, None, &options).await? {
        abuses.push(entry(app, &mut connection, abuse).await?);
    }
    let mut states = vec![Choice { value: 0, label: "All", is_chosen: state == 0 }];
    states.extend(choices(state));
    let pagination = page_of(number, total, |number| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("state", &state.to_string()).append_pair("search", &shown.search);
        format!("{PATH}?{}", query.append_pair("page", &number.to_string()).finish())
    });
    Ok(AbusesPage { page, states, search: shown.search, total, abuses, pagination })
}

fn choices(state: i64) -> Vec<Choice> {
    let choice = |one: AbuseState| Choice { value: one.number(), label: one.label(), is_chosen: one.number() == state };
    AbuseState::ALL.into_iter().map(choice).collect()
}

async fn entry(app: &App, connection: &mut Connection, abuse: Abuse) -> ApiResult<Entry> {
    let now = app.platform.clock.now();
    let video = match abuse.video_id {
        Some(id) => videos::store::find(connection, id).await?,
        None => None,
    };
    let reportee = match abuse.flagged_account_id {
        Some(id) => find_account(connection, id).await?,
        None => None,
    };
    let is_video_blocked = match &video {
        Some(video) => video_blocks::store::find(connection, video.id).await?.is_some(),
        None => false,
    };
    let mut messages = vec![];
    for message in store::messages(connection, abuse.id).await? {
        let speaker = handle(connection, message.account_id).await?.unwrap_or_else(|| "Somebody".to_owned());
        let age = VideoCard::age_label(message.created_at, now);
        messages.push(Message { speaker, age, text: message.message });
    }
    let label = |name: &String| PREDEFINED_REASONS.iter().find(|(reason, _)| reason == name).map(|(_, label)| *label);
    Ok(Entry {
        id: abuse.id.0,
        href: video.as_ref().map(|video| match abuse.comment_id {
            Some(comment) => format!("{}#comment-{comment}", video.watch_path()),
            None => video.watch_path(),
        }),
        video: video.filter(|_| abuse.subject == "video").map(|video| video.uuid.to_string()),
        is_video_blocked,
        host: reportee.as_ref().filter(|account| !account.is_local).map(|account| account.host.clone()),
        reportee: reportee.map(|account| format!("{}@{}", account.username, account.host)),
        reporter: handle(connection, abuse.reporter_account_id).await?,
        predefined: abuse.predefined_reasons.0.iter().filter_map(label).collect(),
        seconds: abuse.start_s.map(|start| match abuse.end_s {
            Some(end) => format!("{} to {}", VideoCard::duration_label(start), VideoCard::duration_label(end)),
            None => format!("from {}", VideoCard::duration_label(start)),
        }),
        states: choices(abuse.state().number()),
        age: VideoCard::age_label(abuse.created_at, now),
        note: abuse.moderation_comment.unwrap_or_default(),
        subject: abuse.subject,
        text: abuse.subject_text,
        reason: abuse.reason,
        messages,
    })
}

async fn handle(connection: &mut Connection, account: Option<AccountId>) -> ApiResult<Option<String>> {
    let Some(id) = account else { return Ok(None) };
    let account = find_account(connection, id).await?;
    Ok(account.map(|account| format!("{}@{}", account.username, account.host)))
}

/// What the forms of a report say: `action` is `decide`, `say` or `delete`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Change {
    action: String,
    state: i64,
    note: String,
    message: String,
}

/// `POST /admin/abuses/{id}`.
pub async fn change(
    State(app): State<App>,
    nonce: Nonce,
    session: Session,
    Path(id): Path<i64>,
    Form(change): Form<Change>,
) -> Response {
    let user = match moderator(&app, &nonce, session, PATH) {
        Ok(user) => user,
        Err(response) => return response,
    };
    match apply(&app, &user, AbuseId(id), &change).await {
        Ok(()) => Redirect::to(PATH).into_response(),
        Err(problem) => problem_page(context(&app, &nonce, Some(&user), "reports"), &problem),
    }
}

async fn apply(app: &App, user: &User, id: AbuseId, change: &Change) -> ApiResult<()> {
    match change.action.as_str() {
        "delete" => actions::delete(app, id).await?,
        "say" => {
            let mut connection = app.platform.db.read().await?;
            let abuse = store::find(&mut connection, id).await?.ok_or(actions::AbuseError::NotFound)?;
            let me = own_account(&mut connection, user).await?;
            drop(connection);
            actions::say(app, &abuse, me.id, true, &change.message).await?;
        }
        "decide" => actions::decide(app, id, AbuseState::from_number(change.state), Some(&change.note)).await?,
        _ => return Err(Problem::bad_request("The form does not say what to do.")),
    }
    Ok(())
}

#[derive(Template)]
#[template(path = "moderation/report.html")]
struct ReportPage {
    page: PageContext,
    what: String,
    text: String,
    video: String,
    comment: String,
    account: String,
    reasons: Vec<(&'static str, &'static str)>,
    /// What was chosen and written, if it could not be sent.
    predefined: String,
    reason: String,
    problem: Option<String>,
}

/// What is to be reported: the id of a video, the number of a comment, or the handle of an account.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Target {
    video: String,
    comment: String,
    account: String,
}

/// `GET /report?video=…`, `?comment=…` or `?account=…`: a form for those who are logged in.
pub async fn report_form(
    State(app): State<App>,
    nonce: Nonce,
    session: Session,
    Query(target): Query<Target>,
) -> Response {
    let user = match somebody(session, &address_of_form(&target)) {
        Ok(user) => user,
        Err(response) => return response,
    };
    let page = context(&app, &nonce, Some(&user), "");
    let form = Report { target, ..Report::default() };
    match fill_in(&app, page.clone(), &user, form, None).await {
        Ok(form) => Page(form).into_response(),
        Err(problem) => problem_page(page, &problem),
    }
}

/// The form, as far as it is filled in.
async fn fill_in(
    app: &App,
    page: PageContext,
    user: &User,
    form: Report,
    problem: Option<String>,
) -> ApiResult<ReportPage> {
    let (what, text) = describe(app, user, &form.target).await?;
    let Report { target: Target { video, comment, account }, predefined, reason } = form;
    let (what, reasons) = (what.to_owned(), PREDEFINED_REASONS.to_vec());
    Ok(ReportPage { page, what, text, video, comment, account, reasons, predefined, reason, problem })
}

/// Its address, as it stands in the query of another.
fn address_of_form(target: &Target) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("video", &target.video).append_pair("comment", &target.comment);
    let here = format!("/report?{}", query.append_pair("account", &target.account).finish());
    url::form_urlencoded::byte_serialize(here.as_bytes()).collect()
}

async fn describe(app: &App, user: &User, target: &Target) -> ApiResult<(&'static str, String)> {
    let mut connection = app.platform.db.read().await?;
    match find_subject(app, &mut connection, user, target).await? {
        Subject::Video(video, ..) => Ok(("video", video.name.clone())),
        Subject::Comment(comment) => Ok(("comment", plain_text(&comment.text))),
        Subject::Account(_) => Ok(("account", target.account.clone())),
    }
}

async fn find_subject(app: &App, connection: &mut Connection, user: &User, target: &Target) -> ApiResult<Subject> {
    if !target.video.is_empty() {
        let video = find_visible(connection, &target.video, Some(user)).await?;
        return Ok(Subject::Video(Box::new(video), None, None));
    }
    if let Ok(comment) = target.comment.parse() {
        let comment = actions::find_comment(app, connection, user, comment).await?;
        return Ok(Subject::Comment(Box::new(comment)));
    }
    let (name, host) = app.split_handle(&target.account);
    let account = accounts::store::find_by_handle(connection, &name, &host).await?;
    account
        .map(|account| Subject::Account(account.id))
        .ok_or_else(|| Problem::not_found("There is no such video, comment or account here."))
}

/// The filled-in form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Report {
    #[serde(flatten)]
    target: Target,
    predefined: String,
    reason: String,
}

/// `POST /report`.
pub async fn report(State(app): State<App>, nonce: Nonce, session: Session, Form(form): Form<Report>) -> Response {
    let user = match somebody(session, "/") {
        Ok(user) => user,
        Err(response) => return response,
    };
    let page = context(&app, &nonce, Some(&user), "");
    let Err(problem) = send(&app, &user, &form).await else { return Page(ThanksPage { page }).into_response() };
    match fill_in(&app, page.clone(), &user, form, Some(sentence(problem.detail()))).await {
        Ok(form) => form_again(form, &problem),
        Err(_) => problem_page(page, &problem),
    }
}

#[derive(Template)]
#[template(path = "moderation/thanks.html")]
struct ThanksPage {
    page: PageContext,
}

async fn send(app: &App, user: &User, form: &Report) -> ApiResult<()> {
    let (reporter, subject) = {
        let mut connection = app.platform.db.read().await?;
        let reporter = own_account(&mut connection, user).await?;
        (reporter, find_subject(app, &mut connection, user, &form.target).await?)
    };
    let predefined_reasons = Some(form.predefined.clone()).filter(|name| !name.is_empty()).into_iter().collect();
    let new = NewAbuse { subject, reason: form.reason.clone(), predefined_reasons };
    actions::report(app, &reporter, &new).await?;
    Ok(())
}
