//! The buttons under a video: forms, so that they need no scripts.

use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use platform::{
    db::{Connection, DbError},
    web::Nonce,
};
use serde::Deserialize;

use super::{Rating, actions, api, store};
use crate::{
    App,
    oauth::Session,
    pages,
    problem_pages::problem_page,
    users::User,
    videos::{self, Video},
};

/// The buttons as the watch page shows them.
#[derive(Debug)]
pub struct RateButtons {
    /// Where the forms go.
    pub action: String,
    /// Where readers go who have to log in first; `None` for those who are logged in.
    pub login: Option<String>,
    /// Likes and dislikes.
    pub buttons: [RateButton; 2],
}

/// One of them.
#[derive(Debug)]
pub struct RateButton {
    /// What pressing it sends: taking back what is pressed already.
    pub value: &'static str,
    /// Whether the reader has said so.
    pub is_pressed: bool,
    /// Name of the icon.
    pub icon: &'static str,
    /// What it does, in words.
    pub label: &'static str,
    /// How many have said so.
    pub count: i64,
}

impl RateButtons {
    /// The buttons of a video for a reader.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn read(connection: &mut Connection, video: &Video, reader: Option<&User>) -> Result<Self, DbError> {
        let mine = match reader {
            Some(user) => store::rating_of(connection, video.id, user.id).await?,
            None => None,
        };
        let button = |rating: Rating, icon, label, count| {
            let is_pressed = mine == Some(rating);
            RateButton { value: if is_pressed { "none" } else { rating.name() }, is_pressed, icon, label, count }
        };
        let path = video.watch_path();
        Ok(Self {
            action: format!("{path}/rate"),
            login: reader.is_none().then(|| format!("/login?next={path}")),
            buttons: [
                button(Rating::Like, "thumbs-up", "I like this", video.likes),
                button(Rating::Dislike, "thumbs-down", "I do not like this", video.dislikes),
            ],
        })
    }
}

#[derive(Debug, Deserialize)]
pub struct Choice {
    rating: String,
}

/// `POST /w/{id}/rate`: says so, and leads back to the video.
pub async fn rate(
    State(app): State<App>,
    nonce: Nonce,
    session: Session,
    Path(id): Path<String>,
    Form(choice): Form<Choice>,
) -> Response {
    let rated = async {
        let rating = api::parse(&choice.rating)?;
        let user = session.user.as_ref();
        let video = videos::find_visible(&mut app.platform.db.read().await?, &id, user).await?;
        let path = video.watch_path();
        let Some(user) = user else { return Ok(format!("/login?next={path}")) };
        actions::rate(&app, user, &video, rating).await?;
        Ok(path)
    };
    match rated.await {
        Ok(path) => Redirect::to(&path).into_response(),
        Err(problem) => {
            let page = pages::context(&app, &nonce, session.user.as_ref(), "watch");
            problem_page(page, &problem)
        }
    }
}
