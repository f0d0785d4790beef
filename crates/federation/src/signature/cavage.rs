//! Receiving by draft-cavage-http-signatures-12.

use chrono::{DateTime, Utc};
use http::HeaderMap;

use super::{RequestHead, SignatureError, SignatureHeader, SignedRequest, digest, verify::check_age};

const REQUEST_TARGET: &str = "(request-target)";
const CREATED: &str = "(created)";
const EXPIRES: &str = "(expires)";

/// `(request-target)`, `host` and either `date` or `(created)` must be covered, and `digest` if there is a body.
pub(super) fn read(head: RequestHead<'_>, body: &[u8], now: DateTime<Utc>) -> Result<SignedRequest, SignatureError> {
    let header = read_header(head.headers)?;
    check_coverage(&header, head.has_body(body))?;
    check_age(made_at(&header, head)?, header.expires, now)?;
    if header.covers("digest") && !digest::matches(&head.header("digest")?, body) {
        return Err(SignatureError::Digest);
    }
    let text = signed_text(&header, head)?;
    Ok(SignedRequest {
        key_id: header.key_id,
        algorithm: header.algorithm,
        signature: header.signature,
        texts: vec![text],
    })
}

/// Some programs put it into `Authorization`, as the draft's section 3 has it.
fn read_header(headers: &HeaderMap) -> Result<SignatureHeader, SignatureError> {
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

fn made_at(header: &SignatureHeader, head: RequestHead<'_>) -> Result<DateTime<Utc>, SignatureError> {
    if header.covers("date") {
        let date = head.header("date")?;
        return Ok(DateTime::parse_from_rfc2822(&date).map_err(|_| SignatureError::Date)?.to_utc());
    }
    header.created.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).ok_or(SignatureError::Date)
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
        name => head.header(name),
    }
}

#[cfg(test)]
mod tests;
