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
    /// A follow that one of our actors sent, by number.
    Follow(i64),
    /// A mirror of a streaming playlist that we announced, by the UUID of the video.
    HlsMirror(Uuid),
    /// The announcement of a video, and the number of the actor that made it.
    Announce(Uuid, i64),
    /// A comment by number, and the video that its thread is about.
    Comment(Uuid, i64),
    /// The approval of a comment under one of our videos.
    CommentApproval(Uuid, i64),
    /// A playlist.
    Playlist(Uuid),
    /// An element by number, and its playlist.
    PlaylistElement(Uuid, i64),
    /// A like: the name of the account, and the number that the video has here.
    Like(String, i64),
    /// A dislike: the name of the account, and the number that the video has here.
    Dislike(String, i64),
    /// What somebody watched.
    LocalViewer(Uuid),
    /// A report, by number.
    Flag(i64),
    /// The chapters of a video.
    Chapters(Uuid),
    /// The player settings of a video.
    VideoPlayerSettings(Uuid),
    /// The player settings of a channel, by name.
    ChannelPlayerSettings(String),
    /// The creation of one of the others.
    Creation(Box<LocalId>),
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

    /// The approval of a comment under one of our videos (FEP-5624).
    pub fn comment_approval(&self, video: Uuid, comment: i64) -> Url {
        under(&self.comment(video, comment), "approve-reply")
    }

    /// The chapters of a video.
    pub fn chapters(&self, video: Uuid) -> Url {
        under(&self.video(video), "chapters")
    }

    /// The player settings of a video.
    pub fn video_player_settings(&self, video: Uuid) -> Url {
        under(&self.video(video), "player-settings")
    }

    /// The player settings of a channel.
    pub fn channel_player_settings(&self, name: &str) -> Url {
        under(&self.channel(name), "player-settings")
    }

    /// What somebody here watched.
    pub fn local_viewer(&self, uuid: Uuid) -> Url {
        self.path(&["videos", "local-viewer", &uuid.to_string()])
    }

    /// A report to other moderators.
    pub fn flag(&self, number: i64) -> Url {
        self.path(&["admin", "abuses", &number.to_string()])
    }

    /// An element of a playlist.
    pub fn playlist_element(&self, playlist: Uuid, element: i64) -> Url {
        under(&self.playlist(playlist), &format!("videos/{element}"))
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
        match segments.as_slice() {
            [object @ .., "activity"] => read_path(object).map(Box::new).map(LocalId::Creation),
            object => read_path(object),
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

fn read_path(segments: &[&str]) -> Option<LocalId> {
    let uuid = |text: &str| Uuid::try_parse(text).ok();
    let number = |text: &str| text.parse::<i64>().ok();
    Some(match *segments {
        ["accounts", name] => LocalId::Account(name.to_owned()),
        ["accounts", name, "likes", video] => LocalId::Like(name.to_owned(), number(video)?),
        ["accounts", name, "dislikes", video] => LocalId::Dislike(name.to_owned(), number(video)?),
        ["accounts" | "video-channels", _, "follows", follow] => LocalId::Follow(number(follow)?),
        ["video-channels", name] => LocalId::Channel(name.to_owned()),
        ["video-channels", name, "player-settings"] => LocalId::ChannelPlayerSettings(name.to_owned()),
        ["videos", "watch", video] => LocalId::Video(uuid(video)?),
        ["videos", "watch", video, "announces", actor] => LocalId::Announce(uuid(video)?, number(actor)?),
        ["videos", "watch", video, "comments", comment] => LocalId::Comment(uuid(video)?, number(comment)?),
        ["videos", "watch", video, "comments", comment, "approve-reply"] => {
            LocalId::CommentApproval(uuid(video)?, number(comment)?)
        }
        ["videos", "watch", video, "chapters"] => LocalId::Chapters(uuid(video)?),
        ["videos", "watch", video, "player-settings"] => LocalId::VideoPlayerSettings(uuid(video)?),
        ["videos", "local-viewer", viewer] => LocalId::LocalViewer(uuid(viewer)?),
        ["video-playlists", playlist] => LocalId::Playlist(uuid(playlist)?),
        ["video-playlists", playlist, "videos", element] => LocalId::PlaylistElement(uuid(playlist)?, number(element)?),
        ["redundancy", "streaming-playlists", "hls", video] => LocalId::HlsMirror(uuid(video)?),
        ["admin", "abuses", flag] => LocalId::Flag(number(flag)?),
        _ => return None,
    })
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

/// The like of a video, by the number that it has here, by one of our accounts.
pub fn like(account: &Url, video: i64) -> Url {
    under(account, &format!("likes/{video}"))
}

/// The dislike of a video, by the number that it has here, by one of our accounts.
pub fn dislike(account: &Url, video: i64) -> Url {
    under(account, &format!("dislikes/{video}"))
}

/// A view of a video, by the number that it has here. The viewer is named so that nobody recognises them.
pub fn view(actor: &Url, video: i64, viewer: &str) -> Url {
    under(&under(actor, &format!("views/videos/{video}")), viewer)
}

/// A download of a video, by the number that it has here (PeerTube 8.2).
pub fn download(actor: &Url, video: i64, download: Uuid) -> Url {
    under(actor, &format!("downloads/videos/{video}/{download}"))
}

/// The announcement that an actor lives elsewhere.
pub fn moved(actor: &Url, target: &Url, at: DateTime<Utc>) -> Url {
    let host = target.host_str().unwrap_or_default();
    under(actor, &format!("moves/{host}/{}", at.to_rfc3339_opts(SecondsFormat::Millis, true)))
}

/// The block of an actor, by the number that it has here.
pub fn block(actor: &Url, blocked: i64) -> Url {
    under(actor, &format!("blocks/{blocked}"))
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
mod tests;
