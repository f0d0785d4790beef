//! Announcements of mirrors: a copy lies on the host that announces it.
#![no_main]

use federation::{origin::same_host, wire::CacheFile};
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::{assert_settled, document};

fuzz_target!(|bytes: &[u8]| {
    let Some(document) = document(bytes) else { return };
    let Ok(cache_file) = CacheFile::from_value(&document) else { return };
    assert_settled(&cache_file, CacheFile::to_document, CacheFile::from_value);
    assert!(same_host(cache_file.url.href(), &cache_file.id));
});
