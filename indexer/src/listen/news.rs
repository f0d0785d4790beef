//! What does an activity mean to an index? Pure.

use federation::{
    origin::same_host,
    wire::{Action, Activity, FollowReference, Object, Undone, Video},
};
use platform::ids::parse_uuid;
use url::Url;
use uuid::Uuid;

use crate::hosts::consent::{Objection, rules};

/// What an activity means to an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// A video is new, or not what it was: it is worth a look.
    Look(Uuid),
    /// A video is gone, or not for everybody any more.
    Gone(Uuid),
    /// The account or the channel of this name is gone, and all that is its.
    Closed(String),
    /// What an account or a channel says about being found.
    Wish {
        /// Its name.
        name: String,
        /// What speaks against it.
        objection: Option<Objection>,
    },
    /// One of our follows is granted, or refused or ended.
    Answer {
        /// Whether it is granted.
        is_accepted: bool,
    },
    /// Somebody wants to hear what the index publishes, which is nothing.
    FollowsUs,
}

impl News {
    /// Reads an activity of which it is certain who did it. `None` if it changes nothing that is searched. `me` is the actor
    /// that the index is.
    pub fn of(activity: &Activity, me: &Url) -> Option<Self> {
        match &activity.action {
            Action::Accept(follow) => is_ours(follow, me).then_some(Self::Answer { is_accepted: true }),
            Action::Reject(follow) => is_ours(follow, me).then_some(Self::Answer { is_accepted: false }),
            Action::Follow(target) => (target == me).then_some(Self::FollowsUs),
            action => Self::of_object(action).filter(|(url, _)| same_host(url, &activity.actor)).map(|(_, news)| news),
        }
    }

    /// With whose server it is about.
    fn of_object(action: &Action) -> Option<(&Url, Self)> {
        match action {
            Action::Create(Object::Video(video)) | Action::Update(Object::Video(video)) => {
                Some((&video.id, Self::of_video(video)))
            }
            Action::Create(Object::Id(id))
            | Action::Update(Object::Id(id))
            | Action::Announce(id)
            | Action::AnnounceDelete(id) => Some((id, Self::Look(video_at(id)?))),
            Action::Undo(Undone::Activity(undone)) => match &undone.action {
                Action::Announce(id) => Some((id, Self::Look(video_at(id)?))),
                _ => None,
            },
            Action::Undo(Undone::Id(id)) => Some((id, Self::Look(video_announced_at(id)?))),
            Action::Update(Object::Actor(actor)) => {
                let objection = rules::of_actor(actor.indexable, actor.summary.as_deref());
                Some((&actor.id, Self::Wish { name: actor_at(&actor.id)?, objection }))
            }
            Action::Delete(id) => Some((id, video_at(id).map(Self::Gone).or_else(|| actor_at(id).map(Self::Closed))?)),
            _ => None,
        }
    }

    /// Where it does not say for whom it is, the instance itself is asked.
    fn of_video(video: &Video) -> Self {
        let is_hidden = !video.audience.is_public() && !video.audience.is_empty();
        if is_hidden { Self::Gone(video.uuid) } else { Self::Look(video.uuid) }
    }
}

/// PeerTube quotes the follow in full, others its address.
fn is_ours(follow: &FollowReference, me: &Url) -> bool {
    match follow {
        FollowReference::Embedded(follow) => follow.actor == *me,
        FollowReference::Id(id) => {
            id.as_str().strip_prefix(me.as_str()).is_some_and(|rest| rest.starts_with("/follows/"))
        }
    }
}

/// The video with this id; nothing below it.
fn video_at(id: &Url) -> Option<Uuid> {
    match segments(id).as_slice() {
        ["videos", "watch", video] | ["w", video] => parse_uuid(video),
        _ => None,
    }
}

/// The video whose announcement has this id.
fn video_announced_at(id: &Url) -> Option<Uuid> {
    match segments(id).as_slice() {
        ["videos", "watch", video, "announces", ..] => parse_uuid(video),
        _ => None,
    }
}

/// The name of the account or channel with this id. On one instance they share their names.
fn actor_at(id: &Url) -> Option<String> {
    match segments(id).as_slice() {
        ["accounts" | "a" | "video-channels" | "c", name] => Some(name.to_lowercase()),
        _ => None,
    }
}

