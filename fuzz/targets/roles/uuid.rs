//! UUIDs in URLs, in both spellings: a video has one short name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use platform::ids::{parse_uuid, short_uuid};

fuzz_target!(|text: &str| {
    let Some(uuid) = parse_uuid(text) else { return };
    assert_eq!(parse_uuid(&short_uuid(uuid)), Some(uuid));
    assert_eq!(parse_uuid(&uuid.to_string()), Some(uuid));
    if text.len() == short_uuid(uuid).len() {
        assert_eq!(short_uuid(uuid), text);
    }
});
