use proptest::prelude::*;

use super::*;
use crate::wire::{
    CollectionPage,
    any_json::{any_json, spoiled},
};

fn recorded() -> Value {
    serde_json::from_str(include_str!("../../../fixtures/peertube-6.3/ap/playlist.json")).unwrap()
}

fn recorded_page() -> Value {
    serde_json::from_str(include_str!("../../../fixtures/peertube-6.3/ap/playlist-page1.json")).unwrap()
}

fn recorded_element() -> Value {
    serde_json::from_str(include_str!("../../../fixtures/peertube-6.3/ap/playlist-element.json")).unwrap()
}

#[test]
fn a_recorded_playlist_is_understood() {
    let playlist = Playlist::from_value(&recorded()).unwrap();
    assert_eq!(playlist.name, "Bob playlist");
    assert_eq!(playlist.total_items, 1);
    assert_eq!(playlist.channel().unwrap().path(), "/video-channels/bob_main");
    assert_eq!(playlist.icon.as_ref().unwrap().width, Some(280));
    assert!(playlist.audience.is_public());
}

#[test]
fn a_page_of_a_playlist_is_read_as_any_page_and_is_no_playlist() {
    let page = CollectionPage::from_value(&recorded_page()).unwrap();
    assert_eq!(
        page.item_ids().map(|id| id.path().to_owned()).collect::<Vec<_>>(),
        ["/video-playlists/b63ca374-d58f-4174-8635-3057c20d3423/videos/1"]
    );
    assert!(Playlist::from_value(&recorded_page()).is_err());
}

#[test]
fn our_page_is_the_one_that_peertube_writes() {
    let playlist = Playlist::from_value(&recorded()).unwrap();
    let elements = [recorded_element()["id"].as_str().unwrap().parse().unwrap()];
    let mut ours = playlist.page_document(1, &elements);
    let mut theirs = recorded_page();
    for document in [&mut ours, &mut theirs] {
        document.as_object_mut().unwrap().remove("@context");
    }
    assert_eq!(ours, theirs);
}

#[test]
fn pages_of_a_long_playlist_lead_to_each_other() {
    let mut playlist = Playlist::from_value(&recorded()).unwrap();
    playlist.total_items = 25;
    let page = playlist.page_document(2, &[]);
    assert!(page["next"].as_str().unwrap().ends_with("?page=3"));
    assert!(page["prev"].as_str().unwrap().ends_with("?page=1"));
    assert_eq!(playlist.page_document(3, &[]).get("next"), None);
}

#[test]
fn a_recorded_element_says_what_to_play_from_when_to_when() {
    let element = PlaylistElement::from_value(&recorded_element()).unwrap();
    assert_eq!(element.position, 1);
    assert_eq!((element.start_timestamp, element.stop_timestamp), (Some(1), Some(3)));
    let mut deleted = recorded_element();
    deleted["url"] = Value::Null;
    assert_eq!(PlaylistElement::from_value(&deleted).unwrap().video, None);
}

#[test]
fn nobody_puts_a_playlist_into_a_channel_of_another_host() {
    let mut forged = recorded();
    forged["attributedTo"] = json!(["https://victim.test/video-channels/c"]);
    assert!(Playlist::from_value(&forged).is_err());
}

proptest! {
    #[test]
    fn any_json_is_read_without_panic(value in any_json()) {
        let _ = (Playlist::from_value(&value), PlaylistElement::from_value(&value));
    }

    #[test]
    fn a_spoiled_playlist_is_refused_or_written_as_it_was_read(value in spoiled(recorded())) {
        if let Ok(playlist) = Playlist::from_value(&value) {
            prop_assert_eq!(Playlist::from_value(&playlist.to_document()).unwrap(), playlist);
        }
    }

    #[test]
    fn a_spoiled_element_is_refused_or_written_as_it_was_read(value in spoiled(recorded_element())) {
        if let Ok(element) = PlaylistElement::from_value(&value) {
            prop_assert_eq!(PlaylistElement::from_value(&element.to_document()).unwrap(), element);
        }
    }
}
