//! PeerTube 8.2, where it says more than 6.3 does.

use std::time::Duration;

use super::*;
use crate::wire::{Action, CommentsPolicy, FollowReference, PlayerTheme, Undone};

const PEERTUBE: &str = "peertube-8.2";

fn video(name: &str) -> Video {
    Video::from_value(&fixture(PEERTUBE, name)).unwrap()
}

#[test]
fn a_video_tells_all_that_it_has_learned_since_6_3() {
    let video = video("video");
    assert_eq!(video.downloads, Some(7));
    assert_eq!(video.summary.as_deref(), Some("A shark eats"));
    assert_eq!(video.sensitive_tags().collect::<Vec<_>>(), ["violent"]);
    assert_eq!(video.hashtags().collect::<Vec<_>>(), ["reef", "shark"]);
    assert_eq!(video.comments_policy, CommentsPolicy::RequiresApproval);
    assert_eq!(video.community.as_ref(), video.channel());
    assert_eq!(video.urls.pages.len(), 2);
    assert!(video.embed_url.is_some() && video.player_settings.is_some() && video.has_parts.is_some());
    assert_eq!(video.icon.len(), 3);
}

#[test]
fn captions_come_with_their_playlists_and_their_makers() {
    let captions = video("video").captions;
    assert_eq!(captions.iter().map(|caption| caption.language.as_str()).collect::<Vec<_>>(), ["en", "fr"]);
    assert_eq!(captions[0].automatically_generated, Some(true));
    assert!(captions[0].playlist_url.is_some() && captions[1].playlist_url.is_none());
}

#[test]
fn files_come_with_their_satellites_whether_they_have_pictures_or_not() {
    let video = video("video");
    for files in [video.web_files(), &video.hls().unwrap().files] {
        assert_eq!(files.iter().map(|file| file.height).collect::<Vec<_>>(), [1080, 0]);
        assert!(files.iter().all(|file| file.metadata_url.is_some() && file.torrent_url.is_some()));
        assert!(files.iter().all(|file| file.magnet.is_some()));
        assert_eq!(files[1].streams.map(|streams| (streams.audio, streams.video)), Some((true, false)));
    }
    assert_eq!(video.hls().unwrap().infohashes.len(), 2);
    assert_eq!(video.urls.trackers.len(), 2);
    let storyboard = video.storyboard.unwrap();
    assert_eq!((storyboard.tile_width, storyboard.tile_duration), (192, Duration::from_secs(2)));
}

#[test]
fn a_planned_stream_says_when_and_how_far_back_one_can_go() {
    let live = video("video-live");
    assert!(live.is_live_broadcast && !live.is_published());
    assert_eq!(live.state, Some(4));
    assert_eq!(live.schedules.len(), 1);
    assert_eq!((live.live_save_replay, live.permanent_live, live.latency_mode), (Some(true), Some(false), Some(2)));
    assert_eq!(live.dvr_window, Some(Duration::from_hours(1)));
    assert_eq!(live.comments_policy, CommentsPolicy::Enabled);
}

#[test]
fn a_server_that_follows_fep_1b12_alone_names_its_channel_as_audience() {
    let video = video("video-community-only");
    assert_eq!(video.account().unwrap().path(), "/accounts/ines");
    assert_eq!(video.channel().unwrap().path(), "/video-channels/reef");
    let mut foreign = fixture(PEERTUBE, "video-community-only");
    foreign["audience"] = "https://other.test/video-channels/reef".into();
    assert_eq!(Video::from_value(&foreign).unwrap().channel(), None);
}

#[test]
fn actors_have_several_pages_and_avatars() {
    let channel = actor(PEERTUBE, "channel");
    assert_eq!((channel.pages.len(), channel.icon.len()), (3, 4));
    assert_eq!(channel.owner().unwrap().path(), "/accounts/ines");
    assert_eq!(channel.player_settings.as_ref().unwrap().path(), "/video-channels/reef/player-settings");
    let Action::Update(Object::Actor(updated)) = activity(PEERTUBE, "update-channel").action else { panic!() };
    assert_eq!(*updated, channel);
    assert_eq!(actor(PEERTUBE, "actor").to_document()["url"], fixture(PEERTUBE, "actor")["url"]);
}

