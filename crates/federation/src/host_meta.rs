//! Where is WebFinger? The XRD document at `/.well-known/host-meta` (RFC 6415), for clients that still ask it.

use url::Url;

/// The media type of the document.
pub const CONTENT_TYPE: &str = "application/xrd+xml; charset=utf-8";

/// The document of the server at `base`.
pub fn document(base: &Url) -> String {
    let origin = base.as_str().trim_end_matches('/');
    let escaped = origin.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\">\n  \
         <Link rel=\"lrdd\" type=\"application/xrd+xml\" template=\"{escaped}/.well-known/webfinger?resource={{uri}}\"/>\n\
         </XRD>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_document_that_peertube_serves() {
        let recorded = include_str!("../fixtures/peertube-6.3/ap/host-meta.xml");
        let base = Url::parse("http://127.0.0.1:9002").unwrap();
        assert_eq!(document(&base), recorded.trim_end());
    }
}
