//! Signed requests: no other body can be put under a signature, and none can be sent again later.
//!
//! The bytes are a request as it is on the wire, with `\n` at the end of lines: request line, headers, empty line, body.
#![no_main]

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use federation::signature::{MAX_SKEW, RequestHead, SignedRequest};
use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;

/// A minute after the seeds were signed.
static NOW: LazyLock<DateTime<Utc>> = LazyLock::new(|| DateTime::from_timestamp(1_795_320_948, 0).expect("a moment"));

fuzz_target!(|bytes: &[u8]| {
    let Some((method, target, headers, body)) = read(bytes) else { return };
    let head = RequestHead { method, target, headers: &headers };
    let Ok(request) = SignedRequest::read(head, body, *NOW) else { return };
    assert!(matches!(request.key_id().url().scheme(), "http" | "https"));
    let other_body = [body, b"x"].concat();
    assert!(SignedRequest::read(head, &other_body, *NOW).is_err(), "the signature fits another body");
    let late = *NOW + MAX_SKEW * 2 + TimeDelta::seconds(1);
    assert!(SignedRequest::read(head, body, late).is_err(), "the signature never gets old");
});

fn read(bytes: &[u8]) -> Option<(&str, &str, HeaderMap, &[u8])> {
    let end = bytes.windows(2).position(|window| window == b"\n\n")?;
    let (head, body) = (std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 2..]);
    let (request_line, head) = head.split_once('\n')?;
    let (method, target) = request_line.split_once(' ')?;
    let mut headers = HeaderMap::new();
    for line in head.lines() {
        let (name, value) = line.split_once(": ")?;
        headers.append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
    }
    Some((method, target, headers, body))
}
