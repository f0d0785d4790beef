//! Handles, as people and servers type them: one is read as it is written, and looked up at its own host.
#![no_main]

use federation::{origin::Host, webfinger::Handle};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(handle) = text.parse::<Handle>() else { return };
    assert_eq!(handle.to_uri().parse().as_ref(), Ok(&handle));
    let lookup = handle.lookup_url("https").expect("a handle that was read can be looked up");
    assert_eq!(Host::of(&lookup).as_ref(), Some(&handle.host));
});
