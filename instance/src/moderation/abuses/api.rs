use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use platform::{
    db::{Connection, DbError},
    web::{ApiResult, Problem},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Abuse, AbuseError, AbuseId, AbuseState, NewAbuse, Subject,
    actions::{self, find_account},
    model::AbuseMessage,
    store::{self, AbuseFilters},
};
use crate::{
    App,
    accounts::{self, Account, AccountId},
    channels,
    moderation::{ListOptions, Moderator, video_blocks},
    oauth::SignedIn,
    users::{Role, User},
    videos::{self, account_json, channel_json, find_visible, iso},
};

const SORTS: [&str; 3] = ["createdAt", "id", "state"];

/// A report as clients send it: one of video, comment and account.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AbuseBody {
    reason: String,
    #[serde(default)]
    predefined_reasons: Vec<String>,
    video: Option<VideoPart>,
    comment: Option<Numbered>,
    account: Option<Numbered>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VideoPart {
    /// A number, or a UUID in either spelling.
    id: Value,
    start_at: Option<u32>,
    end_at: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct Numbered {
    id: i64,
}

/// `POST /api/v1/abuses`.
pub async fn report(State(app): State<App>, session: SignedIn, Json(body): Json<AbuseBody>) -> ApiResult<Json<Value>> {
    let (reporter, subject) = {
        let mut connection = app.platform.db.read().await?;
        let reporter = own_account(&mut connection, &session.user).await?;
        (reporter, subject_of(&app, &mut connection, &session.user, &body).await?)
    };
    let abuse = NewAbuse { subject, reason: body.reason, predefined_reasons: body.predefined_reasons };
    let id = actions::report(&app, &reporter, &abuse).await?;
    Ok(Json(json!({ "abuse": { "id": id.0 } })))
}

async fn subject_of(app: &App, connection: &mut Connection, user: &User, body: &AbuseBody) -> ApiResult<Subject> {
    match (&body.video, &body.comment, &body.account) {
        (Some(part), None, None) => {
            let id = part.id.as_str().map_or_else(|| part.id.to_string(), str::to_owned);
            let video = find_visible(connection, &id, Some(user)).await?;
            Ok(Subject::Video(Box::new(video), part.start_at.map(i64::from), part.end_at.map(i64::from)))
        }
        (None, Some(comment), None) => {
            let comment = actions::find_comment(app, connection, user, comment.id).await?;
            Ok(Subject::Comment(Box::new(comment)))
        }
        (None, None, Some(account)) => Ok(Subject::Account(AccountId(account.id))),
        _ => Err(Problem::bad_request("Report one video, one comment or one account.")),
    }
}

/// `GET /api/v1/abuses`.
pub async fn list(
    State(app): State<App>,
    _: Moderator,
    Query(filters): Query<AbuseFilters>,
    Query(options): Query<ListOptions>,
) -> ApiResult<Json<Value>> {
    respond(&app, &filters, None, options).await
}

/// `GET /api/v1/users/me/abuses`.
pub async fn mine(
    State(app): State<App>,
    session: SignedIn,
    Query(filters): Query<AbuseFilters>,
    Query(options): Query<ListOptions>,
) -> ApiResult<Json<Value>> {
    let me = own_account(&mut app.platform.db.read().await?, &session.user).await?;
    respond(&app, &filters, Some(me.id), options).await
}

async fn respond(
    app: &App,
    filters: &AbuseFilters,
    reporter: Option<AccountId>,
    options: ListOptions,
) -> ApiResult<Json<Value>> {
    let options = options.check(&SORTS)?;
    let mut connection = app.platform.db.read().await?;
    let total = store::count(&mut connection, filters, reporter, &options).await?;
    let mut data = vec![];
    for abuse in store::list(&mut connection, filters, reporter, &options).await? {
        data.push(to_json(&mut connection, &abuse, reporter.is_none()).await?);
    }
    Ok(Json(json!({ "total": total, "data": data })))
}

/// What a moderator decides.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    state: Option<i64>,
    moderation_comment: Option<String>,
}

