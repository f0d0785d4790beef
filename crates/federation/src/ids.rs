//! Under which URLs do our own actors and objects live?
//!
//! The scheme is PeerTube's, path by path, because other servers and clients guess these paths (the instance actor, the
//! watch page, the shared inbox) and because ids never change once they are out. [`LocalIds`] writes them;
//! [`LocalIds::read`] is its inverse for the ids that come back in activities.

use chrono::{DateTime, SecondsFormat, Utc};
use url::Url;
use uuid::Uuid;

use crate::origin;

/// The user name of the actor that stands for the whole server. PeerTube falls back to it when it looks for one.
pub const INSTANCE_ACTOR_NAME: &str = "peertube";

/// One of our own actors or objects, recognised by its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalId {
    /// An account, by name; the instance actor is the account [`INSTANCE_ACTOR_NAME`].
    Account(String),
    /// A channel, by name.
    Channel(String),
    /// A video.
    Video(Uuid),
    /// A follow that one of our actors sent: its name, whether it is a channel, and the number of the follow.
    Follow(i64),
    /// A mirror of a streaming playlist that we announced, by the UUID of the video.
    HlsMirror(Uuid),
}

/// Writes the URLs of our own actors and objects.
#[derive(Debug, Clone)]
pub struct LocalIds {
    base: Url,
}

impl LocalIds {
    /// Ids under the public URL of the server, of which only scheme, host and port count.
    pub fn new(base: &Url) -> Self {
        let mut base = base.clone();
        base.set_path("/");
        base.set_query(None);
        base.set_fragment(None);
        Self { base }
    }

    /// The actor of the server itself.
    pub fn instance_actor(&self) -> Url {
        self.account(INSTANCE_ACTOR_NAME)
    }

    /// The actor of a person.
    pub fn account(&self, name: &str) -> Url {
        self.path(&["accounts", name])
    }

    /// The actor of a channel.
    pub fn channel(&self, name: &str) -> Url {
        self.path(&["video-channels", name])
    }

    /// The inbox that takes activities for every actor of the server.
    pub fn shared_inbox(&self) -> Url {
        self.path(&["inbox"])
    }

    /// A video. The same URL is its page for people.
    pub fn video(&self, uuid: Uuid) -> Url {
        self.path(&["videos", "watch", &uuid.to_string()])
    }

    /// The page that embeds a video.
    pub fn video_embed(&self, uuid: Uuid) -> Url {
        self.path(&["videos", "embed", &uuid.to_string()])
    }

    /// The announcement of a video by the actor with this number.
    pub fn announce(&self, video: Uuid, actor: i64) -> Url {
        self.path(&["videos", "watch", &video.to_string(), "announces", &actor.to_string()])
    }

    /// A comment.
    pub fn comment(&self, video: Uuid, comment: i64) -> Url {
        self.path(&["videos", "watch", &video.to_string(), "comments", &comment.to_string()])
    }

    /// A playlist.
    pub fn playlist(&self, uuid: Uuid) -> Url {
        self.path(&["video-playlists", &uuid.to_string()])
    }

    /// The acceptance of a follow that somebody sent us.
    pub fn accept_follow(&self, follow: i64) -> Url {
        self.path(&["accepts", "follows", &follow.to_string()])
    }

    /// The rejection of a follow that somebody sent us.
    pub fn reject_follow(&self, follow: i64) -> Url {
        self.path(&["rejects", "follows", &follow.to_string()])
    }

    /// Our mirror of a video's streaming playlist.
    pub fn hls_mirror(&self, video: Uuid) -> Url {
        self.path(&["redundancy", "streaming-playlists", "hls", &video.to_string()])
    }

    /// The folder from which our mirror of a video is served.
    pub fn hls_mirror_base(&self, video: Uuid) -> Url {
        self.path(&["static", "redundancy", "hls", &video.to_string()])
    }

