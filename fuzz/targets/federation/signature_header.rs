//! The `Signature` header: what is understood of one is bounded, and understood the same when it is written plainly.
#![no_main]

use federation::signature::SignatureHeader;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(header) = SignatureHeader::parse(text) else { return };
    assert!(!header.signature.is_empty() && !header.covered.is_empty());
    assert!(header.key_id.document().fragment().is_none());
    // Without quotes around them, names may contain one.
    if !header.covered.iter().any(|name| name.contains('"')) {
        assert_eq!(SignatureHeader::parse(&plain(&header)), Ok(header));
    }
});

fn plain(header: &SignatureHeader) -> String {
    let number = |name: &str, value: Option<i64>| value.map(|value| format!(",{name}={value}")).unwrap_or_default();
    format!(
        "keyId=\"{}\"{},headers=\"{}\",signature=\"{}\"{}{}",
        header.key_id,
        header.algorithm.map(|_| ",algorithm=\"rsa-sha256\"").unwrap_or_default(),
        header.covered.join(" "),
        base64(&header.signature),
        number("created", header.created),
        number("expires", header.expires),
    )
}

/// The form that the header has signatures in (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |chunk: &[u8]| {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        let digit = |place: usize| char::from(ALPHABET[(bits >> (18 - 6 * place)) as usize % 64]);
        (0..4).map(|place| if place <= chunk.len() { digit(place) } else { '=' }).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}
