use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;

use super::{Algorithm, KeyId, PublicKey, cavage, digest, header::HeaderError, message, message::InputError};

/// How far the sender's clock may be off, either way; PeerTube's own figure.
pub const MAX_SKEW: TimeDelta = TimeDelta::seconds(1800);

/// What of a request is signed, beside its body.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'r> {
    /// Such as `POST`.
    pub method: &'r str,
    /// Path and query, as they stand in the request line.
    pub target: &'r str,
    /// All headers.
    pub headers: &'r HeaderMap,
}

impl RequestHead<'_> {
    /// The values of a header, joined as both specifications ask.
    pub(super) fn header(&self, name: &str) -> Result<String, SignatureError> {
        let values: Option<Vec<&str>> =
            self.headers.get_all(name).iter().map(|value| Some(value.to_str().ok()?.trim())).collect();
        match values {
            Some(values) if !values.is_empty() => Ok(values.join(", ")),
            _ => Err(SignatureError::AbsentHeader(name.to_owned())),
        }
    }

    pub(super) fn has_body(&self, body: &[u8]) -> bool {
        !body.is_empty() || self.method.eq_ignore_ascii_case("POST")
    }
}

/// Why a request's signature does not hold.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SignatureError {
    /// There is none.
    #[error("the request is not signed")]
    Missing,
    /// Its header is malformed.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// Its headers of RFC 9421 are malformed.
    #[error(transparent)]
    Input(#[from] InputError),
    /// It does not cover what it must.
    #[error("the signature does not cover {0}")]
    NotCovered(&'static str),
    /// It covers a header that the request does not have.
    #[error("the signature covers the missing header {0}")]
    AbsentHeader(String),
    /// It was made too long ago, or in the future, or has expired.
    #[error("the signature was made at {made_at}, too far from {now}")]
    Stale {
        /// When it says it was made.
        made_at: DateTime<Utc>,
        /// When it arrived.
        now: DateTime<Utc>,
    },
    /// Its date cannot be read.
    #[error("the date of the request cannot be read")]
    Date,
    /// The body is not the one that was signed.
    #[error("the digest does not match the body")]
    Digest,
    /// It was not made with the key that it names.
    #[error("the signature was not made with the key {0}")]
    Mismatch(KeyId),
}

/// A request whose signature has been checked as far as that is possible without the key.
#[derive(Debug, Clone)]
pub struct SignedRequest {
    pub(super) key_id: KeyId,
    /// How it was made. `None` if it does not say: then it is up to the key.
    pub(super) algorithm: Option<Algorithm>,
    pub(super) signature: Vec<u8>,
    /// What was signed. Two texts if it depends on whether the sender came by `https` or by `http`, which a server
    /// behind a proxy cannot know.
    pub(super) texts: Vec<String>,
}

impl SignedRequest {
    /// Checks what a signature covers, how old it is, and the digest of the body.
    ///
    /// # Errors
    /// [`SignatureError`] names what is wrong with it.
    pub fn read(head: RequestHead<'_>, body: &[u8], now: DateTime<Utc>) -> Result<Self, SignatureError> {
        if head.headers.contains_key(message::SIGNATURE_INPUT) {
            return message::read(head, body, now);
        }
        cavage::read(head, body, now)
    }

    /// The key that the signature names.
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// What tells this request from any other: the hash of its signature. Two requests share it only if one is a copy of
    /// the other.
    pub fn fingerprint(&self) -> String {
        digest::of(&self.signature)
    }

    /// Checks the signature with the key that it names.
    ///
    /// # Errors
    /// [`SignatureError::Mismatch`] if it was made with another key, or over another text.
    pub fn verify(&self, key: &PublicKey) -> Result<(), SignatureError> {
        let verifies = |text: &String| match self.algorithm {
            Some(algorithm) => key.verifies_as(algorithm, text.as_bytes(), &self.signature),
            None => key.verifies(text.as_bytes(), &self.signature),
        };
        if self.texts.iter().any(verifies) {
            return Ok(());
        }
        Err(SignatureError::Mismatch(self.key_id.clone()))
    }

    #[cfg(test)]
    pub(super) fn verifies_with_any_size(&self, key: &PublicKey) -> bool {
        self.texts.iter().any(|text| key.verifies_with_any_size(text.as_bytes(), &self.signature))
    }
}

/// Refuses what was made too long ago, or has expired by its own account.
pub(super) fn check_age(
    made_at: DateTime<Utc>,
    expires: Option<i64>,
    now: DateTime<Utc>,
) -> Result<(), SignatureError> {
    let is_over = expires.is_some_and(|moment| moment < now.timestamp());
    if is_over || (now - made_at).abs() > MAX_SKEW {
        return Err(SignatureError::Stale { made_at, now });
    }
    Ok(())
}
