use std::convert::Infallible;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, Method, header, request::Parts},
};
use platform::{db::DbError, web::Problem};

use super::{actions::hash_token, store};
use crate::{
    App,
    accounts::{self, AccountId},
    users::{self, User},
};

/// Name of the cookie that carries the access token of a page's reader.
pub(super) const COOKIE: &str = "shoal_session";

/// Who asks, if they are logged in.
#[derive(Debug, Clone, Default)]
pub struct Session {
    /// The user.
    pub user: Option<User>,
}

/// Who asks. Whoever is not logged in gets a 401.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The user.
    pub user: User,
    /// The token that they showed.
    pub access_token: String,
}

impl Session {
    /// The account of who asks.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn account(&self, app: &App) -> Result<Option<AccountId>, DbError> {
        let Some(user) = &self.user else { return Ok(None) };
        let account = accounts::store::find_by_user(&mut app.platform.db.read().await?, user.id).await?;
        Ok(account.map(|account| account.id))
    }
}

impl<S> FromRequestParts<S> for Session
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let signed_in = SignedIn::from_request_parts(parts, state).await;
        Ok(Self { user: signed_in.ok().map(|signed_in| signed_in.user) })
    }
}

impl<S> FromRequestParts<S> for SignedIn
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let app = App::from_ref(state);
        let token = bearer(&parts.headers).or_else(|| cookie(&app, &parts.method, &parts.headers));
        let Some(access_token) = token else {
            return Err(Problem::unauthorized("Log in first: this needs an access token").code("missing_token"));
        };
        let mut connection = app.platform.db.read().await?;
        let now = app.platform.clock.now();
        let user = match store::user_of_access_token(&mut connection, &hash_token(&access_token), now).await? {
            Some(id) => users::store::find(&mut connection, id).await?,
            None => None,
        };
        let user = user.ok_or_else(|| Problem::unauthorized("Token is invalid").code("invalid_token"))?;
        Ok(Self { user, access_token })
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// The cookie counts for reading; for changing something only if the browser says that the request comes from a page of
/// this server (cross-site request forgery).
fn cookie(app: &App, method: &Method, headers: &HeaderMap) -> Option<String> {
    if !method.is_safe() && !comes_from_here(app, headers) {
        return None;
    }
    cookie_value(headers)
}

fn comes_from_here(app: &App, headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes() == app.platform.public_url.as_str().as_bytes())
}

pub(super) fn cookie_value(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned())
}
