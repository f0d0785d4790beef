//! Receiving and sending by RFC 9421, HTTP Message Signatures.
//!
//! ```text
//! Signature-Input: sig1=("@method" "@target-uri" "content-digest");created=1703066400;keyid="https://a.test/u#main-key"
//! Signature: sig1=:Z8il…:
//! Content-Digest: sha-256=:X48E…=:
//! ```

mod components;
mod input;
mod sign;

use chrono::{DateTime, Utc};

use super::{KeyId, RequestHead, SignatureError, SignedRequest, digest, verify::check_age};
use components::Scheme;

pub use input::{InputError, MessageSignature};
pub use sign::sign_rfc9421;

pub(super) const SIGNATURE_INPUT: &str = "signature-input";
const SIGNATURE: &str = "signature";
const CONTENT_DIGEST: &str = "content-digest";

/// Takes the first signature that could be an actor's. If none could, the error is that of the first.
pub(super) fn read(head: RequestHead<'_>, body: &[u8], now: DateTime<Utc>) -> Result<SignedRequest, SignatureError> {
    let candidates = MessageSignature::parse_all(&head.header(SIGNATURE_INPUT)?, &head.header(SIGNATURE)?)?;
    let mut refused = None;
    for candidate in candidates {
        match candidate.map_err(SignatureError::from).and_then(|candidate| accept(candidate, head, body, now)) {
            Ok(request) => return Ok(request),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or(SignatureError::Missing))
}

fn accept(
    signature: MessageSignature,
    head: RequestHead<'_>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<SignedRequest, SignatureError> {
    let key_id = KeyId::parse(&signature.key_id).map_err(InputError::from)?;
    check_coverage(&signature, head, body)?;
    let made_at = DateTime::from_timestamp(signature.created, 0).ok_or(SignatureError::Date)?;
    check_age(made_at, signature.expires, now)?;
    if signature.covers(CONTENT_DIGEST) && !digest::content_matches(&head.header(CONTENT_DIGEST)?, body) {
        return Err(SignatureError::Digest);
    }
    let schemes: &[Scheme] =
        if signature.depends_on_scheme() { &[Scheme::Https, Scheme::Http] } else { &[Scheme::Https] };
    let texts: Result<Vec<String>, SignatureError> =
        schemes.iter().map(|scheme| components::signed_text(&signature, head, *scheme)).collect();
    let mut texts = texts?;
    texts.dedup();
    Ok(SignedRequest { key_id, algorithm: signature.algorithm, signature: signature.signature, texts })
}

/// The method, the whole URL in one way or another, and the digest of the body if there is one.
fn check_coverage(signature: &MessageSignature, head: RequestHead<'_>, body: &[u8]) -> Result<(), SignatureError> {
    let need = |name: &'static str| if signature.covers(name) { Ok(()) } else { Err(SignatureError::NotCovered(name)) };
    need("@method")?;
    if !signature.covers("@target-uri") {
        need("@authority").map_err(|_| SignatureError::NotCovered("@target-uri"))?;
        if !signature.covers("@request-target") {
            need("@path")?;
            if head.target.contains('?') {
                need("@query")?;
            }
        }
    }
    if head.has_body(body) {
        need(CONTENT_DIGEST)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
