//! Signatures of RFC 9421: never more than three, and what is understood of one is bounded and names no component twice.
//!
//! The text is `Signature-Input`, a line feed, and `Signature`.
#![no_main]

use federation::signature::MessageSignature;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some((input, signature)) = text.split_once('\n') else { return };
    let Ok(signatures) = MessageSignature::parse_all(input, signature) else { return };
    assert!(signatures.len() <= 3);
    for signature in signatures.into_iter().flatten() {
        assert!(!signature.signature.is_empty() && signature.covered.len() <= 30);
        assert!(signature.covered.iter().all(|name| signature.covers(name)));
        let mut distinct = signature.covered.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), signature.covered.len(), "something is covered twice");
    }
});
