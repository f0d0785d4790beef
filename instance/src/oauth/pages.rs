use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use platform::web::{Nonce, Page, PageContext};
use serde::Deserialize;

use super::{
    actions::{self, GrantError},
    session::{COOKIE, cookie_value},
};
use crate::{App, address::ClientAddress, pages};

#[derive(Template)]
#[template(path = "oauth/login.html")]
struct LoginPage {
    page: PageContext,
    username: String,
    next: String,
    error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Next {
    next: String,
}

/// `GET /login`.
pub async fn login_page(State(app): State<App>, nonce: Nonce, Query(query): Query<Next>) -> Response {
    let page = pages::context(&app, &nonce, None, "login");
    Page(LoginPage { page, username: String::new(), next: local_path(&query.next), error: None }).into_response()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Credentials {
    username: String,
    password: String,
    next: String,
}

/// `POST /login`: opens a session and goes where the reader wanted to go.
pub async fn log_in(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    nonce: Nonce,
    Form(form): Form<Credentials>,
) -> Response {
    let next = local_path(&form.next);
    match actions::grant_password(&app, address, &form.username, form.password).await {
        Ok(tokens) => {
            let secure = if app.platform.public_url.is_https() { "; Secure" } else { "" };
            let age = tokens.expires_in;
            let token = tokens.access_token;
            let cookie = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
            ([(header::SET_COOKIE, cookie)], Redirect::to(&next)).into_response()
        }
        Err(error) => {
            let (status, message) = match error {
                GrantError::BadCredentials => {
                    (StatusCode::UNAUTHORIZED, "That user name and password do not belong together.".to_owned())
                }
                GrantError::TooManyAttempts(_) => (StatusCode::TOO_MANY_REQUESTS, error.to_string()),
                GrantError::Blocked => (StatusCode::FORBIDDEN, "This user has been blocked.".to_owned()),
                other => {
                    tracing::error!(error = %other, "a log-in failed");
                    (StatusCode::SERVICE_UNAVAILABLE, "The server is busy. Try again in a moment.".to_owned())
                }
            };
            let page = pages::context(&app, &nonce, None, "login");
            let login = LoginPage { page, username: form.username, next, error: Some(message) };
            (status, Page(login)).into_response()
        }
    }
}

/// `POST /logout`.
pub async fn log_out(State(app): State<App>, headers: HeaderMap) -> Response {
    if let Some(token) = cookie_value(&headers)
        && let Err(error) = actions::end_session(&app, &token).await
    {
        tracing::error!(%error, "a session could not be ended");
    }
    let cookie = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}

/// A path on this server, or its home page: a log-in must not lead elsewhere.
pub fn local_path(next: &str) -> String {
    let is_local = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if is_local { next.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_in_never_leads_to_another_server() {
        assert_eq!(local_path("/videos/upload?x=1"), "/videos/upload?x=1");
        for next in ["", "https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nb"]
        {
            assert_eq!(local_path(next), "/", "{next:?}");
        }
    }
}
