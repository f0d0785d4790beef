//! Randomness as an argument, and the two spellings of a UUID that PeerTube uses.

use std::sync::{Arc, Mutex, PoisonError};

use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
use uuid::Uuid;

/// A source of randomness. Clones share the same state, so that a seeded one stays reproducible.
#[derive(Clone)]
pub struct Random {
    rng: Arc<Mutex<StdRng>>,
}

impl std::fmt::Debug for Random {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Random")
    }
}

impl Random {
    /// Seeded by the operating system; a cryptographically secure generator.
    pub fn system() -> Self {
        Self { rng: Arc::new(Mutex::new(StdRng::from_rng(&mut rand::rng()))) }
    }

    /// The same numbers in every run, for tests.
    pub fn seeded(seed: u64) -> Self {
        Self { rng: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))) }
    }

    /// Fills the slice with random bytes.
    pub fn fill(&self, bytes: &mut [u8]) {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }

    /// A random (version 4) UUID.
    pub fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// `bytes` random bytes as lower-case hexadecimal digits, two per byte.
    pub fn hex(&self, bytes: usize) -> String {
        let mut buffer = vec![0; bytes];
        self.fill(&mut buffer);
        hex::encode(buffer)
    }

    /// A random number in `0..bound`; 0 when `bound` is 0.
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).random_range(0..bound)
    }
}

const FLICKR_BASE58: &[u8; 58] = b"123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ";
const SHORT_LENGTH: usize = 22;

/// Writes a UUID the short way, as in `/w/fBs2nTA2VZt3MZsAC6Rvp5`: its 128 bits in Flickr's base 58, padded to 22 characters.
pub fn short_uuid(uuid: Uuid) -> String {
    let mut rest = uuid.as_u128();
    let mut digits = ['1'; SHORT_LENGTH];
    for digit in digits.iter_mut().rev() {
        let index = usize::try_from(rest % 58).unwrap_or_default();
        *digit = FLICKR_BASE58.get(index).copied().map_or('1', char::from);
        rest /= 58;
    }
    digits.iter().collect()
}

/// Reads a UUID in its usual or its short spelling. `None` when it is neither.
pub fn parse_uuid(text: &str) -> Option<Uuid> {
    if text.len() == 36 {
        return Uuid::try_parse(text).ok();
    }
    parse_short_uuid(text)
}

fn parse_short_uuid(text: &str) -> Option<Uuid> {
    if text.len() != SHORT_LENGTH {
        return None;
    }
    text.bytes()
        .try_fold(0_u128, |value, byte| {
            let digit = FLICKR_BASE58.iter().position(|candidate| *candidate == byte)?;
            value.checked_mul(58)?.checked_add(digit as u128)
        })
        .map(Uuid::from_u128)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_spelling_is_the_one_peertube_shows() {
        let uuid = Uuid::parse_str("765302c9-fce1-4814-9d74-679a3dc97046").unwrap();
        assert_eq!(short_uuid(uuid), "fBs2nTA2VZt3MZsAC6Rvp5");
        assert_eq!(parse_uuid("fBs2nTA2VZt3MZsAC6Rvp5"), Some(uuid));
        assert_eq!(parse_uuid("765302c9-fce1-4814-9d74-679a3dc97046"), Some(uuid));
    }

    #[test]
    fn what_is_no_uuid_is_refused() {
        for text in ["", "0OIl", "ZZZZZZZZZZZZZZZZZZZZZZ", "765302c9-fce1-4814-9d74-679a3dc9704z", "../../etc"] {
            assert_eq!(parse_uuid(text), None, "{text}");
        }
    }

    #[test]
    fn seeded_randomness_repeats() {
        assert_eq!(Random::seeded(7).uuid(), Random::seeded(7).uuid());
        assert_ne!(Random::seeded(7).hex(16), Random::seeded(8).hex(16));
    }

    proptest! {
        #[test]
        fn both_spellings_name_the_same_uuid(bits: u128) {
            let uuid = Uuid::from_u128(bits);
            prop_assert_eq!(parse_uuid(&short_uuid(uuid)), Some(uuid));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".{0,60}") {
            let _ = parse_uuid(&text);
        }
    }
}
