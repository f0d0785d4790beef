//! Chapters of videos: they come in the order of time.
#![no_main]

use federation::wire::Chapters;
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::{assert_settled, document};

fuzz_target!(|bytes: &[u8]| {
    let Some(document) = document(bytes) else { return };
    let Ok(chapters) = Chapters::from_value(&document) else { return };
    assert_settled(&chapters, Chapters::to_document, Chapters::from_value);
    assert!(chapters.chapters.is_sorted_by_key(|chapter| chapter.start_offset));
});
