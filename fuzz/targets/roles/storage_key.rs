//! Names of stored objects, some of which come out of URLs: a key never leaves its folder.
#![no_main]

use std::path::{Component, Path};

use libfuzzer_sys::fuzz_target;
use platform::storage::Key;

fuzz_target!(|text: &str| {
    let Ok(key) = Key::new(text) else { return };
    assert_eq!(key.as_str(), text);
    assert!(Path::new(text).components().all(|component| matches!(component, Component::Normal(_))));
    assert!(!key.file_name().is_empty() && !key.file_name().contains(['/', '\\', '\0']));
});
