//! Problems as pages: whoever reads pages is told in a page what went wrong, whichever handler or extractor found it.

use askama::Template;
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use platform::web::{ErrorPage, Nonce, Page, PageContext, Problem, prefers_html};

use crate::{
    App,
    oauth::Session,
    pages::{context, sentence},
    users::User,
};

const NO_PAGE: &str = "No page has this address.";

/// Makes a page of a problem for those who read pages. Who has to log in first is sent to do so, and comes back.
pub(crate) async fn as_pages(State(app): State<App>, nonce: Nonce, request: Request, next: Next) -> Response {
    if !prefers_html(request.headers()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let asked = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    match problem_of(&response) {
        // All that such a request says stands in its address.
        Some(problem) if asked.method == Method::GET => {
            page_of(&app, &nonce, asked, &of_address(problem, NO_PAGE)).await
        }
        Some(problem) => page_of(&app, &nonce, asked, &problem).await,
        None => response,
    }
}

/// What a handler or an extractor of ours has to say, or what one of axum's refuses in plain text for programmers.
fn problem_of(response: &Response) -> Option<Problem> {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_plain = kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let words = match response.status() {
        status if !status.is_client_error() || !is_plain => return None,
        StatusCode::PAYLOAD_TOO_LARGE => "That is more than can be sent here.",
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => NO_PAGE,
        _ => "The form could not be read: something is missing in it, or is not what belongs there.",
    };
    Some(Problem::new(response.status(), words))
}

async fn page_of(app: &App, nonce: &Nonce, mut asked: Parts, problem: &Problem) -> Response {
    let user = reader(app, &mut asked, problem).await;
    if problem.status() == StatusCode::UNAUTHORIZED && user.is_none() {
        // Only what was read is an address to come back to.
        let here = asked.uri.path_and_query().filter(|_| asked.method == Method::GET).map_or("/", |path| path.as_str());
        let here: String = url::form_urlencoded::byte_serialize(here.as_bytes()).collect();
        return Redirect::to(&format!("/login?next={here}")).into_response();
    }
    problem_page(context(app, nonce, user.as_ref(), ""), problem)
}

/// Who reads the page. A database that has just been found busy is not asked.
async fn reader(app: &App, asked: &mut Parts, problem: &Problem) -> Option<User> {
    if problem.status() == StatusCode::SERVICE_UNAVAILABLE {
        return None;
    }
    let Ok(session) = Session::from_request_parts(asked, app).await;
    session.user
}

/// An id that cannot be read is a bad request to programs; to people it is an address that leads nowhere.
pub(crate) fn of_address(problem: Problem, missing: &str) -> Problem {
    if problem.status() == StatusCode::BAD_REQUEST { Problem::not_found(missing) } else { problem }
}

/// A problem as a page for people.
pub(crate) fn problem_page(page: PageContext, problem: &Problem) -> Response {
    answer_with(problem, ErrorPage::new(page, problem.status(), sentence(problem.detail())))
}

/// A form that could not be done, as it was filled in: its page says what is wrong.
pub(crate) fn form_again<T: Template>(form: T, problem: &Problem) -> Response {
    answer_with(problem, Page(form))
}

fn answer_with(problem: &Problem, page: impl IntoResponse) -> Response {
    let mut response = (problem.status(), page).into_response();
    if let Some(seconds) = problem.retry_after_s() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Any address that leads nowhere: a page for people, a problem for programs.
pub(crate) async fn not_found(
    State(app): State<App>,
    nonce: Nonce,
    session: Session,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if uri.path().starts_with("/api/") || !prefers_html(&headers) {
        return Problem::not_found("There is nothing at this address.").into_response();
    }
    problem_page(context(&app, &nonce, session.user.as_ref(), ""), &Problem::not_found(NO_PAGE))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::{Router, body::Body, middleware::from_fn_with_state, routing::get};
    use http_body_util::BodyExt;
    use platform::{
        db::{QueryStats, with_stats},
        testing::TestPlatform,
    };
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

    #[tokio::test]
    async fn a_busy_database_is_left_alone_and_the_page_says_when_to_come_back() {
        let test = TestPlatform::new().await;
        let (app, _) = App::staged(&test).await;
        let token = log_in(&app, "root", "a long password").await;
        let busy = || async { Problem::new(StatusCode::SERVICE_UNAVAILABLE, "The server is busy.").retry_after(2) };
        let router = Router::new().route("/", get(busy)).layer(from_fn_with_state(app.clone(), as_pages));
        let request = Request::get("/").header(header::ACCEPT, "text/html");
        let request = request.header(header::COOKIE, format!("shoal_session={token}")).body(Body::empty()).unwrap();
        let stats = Arc::new(QueryStats::default());
        let response = with_stats(stats.clone(), router.with_state(app).oneshot(request)).await.unwrap();
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
        assert!(response.headers()[header::CONTENT_TYPE].as_bytes().starts_with(b"text/html"));
        assert_eq!(stats.count(), 0);
    }

    #[tokio::test]
    async fn what_an_extractor_refuses_is_a_page_too() {
        let test = TestPlatform::new().await;
        let (app, _) = App::staged(&test).await;
        let token = log_in(&app, "root", "a long password").await;
        let long = "targets=".to_owned() + &"a".repeat(3_000_000);
        for (method, path, form, status) in [
            ("GET", "/admin/following?page=x", "", StatusCode::NOT_FOUND),
            ("GET", "/my-videos/no-such-id", "", StatusCode::NOT_FOUND),
            ("POST", "/admin/followers/x/accept", "", StatusCode::BAD_REQUEST),
            ("POST", "/admin/following", "targets=a&targets=b", StatusCode::UNPROCESSABLE_ENTITY),
            ("POST", "/admin/following", &long, StatusCode::PAYLOAD_TOO_LARGE),
            ("DELETE", "/my-videos", "", StatusCode::METHOD_NOT_ALLOWED),
        ] {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header(header::ACCEPT, "text/html")
                .header(header::AUTHORIZATION, format!("Bearer {token}"))
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(form.to_owned()))
                .unwrap();
            let response = routes::router(&app).oneshot(request).await.unwrap();
            assert_eq!(response.status(), status, "{method} {path}");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let page = String::from_utf8(body.to_vec()).unwrap();
            assert!(page.contains("</html>") && !page.contains("deserialize"), "{method} {path}: {page}");
        }
    }
}
