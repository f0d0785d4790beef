use axum::http::{HeaderMap, header};

/// Whether the sender would rather read a page than JSON: browsers name `text/html` before any JSON type; API clients do
/// not name it.
pub fn prefers_html(headers: &HeaderMap) -> bool {
    let Some(accept) = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()) else { return false };
    let position = |wanted: fn(&str) -> bool| {
        accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim()).position(wanted)
    };
    let html = position(|kind| kind == "text/html");
    let json = position(|kind| kind.ends_with("json"));
    match (html, json) {
        (Some(html), Some(json)) => html < json,
        (Some(_), None) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_pages_and_programs_get_json() {
        let prefers =
            |accept: &'static str| prefers_html(&HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]));
        assert!(prefers("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(!prefers("application/activity+json, application/ld+json"));
        assert!(!prefers("*/*"));
        assert!(!prefers("application/activity+json, text/html;q=0.1"));
        assert!(!prefers_html(&HeaderMap::new()));
    }
}
