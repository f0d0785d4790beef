use axum::{
    Form, Json,
    extract::{FromRequest, Request, State},
    http::{StatusCode, header},
    response::IntoResponse,
};
use platform::web::{ApiResult, Problem};
use serde::{Deserialize, Serialize};

use super::{
    SignedIn, TokenPair,
    actions::{self, GrantError},
    store,
};
use crate::{App, address::ClientAddress};

#[derive(Serialize)]
pub struct LocalClient {
    client_id: String,
    client_secret: String,
}

/// `GET /api/v1/oauth-clients/local`: what a client of this server identifies itself with.
pub async fn local_client(State(app): State<App>) -> ApiResult<Json<LocalClient>> {
    let client = store::find_client(&mut app.platform.db.read().await?).await?;
    let client = client.ok_or_else(|| Problem::not_found("This server has no client."))?;
    Ok(Json(LocalClient { client_id: client.client_id, client_secret: client.client_secret }))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the names are those of RFC 6749")]
struct Grant {
    client_id: Option<String>,
    client_secret: Option<String>,
    grant_type: Option<String>,
    username: Option<String>,
    password: Option<String>,
    refresh_token: Option<String>,
}

/// `POST /api/v1/users/token`: password and refresh grants, as a form or as JSON.
pub async fn token(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    request: Request,
) -> ApiResult<Json<TokenPair>> {
    let grant = read_grant(request).await?;
    actions::check_client(&app, grant.client_id.as_deref(), grant.client_secret.as_deref()).await?;
    let tokens = match grant.grant_type.as_deref().unwrap_or("password") {
        "password" => {
            let (Some(username), Some(password)) = (grant.username, grant.password) else {
                return Err(Problem::bad_request("Missing parameter: username and password").code("invalid_request"));
            };
            actions::grant_password(&app, address, &username, password).await?
        }
        "refresh_token" => {
            let Some(token) = grant.refresh_token else {
                return Err(Problem::bad_request("Missing parameter: refresh_token").code("invalid_request"));
            };
            actions::grant_refresh(&app, &token).await?
        }
        _ => return Err(Problem::bad_request("Unsupported grant type").code("unsupported_grant_type")),
    };
    Ok(Json(tokens))
}

async fn read_grant(request: Request) -> ApiResult<Grant> {
    let is_json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let unreadable = |reason: String| Problem::bad_request(reason).code("invalid_request");
    if is_json {
        Json::from_request(request, &()).await.map(|Json(grant)| grant).map_err(|error| unreadable(error.body_text()))
    } else {
        Form::from_request(request, &()).await.map(|Form(grant)| grant).map_err(|error| unreadable(error.body_text()))
    }
}

/// `POST /api/v1/users/revoke-token`: ends the session that asks for it.
pub async fn revoke(State(app): State<App>, session: SignedIn) -> ApiResult<impl IntoResponse> {
    actions::end_session(&app, &session.access_token).await?;
    Ok((StatusCode::OK, Json(serde_json::json!({}))))
}

impl From<GrantError> for Problem {
    fn from(error: GrantError) -> Self {
        let code = match error {
            GrantError::Db(error) => return error.into(),
            GrantError::TooManyAttempts(wait) => {
                return Problem::new(StatusCode::TOO_MANY_REQUESTS, error.to_string()).retry_after(wait.as_secs() + 1);
            }
            GrantError::BadCredentials | GrantError::BadRefreshToken => "invalid_grant",
            GrantError::BadClient => "invalid_client",
            GrantError::Blocked => "account_blocked",
        };
        Problem::bad_request(error.to_string()).code(code)
    }
}
