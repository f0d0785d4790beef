use serde_json::{Value, json};

use super::*;

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn origin() -> Origin {
    Origin::parse("tube.example", false).unwrap()
}

fn record() -> Value {
    json!({
        "id": 7,
        "uuid": "765302c9-fce1-4814-9d74-679a3dc97046",
        "url": "https://tube.example/videos/watch/765302c9-fce1-4814-9d74-679a3dc97046",
        "name": "A short film",
        "description": "First lines...",
        "category": {"id": 2, "label": "Films"},
        "licence": {"id": null, "label": "Unknown"},
        "language": {"id": "fr", "label": "French"},
        "privacy": {"id": 1, "label": "Public"},
        "isLocal": true,
        "duration": 61,
        "views": 5,
        "publishedAt": "2026-02-01T10:00:00.000Z",
        "createdAt": "2026-02-01T09:00:00.000Z",
        "originallyPublishedAt": null,
        "thumbnailPath": "/lazy-static/thumbnails/a.jpg",
        "account": {"id": 1, "name": "ada", "displayName": "Ada", "host": "tube.example",
            "url": "https://tube.example/accounts/ada", "avatars": [{"path": "/a.png", "width": 48}]},
        "channel": {"id": 2, "name": "films", "displayName": "Films", "host": "tube.example"}
    })
}

fn read_record(record: Value) -> Result<VideoDocument, Rejection> {
    let wire: WireVideo = serde_json::from_value(record).unwrap();
    read(&origin(), &wire, now())
}

fn with(path: &str, value: Value) -> Value {
    let mut record = record();
    *record.pointer_mut(path).unwrap() = value;
    record
}

#[test]
fn a_record_of_the_list_becomes_a_document() {
    let video = read_record(record()).unwrap();
    assert_eq!(video.name, "A short film");
    assert_eq!(video.category, Labelled { id: Some(2), label: "Films".to_owned() });
    assert_eq!(video.licence, Labelled::unknown());
    assert_eq!(video.originally_published_at, None);
    assert_eq!(video.channel.url, "https://tube.example/video-channels/films");
    assert_eq!(video.embed_path, "/videos/embed/fBs2nTA2VZt3MZsAC6Rvp5");
    assert_eq!(video.account.avatars.len(), 1);
}

#[test]
fn the_detail_brings_tags_and_the_whole_description() {
    let mut video = read_record(record()).unwrap();
    let detail =
        json!({"privacy": {"id": 1}, "tags": ["one", "", "t\nwo"], "description": "First lines and all others"});
    complete(&mut video, &serde_json::from_value(detail).unwrap()).unwrap();
    assert_eq!(video.tags, ["one", "t wo"]);
    assert_eq!(video.description.as_deref(), Some("First lines and all others"));
}

#[test]
fn only_public_videos_are_read() {
    for privacy in [json!({"id": 2}), json!({"id": 3}), json!(null), json!("public")] {
        assert_eq!(read_record(with("/privacy", privacy)), Err(Rejection::NotPublic));
    }
    let mut video = read_record(record()).unwrap();
    let unlisted = serde_json::from_value(json!({"privacy": {"id": 2}})).unwrap();
    assert_eq!(complete(&mut video, &unlisted), Err(Rejection::NotPublic));
}

#[test]
fn a_host_cannot_claim_videos_of_another() {
    for (path, value) in [
        ("/url", json!("https://victim.example/videos/watch/765302c9-fce1-4814-9d74-679a3dc97046")),
        ("/url", json!("https://tube.example@victim.example/")),
        ("/url", json!("javascript:alert(1)")),
        ("/account/host", json!("victim.example")),
        ("/channel/host", json!("victim.example")),
        ("/channel/host", json!(null)),
        ("/isLocal", json!(false)),
    ] {
        assert!(matches!(read_record(with(path, value.clone())), Err(Rejection::Foreign(_))), "{path} {value}");
    }
}

#[test]
fn a_path_that_leads_away_is_dropped() {
    let video = read_record(with("/thumbnailPath", json!("//victim.example/a.jpg"))).unwrap();
    assert_eq!(video.thumbnail_path, None);
    let video = read_record(with("/account/url", json!("https://victim.example/accounts/ada"))).unwrap();
    assert_eq!(video.account.url, "https://tube.example/accounts/ada");
}

#[test]
fn a_date_in_the_future_does_not_win_the_newest_list() {
    let video = read_record(with("/publishedAt", json!("2999-01-01T00:00:00.000Z"))).unwrap();
    assert_eq!(video.published_at, now());
}

#[test]
fn a_year_that_databases_cannot_write_is_as_good_as_absent() {
    for moment in ["-9999-01-01T00:00:00.000Z", "+12345-01-01T00:00:00.000Z"] {
        let mut odd = with("/originallyPublishedAt", json!(moment));
        odd["updatedAt"] = json!(moment);
        let video = read_record(odd).unwrap();
        assert_eq!((video.originally_published_at, video.updated_at), (None, video.published_at), "{moment}");
    }
}

#[test]
fn fields_of_the_wrong_type_are_as_good_as_absent() {
    for path in ["/duration", "/views", "/language", "/category", "/account/avatars", "/createdAt", "/isLocal", "/id"] {
        for value in [json!("nonsense"), json!([]), json!(-5), json!({"a": 1})] {
            assert!(read_record(with(path, value.clone())).is_ok(), "{path} {value}");
        }
    }
    assert_eq!(read_record(with("/uuid", json!("no"))), Err(Rejection::Missing("uuid")));
    assert_eq!(read_record(with("/name", json!("\u{202e}\n"))), Err(Rejection::Missing("name")));
    assert_eq!(read_record(with("/account/name", json!("a/../b"))), Err(Rejection::Missing("account")));
}

#[test]
fn endless_texts_are_cut() {
    let video = read_record(with("/name", json!("long ".repeat(300_000)))).unwrap();
    assert!(video.name.chars().count() <= MAX_NAME);
    let video = read_record(with("/description", json!("d".repeat(3_000_000)))).unwrap();
    assert_eq!(video.description.unwrap().len(), MAX_DESCRIPTION);
}

#[test]
fn counters_do_not_change_the_hash_of_the_listing_but_that_of_the_content() {
    let before = read_record(record()).unwrap();
    let after = read_record(with("/views", json!(6))).unwrap();
    assert_eq!(listing_hash(&before), listing_hash(&after));
    assert_ne!(content_hash(&before), content_hash(&after));
    let renamed = read_record(with("/name", json!("Another"))).unwrap();
    assert_ne!(listing_hash(&before), listing_hash(&renamed));
}