#[test]
fn playlists_comments_and_settings_are_understood() {
    let Action::Create(Object::Playlist(playlist)) = activity(PEERTUBE, "create-playlist").action else { panic!() };
    assert_eq!((playlist.video_channel_position, playlist.total_items), (Some(2), 12));
    let comment = note(PEERTUBE, "create-note");
    assert_eq!((comment.in_reply_to, comment.community), (Some(url(VIDEO)), Some(url(CHANNEL))));
    let Action::Update(Object::PlayerSettings(settings)) = activity(PEERTUBE, "update-player-settings").action else {
        panic!()
    };
    assert_eq!(settings.theme, PlayerTheme::Lucide);
    assert_eq!(Chapters::from_value(&fixture(PEERTUBE, "chapters")).unwrap().chapters.len(), 2);
}

#[test]
fn what_was_watched_and_downloaded_is_understood() {
    let Action::View(view) = activity(PEERTUBE, "view").action else { panic!() };
    assert_eq!((view.viewers, view.expires.is_some()), (Some(12), true));
    assert_eq!(activity(PEERTUBE, "download").action, Action::Download(url(VIDEO)));
    let Action::Create(Object::WatchAction(watched)) = activity(PEERTUBE, "create-watch-action").action else {
        panic!()
    };
    assert_eq!(watched.location.unwrap().address_country.as_deref(), Some("FR"));
    assert_eq!(watched.watch_sections.len(), 2);
}

#[test]
fn decisions_rates_and_reports_are_understood() {
    let comment = url(&format!("{VIDEO}/comments/4"));
    let Action::ApproveReply(approved) = activity(PEERTUBE, "approve-reply").action else { panic!() };
    let Action::RejectReply(rejected) = activity(PEERTUBE, "reject-reply").action else { panic!() };
    assert_eq!((&approved.object, &rejected.object), (&comment, &comment));
    let Action::Undo(Undone::Activity(undone)) = activity(PEERTUBE, "undo-like").action else { panic!() };
    assert_eq!(undone.id, activity(PEERTUBE, "like").id);
    let Action::Flag(flag) = activity(PEERTUBE, "flag").action else { panic!() };
    assert_eq!(
        (flag.start_at, flag.end_at, flag.reasons.as_slice()),
        (Some(3), Some(9), ["spamOrMisleading".to_owned()].as_slice())
    );
}

#[test]
fn follows_announcements_and_deletions_are_understood() {
    assert_eq!(activity(PEERTUBE, "follow").action, Action::Follow(url("https://shoal.test/accounts/peertube")));
    let Action::Accept(FollowReference::Embedded(follow)) = activity(PEERTUBE, "accept").action else { panic!() };
    assert_eq!(follow.id.as_str(), FOLLOW);
    assert_eq!(activity(PEERTUBE, "announce").action, Action::Announce(video("video").id));
    let Action::Update(Object::Video(updated)) = activity(PEERTUBE, "update-video").action else { panic!() };
    assert_eq!(*updated, video("video"));
    assert_eq!(activity(PEERTUBE, "delete-note").action, Action::Delete(note(PEERTUBE, "create-note").id));
    assert!(Tombstone::from_value(&fixture(PEERTUBE, "tombstone")).unwrap().deleted.is_some());
}

/// Everything but videos, which are written with more members than PeerTube writes, so that older versions read them.
#[test]
fn what_8_2_writes_is_what_we_write() {
    let plain = |mut value: Value| {
        let members = value.as_object_mut().unwrap();
        members.remove("@context");
        value
    };
    for name in [
        "accept",
        "actor",
        "announce",
        "approve-reply",
        "channel",
        "chapters",
        "create-note",
        "create-playlist",
        "create-watch-action",
        "delete-note",
        "download",
        "flag",
        "follow",
        "like",
        "reject-reply",
        "tombstone",
        "undo-like",
        "update-player-settings",
        "view",
    ] {
        let theirs = fixture(PEERTUBE, name);
        assert_eq!(plain(rewritten(&theirs).unwrap()), plain(theirs), "{name}");
    }
}
