use proptest::prelude::*;

use super::*;
use crate::wire::any_json::{any_json, spoiled};

fn recorded() -> Value {
    serde_json::from_str(include_str!("../../../fixtures/peertube-6.3/ap/video-web+hls.json")).unwrap()
}

#[test]
fn a_recorded_video_is_understood() {
    let video = Video::from_value(&recorded()).unwrap();
    assert_eq!(video.name, "Bob short video (renamed)");
    assert_eq!(video.duration, Duration::from_secs(5));
    assert_eq!(video.account().unwrap().path(), "/accounts/bob");
    assert_eq!(video.channel().unwrap().path(), "/video-channels/bob_main");
    assert_eq!(video.thumbnail().unwrap().width, Some(280));
    assert_eq!(video.preview().unwrap().width, Some(850));
    assert_eq!(video.storyboard.as_ref().unwrap().tile_duration, Duration::from_secs(1));
    let hls = video.hls().unwrap();
    assert_eq!(hls.infohashes.len(), 3);
    assert_eq!(hls.files.iter().map(|file| file.height).collect::<Vec<_>>(), [720, 480, 240]);
    assert!(hls.files.iter().all(|file| file.torrent_url.is_some() && file.magnet.is_some()));
    assert!(hls.sha256_url.is_some());
    assert!(video.audience.is_public());
}

#[test]
fn a_video_of_another_host_is_not_believed() {
    let mut foreign = recorded();
    foreign["attributedTo"][1]["id"] = "https://evil.test/video-channels/c".into();
    assert!(Video::from_value(&foreign).is_err());
    foreign["attributedTo"] = Value::Array(Vec::new());
    assert!(Video::from_value(&foreign).is_err());
}

#[test]
fn what_identifies_a_video_must_be_there_and_the_rest_need_not() {
    for member in ["id", "name", "uuid", "published", "attributedTo", "url"] {
        let mut incomplete = recorded();
        incomplete.as_object_mut().unwrap().remove(member);
        assert!(Video::from_value(&incomplete).is_err(), "{member}");
    }
    let all: Vec<String> = recorded().as_object().unwrap().keys().cloned().collect();
    for member in all {
        if ["id", "name", "uuid", "published", "attributedTo", "url", "type"].contains(&member.as_str()) {
            continue;
        }
        let mut incomplete = recorded();
        incomplete.as_object_mut().unwrap().remove(&member);
        assert!(Video::from_value(&incomplete).is_ok(), "{member}");
    }
}

#[test]
fn closed_comments_are_understood_from_old_and_new_servers() {
    let mut video = recorded();
    video["commentsPolicy"] = 3.into();
    assert_eq!(Video::from_value(&video).unwrap().comments_policy, CommentsPolicy::RequiresApproval);
    video.as_object_mut().unwrap().remove("commentsPolicy");
    video["commentsEnabled"] = false.into();
    let closed = Video::from_value(&video).unwrap();
    assert_eq!(closed.comments_policy, CommentsPolicy::Disabled);
    assert_eq!(closed.to_members()["canReply"], PUBLIC);
}

proptest! {
    #[test]
    fn any_json_is_read_without_panic(value in any_json()) {
        let _ = Video::from_value(&value);
    }

    #[test]
    fn a_spoiled_video_is_refused_or_written_as_it_was_read(value in spoiled(recorded())) {
        if let Ok(video) = Video::from_value(&value) {
            let again = Video::from_value(&video.to_document()).unwrap();
            prop_assert_eq!(again, video);
        }
    }
}
