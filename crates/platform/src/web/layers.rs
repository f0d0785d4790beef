//! The layers around every request: one log line, a nonce and security headers, an end to bodies that stop arriving, and
//! no panic that reaches the connection. How large a body may be is up to its route.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{FromRequestParts, MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use metrics::{counter, histogram};
use tokio::time::Instant;
use tower_http::{catch_panic::CatchPanicLayer, timeout::RequestBodyTimeoutLayer};
use tracing::{Instrument, info, info_span};

use super::Problem;
use crate::{
    db::{QueryStats, with_stats},
    ids::Random,
};

/// The random value that the scripts of one response carry (Content Security Policy Level 3, section 2.3).
#[derive(Debug, Clone)]
pub struct Nonce(Arc<str>);

impl Nonce {
    /// The value.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Nonce {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(|| Self("".into())))
    }
}

/// Put into the extensions of a response, it lets pages of other sites show the page in a frame.
#[derive(Debug, Clone, Copy)]
pub struct Embeddable;

/// A request whose body pauses for longer is given up, so that nobody holds a connection by sending nothing.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// What the layers need to know.
#[derive(Debug, Clone)]
pub struct RequestPolicy {
    /// For nonces and request ids.
    pub random: Random,
    /// Whether pages may load media over plain HTTP (tests and the demo network).
    pub allow_plain_http: bool,
}

/// Puts the layers around a router.
pub fn wrap(router: Router, policy: RequestPolicy) -> Router {
    wrap_patiently(router, policy, LONGEST_PAUSE)
}

fn wrap_patiently(router: Router, policy: RequestPolicy, longest_pause: Duration) -> Router {
    let policy = Arc::new(policy);
    router
        .layer(RequestBodyTimeoutLayer::new(longest_pause))
        .layer(CatchPanicLayer::custom(|_| Problem::internal(&"a handler panicked").into_response()))
        .layer(middleware::from_fn_with_state(policy.clone(), secure))
        .layer(middleware::from_fn_with_state(policy, log))
}

/// Gives the response its nonce and its security headers.
async fn secure(State(policy): State<Arc<RequestPolicy>>, mut request: Request, next: Next) -> Response {
    let mut bytes = [0_u8; 16];
    policy.random.fill(&mut bytes);
    let nonce = Nonce(URL_SAFE_NO_PAD.encode(bytes).into());
    request.extensions_mut().insert(nonce.clone());
    let mut response = next.run(request).await;
    let is_embeddable = response.extensions().get::<Embeddable>().is_some();
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
    let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page
        && !headers.contains_key(header::CONTENT_SECURITY_POLICY)
        && let Ok(value) = HeaderValue::from_str(&content_security_policy(&nonce, &policy, is_embeddable))
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
        if !is_embeddable {
            headers.insert(HeaderName::from_static("x-frame-options"), HeaderValue::from_static("DENY"));
        }
    }
    response
}

/// Pictures, media and segments come from any server of the federation; scripts and styles from here alone.
fn content_security_policy(nonce: &Nonce, policy: &RequestPolicy, is_embeddable: bool) -> String {
    let (web, socket) = if policy.allow_plain_http { ("https: http:", "wss: ws:") } else { ("https:", "wss:") };
    let ancestors = if is_embeddable { "*" } else { "'none'" };
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; \
         img-src 'self' data: blob: {web}; media-src 'self' blob: {web}; connect-src 'self' {web} {socket}; \
         manifest-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors {ancestors}",
        nonce = nonce.as_str(),
    )
}

/// One line per request: status, duration, database time and number of statements. Paths are logged as their route, so
/// that nothing that somebody typed ends up in the log.
async fn log(State(policy): State<Arc<RequestPolicy>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let request_id = policy.random.hex(6);
    let span = info_span!("request", request.id = %request_id);
    let queries = Arc::new(QueryStats::default());
    let started = Instant::now();
    let response = with_stats(queries.clone(), next.run(request)).instrument(span.clone()).await;
    let elapsed = started.elapsed();
    let status = response.status().as_u16();
    let _entered = span.enter();
    info!(
        http.method = %method,
        http.route = route,
        http.status = status,
        duration_ms = milliseconds(elapsed),
        db_ms = milliseconds(queries.duration()),
        db_queries = queries.count(),
        "{method} {route} {status}"
    );
    histogram!("shoal_http_request_seconds", "route" => route.clone()).record(elapsed.as_secs_f64());
    counter!("shoal_http_requests_total", "route" => route, "status" => class(response.status())).increment(1);
    response
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e5).round() / 100.0
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, response::Html, routing::get};
    use tower::ServiceExt;

    use super::*;

    async fn answer(router: Router, path: &str) -> Response {
        let policy = RequestPolicy { random: Random::seeded(1), allow_plain_http: false };
        wrap(router, policy).oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_page_knows_the_nonce_of_its_policy() {
        let router = Router::new().route("/", get(|nonce: Nonce| async move { Html(nonce.as_str().to_owned()) }));
        let response = answer(router, "/").await;
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        let nonce = std::str::from_utf8(&body).unwrap();
        assert!(!nonce.is_empty() && policy.contains(&format!("'nonce-{nonce}'")), "{policy}");
    }

    #[tokio::test]
    async fn only_pages_that_say_so_can_be_framed_elsewhere() {
        let router = Router::new()
            .route("/watch", get(|| async { Html("") }))
            .route("/embed", get(|| async { (axum::Extension(Embeddable), Html("")) }));
        let closed = answer(router.clone(), "/watch").await;
        assert_eq!(closed.headers()["x-frame-options"], "DENY");
        let open = answer(router, "/embed").await;
        assert!(!open.headers().contains_key("x-frame-options"));
        assert!(open.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().ends_with("frame-ancestors *"));
    }

    #[tokio::test]
    async fn a_body_that_stops_arriving_is_given_up() {
        let router = Router::new().route("/", axum::routing::post(|body: String| async { body }));
        let policy = RequestPolicy { random: Random::seeded(1), allow_plain_http: false };
        let body = Body::from_stream(futures::stream::pending::<Result<&str, Infallible>>());
        let service = wrap_patiently(router, policy, Duration::from_millis(50));
        let answer = service.oneshot(Request::post("/").body(body).unwrap());
        let answer = tokio::time::timeout(Duration::from_secs(10), answer).await.expect("an answer in time");
        assert!(answer.unwrap().status().is_client_error());
    }

    #[tokio::test]
    #[expect(unreachable_code, reason = "the handler panics on purpose")]
    async fn a_panic_becomes_a_problem() {
        let router = Router::new().route(
            "/",
            get(|| async {
                panic!("on purpose");
                ""
            }),
        );
        let response = answer(router, "/").await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json; charset=utf-8");
    }
}
