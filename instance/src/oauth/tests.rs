use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
    response::Response,
};
use http_body_util::BodyExt;
use platform::testing::TestPlatform;
use serde_json::Value;
use tower::ServiceExt;

use super::store;
use crate::{App, routes};

async fn ask(app: &App, from: [u8; 4], name: &str, password: &str) -> Response {
    let client = store::find_client(&mut app.platform.db.read().await.unwrap()).await.unwrap().unwrap();
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &client.client_id)
        .append_pair("client_secret", &client.client_secret)
        .append_pair("username", name)
        .append_pair("password", password)
        .finish();
    let request = Request::post("/api/v1/users/token")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .extension(ConnectInfo(SocketAddr::from((from, 40_000))))
        .body(Body::from(form))
        .unwrap();
    routes::router(app).oneshot(request).await.unwrap()
}

/// An access token.
pub(crate) async fn log_in(app: &App, name: &str, password: &str) -> String {
    let body = ask(app, [192, 0, 2, 1], name, password).await.into_body().collect().await.unwrap().to_bytes();
    let tokens: Value = serde_json::from_slice(&body).unwrap();
    tokens["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_guesses_passwords_has_to_wait_and_nobody_else_does() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let guesser = [198, 51, 100, 7];
    for _ in 1..15 {
        app.log_in_attempts.begin(guesser.into(), test.platform.clock.now()).unwrap();
    }
    assert_eq!(ask(&app, guesser, "root", "wrong").await.status(), StatusCode::BAD_REQUEST);
    let refused = ask(&app, guesser, "root", "a long password").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()[header::RETRY_AFTER], "21");
    assert_eq!(ask(&app, [198, 51, 100, 8], "root", "a long password").await.status(), StatusCode::OK);
}
