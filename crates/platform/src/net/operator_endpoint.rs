//! A service that the operator runs and has written into the configuration, such as a search cluster.
//!
//! Nobody else chooses where it is, so it may be in a private network and on any port, and it is asked as often as there is
//! work. What is bounded all the same is time and what an answer may hold. Redirects are not followed: the secret is for
//! this service alone.

use std::{fmt, path::Path, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use http::{
    HeaderValue, Method,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use reqwest::{Certificate, Client};
use tokio::time;
use url::Url;

use super::{NetError, Response, response::host_of, transport};

/// Never reserve more than this on the word of the other side.
const MAX_RESERVATION: u64 = 1_024 * 1_024;

/// A service of the operator's. Clones share connections.
#[derive(Clone)]
pub struct OperatorEndpoint {
    client: Client,
    base: Url,
    authorization: Option<HeaderValue>,
    limits: EndpointLimits,
}

/// How long and how much is waited for.
#[derive(Debug, Clone, Copy)]
pub struct EndpointLimits {
    /// How long the service may be silent.
    pub silence: Duration,
    /// How long a whole exchange may take.
    pub exchange: Duration,
    /// The largest answer, in bytes.
    pub max_body: u64,
}

impl OperatorEndpoint {
    /// The service at an address, whose path comes before all others.
    ///
    /// # Errors
    /// [`NetError::InvalidUrl`] if that is no address of a web service, [`NetError::Setup`] if TLS cannot be set up.
    pub fn new(base: &str, limits: EndpointLimits) -> Result<Self, NetError> {
        Self::with_certificates(base, limits, None)
    }

    /// The same, for a service whose certificate is signed by an authority of the operator's own, found in a PEM file.
    ///
    /// # Errors
    /// [`NetError::Setup`] if the file holds no certificate; otherwise as [`Self::new`].
    pub fn with_certificates(base: &str, limits: EndpointLimits, file: Option<&Path>) -> Result<Self, NetError> {
        let base = parse(base)?;
        let certificates = file.map(read_certificates).transpose()?.unwrap_or_default();
        let client = transport::operator_endpoint_client_trusting(limits.silence, certificates)?;
        Ok(Self { client, base, authorization: None, limits })
    }

    /// Says with every request who we are, by HTTP's "Basic" scheme (RFC 7617).
    ///
    /// # Errors
    /// [`NetError::InvalidRequest`] if the name holds a colon, which the scheme cannot express.
    pub fn with_password(mut self, user: &str, password: &str) -> Result<Self, NetError> {
        if user.contains(':') {
            return Err(NetError::InvalidRequest("a user name cannot hold a colon".into()));
        }
        let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
            .map_err(|_| NetError::InvalidRequest("the credentials cannot stand in a header".into()))?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        Ok(self)
    }

    /// Sends a request to a path of the service, which may have a query, and reads the answer, whatever its status.
    ///
    /// # Errors
    /// Any [`NetError`] except `Status`.
    pub async fn send(
        &self,
        method: Method,
        path_and_query: &str,
        body: Option<(Bytes, &'static str)>,
    ) -> Result<Response, NetError> {
        let url = self.url_of(path_and_query)?;
        let host = host_of(&url);
        time::timeout(self.limits.exchange, self.exchange(method, url, body))
            .await
            .map_err(|_| NetError::Timeout(format!("{host} took too long")))?
    }

    async fn exchange(
        &self,
        method: Method,
        url: Url,
        body: Option<(Bytes, &'static str)>,
    ) -> Result<Response, NetError> {
        let host = host_of(&url);
        let mut request = reqwest::Request::new(method, url.clone());
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        if let Some((bytes, kind)) = body {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            *request.body_mut() = Some(bytes.into());
        }
        let interrupted = |error: reqwest::Error| NetError::from_transport(&error, &host);
        let mut response = self.client.execute(request).await.map_err(interrupted)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let announced = response.content_length().unwrap_or_default();
        let mut body = BytesMut::with_capacity(announced.min(MAX_RESERVATION) as usize);
        while let Some(piece) = response.chunk().await.map_err(interrupted)? {
            if (body.len() + piece.len()) as u64 > self.limits.max_body {
                return Err(NetError::TooLarge { limit: self.limits.max_body });
            }
            body.extend_from_slice(&piece);
        }
        Ok(Response { status, headers, url, body: body.freeze() })
    }

    fn url_of(&self, path_and_query: &str) -> Result<Url, NetError> {
        let whole = format!("{}/{}", self.base.as_str().trim_end_matches('/'), path_and_query.trim_start_matches('/'));
        Url::parse(&whole).map_err(|error| NetError::InvalidUrl(error.to_string()))
    }
}

impl fmt::Debug for OperatorEndpoint {
    /// Shows where it is, and no secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OperatorEndpoint").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

fn parse(base: &str) -> Result<Url, NetError> {
    let url = Url::parse(base).map_err(|error| NetError::InvalidUrl(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(NetError::InvalidUrl("it must begin with https:// or http:// and name a host".into()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(NetError::InvalidUrl("credentials do not belong into the address".into()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(NetError::InvalidUrl("it must end with its path".into()));
    }
    Ok(url)
}

fn read_certificates(file: &Path) -> Result<Vec<Certificate>, NetError> {
    let name = file.display();
    let text = std::fs::read(file).map_err(|error| NetError::Setup(format!("{name} cannot be read: {error}")))?;
    let certificates = Certificate::from_pem_bundle(&text).map_err(|error| NetError::Setup(error.to_string()))?;
    if certificates.is_empty() {
        return Err(NetError::Setup(format!("{name} holds no certificate")));
    }
    Ok(certificates)
}
