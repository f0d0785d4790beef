//! Playlists, their pages and their elements: a channel that shows one lives where it lives.
#![no_main]

use federation::{
    origin::same_host,
    wire::{CollectionPage, Playlist, PlaylistElement},
};
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::{assert_settled, document};

fuzz_target!(|bytes: &[u8]| {
    let Some(document) = document(bytes) else { return };
    if let Ok(element) = PlaylistElement::from_value(&document) {
        assert_settled(&element, PlaylistElement::to_document, PlaylistElement::from_value);
    }
    let Ok(playlist) = Playlist::from_value(&document) else { return };
    assert_settled(&playlist, Playlist::to_document, Playlist::from_value);
    assert!(playlist.channel().is_none_or(|channel| same_host(channel, &playlist.id)));
    let page = playlist.page_document(1, &[playlist.id.clone()]);
    assert!(Playlist::from_value(&page).is_err(), "a page is no playlist");
    // The URL of a page may be longer than a URL may be.
    let Ok(page) = CollectionPage::from_value(&page) else { return };
    assert_eq!(page.item_ids().next(), Some(playlist.id));
});
