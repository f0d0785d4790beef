use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use url::Url;

use super::{KeyError, KeyKind, SigningKey, digest};
use crate::origin::Host;

const DIGEST: HeaderName = HeaderName::from_static("digest");
const SIGNATURE: HeaderName = HeaderName::from_static("signature");

/// A request that cannot be signed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SignError {
    /// Its URL has no host.
    #[error("{0} has no host")]
    NoHost(Url),
    /// The key does not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key's name cannot stand in a header.
    #[error("the key {0} cannot be named in a header")]
    KeyName(Url),
}

/// Signs a request by draft-cavage-http-signatures: puts `Date`, `Digest` if there is a body, and `Signature` into its headers.
///
/// The `Host` header is covered as the HTTP client will send it: the host of the URL, with the port unless it is the
/// scheme's own. `key_id` is named as it is; PeerTube gives the actor's URL without a fragment.
///
/// # Errors
/// [`SignError`] if the URL has no host or the key is unusable.
pub fn sign(
    key: &SigningKey,
    key_id: &Url,
    method: &Method,
    url: &Url,
    body: Option<&[u8]>,
    now: DateTime<Utc>,
    headers: &mut HeaderMap,
) -> Result<(), SignError> {
    let host = Host::of(url).ok_or_else(|| SignError::NoHost(url.clone()))?;
    let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let mut covered =
        vec![("(request-target)", request_target(method, url)), ("host", host.to_string()), ("date", date.clone())];
    covered.extend(body.map(|body| ("digest", digest::of(body))));
    let text: Vec<String> = covered.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let names: Vec<&str> = covered.iter().map(|(name, _)| *name).collect();
    let signature = STANDARD.encode(key.sign(text.join("\n").as_bytes())?);
    let header = format!(
        "keyId=\"{key_id}\",algorithm=\"{}\",headers=\"{}\",signature=\"{signature}\"",
        algorithm(key.kind()),
        names.join(" ")
    );
    let unnameable = |_| SignError::KeyName(key_id.clone());
    headers.insert(header::DATE, HeaderValue::try_from(date).map_err(unnameable)?);
    if let Some(body) = body {
        headers.insert(DIGEST, HeaderValue::try_from(digest::of(body)).map_err(unnameable)?);
    }
    headers.insert(SIGNATURE, HeaderValue::try_from(header).map_err(unnameable)?);
    Ok(())
}

/// The draft has no name for Ed25519 but "whatever the key is for".
fn algorithm(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Rsa => "rsa-sha256",
        KeyKind::Ed25519 => "hs2019",
    }
}

fn request_target(method: &Method, url: &Url) -> String {
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{} {}{query}", method.as_str().to_ascii_lowercase(), url.path())
}
