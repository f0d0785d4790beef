//! Where does this answer send us, and what may come along?
//!
//! Pure. Follows RFC 9110 section 15.4 with less trust: a `POST` goes on only where its body must stay the same (307, 308)
//! and only within the origin, and secrets of the caller never cross to another origin.

use http::{
    HeaderMap, Method, StatusCode,
    header::{AUTHORIZATION, COOKIE, LOCATION, PROXY_AUTHORIZATION},
};
use url::Url;

use super::NetError;

/// The next URL, or `None` if the answer is final.
///
/// # Errors
/// [`NetError::BadRedirect`] if the answer points nowhere.
pub(super) fn target(
    method: &Method,
    from: &Url,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<Url>, NetError> {
    if !is_redirect(status) {
        return Ok(None);
    }
    let to = location(from, headers)?;
    let keeps_method = matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    let may_follow = matches!(*method, Method::GET | Method::HEAD) || (keeps_method && is_same_origin(from, &to));
    Ok(may_follow.then_some(to))
}

/// Removes what was meant for the first origin only.
pub(super) fn leave_secrets_behind(from: &Url, to: &Url, headers: &mut HeaderMap) {
    if is_same_origin(from, to) {
        return;
    }
    for name in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION] {
        headers.remove(name);
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn location(from: &Url, headers: &HeaderMap) -> Result<Url, NetError> {
    let location = headers.get(LOCATION).ok_or_else(|| NetError::BadRedirect("no location".into()))?;
    let location = location.to_str().map_err(|_| NetError::BadRedirect("the location is not text".into()))?;
    let mut to = from.join(location).map_err(|error| NetError::BadRedirect(error.to_string()))?;
    to.set_fragment(None);
    Ok(to)
}

fn is_same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn follow(method: &Method, status: u16, location: &str) -> Result<Option<String>, NetError> {
        let from = Url::parse("https://alpha.example/a/b").expect("a url");
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_str(location).expect("a header"));
        let status = StatusCode::from_u16(status).expect("a status");
        Ok(target(method, &from, status, &headers)?.map(String::from))
    }

    #[test]
    fn a_get_follows_every_redirect() {
        for status in [301, 302, 303, 307, 308] {
            let next = follow(&Method::GET, status, "../c?d#e").expect("a target");
            assert_eq!(next.as_deref(), Some("https://alpha.example/c?d"));
        }
    }

    #[test]
    fn other_answers_are_final() {
        for status in [200, 201, 300, 304, 404] {
            assert_eq!(follow(&Method::GET, status, "/c").expect("no error"), None);
        }
    }

    #[test]
    fn a_post_stays_with_its_origin_and_keeps_its_body() {
        assert_eq!(follow(&Method::POST, 302, "/c").expect("no error"), None);
        assert_eq!(follow(&Method::POST, 308, "https://beta.example/c").expect("no error"), None);
        assert_eq!(follow(&Method::POST, 307, "http://alpha.example/c").expect("no error"), None);
        assert!(follow(&Method::POST, 308, "/c").expect("no error").is_some());
    }

    #[test]
    fn a_redirect_without_a_target_is_an_error() {
        let from = Url::parse("https://alpha.example/").expect("a url");
        let outcome = target(&Method::GET, &from, StatusCode::FOUND, &HeaderMap::new());
        assert!(matches!(outcome, Err(NetError::BadRedirect(_))));
        assert!(matches!(follow(&Method::GET, 302, "http://[::1"), Err(NetError::BadRedirect(_))));
    }

    #[test]
    fn secrets_stay_with_the_first_origin() {
        let from = Url::parse("https://alpha.example/").expect("a url");
        for (to, kept) in [
            ("https://alpha.example/x", true),
            ("https://alpha.example:444/x", false),
            ("http://alpha.example/", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer secret"));
            leave_secrets_behind(&from, &Url::parse(to).expect("a url"), &mut headers);
            assert_eq!(headers.contains_key(AUTHORIZATION), kept, "{to}");
        }
    }
}