fn segments(url: &Url) -> Vec<&str> {
    url.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use federation::wire::Audience;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const VIDEO: &str = "https://tube.example/videos/watch/765302c9-fce1-4814-9d74-679a3dc97046";
    const ME: &str = "https://search.example/index/actor";

    fn uuid() -> Uuid {
        "765302c9-fce1-4814-9d74-679a3dc97046".parse().unwrap()
    }

    fn read(kind: &str, object: &Value) -> Option<News> {
        let activity = json!({
            "type": kind, "id": "https://tube.example/activities/1", "actor": "https://tube.example/accounts/ada",
            "object": object,
        });
        News::of(&Activity::from_value(&activity).unwrap(), &ME.parse().unwrap())
    }

    fn video(audience: Audience) -> Object {
        let published = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut video = Video::new(VIDEO.parse().unwrap(), uuid(), "Whales", published);
        video.audience = audience;
        Object::Video(Box::new(video))
    }

    fn of(action: Action) -> Option<News> {
        let url = |text: &str| -> Url { text.parse().unwrap() };
        let activity = Activity::new(url("https://tube.example/1"), url("https://tube.example/accounts/ada"), action);
        News::of(&activity, &ME.parse().unwrap())
    }

    #[test]
    fn whatever_names_a_video_is_a_reason_to_look() {
        for kind in ["Announce", "Create", "Update"] {
            assert_eq!(read(kind, &json!(VIDEO)), Some(News::Look(uuid())), "{kind}");
        }
        let short = format!("https://tube.example/w/{}", platform::ids::short_uuid(uuid()));
        assert_eq!(read("Announce", &json!(short)), Some(News::Look(uuid())));
        let undone = json!({
            "type": "Announce", "id": format!("{VIDEO}/announces/1"), "actor": "https://tube.example/accounts/ada",
            "object": VIDEO,
        });
        assert_eq!(read("Undo", &undone), Some(News::Look(uuid())));
        assert_eq!(read("Undo", &json!(format!("{VIDEO}/announces/1"))), Some(News::Look(uuid())));
    }

    #[test]
    fn a_video_that_is_not_for_everybody_is_gone() {
        let public = || Audience::public([]);
        assert_eq!(of(Action::Create(video(public()))), Some(News::Look(uuid())));
        assert_eq!(of(Action::Update(video(Audience::default()))), Some(News::Look(uuid())), "not said");
        assert_eq!(of(Action::Update(video(Audience::unlisted()))), Some(News::Gone(uuid())));
        assert_eq!(read("Delete", &json!(VIDEO)), Some(News::Gone(uuid())));
    }

    #[test]
    fn a_closed_channel_is_named() {
        let channel = "https://tube.example/video-channels/Films";
        assert_eq!(read("Delete", &json!(channel)), Some(News::Closed("films".to_owned())));
    }

    #[test]
    fn an_actor_says_whether_it_wants_to_be_found() {
        let actor = |indexable: bool, summary: &str| {
            json!({
                "type": "Group", "id": "https://tube.example/video-channels/films", "preferredUsername": "films",
                "inbox": "https://tube.example/inbox", "summary": summary, "indexable": indexable,
                "publicKey": {
                    "id": "https://tube.example/video-channels/films#main-key", "publicKeyPem": "a key",
                    "owner": "https://tube.example/video-channels/films",
                },
            })
        };
        let wish = |objection| Some(News::Wish { name: "films".to_owned(), objection });
        assert_eq!(read("Update", &actor(true, "Films")), wish(None));
        assert_eq!(read("Update", &actor(false, "Films")), wish(Some(Objection::NotIndexable)));
        assert_eq!(read("Update", &actor(true, "Films #nobot")), wish(Some(Objection::Tag)));
    }

    #[test]
    fn nobody_tells_news_of_another_server() {
        let foreign = VIDEO.replace("tube.example", "victim.example");
        for kind in ["Announce", "Delete"] {
            assert_eq!(read(kind, &json!(foreign)), None, "{kind}");
        }
    }

    #[test]
    fn comments_likes_and_views_are_no_news() {
        let comment = format!("{VIDEO}/comments/1");
        assert_eq!(read("Announce", &json!(comment)), None);
        assert_eq!(read("Like", &json!(VIDEO)), None);
        assert_eq!(read("Delete", &json!(comment)), None, "the video stays");
    }

    #[test]
    fn only_answers_to_our_own_follows_are_taken() {
        let follow = |actor: &str| {
            json!({
                "type": "Follow", "id": format!("{actor}/follows/tube.example"), "actor": actor,
                "object": "https://tube.example/accounts/ada",
            })
        };
        assert_eq!(read("Accept", &follow(ME)), Some(News::Answer { is_accepted: true }));
        assert_eq!(
            read("Reject", &json!(format!("{ME}/follows/tube.example"))),
            Some(News::Answer { is_accepted: false })
        );
        assert_eq!(read("Accept", &follow("https://other.example/accounts/peertube")), None);
        assert_eq!(read("Accept", &json!("https://search.example/index/actors/follows/1")), None);
        assert_eq!(read("Follow", &json!(ME)), Some(News::FollowsUs));
        assert_eq!(read("Follow", &json!("https://search.example/accounts/bob")), None);
    }

    proptest! {
        #[test]
        fn any_address_is_read_without_panic(path in "[a-z0-9/-]{0,80}") {
            if let Ok(url) = Url::parse(&format!("https://tube.example/{path}")) {
                let _ = (video_at(&url), video_announced_at(&url), actor_at(&url));
            }
        }
    }
}
