//! Is this body the one that was signed? The `Digest` header (RFC 3230) with SHA-256.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

const ALGORITHM: &str = "SHA-256";

/// The value of the header for a body.
pub fn of(body: &[u8]) -> String {
    format!("{ALGORITHM}={}", STANDARD.encode(Sha256::digest(body)))
}

/// Whether the header names the SHA-256 of this body. Digests of other algorithms beside it are not looked at.
pub fn matches(header: &str, body: &[u8]) -> bool {
    let expected = Sha256::digest(body);
    header
        .split(',')
        .filter_map(|part| part.trim().split_once('='))
        .filter(|(algorithm, _)| algorithm.eq_ignore_ascii_case(ALGORITHM))
        .any(|(_, value)| STANDARD.decode(value.trim()).is_ok_and(|digest| digest == expected.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_matches_its_own_digest_only() {
        assert!(matches(&of(b"body"), b"body"));
        assert!(matches(&format!("SHA-512=AAAA, {}", of(b"body").replace("SHA", "sha")), b"body"));
        assert!(!matches(&of(b"body"), b"other"));
        assert!(!matches("SHA-512=AAAA", b"body"));
        assert!(!matches("", b""));
    }
}
