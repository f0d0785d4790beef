use platform::{clock::Timestamp, ids};

use super::{
    MAX_NAME, Rejection, bounded_count, clean, is_everybodys, read_actor, read_description, read_moment, read_number,
    read_pictures,
    wire::{WireActor, WireChannel, WireOwner, WirePlaylist, WireProfile},
};
use crate::{
    channels::{Channel, Owner},
    document::{Actor, Labelled},
    hosts::Origin,
    playlists::Playlist,
};

const MAX_SUPPORT: usize = 1_000;
/// PeerTube's number for a playlist that somebody made; the others hold what they want to watch later.
const REGULAR: i64 = 1;

/// Reads one entry of an instance's list of channels.
///
/// # Errors
/// [`Rejection`] if the record may not enter the index.
pub fn read_channel(origin: &Origin, wire: &WireChannel, now: Timestamp) -> Result<Channel, Rejection> {
    let actor = needed(origin, Some(&wire.actor), "video-channels", "channel")?;
    let owner = wire.owner_account.as_ref().ok_or(Rejection::Missing("account"))?;
    let (created_at, updated_at) = moments(&wire.profile, now);
    Ok(Channel {
        actor,
        origin: origin.to_string(),
        description: wire.profile.description.as_deref().and_then(read_description),
        support: wire
            .support
            .as_deref()
            .map(|text| clean::paragraphs(text, MAX_SUPPORT))
            .filter(|text| !text.is_empty()),
        banners: read_pictures(wire.banners.as_deref()),
        following_count: bounded_count(wire.profile.following_count),
        followers_count: bounded_count(wire.profile.followers_count),
        videos_count: None,
        created_at,
        updated_at,
        owner: read_owner(origin, owner, now)?,
    })
}

fn read_owner(origin: &Origin, wire: &WireOwner, now: Timestamp) -> Result<Owner, Rejection> {
    let (created_at, updated_at) = moments(&wire.profile, now);
    Ok(Owner {
        actor: needed(origin, Some(&wire.actor), "accounts", "account")?,
        description: wire.profile.description.as_deref().and_then(read_description),
        following_count: bounded_count(wire.profile.following_count),
        followers_count: bounded_count(wire.profile.followers_count),
        created_at,
        updated_at,
    })
}

/// Reads one entry of an instance's list of playlists.
///
/// # Errors
/// [`Rejection`] if the record may not enter the index.
pub fn read_playlist(origin: &Origin, wire: &WirePlaylist, now: Timestamp) -> Result<Playlist, Rejection> {
    if !is_everybodys(wire.privacy.as_ref()) {
        return Err(Rejection::NotPublic);
    }
    let uuid = wire.uuid.as_deref().and_then(ids::parse_uuid).ok_or(Rejection::Missing("uuid"))?;
    let display_name = clean::line(wire.display_name.as_deref().unwrap_or_default(), MAX_NAME);
    if display_name.is_empty() {
        return Err(Rejection::Missing("name"));
    }
    let created_at = wire.created_at.and_then(read_moment).unwrap_or(now).min(now);
    Ok(Playlist {
        origin_id: wire.id.unwrap_or_default(),
        uuid,
        origin: origin.to_string(),
        display_name,
        description: wire.description.as_deref().and_then(read_description),
        videos_length: bounded_count(wire.videos_length),
        kind: read_kind(wire),
        thumbnail_path: wire.thumbnail_path.as_deref().and_then(clean::path),
        embed_path: wire
            .embed_path
            .as_deref()
            .and_then(clean::path)
            .unwrap_or_else(|| format!("/video-playlists/embed/{}", ids::short_uuid(uuid))),
        created_at,
        updated_at: wire.updated_at.and_then(read_moment).unwrap_or(created_at).min(now),
        account: needed(origin, wire.owner_account.as_ref(), "accounts", "account")?,
        channel: read_actor(origin, wire.video_channel.as_ref(), "video-channels")?,
    })
}

