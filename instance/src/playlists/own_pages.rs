//! The reader's own playlists, and the form of a playlist.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use platform::{
    db::{Connection, DbError},
    web::{ApiResult, Nonce, Page, PageContext, Problem},
};

use super::{
    Playlist, actions,
    form::PlaylistForm,
    pages::{PlaylistCard, card},
    store,
};
use crate::{
    App,
    accounts::AccountId,
    channels,
    oauth::Session,
    pages::{context, sentence},
    problem_pages::{form_again, problem_page},
    users::User,
};

#[derive(Template)]
#[template(path = "playlists/mine.html")]
struct MinePage {
    page: PageContext,
    playlists: Vec<PlaylistCard>,
    form: PlaylistFields,
}

/// What the form of a playlist shows (`playlists/fields.html`).
#[derive(Debug)]
pub(super) struct PlaylistFields {
    pub name: String,
    pub description: String,
    pub privacy: i64,
    pub channel: i64,
    pub channels: Vec<(i64, String)>,
    /// Why it could not be saved as it was filled in.
    pub problem: Option<String>,
}

impl PlaylistFields {
    /// For a new playlist, or one that there is.
    pub(super) async fn read(
        connection: &mut Connection,
        account: AccountId,
        playlist: Option<&Playlist>,
    ) -> Result<Self, DbError> {
        let channels = channels::store::of_account(connection, account).await?;
        let channels: Vec<_> = channels.into_iter().map(|channel| (channel.id.0, channel.display_name)).collect();
        Ok(match playlist {
            Some(playlist) => Self {
                name: playlist.name.clone(),
                description: playlist.description.clone().unwrap_or_default(),
                privacy: playlist.privacy.number(),
                channel: playlist.channel_id.map_or(0, |channel| channel.0),
                channels,
                problem: None,
            },
            None => Self {
                name: String::new(),
                description: String::new(),
                privacy: 3,
                channel: channels.first().map_or(0, |(id, _)| *id),
                channels,
                problem: None,
            },
        })
    }

    /// As somebody filled it in, and why it could not be saved. A picture cannot be shown again: it has to be chosen anew.
    pub(super) fn filled_in(self, form: PlaylistForm, problem: &Problem) -> Self {
        Self {
            name: form.name.unwrap_or(self.name),
            description: form.description.over(Some(self.description)).unwrap_or_default(),
            privacy: form.privacy.unwrap_or(self.privacy),
            channel: form.channel.over(Some(self.channel)).unwrap_or_default(),
            problem: Some(sentence(problem.detail())),
            ..self
        }
    }
}

/// `GET /my-playlists`: the reader's own, and a form for a new one.
pub async fn mine(State(app): State<App>, nonce: Nonce, session: Session) -> Response {
    let Some(user) = session.user else { return Redirect::to("/login?next=/my-playlists").into_response() };
    let page = context(&app, &nonce, Some(&user), "playlists");
    match read_mine(&app, page.clone(), &user).await {
        Ok(mine) => Page(mine).into_response(),
        Err(problem) => problem_page(page, &problem),
    }
}

/// The same after a form could not be saved.
pub(super) async fn mine_filled_in(
    app: &App,
    page: PageContext,
    user: &User,
    form: PlaylistForm,
    problem: &Problem,
) -> Response {
    match read_mine(app, page.clone(), user).await {
        Ok(mine) => {
            let filled_in = mine.form.filled_in(form, problem);
            form_again(MinePage { form: filled_in, ..mine }, problem)
        }
        Err(_) => problem_page(page, problem),
    }
}

async fn read_mine(app: &App, page: PageContext, user: &User) -> ApiResult<MinePage> {
    let account = actions::account_of(&mut app.platform.db.read().await?, user).await?;
    actions::ensure_watch_later(app, &account).await?;
    let mut connection = app.platform.db.read().await?;
    let playlists = store::of_account(&mut connection, account.id).await?;
    let form = PlaylistFields::read(&mut connection, account.id, None).await?;
    let playlists = playlists.iter().map(|playlist| card(playlist, Some(user))).collect();
    Ok(MinePage { page, playlists, form })
}
