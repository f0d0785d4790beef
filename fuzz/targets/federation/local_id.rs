//! Ids that come back in activities: only URLs on our own host are taken for ours, and what is recognised is written as
//! something that is recognised.
#![no_main]

use std::sync::LazyLock;

use federation::{
    ids::{LocalId, LocalIds},
    origin::same_host,
};
use libfuzzer_sys::fuzz_target;
use url::Url;

static HERE: LazyLock<Url> = LazyLock::new(|| Url::parse("https://alpha.test/").expect("a URL"));

fuzz_target!(|text: &str| {
    let Ok(url) = Url::parse(text) else { return };
    let ids = LocalIds::new(&HERE);
    let Some(id) = ids.read(&url) else { return };
    assert!(same_host(&url, &HERE));
    match id {
        LocalId::Video(uuid) => assert_eq!(ids.read(&ids.video(uuid)), Some(id)),
        LocalId::HlsMirror(uuid) => assert_eq!(ids.read(&ids.hls_mirror(uuid)), Some(id)),
        LocalId::Account(name) | LocalId::Channel(name) => assert!(!name.contains(['/', '?', '#'])),
        LocalId::Follow(_) => {}
    }
});
