//! How the cluster is spoken to.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, StatusCode};
use platform::net::{NetError, OperatorEndpoint};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::OpenSearchError;

const MAX_REASON_CHARS: usize = 300;

/// What answers requests: a cluster, or what stands for one in tests.
#[async_trait]
pub(crate) trait Cluster: fmt::Debug + Send + Sync {
    /// Sends a request and gives the answer, whatever its status.
    async fn send(&self, request: Request) -> Result<Answer, NetError>;
}

/// A request of the REST interface.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    pub method: Method,
    /// Without the query.
    pub path: String,
    /// Names and values, none of which needs escaping.
    pub parameters: Vec<(&'static str, String)>,
    pub body: Body,
}

/// What a request hands over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    Nothing,
    Json(Value),
    /// One value on each line.
    Lines(Vec<Value>),
}

/// What comes back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
}

impl Request {
    pub fn new(method: Method, path: String, body: Body) -> Self {
        Self { method, path, parameters: Vec::new(), body }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.parameters.push((name, value.into()));
        self
    }

    fn path_and_query(&self) -> String {
        let query: Vec<String> = self.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, query.join("&")) }
    }
}

impl Body {
    fn into_bytes(self) -> Option<(Bytes, &'static str)> {
        match self {
            Self::Nothing => None,
            Self::Json(value) => Some((value.to_string().into(), "application/json")),
            Self::Lines(values) => {
                let mut lines = String::new();
                for value in values {
                    lines.push_str(&value.to_string());
                    lines.push('\n');
                }
                Some((lines.into(), "application/x-ndjson"))
            }
        }
    }
}

#[async_trait]
impl Cluster for OperatorEndpoint {
    async fn send(&self, request: Request) -> Result<Answer, NetError> {
        let path = request.path_and_query();
        let answer = self.send(request.method, &path, request.body.into_bytes()).await?;
        Ok(Answer { status: answer.status, body: answer.body })
    }
}

impl Answer {
    /// What it says, if the request succeeded.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, OpenSearchError> {
        if !self.status.is_success() {
            return Err(self.refusal());
        }
        serde_json::from_slice(&self.body).map_err(|error| OpenSearchError::Unreadable(error.to_string()))
    }

    /// What speaks against the request.
    pub fn refusal(&self) -> OpenSearchError {
        let reason = serde_json::from_slice::<Refusal>(&self.body).ok().and_then(|refusal| refusal.error.words());
        let reason = reason.unwrap_or_else(|| "no reason is given".to_owned());
        OpenSearchError::Refused { status: self.status, reason }
    }

    /// Whether it says that something of that name is there already.
    pub fn says_exists(&self) -> bool {
        self.status == StatusCode::BAD_REQUEST
            && serde_json::from_slice::<Refusal>(&self.body)
                .is_ok_and(|refusal| refusal.error.kind() == Some("resource_already_exists_exception"))
    }
}

#[derive(Debug, Deserialize)]
struct Refusal {
    error: Reason,
}

/// Why something was not done, as the cluster says it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Reason {
    Object { r#type: Option<String>, reason: Option<String> },
    Text(String),
}

impl Reason {
    fn kind(&self) -> Option<&str> {
        match self {
            Self::Object { r#type, .. } => r#type.as_deref(),
            Self::Text(_) => None,
        }
    }

    /// In a sentence that is not too long.
    pub fn words(&self) -> Option<String> {
        let words = match self {
            Self::Object { r#type, reason } => {
                let words: Vec<&str> = [r#type, reason].into_iter().filter_map(Option::as_deref).collect();
                Some(words.join(": ")).filter(|words| !words.is_empty())?
            }
            Self::Text(text) => text.clone(),
        };
        Some(crate::text::truncate(&words, MAX_REASON_CHARS).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: StatusCode, body: &Value) -> Answer {
        Answer { status, body: body.to_string().into() }
    }

    #[test]
    fn a_refusal_tells_the_reason_of_the_cluster_in_short() {
        let reason = "x".repeat(10_000);
        for (body, expected) in [
            (json!({"error": {"type": "parsing_exception", "reason": "no"}, "status": 400}), "parsing_exception: no"),
            (json!({"error": "Incorrect HTTP method"}), "Incorrect HTTP method"),
            (json!({"error": {"reason": reason}}), &"x".repeat(MAX_REASON_CHARS)),
            (json!([]), "no reason is given"),
        ] {
            let said = answer(StatusCode::BAD_REQUEST, &body).refusal().to_string();
            assert_eq!(said, format!("the search cluster answered 400 Bad Request: {expected}"));
        }
    }

    #[test]
    fn lines_end_with_a_line_feed_each() {
        let (bytes, kind) = Body::Lines(vec![json!({}), json!({"a": "b\nc"})]).into_bytes().unwrap();
        assert_eq!((bytes.as_ref(), kind), (b"{}\n{\"a\":\"b\\nc\"}\n".as_slice(), "application/x-ndjson"));
    }
}
