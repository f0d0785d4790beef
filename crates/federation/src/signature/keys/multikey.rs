//! Keys in one word: `publicKeyMultibase` of FEP-521a. A `z` for base58 (Bitcoin's alphabet), then the number of the kind
//! of key as a varint, then the key.

use super::{KeyError, KeyKind, PublicKey};

const BASE58_BITCOIN: char = 'z';
const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const ED25519: [u8; 2] = [0xed, 0x01];
/// 0x1205; what follows is PKCS#1.
const RSA: [u8; 2] = [0x85, 0x24];
/// An RSA key of 8192 bits takes 1,420 characters. Decoding costs the square of the length.
const MAX_BYTES: usize = 1500;

pub(super) fn read(text: &str) -> Result<PublicKey, KeyError> {
    let digits = text.strip_prefix(BASE58_BITCOIN).filter(|digits| digits.len() < MAX_BYTES);
    let bytes = digits.and_then(decode).ok_or(KeyError::Multibase)?;
    if let Some(key) = bytes.strip_prefix(&ED25519) {
        return PublicKey::from_ed25519(key);
    }
    PublicKey::from_rsa_der(bytes.strip_prefix(&RSA).ok_or(KeyError::Multibase)?)
}

pub(super) fn write(kind: KeyKind, key: &[u8]) -> String {
    let prefix = match kind {
        KeyKind::Rsa => RSA,
        KeyKind::Ed25519 => ED25519,
    };
    format!("{BASE58_BITCOIN}{}", encode(&[prefix.as_slice(), key].concat()))
}

/// Each leading `1` is a zero byte; the rest is one number.
fn decode(digits: &str) -> Option<Vec<u8>> {
    let mut number: Vec<u8> = Vec::with_capacity(digits.len());
    for digit in digits.bytes() {
        let mut carry = ALPHABET.iter().position(|letter| *letter == digit)?;
        for byte in &mut number {
            carry += usize::from(*byte) * 58;
            *byte = carry as u8;
            carry >>= 8;
        }
        while carry > 0 {
            number.push(carry as u8);
            carry >>= 8;
        }
    }
    let zeros = digits.bytes().take_while(|digit| *digit == b'1').count();
    number.resize(number.len() + zeros, 0);
    number.reverse();
    Some(number)
}

fn encode(bytes: &[u8]) -> String {
    let mut number: Vec<u8> = Vec::with_capacity(bytes.len() * 3 / 2);
    for byte in bytes {
        let mut carry = usize::from(*byte);
        for digit in &mut number {
            carry += usize::from(*digit) << 8;
            *digit = (carry % 58) as u8;
            carry /= 58;
        }
        while carry > 0 {
            number.push((carry % 58) as u8);
            carry /= 58;
        }
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    number.resize(number.len() + zeros, 0);
    number
        .iter()
        .rev()
        .filter_map(|digit| ALPHABET.get(usize::from(*digit)))
        .map(|letter| char::from(*letter))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::signature::keys::{test_ed25519_key, test_key};

    /// From the specification of `did:key`, section 3.1.2.
    const OF_DID_KEY: &str = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";

    #[test]
    fn keys_of_both_kinds_survive_being_written_and_read() {
        for key in [test_key(), test_ed25519_key()] {
            let public = key.public_key().unwrap();
            assert_eq!(read(&public.to_multibase()).unwrap(), public);
        }
    }

    #[test]
    fn a_published_key_is_read() {
        let key = read(OF_DID_KEY).unwrap();
        assert_eq!(key.kind(), KeyKind::Ed25519);
        assert_eq!(key.to_multibase(), OF_DID_KEY);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "z", "zzzz", "z0", "uAAAA", "m7QE", &OF_DID_KEY.to_lowercase(), &"z1".repeat(1000)] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read(OF_DID_KEY.strip_suffix('K').unwrap()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_survive(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn any_text_is_read_without_panic(text in "z?[1-9A-Za-z\\PC]{0,100}") {
            let _ = read(&text);
        }
    }
}
