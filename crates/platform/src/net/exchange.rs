//! From a request to its answer: one hop after the other, each under all the rules.

use std::time::Duration;

use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ACCEPT_ENCODING, HOST},
};
use tokio::time::{self, Instant};
use url::Url;

use super::{
    HttpClient, NetError, Response, StreamingResponse,
    body::{Allowance, BodyReader},
    client::Inner,
    host_gate::{Pass, Seat},
    redirect,
    request::Draft,
    response::host_of,
};

/// How long a large transfer may stay below the minimum speed.
const SPEED_GRACE: Duration = Duration::from_secs(30);

impl HttpClient {
    /// Sends a request and reads the whole answer.
    pub(super) async fn send(&self, draft: Draft<'_>) -> Result<Response, NetError> {
        let started = Instant::now();
        let outcome = self.inner.send(draft).await;
        record(started, outcome.as_ref().map(|response| response.status));
        outcome
    }

    /// Sends a request and hands over the body while it arrives.
    pub(super) async fn stream(&self, draft: Draft<'_>) -> Result<StreamingResponse, NetError> {
        let started = Instant::now();
        let outcome = self.inner.stream(draft).await;
        record(started, outcome.as_ref().map(|response| response.status));
        outcome
    }
}

impl Inner {
    async fn send(&self, draft: Draft<'_>) -> Result<Response, NetError> {
        let timeout = draft.timeout.unwrap_or(self.config.request_timeout.get());
        let answer = self.follow(&draft, Seat::Short, timeout).await?;
        let allowance = Allowance {
            max_bytes: draft.max_body.unwrap_or(self.config.max_body.get()),
            idle: self.config.idle_timeout.get(),
            deadline: answer.deadline,
            minimum_speed: 0, // the deadline is near enough
            speed_grace: SPEED_GRACE,
        };
        let (status, headers, url) = answer.head();
        let body = answer.into_reader(allowance)?.read_all().await?;
        Ok(Response { status, headers, url, body })
    }

    async fn stream(&self, mut draft: Draft<'_>) -> Result<StreamingResponse, NetError> {
        // Files are stored as they are, and compression would hide their size.
        draft.headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("identity"));
        let answer = self.follow(&draft, Seat::Long, self.config.request_timeout.get()).await?;
        let allowance = Allowance {
            max_bytes: draft.max_body.unwrap_or(u64::MAX),
            idle: self.config.idle_timeout.get(),
            deadline: Instant::now() + draft.timeout.unwrap_or(self.config.transfer_timeout.get()),
            minimum_speed: self.config.minimum_speed.get(),
            speed_grace: SPEED_GRACE,
        };
        let (status, headers, url) = answer.head();
        let body = answer.into_reader(allowance)?.into_stream();
        Ok(StreamingResponse { status, headers, url, body })
    }

    /// Follows redirects until there is an answer, which must begin within `timeout` (waiting for our turn not counted).
    async fn follow(&self, draft: &Draft<'_>, seat: Seat, timeout: Duration) -> Result<Answer, NetError> {
        let mut url = draft.url.clone();
        let mut headers = draft.headers.clone();
        let mut deadline = Instant::now() + timeout;
        for _ in 0..=self.config.max_redirects {
            self.rules.check(&url)?;
            let queued = Instant::now();
            let pass = self.gates.enter(&host_of(&url), seat, draft.pace).await?;
            deadline += queued.elapsed();
            let response = self.hop(draft, &url, &headers, deadline).await?;
            let Some(next) = redirect::target(&draft.method, &url, response.status(), response.headers())? else {
                return Ok(Answer { response, url, deadline, pass });
            };
            redirect::leave_secrets_behind(&url, &next, &mut headers);
            url = next;
        }
        Err(NetError::BadRedirect(format!("more than {} redirects", self.config.max_redirects)))
    }

    /// One request and the head of its answer. A connection can die while it waits in the pool; a request that changes
    /// nothing is then sent once more.
    async fn hop(
        &self,
        draft: &Draft<'_>,
        url: &Url,
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<reqwest::Response, NetError> {
        let headers = signed_headers(draft, url, headers)?;
        let exchange = async {
            match self.attempt(draft, url, headers.clone()).await {
                Err(error) if is_idempotent(&draft.method) && is_broken_connection(&error) => {
                    self.attempt(draft, url, headers).await
                }
                outcome => outcome,
            }
        };
        let host = host_of(url);
        time::timeout_at(deadline, exchange)
            .await
            .map_err(|_| NetError::Timeout(format!("{host} did not answer")))?
            .map_err(|error| NetError::from_transport(&error, &host))
    }

    async fn attempt(
        &self,
        draft: &Draft<'_>,
        url: &Url,
        headers: HeaderMap,
    ) -> Result<reqwest::Response, reqwest::Error> {
        let mut request = reqwest::Request::new(draft.method.clone(), url.clone());
        *request.headers_mut() = headers;
        if !is_idempotent(&draft.method) {
            *request.body_mut() = Some(draft.body.clone().into());
        }
        self.transport.execute(request).await
    }
}

/// A final answer whose body has not been read.
struct Answer {
    response: reqwest::Response,
    url: Url,
    deadline: Instant,
    pass: Pass,
}

impl Answer {
    fn head(&self) -> (StatusCode, HeaderMap, Url) {
        (self.response.status(), self.response.headers().clone(), self.url.clone())
    }

    fn into_reader(self, allowance: Allowance) -> Result<BodyReader, NetError> {
        BodyReader::new(self.response, host_of(&self.url), allowance, self.pass)
    }
}

fn signed_headers(draft: &Draft<'_>, url: &Url, headers: &HeaderMap) -> Result<HeaderMap, NetError> {
    let mut headers = headers.clone();
    if let Some(signer) = draft.signer {
        signer.sign(&draft.method, url, &draft.body, &mut headers).map_err(NetError::Signing)?;
    }
    match headers.remove(HOST) {
        Some(host) if host != host_of(url) => {
            Err(NetError::Signing("the signed host is not the host of the url".into()))
        }
        _ => Ok(headers), // the transport writes the same host
    }
}

fn is_idempotent(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn is_broken_connection(error: &reqwest::Error) -> bool {
    error.is_request() && !error.is_connect() && !error.is_timeout()
}

fn record(started: Instant, outcome: Result<StatusCode, &NetError>) {
    let outcome = match outcome {
        Ok(status) if status.is_success() => "success",
        Ok(status) if status.is_client_error() => "client_error",
        Ok(status) if status.is_server_error() => "server_error",
        Ok(_) => "other_status",
        Err(error) => error.kind(),
    };
    metrics::counter!("shoal_outbound_requests_total", "outcome" => outcome).increment(1);
    metrics::histogram!("shoal_outbound_request_seconds", "outcome" => outcome).record(started.elapsed().as_secs_f64());
}
