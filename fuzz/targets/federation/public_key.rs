//! Public keys of other actors: line ends do not matter, and no key lets an empty signature pass.
#![no_main]

use federation::signature::PublicKey;
use libfuzzer_sys::fuzz_target;

/// With other line ends, a key of this many bytes is still within the bound of what is read.
const MAX_BYTES: usize = 5000;

fuzz_target!(|pem: &str| {
    let Ok(key) = PublicKey::from_pem(pem) else { return };
    assert!(!key.verifies(b"text", b""));
    if pem.len() <= MAX_BYTES {
        assert_eq!(PublicKey::from_pem(&pem.replace('\n', "\r\n")), Ok(key));
    }
});
