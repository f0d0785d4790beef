use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;

use super::{KeyId, PublicKey, SignatureHeader, digest, header::HeaderError};

/// How far the sender's clock may be off, either way; PeerTube's own figure.
pub const MAX_SKEW: TimeDelta = TimeDelta::seconds(1800);

const REQUEST_TARGET: &str = "(request-target)";
const CREATED: &str = "(created)";
const EXPIRES: &str = "(expires)";

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

/// Why a request's signature does not hold.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SignatureError {
    /// There is none.
    #[error("the request is not signed")]
    Missing,
    /// It follows RFC 9421, which we do not speak.
    #[error("signatures of RFC 9421 are not supported, use draft-cavage-http-signatures")]
    Rfc9421,
    /// Its header is malformed.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// It does not cover what it must.
    #[error("the signature does not cover {0}")]
    NotCovered(&'static str),
    /// It covers a header that the request does not have.
    #[error("the signature covers the missing header {0}")]
    AbsentHeader(String),
    /// It was made too long ago, or in the future.
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
    header: SignatureHeader,
    text: String,
}

impl SignedRequest {
    /// Checks what a signature covers, how old it is, and the digest of the body.
    ///
    /// `(request-target)`, `host` and either `date` or `(created)` must be covered, and `digest` if there is a body.
    ///
    /// # Errors
    /// [`SignatureError`] names what is wrong with it.
    pub fn read(head: RequestHead<'_>, body: &[u8], now: DateTime<Utc>) -> Result<Self, SignatureError> {
        let header = read_header(head.headers)?;
        check_coverage(&header, !body.is_empty() || head.method.eq_ignore_ascii_case("POST"))?;
        check_age(&header, head.headers, now)?;
        if header.covers("digest") && !digest::matches(&joined(head.headers, "digest")?, body) {
            return Err(SignatureError::Digest);
        }
        let text = signed_text(&header, head)?;
        Ok(Self { header, text })
    }

    /// The key that the signature names.
    pub fn key_id(&self) -> &KeyId {
        &self.header.key_id
    }

    /// What tells this request from any other: the hash of its signature. Two requests share it only if one is a copy of
    /// the other.
    pub fn fingerprint(&self) -> String {
        digest::of(&self.header.signature)
    }

    /// Checks the signature with the key that it names.
    ///
    /// # Errors
    /// [`SignatureError::Mismatch`] if it was made with another key, or over another text.
    pub fn verify(&self, key: &PublicKey) -> Result<(), SignatureError> {
        if key.verifies(self.text.as_bytes(), &self.header.signature) {
            return Ok(());
        }
        Err(SignatureError::Mismatch(self.header.key_id.clone()))
    }

    #[cfg(test)]
    pub(super) fn verifies_with_any_size(&self, key: &PublicKey) -> bool {
        key.verifies_with_any_size(self.text.as_bytes(), &self.header.signature)
    }
}

fn read_header(headers: &HeaderMap) -> Result<SignatureHeader, SignatureError> {
    if headers.contains_key("signature-input") {
        return Err(SignatureError::Rfc9421);
    }
    let authorization = || {
        let value = headers.get("authorization")?.to_str().ok()?;
        value.starts_with("Signature ").then_some(value)
    };
    let signature = headers.get("signature").and_then(|value| value.to_str().ok());
    let text = signature.or_else(authorization).ok_or(SignatureError::Missing)?;
    Ok(SignatureHeader::parse(text)?)
}

fn check_coverage(header: &SignatureHeader, has_body: bool) -> Result<(), SignatureError> {
    for name in [REQUEST_TARGET, "host"] {
        if !header.covers(name) {
            return Err(SignatureError::NotCovered(name));
        }
    }
    if has_body && !header.covers("digest") {
        return Err(SignatureError::NotCovered("digest"));
    }
    if !header.covers("date") && !header.covers(CREATED) {
        return Err(SignatureError::NotCovered("date"));
    }
    Ok(())
}

fn check_age(header: &SignatureHeader, headers: &HeaderMap, now: DateTime<Utc>) -> Result<(), SignatureError> {
    let made_at = if header.covers("date") {
        let date = joined(headers, "date")?;
        DateTime::parse_from_rfc2822(&date).map_err(|_| SignatureError::Date)?.to_utc()
    } else {
        header.created.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).ok_or(SignatureError::Date)?
    };
    let expired = header.expires.is_some_and(|expires| expires < now.timestamp());
    if expired || (now - made_at).abs() > MAX_SKEW {
        return Err(SignatureError::Stale { made_at, now });
    }
    Ok(())
}

fn signed_text(header: &SignatureHeader, head: RequestHead<'_>) -> Result<String, SignatureError> {
    let lines: Result<Vec<String>, SignatureError> =
        header.covered.iter().map(|name| Ok(format!("{name}: {}", covered_value(name, header, head)?))).collect();
    Ok(lines?.join("\n"))
}

fn covered_value(name: &str, header: &SignatureHeader, head: RequestHead<'_>) -> Result<String, SignatureError> {
    let moment = |seconds: Option<i64>| {
        seconds.map(|seconds| seconds.to_string()).ok_or_else(|| SignatureError::AbsentHeader(name.to_owned()))
    };
    match name {
        REQUEST_TARGET => Ok(format!("{} {}", head.method.to_ascii_lowercase(), head.target)),
        CREATED => moment(header.created),
        EXPIRES => moment(header.expires),
        name => joined(head.headers, name),
    }
}

/// The values of a header, joined as the draft asks (section 2.3).
fn joined(headers: &HeaderMap, name: &str) -> Result<String, SignatureError> {
    let absent = || SignatureError::AbsentHeader(name.to_owned());
    let values: Option<Vec<&str>> =
        headers.get_all(name).iter().map(|value| Some(value.to_str().ok()?.trim())).collect();
    match values {
        Some(values) if !values.is_empty() => Ok(values.join(", ")),
        _ => Err(absent()),
    }
}

#[cfg(test)]
mod tests;
