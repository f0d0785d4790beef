use chrono::TimeDelta;
use http::{HeaderValue, Method};
use proptest::prelude::*;
use url::Url;

use super::*;
use crate::signature::{
    PublicKey, SigningKey,
    header::HeaderError,
    keys::{test_ed25519_key, test_key},
    sign,
};

const BODY: &[u8] = br#"{"type":"Follow"}"#;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_320_889, 0).unwrap()
}

fn signed(method: &Method, url: &Url, body: Option<&[u8]>) -> HeaderMap {
    signed_with(test_key(), method, url, body)
}

fn signed_with(key: &SigningKey, method: &Method, url: &Url, body: Option<&[u8]>) -> HeaderMap {
    let key_id = Url::parse("https://beta.test/accounts/peertube").unwrap();
    let mut headers = HeaderMap::new();
    sign(key, &key_id, method, url, body, now(), &mut headers).unwrap();
    let host = crate::origin::Host::of(url).unwrap();
    headers.insert("host", HeaderValue::from_str(host.as_str()).unwrap());
    headers
}

fn public_key() -> PublicKey {
    PublicKey::from_pem(&test_key().public_pem().unwrap()).unwrap()
}

fn inbox() -> Url {
    Url::parse("https://alpha.test/inbox?x=1").unwrap()
}

fn head(headers: &HeaderMap) -> RequestHead<'_> {
    RequestHead { method: "POST", target: "/inbox?x=1", headers }
}

fn verify(head: RequestHead<'_>, body: &[u8], at: DateTime<Utc>) -> Result<(), SignatureError> {
    SignedRequest::read(head, body, at)?.verify(&public_key())
}

#[test]
fn what_we_sign_verifies() {
    let headers = signed(&Method::POST, &inbox(), Some(BODY));
    assert_eq!(verify(head(&headers), BODY, now()), Ok(()));
    let get = signed(&Method::GET, &inbox(), None);
    let head = RequestHead { method: "GET", target: "/inbox?x=1", headers: &get };
    assert_eq!(verify(head, b"", now()), Ok(()));
    assert!(!get.contains_key("digest"));
}

#[test]
fn a_request_that_was_changed_on_the_way_does_not() {
    let headers = signed(&Method::POST, &inbox(), Some(BODY));
    assert_eq!(verify(head(&headers), b"{}", now()), Err(SignatureError::Digest));
    let moved = RequestHead { target: "/accounts/bob/inbox", ..head(&headers) };
    assert!(matches!(verify(moved, BODY, now()), Err(SignatureError::Mismatch(_))));
    for (name, value) in [("host", "gamma.test"), ("date", "Sun, 22 Nov 2026 04:14:50 GMT")] {
        let mut changed = headers.clone();
        changed.insert(name, HeaderValue::from_static(value));
        assert!(matches!(verify(head(&changed), BODY, now()), Err(SignatureError::Mismatch(_))), "{name}");
    }
}

#[test]
fn an_old_request_is_not_heard_twice() {
    let headers = signed(&Method::POST, &inbox(), Some(BODY));
    for seconds in [-1801, 1801] {
        let at = now() + TimeDelta::seconds(seconds);
        assert!(matches!(verify(head(&headers), BODY, at), Err(SignatureError::Stale { .. })), "{seconds}");
    }
    assert_eq!(verify(head(&headers), BODY, now() + TimeDelta::seconds(1799)), Ok(()));
}

#[test]
fn a_signature_that_covers_too_little_is_refused() {
    let full = signed(&Method::POST, &inbox(), Some(BODY));
    let header = full["signature"].to_str().unwrap().to_owned();
    for (covered, missing) in [
        ("host date digest", REQUEST_TARGET),
        ("(request-target) date digest", "host"),
        ("(request-target) host digest", "date"),
        ("(request-target) host date", "digest"),
    ] {
        let mut headers = full.clone();
        let weaker = header.replace("(request-target) host date digest", covered);
        headers.insert("signature", HeaderValue::try_from(weaker).unwrap());
        assert_eq!(verify(head(&headers), BODY, now()), Err(SignatureError::NotCovered(missing)));
    }
}

#[test]
fn unsigned_requests_and_unknown_algorithms_are_named() {
    assert_eq!(verify(head(&HeaderMap::new()), BODY, now()), Err(SignatureError::Missing));
    let mut headers = signed(&Method::POST, &inbox(), Some(BODY));
    let header = headers["signature"].to_str().unwrap().replace("rsa-sha256", "hmac-sha256");
    headers.insert("signature", HeaderValue::try_from(header).unwrap());
    let unknown = HeaderError::Algorithm("hmac-sha256".to_owned());
    assert_eq!(verify(head(&headers), BODY, now()), Err(SignatureError::Header(unknown)));
}

#[test]
fn an_ed25519_key_signs_as_hs2019_and_not_as_rsa() {
    let key = test_ed25519_key().public_key().unwrap();
    let mut headers = signed_with(test_ed25519_key(), &Method::POST, &inbox(), Some(BODY));
    let header = headers["signature"].to_str().unwrap().to_owned();
    assert!(header.contains(r#"algorithm="hs2019""#));
    let read = |headers: &HeaderMap| SignedRequest::read(head(headers), BODY, now()).unwrap();
    assert_eq!(read(&headers).verify(&key), Ok(()));
    headers.insert("signature", HeaderValue::try_from(header.replace("hs2019", "rsa-sha256")).unwrap());
    assert!(read(&headers).verify(&key).is_err());
}

#[test]
fn a_signature_may_stand_in_the_authorization_header() {
    let mut headers = signed(&Method::POST, &inbox(), Some(BODY));
    let signature = headers.remove("signature").unwrap();
    let authorization = format!("Signature {}", signature.to_str().unwrap());
    headers.insert("authorization", HeaderValue::try_from(authorization).unwrap());
    assert_eq!(verify(head(&headers), BODY, now()), Ok(()));
}

#[test]
fn a_moment_in_the_signature_itself_will_do() {
    let text = "(request-target): get /x\nhost: alpha.test\n(created): 1795320889";
    let signature =
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, test_key().sign(text.as_bytes()).unwrap());
    let header = format!(
        "keyId=\"https://beta.test/u#main-key\",algorithm=\"hs2019\",created=1795320889,\
         headers=\"(request-target) host (created)\",signature=\"{signature}\""
    );
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("alpha.test"));
    headers.insert("signature", HeaderValue::try_from(header).unwrap());
    let head = RequestHead { method: "GET", target: "/x", headers: &headers };
    assert_eq!(verify(head, b"", now()), Ok(()));
    let late = now() + TimeDelta::seconds(2000);
    assert!(matches!(verify(head, b"", late), Err(SignatureError::Stale { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_signed_request_verifies(path in "[a-z/]{0,20}", query in prop::option::of("[a-z=&%0-9]{1,20}"), body: Vec<u8>) {
        let mut url = Url::parse("https://alpha.test:8443").unwrap();
        url.set_path(&path);
        url.set_query(query.as_deref());
        let headers = signed(&Method::POST, &url, Some(&body));
        let target = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let head = RequestHead { method: "POST", target: &target, headers: &headers };
        prop_assert_eq!(verify(head, &body, now()), Ok(()));
    }
}
