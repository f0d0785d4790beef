mod examples;

use chrono::TimeDelta;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;
use url::Url;

use super::*;
use crate::signature::{
    Algorithm, PublicKey, SigningKey,
    header::HeaderError,
    keys::{test_ed25519_key, test_key},
};

const BODY: &[u8] = br#"{"type":"Follow"}"#;
const KEY_ID: &str = "https://beta.test/accounts/bob#main-key";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_320_889, 0).unwrap()
}

fn inbox() -> Url {
    Url::parse("https://alpha.test/inbox?x=1").unwrap()
}

fn signed(key: &SigningKey, method: &Method, url: &Url, body: Option<&[u8]>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    sign_rfc9421(key, &Url::parse(KEY_ID).unwrap(), method, url, body, now(), &mut headers).unwrap();
    let host = crate::origin::Host::of(url).unwrap();
    headers.insert("host", HeaderValue::from_str(host.as_str()).unwrap());
    headers
}

/// A request that is signed by hand, so that it can be anything.
fn signed_by_hand(input: &str, lines: &str) -> HeaderMap {
    let text = format!("{lines}\n\"@signature-params\": {input}");
    let signature = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        test_ed25519_key().sign(text.as_bytes()).unwrap(),
    );
    headers(&[
        ("host", "alpha.test"),
        ("content-digest", &digest::content_of(BODY)),
        ("signature-input", &format!("sig1={input}")),
        ("signature", &format!("sig1=:{signature}:")),
    ])
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())).collect()
}

fn head(headers: &HeaderMap) -> RequestHead<'_> {
    RequestHead { method: "POST", target: "/inbox?x=1", headers }
}

fn read(head: RequestHead<'_>) -> Result<SignedRequest, SignatureError> {
    SignedRequest::read(head, BODY, now())
}

fn verify_with(key: &SigningKey, head: RequestHead<'_>) -> Result<(), SignatureError> {
    read(head)?.verify(&key.public_key().unwrap())
}

#[test]
fn what_we_sign_verifies_with_either_kind_of_key() {
    for key in [test_key(), test_ed25519_key()] {
        let post = signed(key, &Method::POST, &inbox(), Some(BODY));
        assert_eq!(verify_with(key, head(&post)), Ok(()));
        let get = signed(key, &Method::GET, &inbox(), None);
        let head = RequestHead { method: "GET", target: "/inbox?x=1", headers: &get };
        let request = SignedRequest::read(head, b"", now()).unwrap();
        assert_eq!(request.key_id().url().as_str(), KEY_ID);
        assert_eq!(request.verify(&key.public_key().unwrap()), Ok(()));
        assert!(!get.contains_key("content-digest"));
    }
}

