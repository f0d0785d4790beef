//! RSA keys of actors: 2048 bits for our own, 2048 to 8192 for others.
//!
//! Private keys are written as PKCS#8, public ones as `SubjectPublicKeyInfo`, both in PEM, as PeerTube has them. Public
//! keys are also read as PKCS#1 (`BEGIN RSA PUBLIC KEY`), which some programs publish.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::{self, KeySize},
    signature::{self, KeyPair, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::STANDARD};

const PRIVATE_LABEL: &str = "PRIVATE KEY";
const PUBLIC_LABEL: &str = "PUBLIC KEY";
const PKCS1_PUBLIC_LABEL: &str = "RSA PUBLIC KEY";
const MAX_PEM_BYTES: usize = 10_000;
const PEM_LINE: usize = 64;

/// A key that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// The text is no PEM block with one of the labels that were expected.
    #[error("no PEM block of a key")]
    Pem,
    /// The key is no RSA key, or one of a size that nobody should use.
    #[error("the key is no RSA key of 2048 to 8192 bits")]
    Rejected,
    /// The system could not make a key.
    #[error("no key could be generated")]
    Generation,
}

/// A private key, with which an actor signs its requests.
pub struct SigningKey {
    pair: rsa::KeyPair,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningKey")
    }
}

impl SigningKey {
    /// Makes a new key of 2048 bits. This takes a noticeable fraction of a second of processor time.
    ///
    /// # Errors
    /// [`KeyError::Generation`] if the system has no randomness to give.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = rsa::KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generation)?;
        Ok(Self { pair })
    }

    /// Reads a key.
    ///
    /// # Errors
    /// [`KeyError`] if it is none.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let der = read_pem(pem, &[PRIVATE_LABEL])?;
        let pair = rsa::KeyPair::from_pkcs8(&der).map_err(|_| KeyError::Rejected)?;
        Ok(Self { pair })
    }

    /// Writes the key as PKCS#8. Whoever reads it can speak for the actor.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] if the key cannot be encoded.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&self.pair).map_err(|_| KeyError::Rejected)?;
        Ok(write_pem(PRIVATE_LABEL, der.as_ref()))
    }

    /// Writes the public half, for the actor's document.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] if the key cannot be encoded.
    pub fn public_pem(&self) -> Result<String, KeyError> {
        let der = AsDer::<PublicKeyX509Der<'_>>::as_der(self.pair.public_key()).map_err(|_| KeyError::Rejected)?;
        Ok(write_pem(PUBLIC_LABEL, der.as_ref()))
    }

    /// Signs a text with RSASSA-PKCS1-v1_5 and SHA-256.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] if the key cannot sign.
    pub fn sign(&self, text: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
            .map_err(|_| KeyError::Rejected)?;
        Ok(signature)
    }
}

/// A public key, with which an actor's requests are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    der: Vec<u8>,
}

impl PublicKey {
    /// Reads a key. A key of too few bits is read too, but verifies nothing.
    ///
    /// # Errors
    /// [`KeyError`] if it is none.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let der = read_pem(pem, &[PUBLIC_LABEL, PKCS1_PUBLIC_LABEL])?;
        let key = rsa::PublicKey::from_der(&der).map_err(|_| KeyError::Rejected)?;
        Ok(Self { der: key.as_ref().to_vec() })
    }

    /// Whether `signature` was made over `text` with the private half of this key.
    #[must_use]
    pub fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, &self.der).verify(text, signature).is_ok()
    }

    /// The same for keys of 1024 bits, with which the recorded traffic of a test server was signed.
    #[cfg(test)]
    pub(crate) fn verifies_with_any_size(&self, text: &[u8], signature: &[u8]) -> bool {
        let algorithm = &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
        UnparsedPublicKey::new(algorithm, &self.der).verify(text, signature).is_ok()
    }
}

fn read_pem(text: &str, labels: &[&str]) -> Result<Vec<u8>, KeyError> {
    if text.len() > MAX_PEM_BYTES {
        return Err(KeyError::Pem);
    }
    let body = labels.iter().find_map(|label| pem_body(text, label)).ok_or(KeyError::Pem)?;
    let base64: String = body.chars().filter(|character| !character.is_whitespace()).collect();
    STANDARD.decode(base64).map_err(|_| KeyError::Pem)
}

fn pem_body<'t>(text: &'t str, label: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    Some(body)
}

fn write_pem(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<String> =
        base64.as_bytes().chunks(PEM_LINE).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// A key for tests: making one is slow, so that all tests share it.
#[cfg(test)]
pub(crate) fn test_key() -> &'static SigningKey {
    static KEY: std::sync::LazyLock<SigningKey> = std::sync::LazyLock::new(|| SigningKey::generate().unwrap());
    &KEY
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_survives_being_written_and_read() {
        let again = SigningKey::from_pem(&test_key().to_pem().unwrap()).unwrap();
        assert_eq!(again.public_pem().unwrap(), test_key().public_pem().unwrap());
        let public = PublicKey::from_pem(&again.public_pem().unwrap()).unwrap();
        assert!(public.verifies(b"text", &test_key().sign(b"text").unwrap()));
    }

    #[test]
    fn a_public_key_is_read_in_both_encodings() {
        let pkcs1 = write_pem(PKCS1_PUBLIC_LABEL, test_key().pair.public_key().as_ref());
        let spki = test_key().public_pem().unwrap();
        assert_eq!(PublicKey::from_pem(&pkcs1).unwrap(), PublicKey::from_pem(&spki).unwrap());
        assert_eq!(PublicKey::from_pem(&spki.replace('\n', "\r\n")).unwrap(), PublicKey::from_pem(&spki).unwrap());
    }

    #[test]
    fn a_key_of_another_actor_verifies_nothing() {
        let stranger = SigningKey::generate().unwrap();
        let public = PublicKey::from_pem(&stranger.public_pem().unwrap()).unwrap();
        assert!(!public.verifies(b"text", &test_key().sign(b"text").unwrap()));
    }

    #[test]
    fn a_private_key_does_not_show_in_debug_output() {
        assert_eq!(format!("{:?}", test_key()), "SigningKey");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for pem in ["", "-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----\n@@\n-----END PUBLIC KEY-----"] {
            assert_eq!(PublicKey::from_pem(pem), Err(KeyError::Pem), "{pem}");
        }
        let private = test_key().to_pem().unwrap();
        assert_eq!(PublicKey::from_pem(&private), Err(KeyError::Pem));
        let nonsense = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
        assert_eq!(PublicKey::from_pem(nonsense), Err(KeyError::Rejected));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "(-----BEGIN PUBLIC KEY-----)?[A-Za-z0-9+/=\n]{0,200}(-----END PUBLIC KEY-----)?") {
            let _ = PublicKey::from_pem(&text);
        }
    }
}
