//! Is this body the one that was signed? The `Digest` header (RFC 3230) and the `Content-Digest` header (RFC 9530).

use base64::{Engine, engine::general_purpose::STANDARD};
use sfv::{BareItem, Dictionary, Item, ListEntry, Parser};
use sha2::{Digest, Sha256, Sha512};

const ALGORITHM: &str = "SHA-256";
const MAX_HEADER_BYTES: usize = 1024;

/// The value of `Digest` for a body.
pub fn of(body: &[u8]) -> String {
    format!("{ALGORITHM}={}", STANDARD.encode(Sha256::digest(body)))
}

/// Whether `Digest` names the SHA-256 of this body. Digests of other algorithms beside it are not looked at.
pub fn matches(header: &str, body: &[u8]) -> bool {
    let expected = Sha256::digest(body);
    header
        .split(',')
        .filter_map(|part| part.trim().split_once('='))
        .filter(|(algorithm, _)| algorithm.eq_ignore_ascii_case(ALGORITHM))
        .any(|(_, value)| STANDARD.decode(value.trim()).is_ok_and(|digest| digest == expected.as_slice()))
}

/// The value of `Content-Digest` for a body.
pub fn content_of(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

/// Whether `Content-Digest` names this body by SHA-256, SHA-512 or both. Other algorithms beside them are not looked at.
pub fn content_matches(header: &str, body: &[u8]) -> bool {
    if header.len() > MAX_HEADER_BYTES {
        return false;
    }
    let Ok(digests) = Parser::new(header).parse::<Dictionary>() else { return false };
    let named = [
        digests.get("sha-256").map(|entry| is_digest(entry, &Sha256::digest(body))),
        digests.get("sha-512").map(|entry| is_digest(entry, &Sha512::digest(body))),
    ];
    named.contains(&Some(true)) && !named.contains(&Some(false))
}

fn is_digest(entry: &ListEntry, expected: &[u8]) -> bool {
    matches!(entry, ListEntry::Item(Item { bare_item: BareItem::ByteSequence(digest), .. }) if digest == expected)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The body of RFC 9421, appendix B.2, and its digests.
    const BODY: &[u8] = br#"{"hello": "world"}"#;
    const BY_SHA_256: &str = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
    const BY_SHA_512: &str =
        "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";

    #[test]
    fn a_body_matches_its_own_digest_only() {
        assert!(matches(&of(b"body"), b"body"));
        assert!(matches(&format!("SHA-512=AAAA, {}", of(b"body").replace("SHA", "sha")), b"body"));
        assert!(!matches(&of(b"body"), b"other"));
        assert!(!matches("SHA-512=AAAA", b"body"));
        assert!(!matches("", b""));
    }

    #[test]
    fn a_body_matches_its_own_content_digest_only() {
        assert_eq!(content_of(BODY), BY_SHA_256);
        for header in
            [BY_SHA_256, BY_SHA_512, &format!("{BY_SHA_256}, {BY_SHA_512}"), &format!("md5=:AA==:, {BY_SHA_512}")]
        {
            assert!(content_matches(header, BODY), "{header}");
            assert!(!content_matches(header, b"other"), "{header}");
        }
    }

    #[test]
    fn a_content_digest_that_contradicts_itself_or_says_nothing_is_refused() {
        let contradiction = format!("{BY_SHA_256}, sha-512=:AAAA:");
        for header in ["", "md5=:AAAA:", "sha-256", "sha-256=abc", "sha-256=:A:", &contradiction] {
            assert!(!content_matches(header, BODY), "{header}");
        }
        assert!(!content_matches(&format!("{BY_SHA_256}{}", " ".repeat(MAX_HEADER_BYTES)), BODY));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "(sha-(256|512)=:?)?\\PC{0,60}") {
            let _ = (matches(&text, BODY), content_matches(&text, BODY));
        }
    }
}