#[test]
fn the_headers_look_as_mastodon_documents_them() {
    let headers = signed(test_key(), &Method::POST, &inbox(), Some(BODY));
    assert_eq!(
        headers["signature-input"].to_str().unwrap(),
        format!(r#"sig1=("@method" "@target-uri" "content-digest");created=1795320889;keyid="{KEY_ID}""#)
    );
    assert!(headers["signature"].to_str().unwrap().starts_with("sig1=:"));
    assert_eq!(headers["content-digest"], digest::content_of(BODY).as_str());
}

#[test]
fn a_request_may_have_come_by_either_scheme() {
    let url = Url::parse("http://alpha.test:9000/inbox?x=1").unwrap();
    let headers = signed(test_ed25519_key(), &Method::POST, &url, Some(BODY));
    assert_eq!(verify_with(test_ed25519_key(), head(&headers)), Ok(()));
}

#[test]
fn a_request_that_was_changed_on_the_way_does_not_verify() {
    let headers = signed(test_ed25519_key(), &Method::POST, &inbox(), Some(BODY));
    assert_eq!(SignedRequest::read(head(&headers), b"{}", now()).unwrap_err(), SignatureError::Digest);
    for changed in [
        RequestHead { target: "/inbox?x=2", ..head(&headers) },
        RequestHead { target: "/accounts/bob/inbox", ..head(&headers) },
        RequestHead { method: "PUT", ..head(&headers) },
    ] {
        assert!(matches!(verify_with(test_ed25519_key(), changed), Err(SignatureError::Mismatch(_))), "{changed:?}");
    }
    let input = headers["signature-input"].to_str().unwrap();
    for (name, value) in [
        ("host", "gamma.test".to_owned()),
        ("signature-input", input.replace("1795320889", "1795320890")),
        ("signature-input", input.replace("main-key", "other-key")),
    ] {
        let mut changed = headers.clone();
        changed.insert(name, HeaderValue::try_from(value).unwrap());
        assert!(matches!(verify_with(test_ed25519_key(), head(&changed)), Err(SignatureError::Mismatch(_))), "{name}");
    }
}

#[test]
fn an_old_request_is_not_heard_twice() {
    let headers = signed(test_ed25519_key(), &Method::POST, &inbox(), Some(BODY));
    for seconds in [-1801, 1801] {
        let read = SignedRequest::read(head(&headers), BODY, now() + TimeDelta::seconds(seconds));
        assert!(matches!(read, Err(SignatureError::Stale { .. })), "{seconds}");
    }
    assert!(SignedRequest::read(head(&headers), BODY, now() + TimeDelta::seconds(1799)).is_ok());
    let expired =
        format!(r#"("@method" "@target-uri" "content-digest");created=1795320880;expires=1795320888;keyid="{KEY_ID}""#);
    assert!(matches!(read(head(&signed_by_hand(&expired, ""))), Err(SignatureError::Stale { .. })));
}

#[test]
fn a_signature_that_covers_too_little_is_refused() {
    for (covered, missing) in [
        (r#""@target-uri" "content-digest""#, "@method"),
        (r#""@method" "content-digest""#, "@target-uri"),
        (r#""@method" "@authority" "content-digest""#, "@path"),
        (r#""@method" "@authority" "@path" "content-digest""#, "@query"),
        (r#""@method" "@target-uri""#, "content-digest"),
    ] {
        let headers = signed_by_hand(&format!(r#"({covered});created=1795320889;keyid="{KEY_ID}""#), "");
        assert_eq!(read(head(&headers)).unwrap_err(), SignatureError::NotCovered(missing));
    }
}

#[test]
fn the_url_may_be_covered_in_parts() {
    let digest = digest::content_of(BODY);
    for (covered, lines) in [
        (r#""@method" "@authority" "@path" "@query" "content-digest""#, "\"@path\": /inbox\n\"@query\": ?x=1\n"),
        (r#""@method" "@authority" "@request-target" "content-digest""#, "\"@request-target\": /inbox?x=1\n"),
        (
            r#""@method" "@authority" "@request-target" "@scheme" "content-digest""#,
            "\"@request-target\": /inbox?x=1\n\"@scheme\": https\n",
        ),
    ] {
        let lines = format!("\"@method\": POST\n\"@authority\": alpha.test\n{lines}\"content-digest\": {digest}");
        let headers =
            signed_by_hand(&format!(r#"({covered});created=1795320889;keyid="{KEY_ID}";alg="ed25519""#), &lines);
        assert_eq!(verify_with(test_ed25519_key(), head(&headers)), Ok(()), "{covered}");
        assert!(verify_with(test_key(), head(&headers)).is_err());
    }
}

#[test]
fn a_malformed_input_is_refused_by_name() {
    let full = r#""@method" "@target-uri" "content-digest""#;
    for (input, error) in [
        (format!(r#"({full});keyid="{KEY_ID}""#), InputError::Parameter("created")),
        (format!(r#"({full});created="now";keyid="{KEY_ID}""#), InputError::Parameter("created")),
        (format!(r"({full});created=1795320889"), InputError::Parameter("keyid")),
        (
            format!(r#"({full});created=1795320889;keyid="{KEY_ID}";alg="hmac-sha256""#),
            InputError::Algorithm("hmac-sha256".to_owned()),
        ),
        (
            format!(r#"({full} "@method");created=1795320889;keyid="{KEY_ID}""#),
            InputError::Component("@method".to_owned()),
        ),
        (
            format!(r#"({full} "date";bs);created=1795320889;keyid="{KEY_ID}""#),
            InputError::Component("date".to_owned()),
        ),
        (format!(r#"({full} "Date");created=1795320889;keyid="{KEY_ID}""#), InputError::Component("Date".to_owned())),
        (
            format!(r#"({full} "@status");created=1795320889;keyid="{KEY_ID}""#),
            InputError::Component("@status".to_owned()),
        ),
        (format!(r#"({full});created=1795320889;keyid="acct:bob""#), HeaderError::Parameter("keyId").into()),
        (r#""@method""#.to_owned(), InputError::Syntax),
        ("(".to_owned(), InputError::Syntax),
    ] {
        assert_eq!(read(head(&signed_by_hand(&input, ""))).unwrap_err(), SignatureError::Input(error), "{input}");
    }
    let mut headers = signed(test_ed25519_key(), &Method::POST, &inbox(), Some(BODY));
    headers.insert("signature", HeaderValue::from_static("sig2=:AAAA:"));
    let missing = InputError::NoSignature("sig1".to_owned());
    assert_eq!(read(head(&headers)).unwrap_err(), SignatureError::Input(missing));
    headers.remove("signature");
    assert!(read(head(&headers)).is_err());
}

#[test]
fn the_signature_of_a_proxy_does_not_hide_that_of_the_actor() {
    let mut headers = signed(test_ed25519_key(), &Method::POST, &inbox(), Some(BODY));
    let proxy = r#"proxy=("@authority");created=1795320889;keyid="a8f3";tag="web-bot-auth""#;
    let (input, signature) = (headers["signature-input"].clone(), headers["signature"].clone());
    headers.insert("signature-input", HeaderValue::from_static(proxy));
    headers.append("signature-input", input);
    headers.insert("signature", HeaderValue::from_static("proxy=:AAAA:"));
    headers.append("signature", signature);
    assert_eq!(verify_with(test_ed25519_key(), head(&headers)), Ok(()));
}

#[test]
fn only_the_first_three_signatures_are_looked_at() {
    let headers = signed(test_ed25519_key(), &Method::POST, &inbox(), Some(BODY));
    let behind = |count: usize| {
        let mut headers = headers.clone();
        let others = ["one=(), ", "two=(), ", "three=(), "][..count].concat();
        let input = format!("{others}{}", headers["signature-input"].to_str().unwrap());
        headers.insert("signature-input", HeaderValue::try_from(input).unwrap());
        read(head(&headers)).is_ok()
    };
    assert!(behind(2));
    assert!(!behind(3));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_signed_request_verifies(path in "[a-z/]{0,20}", query in prop::option::of("[a-z=&%0-9]{1,20}"), body: Vec<u8>) {
        let mut url = Url::parse("https://alpha.test:8443").unwrap();
        url.set_path(&path);
        url.set_query(query.as_deref());
        let headers = signed(test_ed25519_key(), &Method::POST, &url, Some(&body));
        let target = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let head = RequestHead { method: "POST", target: &target, headers: &headers };
        let request = SignedRequest::read(head, &body, now()).unwrap();
        prop_assert_eq!(request.verify(&test_ed25519_key().public_key().unwrap()), Ok(()));
    }

    #[test]
    fn any_headers_are_read_without_panic(
        input in "(sig1=\\()?[ \"@a-z;=:()?0-9,-]{0,60}",
        signature in "(sig1=:)?[ \"@a-zA-Z;=:()?0-9,-]{0,40}",
    ) {
        let headers = headers(&[("host", "alpha.test"), ("signature-input", &input), ("signature", &signature)]);
        let _ = read(head(&headers));
    }
}
