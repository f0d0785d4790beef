//! A request in the making.

use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE},
};
use serde::Serialize;
use url::Url;

use super::{HttpClient, NetError, Response, StreamingResponse};

/// Proves who is asking, for example with an HTTP signature.
///
/// Called once per hop, since a signature covers the URL. What it writes into `headers` is sent; it may set `Host`, as long
/// as that is the host of the URL.
pub trait RequestSigner: Send + Sync {
    /// Adds the proof to `headers`.
    ///
    /// # Errors
    /// A sentence that says why the request cannot be signed.
    fn sign(&self, method: &Method, url: &Url, body: &[u8], headers: &mut HeaderMap) -> Result<(), String>;
}

/// Builds a request; nothing happens before [`RequestBuilder::send`] or [`RequestBuilder::stream`].
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder<'a> {
    client: HttpClient,
    draft: Result<Draft<'a>, NetError>,
}

/// Everything that the caller decided.
pub(super) struct Draft<'a> {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub signer: Option<&'a dyn RequestSigner>,
    pub max_body: Option<u64>,
    pub timeout: Option<Duration>,
    pub pace: Option<Duration>,
}

impl<'a> RequestBuilder<'a> {
    pub(super) fn new(client: HttpClient, method: Method, url: Url) -> Self {
        let draft = Draft {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            signer: None,
            max_body: None,
            timeout: None,
            pace: None,
        };
        Self { client, draft: Ok(draft) }
    }

    /// Sets a header. Headers that frame the message (`Host`, `Content-Length`, …) belong to the client.
    pub fn header<N, V>(self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        self.map(|draft| {
            let name = name.try_into().map_err(|_| NetError::InvalidRequest("not a header name".into()))?;
            let value =
                value.try_into().map_err(|_| NetError::InvalidRequest(format!("not a value for header {name}")))?;
            if is_framing(&name) {
                return Err(NetError::InvalidRequest(format!("header {name} is set by the client")));
            }
            draft.headers.insert(name, value);
            Ok(())
        })
    }

    /// Says which media types we understand.
    pub fn accept(self, media_types: &str) -> Self {
        self.header(ACCEPT, media_types)
    }

    /// Signs every hop of the request.
    pub fn signer(self, signer: &'a dyn RequestSigner) -> Self {
        self.map(|draft| {
            draft.signer = Some(signer);
            Ok(())
        })
    }

    /// Sends a body.
    pub fn body(self, body: impl Into<Bytes>, content_type: &str) -> Self {
        self.map(|draft| {
            draft.body = body.into();
            Ok(())
        })
        .header(CONTENT_TYPE, content_type)
    }

    /// Sends a value as JSON. A `Content-Type` set afterwards with [`Self::header`] takes its place.
    pub fn json(self, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.body(body, "application/json"),
            Err(error) => self.map(|_| Err(NetError::InvalidRequest(error.to_string()))),
        }
    }

    /// Reads at most this many bytes of the answer, after decompression. The default is 5 MB for [`Self::send`] and
    /// unlimited for [`Self::stream`].
    pub fn max_body(self, bytes: u64) -> Self {
        self.map(|draft| {
            draft.max_body = Some(bytes);
            Ok(())
        })
    }

    /// Bounds the whole exchange, from connecting to the last byte. Waiting for our turn at the server does not count.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.map(|draft| {
            draft.timeout = Some(timeout);
            Ok(())
        })
    }

    /// Keeps requests with the same pace to the same server at least this far apart, in addition to the general rate.
    pub fn pace(self, least_interval: Duration) -> Self {
        self.map(|draft| {
            draft.pace = Some(least_interval);
            Ok(())
        })
    }

    /// Sends the request and reads the whole answer. A `GET` or `HEAD` is repeated once if its connection turns out dead.
    ///
    /// # Errors
    /// Any [`NetError`] except `Status`: an answer with any status is an answer.
    pub async fn send(self) -> Result<Response, NetError> {
        self.client.send(self.draft?).await
    }

    /// Sends the request and hands over the answer as soon as its headers are here, for large files.
    ///
    /// # Errors
    /// Like [`Self::send`]; limits on the body show up in the stream.
    pub async fn stream(self) -> Result<StreamingResponse, NetError> {
        self.client.stream(self.draft?).await
    }

    /// Changes the draft, unless an earlier step already failed.
    fn map(mut self, change: impl FnOnce(&mut Draft<'a>) -> Result<(), NetError>) -> Self {
        if let Ok(draft) = &mut self.draft
            && let Err(error) = change(draft)
        {
            self.draft = Err(error);
        }
        self
    }
}

/// Headers that say where a message begins and ends: whoever sets them could smuggle a second request.
fn is_framing(name: &HeaderName) -> bool {
    [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, UPGRADE, TE, TRAILER].contains(name)
}
