//! How does Shoal speak ActivityPub in PeerTube's dialect?
//!
//! Everything here is pure: bytes and values go in, values come out, and the present moment is an argument. No network,
//! no database, no runtime; those are `courier`'s.
//!
//! What comes from outside is read leniently (one value or a list, a URL or an object, unknown members ignored) but
//! within bounds of size, depth and count. What goes out is written strictly, the way PeerTube writes it.
//!
//! - [`wire`]: the documents: actors, videos, activities, collections, cache files
//! - [`context`]: the JSON-LD `@context` of each of them
//! - [`signature`]: HTTP signatures, digests and keys
//! - [`linked_data`]: signatures of documents
//! - [`webfinger`], [`nodeinfo`], [`host_meta`]: how servers find each other
//! - [`ids`]: the URLs of our own actors and objects
//! - [`origin`]: who may speak for whom

#![warn(missing_docs)]

pub mod context;
pub mod host_meta;
pub mod ids;
pub mod linked_data;
pub mod nodeinfo;
pub mod origin;
pub mod signature;
pub mod webfinger;
pub mod wire;

/// The media type of the documents we send.
pub const ACTIVITY_JSON: &str = "application/activity+json";

/// The `Accept` header of a request for a document, as PeerTube sends it.
pub const ACCEPT_ACTIVITY: &str = "application/activity+json, application/ld+json";

/// The collection that stands for everybody.
pub const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// The relation under which a server names its own actor (FEP-2677).
pub const APPLICATION_RELATION: &str = "https://www.w3.org/ns/activitystreams#Application";

/// Whether a `Content-Type` is one that ActivityPub documents come in, whatever its parameters.
///
/// `application/ld+json` is accepted without a profile, because PeerTube and others leave it out.
pub fn is_activity_content_type(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(ACTIVITY_JSON) || essence.eq_ignore_ascii_case("application/ld+json")
}

/// Whether an `Accept` header asks for an ActivityPub document rather than a page for people.
pub fn accepts_activity(accept: &str) -> bool {
    accept.split(',').any(is_activity_content_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_known_by_its_content_type_with_or_without_profile() {
        assert!(is_activity_content_type("application/activity+json; charset=utf-8"));
        assert!(is_activity_content_type("application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\""));
        assert!(!is_activity_content_type("application/json"));
        assert!(!is_activity_content_type("text/html"));
    }

    #[test]
    fn a_browser_gets_a_page_and_a_server_gets_a_document() {
        assert!(accepts_activity(ACCEPT_ACTIVITY));
        assert!(!accepts_activity("text/html,application/xhtml+xml,*/*;q=0.8"));
    }
}