    /// Recognises one of our own ids. `None` if it is foreign or of another kind.
    pub fn read(&self, id: &Url) -> Option<LocalId> {
        if !origin::same_host(id, &self.base) {
            return None;
        }
        let segments: Vec<&str> = id.path_segments()?.collect();
        match *segments.as_slice() {
            ["accounts", name] => Some(LocalId::Account(name.to_owned())),
            ["video-channels", name] => Some(LocalId::Channel(name.to_owned())),
            ["videos", "watch", uuid] => Some(LocalId::Video(Uuid::try_parse(uuid).ok()?)),
            ["accounts" | "video-channels", _, "follows", number] => Some(LocalId::Follow(number.parse().ok()?)),
            ["redundancy", "streaming-playlists", "hls", uuid] => Some(LocalId::HlsMirror(Uuid::try_parse(uuid).ok()?)),
            _ => None,
        }
    }

    fn path(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        url
    }
}

/// Something under an id: `{id}/inbox`, `{id}/followers`, `{id}/activity`.
///
/// The part may have several segments, as in `follows/7`.
pub fn under(id: &Url, part: &str) -> Url {
    let mut url = id.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(part.split('/'));
    }
    url
}

/// The follow with this number that the actor sent.
pub fn follow(actor: &Url, number: i64) -> Url {
    under(actor, &format!("follows/{number}"))
}

/// The creation of an object.
pub fn create(object: &Url) -> Url {
    under(object, "activity")
}

/// The change of an object at a moment.
pub fn update(object: &Url, at: DateTime<Utc>) -> Url {
    under(object, &format!("updates/{}", at.to_rfc3339_opts(SecondsFormat::Millis, true)))
}

/// The deletion of an object.
pub fn delete(object: &Url) -> Url {
    under(object, "delete")
}

/// The withdrawal of an activity.
pub fn undo(activity: &Url) -> Url {
    under(activity, "undo")
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIDEO: Uuid = Uuid::from_u128(0x7653_02c9_fce1_4814_9d74_679a_3dc9_7046);

    fn ids() -> LocalIds {
        LocalIds::new(&Url::parse("https://alpha.test/ignored?x#y").unwrap())
    }

    #[test]
    fn ids_are_those_of_peertube() {
        let video = "https://alpha.test/videos/watch/765302c9-fce1-4814-9d74-679a3dc97046";
        assert_eq!(ids().instance_actor().as_str(), "https://alpha.test/accounts/peertube");
        assert_eq!(ids().video(VIDEO).as_str(), video);
        assert_eq!(ids().announce(VIDEO, 6).as_str(), format!("{video}/announces/6"));
        assert_eq!(create(&ids().video(VIDEO)).as_str(), format!("{video}/activity"));
        assert_eq!(delete(&ids().video(VIDEO)).as_str(), format!("{video}/delete"));
        assert_eq!(ids().accept_follow(2).as_str(), "https://alpha.test/accepts/follows/2");
        assert_eq!(follow(&ids().channel("c"), 9).as_str(), "https://alpha.test/video-channels/c/follows/9");
        assert_eq!(undo(&follow(&ids().account("a"), 9)).as_str(), "https://alpha.test/accounts/a/follows/9/undo");
        let moment = DateTime::from_timestamp_millis(1_795_320_692_472).unwrap();
        assert_eq!(
            update(&ids().channel("bob_main"), moment).as_str(),
            "https://alpha.test/video-channels/bob_main/updates/2026-11-22T04:11:32.472Z"
        );
    }

    #[test]
    fn our_own_ids_are_recognised() {
        let ids = ids();
        for (url, id) in [
            (ids.account("bob"), LocalId::Account("bob".to_owned())),
            (ids.channel("bob_main"), LocalId::Channel("bob_main".to_owned())),
            (ids.video(VIDEO), LocalId::Video(VIDEO)),
            (follow(&ids.account("bob"), 9), LocalId::Follow(9)),
            (ids.hls_mirror(VIDEO), LocalId::HlsMirror(VIDEO)),
        ] {
            assert_eq!(ids.read(&url), Some(id), "{url}");
        }
    }

    #[test]
    fn foreign_and_unknown_ids_are_not_ours() {
        for url in [
            "https://beta.test/accounts/bob",
            "https://alpha.test:8443/accounts/bob",
            "https://alpha.test/videos/watch/nonsense",
            "https://alpha.test/accounts/bob/follows/x",
            "https://alpha.test/",
        ] {
            assert_eq!(ids().read(&Url::parse(url).unwrap()), None, "{url}");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_segment() {
        assert_eq!(ids().account("../inbox").as_str(), "https://alpha.test/accounts/..%2Finbox");
    }
}
