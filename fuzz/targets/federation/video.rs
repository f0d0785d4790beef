//! Videos, as other servers describe them: those who made one live where it lives, and only web addresses are fetched.
#![no_main]

use federation::{origin::same_host, wire::Video};
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::{assert_settled, document};

fuzz_target!(|bytes: &[u8]| {
    let Some(document) = document(bytes) else { return };
    let Ok(video) = Video::from_value(&document) else { return };
    assert_settled(&video, Video::to_document, Video::from_value);
    assert!(video.attributed_to.iter().all(|actor| same_host(&actor.id, &video.id)));
    assert!(video.name.chars().count() <= 120 && !video.name.contains('\0'));
    let hls_files = video.hls().into_iter().flat_map(|playlist| &playlist.files);
    assert!(video.web_files().iter().chain(hls_files).all(|file| matches!(file.href.scheme(), "http" | "https")));
});
