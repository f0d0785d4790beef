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
    assert_eq!(ids().comment_approval(VIDEO, 7).as_str(), format!("{video}/comments/7/approve-reply"));
    assert_eq!(create(&ids().comment(VIDEO, 4)).as_str(), format!("{video}/comments/4/activity"));
    assert_eq!(like(&ids().account("alice"), 6).as_str(), "https://alpha.test/accounts/alice/likes/6");
    assert_eq!(ids().flag(2).as_str(), "https://alpha.test/admin/abuses/2");
    assert_eq!(
        view(&ids().instance_actor(), 6, "8699c758").as_str(),
        "https://alpha.test/accounts/peertube/views/videos/6/8699c758"
    );
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
        (ids.announce(VIDEO, 6), LocalId::Announce(VIDEO, 6)),
        (ids.comment(VIDEO, 4), LocalId::Comment(VIDEO, 4)),
        (ids.comment_approval(VIDEO, 4), LocalId::CommentApproval(VIDEO, 4)),
        (ids.playlist(VIDEO), LocalId::Playlist(VIDEO)),
        (ids.playlist_element(VIDEO, 3), LocalId::PlaylistElement(VIDEO, 3)),
        (like(&ids.account("bob"), 6), LocalId::Like("bob".to_owned(), 6)),
        (dislike(&ids.account("bob"), 6), LocalId::Dislike("bob".to_owned(), 6)),
        (ids.local_viewer(VIDEO), LocalId::LocalViewer(VIDEO)),
        (ids.flag(2), LocalId::Flag(2)),
        (ids.chapters(VIDEO), LocalId::Chapters(VIDEO)),
        (ids.video_player_settings(VIDEO), LocalId::VideoPlayerSettings(VIDEO)),
        (ids.channel_player_settings("c"), LocalId::ChannelPlayerSettings("c".to_owned())),
        (create(&ids.comment(VIDEO, 4)), LocalId::Creation(Box::new(LocalId::Comment(VIDEO, 4)))),
        (create(&ids.playlist(VIDEO)), LocalId::Creation(Box::new(LocalId::Playlist(VIDEO)))),
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