/// `PUT /api/v1/abuses/{id}`.
pub async fn decide(
    State(app): State<App>,
    _: Moderator,
    Path(id): Path<i64>,
    Json(decision): Json<Decision>,
) -> ApiResult<StatusCode> {
    let state = match decision.state {
        None => None,
        Some(number) => Some(
            AbuseState::from_number(number)
                .ok_or_else(|| Problem::bad_request("A report is pending (1), rejected (2) or accepted (3)."))?,
        ),
    };
    actions::decide(&app, AbuseId(id), state, decision.moderation_comment.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/abuses/{id}`.
pub async fn delete(State(app): State<App>, _: Moderator, Path(id): Path<i64>) -> ApiResult<StatusCode> {
    actions::delete(&app, AbuseId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/abuses/{id}/messages`: for moderators and the reporter.
pub async fn messages(State(app): State<App>, session: SignedIn, Path(id): Path<i64>) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let (abuse, _) = find_own(&mut connection, &session.user, id).await?;
    let mut data = vec![];
    for message in store::messages(&mut connection, abuse.id).await? {
        data.push(message_json(&mut connection, &message).await?);
    }
    Ok(Json(json!({ "total": data.len(), "data": data })))
}

#[derive(Debug, Deserialize)]
pub struct NewMessage {
    message: String,
}

/// `POST /api/v1/abuses/{id}/messages`.
pub async fn say(
    State(app): State<App>,
    session: SignedIn,
    Path(id): Path<i64>,
    Json(body): Json<NewMessage>,
) -> ApiResult<Json<Value>> {
    let (abuse, me) = find_own(&mut app.platform.db.read().await?, &session.user, id).await?;
    let by_moderator = abuse.reporter_account_id != Some(me.id);
    let message = actions::say(&app, &abuse, me.id, by_moderator, &body.message).await?;
    Ok(Json(json!({ "abuseMessage": { "id": message } })))
}

/// `DELETE /api/v1/abuses/{id}/messages/{message}`: one's own.
pub async fn take_back(
    State(app): State<App>,
    session: SignedIn,
    Path((id, message)): Path<(i64, i64)>,
) -> ApiResult<StatusCode> {
    let (abuse, me) = find_own(&mut app.platform.db.read().await?, &session.user, id).await?;
    actions::take_back(&app, &abuse, message, me.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A report that its reporter or a moderator asks for, and the account of who asks.
async fn find_own(connection: &mut Connection, user: &User, id: i64) -> ApiResult<(Abuse, Account)> {
    let me = own_account(connection, user).await?;
    let abuse = store::find(connection, AbuseId(id)).await?.ok_or(AbuseError::NotFound)?;
    if user.role() == Role::User && abuse.reporter_account_id != Some(me.id) {
        return Err(AbuseError::NotFound.into());
    }
    Ok((abuse, me))
}

pub(super) async fn own_account(connection: &mut Connection, user: &User) -> ApiResult<Account> {
    let account = accounts::store::find_by_user(connection, user.id).await?;
    account.ok_or_else(|| Problem::internal(&"a user without an account"))
}

async fn account_or_null(connection: &mut Connection, id: Option<AccountId>) -> Result<Value, DbError> {
    let Some(id) = id else { return Ok(Value::Null) };
    Ok(find_account(connection, id).await?.as_ref().map(account_json).unwrap_or_default())
}

async fn to_json(connection: &mut Connection, abuse: &Abuse, for_moderators: bool) -> Result<Value, DbError> {
    let figures = store::figures(connection, abuse.id).await?;
    let mut object = json!({
        "id": abuse.id.0,
        "reason": abuse.reason,
        "predefinedReasons": abuse.predefined_reasons.0,
        "flaggedAccount": account_or_null(connection, abuse.flagged_account_id).await?,
        "state": { "id": abuse.state().number(), "label": abuse.state().label() },
        "countMessages": abuse.messages,
        "createdAt": iso(abuse.created_at).to_string(),
        "updatedAt": iso(abuse.updated_at).to_string(),
        "video": video_json(connection, abuse, for_moderators.then_some(figures)).await?,
        "comment": comment_json(connection, abuse).await?,
    });
    if let (true, Some(members)) = (for_moderators, object.as_object_mut()) {
        members.insert("moderationComment".to_owned(), abuse.moderation_comment.clone().into());
        let reporter = account_or_null(connection, abuse.reporter_account_id).await?;
        members.insert("reporterAccount".to_owned(), reporter);
        members.insert("countReportsForReporter".to_owned(), figures.by_reporter.into());
        members.insert("countReportsForReportee".to_owned(), figures.of_account.into());
    }
    Ok(object)
}

async fn video_json(
    connection: &mut Connection,
    abuse: &Abuse,
    figures: Option<store::Figures>,
) -> Result<Value, DbError> {
    if abuse.subject != "video" {
        return Ok(Value::Null);
    }
    let video = match abuse.video_id {
        Some(id) => videos::store::find(connection, id).await?,
        None => None,
    };
    let mut object = match &video {
        Some(video) => {
            let channel = channels::store::find(connection, video.channel_id).await?;
            json!({
                "id": video.id.0,
                "uuid": video.uuid,
                "shortUUID": platform::ids::short_uuid(video.uuid),
                "name": video.name,
                "nsfw": video.is_nsfw,
                "deleted": false,
                "blacklisted": video_blocks::store::find(connection, video.id).await?.is_some(),
                "thumbnailPath": video.thumbnail_path(),
                "channel": channel.map(|channel| channel_json(&channel, &Value::Null)),
            })
        }
        None => json!({ "id": null, "name": abuse.subject_text, "deleted": true, "blacklisted": false }),
    };
    if let Some(members) = object.as_object_mut() {
        members.insert("startAt".to_owned(), abuse.start_s.into());
        members.insert("endAt".to_owned(), abuse.end_s.into());
        if let Some(figures) = figures {
            members.insert("countReports".to_owned(), figures.of_video.into());
            members.insert("nthReport".to_owned(), figures.nth_of_video.into());
        }
    }
    Ok(object)
}

async fn comment_json(connection: &mut Connection, abuse: &Abuse) -> Result<Value, DbError> {
    if abuse.subject != "comment" {
        return Ok(Value::Null);
    }
    let comment = match abuse.comment_id {
        Some(id) => store::find_comment(connection, id).await?,
        None => None,
    };
    let video = match abuse.video_id {
        Some(id) => videos::store::find(connection, id).await?,
        None => None,
    };
    let video = video.map(|video| json!({ "id": video.id.0, "uuid": video.uuid, "name": video.name }));
    Ok(match comment.filter(|comment| comment.deleted_at.is_none()) {
        Some(comment) => json!({
            "id": comment.id,
            "threadId": comment.thread_id.unwrap_or(comment.id),
            "video": video,
            "text": comment.text,
            "deleted": false,
        }),
        None => json!({
            "id": abuse.comment_id, "threadId": null, "video": video, "text": abuse.subject_text, "deleted": true
        }),
    })
}

async fn message_json(connection: &mut Connection, message: &AbuseMessage) -> Result<Value, DbError> {
    Ok(json!({
        "id": message.id,
        "message": message.message,
        "byModerator": message.by_moderator,
        "createdAt": iso(message.created_at).to_string(),
        "account": account_or_null(connection, message.account_id).await?,
    }))
}

impl From<AbuseError> for Problem {
    fn from(error: AbuseError) -> Self {
        match error {
            AbuseError::BadText | AbuseError::BadReason(_) | AbuseError::TooManyMessages => {
                Problem::bad_request(error.to_string())
            }
            AbuseError::NoSubject | AbuseError::NotFound => Problem::not_found(error.to_string()),
            AbuseError::TooMany => Problem::new(StatusCode::TOO_MANY_REQUESTS, error.to_string()).retry_after(3_600),
            AbuseError::Db(error) => error.into(),
        }
    }
}
