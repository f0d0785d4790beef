//! Answers to WebFinger look-ups: the actor that one names is a web address of bounded length.
#![no_main]

use federation::{webfinger::Descriptor, wire::lenient::MAX_URL_LENGTH};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use shoal_fuzz::assert_settled;

fuzz_target!(|bytes: &[u8]| {
    let Ok(descriptor) = serde_json::from_slice::<Descriptor>(bytes) else { return };
    assert_settled(&descriptor, |read| serde_json::json!(read), |written| Descriptor::deserialize(written));
    if let Some(actor) = descriptor.actor() {
        assert!(matches!(actor.scheme(), "http" | "https") && actor.as_str().len() <= MAX_URL_LENGTH);
    }
});
