//! What waits to be sent has what those who read it require. Each rule is a fact about their software:
//!
//! - PeerTube checks each activity for `type`, `id` and `actor`, and each object as the reference of its dialect lists.
//! - Mastodon finds what is liked, announced and undone by the address of the object, takes an Update for an edit only with
//!   `updated`, and an Announce only if it is for everybody or for followers.
//! - Lemmy's documents have no default for `id`, `actor`, `object` and `to`; a Like or Dislike without them is no vote.
//! - Pleroma's changesets of Like, Announce, Undo and Delete require `id`, `actor`, `object`, `to` and `cc`.
//! - GoToSocial refuses an activity whose `id` is on another host than its `actor`, and deletes what it can name by an
//!   address.
//! - Misskey and Friendica read an Undo only with the whole activity in it; WordPress, too.
//! - Owncast takes a Follow with `id`, `actor` and `object` alone.

use std::collections::BTreeSet;

use serde_json::Value;
use shoal_tests::Server;
use url::Url;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// What must be there besides [`ALWAYS`], by the kinds of an activity and its object.
const RULES: &[(&str, &[&str])] = &[
    ("Create Video", VIDEO),
    ("Update Video", VIDEO),
    ("Create Note", NOTE),
    ("Create Playlist", PLAYLIST),
    ("Update Playlist", PLAYLIST),
    ("Update Person", ACTOR),
    ("Update Group", ACTOR),
    ("Like", ADDRESSED),
    ("Dislike", ADDRESSED),
    ("Announce", ADDRESSED),
    ("Follow", &[]),
    ("View", &["/to"]),
    ("Delete", ADDRESSED),
    ("Delete Tombstone", &["/to", "/cc", "/object/id"]),
    ("Undo Like", UNDONE),
    ("Undo Dislike", UNDONE),
    ("Undo Announce", UNDONE),
    ("Undo Follow", &["/object/id", "/object/actor", "/object/object"]),
];
const ALWAYS: &[&str] = &["/@context", "/id", "/type", "/actor", "/object"];
const ADDRESSED: &[&str] = &["/to", "/cc"];
const UNDONE: &[&str] = &["/to", "/cc", "/object/id", "/object/actor", "/object/object"];
const VIDEO: &[&str] = &[
    "/to",
    "/cc",
    "/object/id",
    "/object/uuid",
    "/object/name",
    "/object/duration",
    "/object/views",
    "/object/published",
    "/object/updated",
    "/object/url/0/href",
    "/object/icon/0/url",
    "/object/attributedTo/0/id",
    "/object/attributedTo/1/id",
];
const NOTE: &[&str] = &[
    "/to",
    "/cc",
    "/object/id",
    "/object/url",
    "/object/attributedTo",
    "/object/to",
    "/object/cc",
    "/object/content",
    "/object/inReplyTo",
    "/object/published",
];
const PLAYLIST: &[&str] = &[
    "/to",
    "/object/id",
    "/object/uuid",
    "/object/name",
    "/object/totalItems",
    "/object/published",
    "/object/updated",
    "/object/attributedTo/0",
];
const ACTOR: &[&str] = &[
    "/to",
    "/object/id",
    "/object/preferredUsername",
    "/object/inbox",
    "/object/outbox",
    "/object/followers",
    "/object/following",
    "/object/publicKey/publicKeyPem",
    "/object/endpoints/sharedInbox",
];

/// Checks all that a server has to send, and tells which kinds of it there are.
pub async fn waiting(server: &Server) -> BTreeSet<String> {
    let statement = "SELECT body FROM outgoing_activities ORDER BY id";
    let mut connection = server.platform().db.read().await.unwrap();
    let bodies: Vec<String> = connection.query(statement).fetch_all_scalars().await.unwrap();
    bodies.iter().map(|body| check(&serde_json::from_str(body).unwrap())).collect()
}

fn check(activity: &Value) -> String {
    let words = [activity["type"].as_str(), activity["object"]["type"].as_str()];
    let kind = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let Some((_, rules)) = RULES.iter().find(|(known, _)| *known == kind) else {
        panic!("there is no rule for {kind}: {activity:#}");
    };
    for pointer in ALWAYS.iter().chain(*rules) {
        let found = activity.pointer(pointer);
        assert!(found.is_some_and(|member| !member.is_null()), "{kind} without {pointer}: {activity:#}");
    }
    let host = |member: &str| Url::parse(activity[member].as_str().unwrap()).unwrap().host_str().map(str::to_owned);
    assert_eq!(host("id"), host("actor"), "{kind}: {activity:#}");
    let recipients = ["to", "cc"].iter().flat_map(|member| activity[member].as_array().into_iter().flatten());
    if kind.ends_with("Announce") || kind.starts_with("Create") {
        let is_for_all = recipients.into_iter().any(|recipient| recipient == PUBLIC);
        assert!(is_for_all, "{kind} is not for everybody: {activity:#}");
    }
    kind
}
