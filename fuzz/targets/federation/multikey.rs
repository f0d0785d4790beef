//! Keys in one word: one that is read is the same when it is written again, in either form.
#![no_main]

use federation::signature::PublicKey;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(key) = PublicKey::from_multibase(text) else { return };
    assert!(!key.verifies(b"text", b""));
    assert_eq!(PublicKey::from_multibase(&key.to_multibase()), Ok(key.clone()));
    if let Ok(pem) = key.to_pem() {
        assert_eq!(PublicKey::from_pem(&pem), Ok(key));
    }
});