fn read_kind(wire: &WirePlaylist) -> Labelled<i64> {
    let said = read_number(wire.r#type.as_ref());
    if said.id.is_some() { said } else { Labelled { id: Some(REGULAR), label: "Regular".to_owned() } }
}

fn needed(
    origin: &Origin,
    wire: Option<&WireActor>,
    folder: &'static str,
    what: &'static str,
) -> Result<Actor, Rejection> {
    read_actor(origin, wire, folder)?.ok_or(Rejection::Missing(what))
}

/// When somebody came to be and last changed.
fn moments(profile: &WireProfile, now: Timestamp) -> (Timestamp, Timestamp) {
    let created_at = profile.created_at.and_then(read_moment).unwrap_or(now).min(now);
    (created_at, profile.updated_at.and_then(read_moment).unwrap_or(created_at).min(now))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn now() -> Timestamp {
        "2026-12-01T12:00:00Z".parse().unwrap()
    }

    fn origin() -> Origin {
        Origin::parse("127.0.0.1:9002", true).unwrap()
    }

    /// The first entry of a recorded answer of PeerTube 6.3.
    fn recorded(text: &str) -> Value {
        serde_json::from_str::<Value>(text).unwrap()["data"][0].clone()
    }

    fn channel() -> Value {
        recorded(include_str!("../../fixtures/peertube-channels.json"))
    }

    fn playlist() -> Value {
        recorded(include_str!("../../fixtures/peertube-playlists.json"))
    }

    fn read_as_channel(record: Value) -> Result<Channel, Rejection> {
        read_channel(&origin(), &serde_json::from_value(record).unwrap(), now())
    }

    fn read_as_playlist(record: Value) -> Result<Playlist, Rejection> {
        read_playlist(&origin(), &serde_json::from_value(record).unwrap(), now())
    }

    fn with(mut record: Value, path: &str, value: Value) -> Value {
        *record.pointer_mut(path).unwrap() = value;
        record
    }

    #[test]
    fn a_recorded_channel_is_read_completely() {
        let channel = read_as_channel(channel()).unwrap();
        assert_eq!((channel.actor.name.as_str(), channel.actor.display_name.as_str()), ("bob_main", "Bob Main"));
        assert_eq!((channel.actor.id, channel.actor.avatars.len(), channel.banners.len()), (2, 4, 2));
        assert_eq!(channel.description.as_deref(), Some("Bob channel desc"));
        assert_eq!(channel.support.as_deref(), Some("tip bob"));
        assert_eq!((channel.followers_count, channel.following_count), (1, 0));
        assert_eq!(channel.created_at.to_rfc3339(), "2026-11-22T03:56:22.838+00:00");
        assert_eq!((channel.owner.actor.name.as_str(), channel.owner.description), ("bob", None));
    }

    #[test]
    fn a_recorded_playlist_is_read_completely() {
        let playlist = read_as_playlist(playlist()).unwrap();
        assert_eq!((playlist.display_name.as_str(), playlist.videos_length), ("Bob playlist", 1));
        assert_eq!(playlist.kind, Labelled { id: Some(1), label: "Regular".to_owned() });
        assert_eq!(playlist.embed_path, "/video-playlists/embed/b63ca374-d58f-4174-8635-3057c20d3423");
        assert_eq!((playlist.account.name.as_str(), playlist.channel.unwrap().name.as_str()), ("bob", "bob_main"));
    }

    #[test]
    fn a_host_cannot_claim_channels_and_playlists_of_another() {
        for path in ["/host", "/ownerAccount/host"] {
            let read = read_as_channel(with(channel(), path, json!("victim.example")));
            assert!(matches!(read, Err(Rejection::Foreign(_))), "{path}");
        }
        for path in ["/ownerAccount/host", "/videoChannel/host"] {
            let read = read_as_playlist(with(playlist(), path, json!("victim.example")));
            assert!(matches!(read, Err(Rejection::Foreign(_))), "{path}");
        }
    }

    #[test]
    fn only_public_playlists_are_read() {
        for privacy in [json!({"id": 2}), json!({"id": 3}), json!(null)] {
            assert_eq!(read_as_playlist(with(playlist(), "/privacy", privacy)), Err(Rejection::NotPublic));
        }
    }

    #[test]
    fn odd_fields_cost_only_themselves() {
        for path in ["/followersCount", "/avatars", "/banners", "/createdAt", "/description", "/id", "/support"] {
            for value in [json!("nonsense\u{202e}"), json!([]), json!(-5), json!({"a": 1}), json!(null)] {
                assert!(read_as_channel(with(channel(), path, value.clone())).is_ok(), "{path} {value}");
            }
        }
        let endless = read_as_playlist(with(playlist(), "/displayName", json!("long ".repeat(100_000)))).unwrap();
        assert!(endless.display_name.chars().count() <= MAX_NAME);
        let playlist = read_as_playlist(with(playlist(), "/thumbnailPath", json!("//victim.example/a.jpg"))).unwrap();
        assert_eq!(playlist.thumbnail_path, None);
        assert_eq!(read_as_channel(with(channel(), "/name", json!("a/b"))), Err(Rejection::Missing("channel")));
    }
}
