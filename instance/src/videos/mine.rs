//! What somebody has published, and how far it is, for programs. The page is [`super::pages::mine`].

use axum::{
    Json,
    extract::{Query, State},
};
use platform::web::{ApiResult, Problem};
use serde_json::{Value, json};

use super::{ListQuery, Summary, Video, store, summaries};
use crate::{App, moderation, oauth::SignedIn};

/// `GET /api/v1/users/me/videos`: all videos of the user, whatever their state and privacy. Of the parameters of lists,
/// `start`, `count`, `sort` and `search` count.
pub async fn list(
    State(app): State<App>,
    session: SignedIn,
    Query(parameters): Query<Vec<(String, String)>>,
) -> ApiResult<Json<Value>> {
    let query = ListQuery::parse(&parameters)?;
    let mut connection = app.platform.db.read().await?;
    let total = store::count_of_user(&mut connection, session.user.id, &query.filters).await?;
    let mut data = vec![];
    let videos = store::list_of_user(&mut connection, session.user.id, &query).await?;
    let summaries = summaries(&mut connection, &videos).await?;
    for (video, summary) in videos.iter().zip(summaries) {
        let mut item = item(video, summary.at(app.platform.public_url.as_str()))?;
        moderation::video_blocks::api::describe(&mut connection, video.id, &mut item).await?;
        data.push(item);
    }
    Ok(Json(json!({ "total": total, "data": data })))
}

/// A video as in lists, with what only its owner is told.
fn item(video: &Video, summary: Summary<'_>) -> ApiResult<Value> {
    let mut item = serde_json::to_value(summary).map_err(|error| Problem::internal(&error))?;
    if let Some(item) = item.as_object_mut() {
        item.insert("state".to_owned(), json!({ "id": video.state.number(), "label": video.state.label() }));
        item.insert("waitTranscoding".to_owned(), video.wait_transcoding.into());
        item.insert("blacklisted".to_owned(), false.into());
        item.insert("blacklistedReason".to_owned(), Value::Null);
    }
    tell_failure(video, &mut item);
    Ok(item)
}

/// Adds why a video could not be transcoded. PeerTube's answers have no place for it, so it has a name of its own, and is
/// only there when there is something to tell. A video that failed is shown to its owner and to moderators alone.
pub(super) fn tell_failure(video: &Video, item: &mut Value) {
    if let (Some(failure), Some(item)) = (&video.failure, item.as_object_mut()) {
        item.insert("failureReason".to_owned(), failure.as_str().into());
    }
}

#[cfg(test)]
mod tests {
    use platform::testing::TestPlatform;

    use super::*;
    use crate::{
        moderation::video_blocks::tests::{ask, token_of},
        oauth::tests::log_in,
        users::Role,
    };

    #[tokio::test]
    async fn only_the_owner_finds_a_video_among_their_own() {
        let test = TestPlatform::new().await;
        let (app, video) = App::staged(&test).await;
        let root = log_in(&app, "root", "a long password").await;
        let others = [token_of(&app, "uma", Role::User).await, token_of(&app, "molly", Role::Moderator).await];
        let path = "/api/v1/users/me/videos";
        let (_, mine) = ask(&app, Some(&root), "GET", path, None).await;
        assert_eq!((&mine["total"], &mine["data"][0]["id"]), (&1.into(), &video.id.0.into()));
        for token in &others {
            let (_, theirs) = ask(&app, Some(token), "GET", path, None).await;
            assert_eq!(theirs, json!({ "total": 0, "data": [] }));
        }
    }
}
