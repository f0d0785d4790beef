//! Problems as pages: whoever reads pages is told in a page what went wrong, whichever handler or extractor found it.

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{Method, StatusCode, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use platform::web::{Nonce, Problem, prefers_html};

use crate::{App, oauth::Session, pages::context, videos::pages::problem_page};

/// Makes a page of a problem for those who read pages. Who has to log in first is sent to do so, and comes back.
pub(crate) async fn as_pages(State(app): State<App>, nonce: Nonce, request: Request, next: Next) -> Response {
    if !prefers_html(request.headers()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let asked = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    match response.extensions().get::<Problem>() {
        Some(problem) => page_of(&app, &nonce, asked, problem).await,
        None => response,
    }
}

async fn page_of(app: &App, nonce: &Nonce, mut asked: Parts, problem: &Problem) -> Response {
    let Ok(session) = Session::from_request_parts(&mut asked, app).await;
    if problem.status() == StatusCode::UNAUTHORIZED && session.user.is_none() {
        // Only what was read is an address to come back to.
        let here = asked.uri.path_and_query().filter(|_| asked.method == Method::GET).map_or("/", |path| path.as_str());
        let here: String = url::form_urlencoded::byte_serialize(here.as_bytes()).collect();
        return Redirect::to(&format!("/login?next={here}")).into_response();
    }
    problem_page(context(app, nonce, session.user.as_ref(), ""), problem)
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        http::{StatusCode, header},
    };
    use platform::testing::TestPlatform;
    use tower::ServiceExt;

    use super::*;
    use crate::{oauth::tests::log_in, routes};

    async fn answer(app: &App, accept: &str, token: Option<&str>, path: &str) -> (StatusCode, String, String) {
        let mut request = Request::get(path).header(header::ACCEPT, accept);
        if let Some(token) = token {
            request = request.header(header::COOKIE, format!("shoal_session={token}"));
        }
        let response = routes::router(app).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let text =
            |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        (response.status(), text(header::CONTENT_TYPE), text(header::LOCATION))
    }

    #[tokio::test]
    async fn whoever_reads_pages_is_told_in_a_page_and_programs_in_json() {
        let test = TestPlatform::new().await;
        let (app, _) = App::staged(&test).await;
        let token = log_in(&app, "root", "a long password").await;
        let (status, kind, _) = answer(&app, "text/html", Some(&token), "/my-channels/nobody").await;
        assert!(status == StatusCode::NOT_FOUND && kind.starts_with("text/html"), "{status} {kind}");
        let (status, kind, _) = answer(&app, "application/json", Some(&token), "/my-channels/nobody").await;
        assert!(status == StatusCode::NOT_FOUND && kind.starts_with("application/problem+json"), "{status} {kind}");
    }

    #[tokio::test]
    async fn who_has_to_log_in_first_comes_back() {
        let test = TestPlatform::new().await;
        let (app, _) = App::staged(&test).await;
        let (status, _, location) = answer(&app, "text/html", None, "/admin/followers?state=pending").await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert_eq!(location, "/login?next=%2Fadmin%2Ffollowers%3Fstate%3Dpending");
    }
}
