use std::collections::HashMap;

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use platform::web::{ApiResult, Problem};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Rating, actions, store};
use crate::{
    App, accounts, listing,
    oauth::SignedIn,
    videos::{self, Summary, VideoId},
};

#[derive(Debug, Deserialize)]
pub struct NewRating {
    rating: String,
}

/// `like`, `dislike`, or `none`.
pub(super) fn parse(rating: &str) -> ApiResult<Option<Rating>> {
    match (rating, Rating::from_name(rating)) {
        ("none", _) => Ok(None),
        (_, Some(rating)) => Ok(Some(rating)),
        (_, None) => Err(Problem::bad_request("rating must be like, dislike or none")),
    }
}

/// `PUT /api/v1/videos/{id}/rate`.
pub async fn rate(
    State(app): State<App>,
    session: SignedIn,
    Path(id): Path<String>,
    Json(wanted): Json<NewRating>,
) -> ApiResult<StatusCode> {
    let rating = parse(&wanted.rating)?;
    let video = videos::find_visible(&mut app.platform.db.read().await?, &id, Some(&session.user)).await?;
    actions::rate(&app, &session.user, &video, rating).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/users/me/videos/{id}/rating`.
pub async fn mine(State(app): State<App>, session: SignedIn, Path(id): Path<String>) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let video = videos::find_visible(&mut connection, &id, Some(&session.user)).await?;
    let rating = store::rating_of(&mut connection, video.id, session.user.id).await?;
    Ok(Json(json!({ "videoId": video.id.0, "rating": rating.map_or("none", Rating::name) })))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filters {
    start: Option<i64>,
    count: Option<i64>,
    sort: Option<String>,
    rating: Option<String>,
}

impl Filters {
    fn oldest_first(&self) -> ApiResult<bool> {
        match self.sort.as_deref() {
            None | Some("-createdAt") => Ok(false),
            Some("createdAt") => Ok(true),
            Some(_) => Err(Problem::bad_request("sort must be createdAt or -createdAt")),
        }
    }
}

/// `GET /api/v1/accounts/{handle}/ratings`: what an account has rated, for its owner.
pub async fn of_account(
    State(app): State<App>,
    session: SignedIn,
    Path(handle): Path<String>,
    Query(filters): Query<Filters>,
) -> ApiResult<Json<Value>> {
    let (oldest_first, range) = (filters.oldest_first()?, listing::range(filters.start, filters.count)?);
    let only = filters.rating.as_deref().map(parse).transpose()?.flatten();
    let (name, host) = app.split_handle(&handle);
    let mut connection = app.platform.db.read().await?;
    let account = accounts::store::find_by_handle(&mut connection, &name, &host).await?;
    let account = account.ok_or_else(|| Problem::not_found("Account not found"))?;
    if account.user_id != Some(session.user.id) {
        return Err(Problem::forbidden("Only the owner of an account can see what it has rated."));
    }
    let total = store::count_of_account(&mut connection, account.id, only).await?;
    let rates = store::of_account(&mut connection, account.id, only, oldest_first, range).await?;
    let wanted: Vec<VideoId> = rates.iter().map(|(video, _)| *video).collect();
    let found = videos::store::of_ids(&mut connection, &wanted).await?;
    let base = app.platform.public_url.as_str();
    let summaries = videos::summaries(&mut connection, &found).await?.into_iter().map(|video| video.at(base));
    let shown: HashMap<VideoId, Summary> = found.iter().map(|video| video.id).zip(summaries).collect();
    let data = rates.iter().filter_map(|(id, kind)| Some(json!({ "video": shown.get(id)?, "rating": kind })));
    Ok(Json(json!({ "total": total, "data": data.collect::<Vec<_>>() })))
}
