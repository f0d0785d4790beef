use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rsa,
    signature::{self, ParsedPublicKey, UnparsedPublicKey},
};

use super::{Algorithm, KeyError, KeyKind, multikey, pem};

/// What stands before the 32 bytes of an Ed25519 key in its `SubjectPublicKeyInfo` (RFC 8410): there are no choices in it.
const ED25519_INFO: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A public key, with which an actor's signatures are checked. It is decoded once, when it is read.
#[derive(Clone)]
pub struct PublicKey {
    kind: KeyKind,
    parsed: ParsedPublicKey,
}

impl PublicKey {
    /// Reads a key from PEM (`publicKeyPem`). An RSA key of too few bits is read too, but verifies nothing.
    ///
    /// # Errors
    /// [`KeyError`] if it is none.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = pem::read(text, &[pem::PUBLIC, pem::PKCS1_PUBLIC])?;
        match der.strip_prefix(&ED25519_INFO) {
            Some(key) => Self::from_ed25519(key),
            None => Self::from_rsa_der(&der),
        }
    }

    /// Reads a key from one word (`publicKeyMultibase`, FEP-521a).
    ///
    /// # Errors
    /// [`KeyError`] if it is none.
    pub fn from_multibase(text: &str) -> Result<Self, KeyError> {
        multikey::read(text)
    }

    /// From PKCS#1 or `SubjectPublicKeyInfo`; kept as PKCS#1, so that equal keys have equal bytes.
    pub(super) fn from_rsa_der(der: &[u8]) -> Result<Self, KeyError> {
        let key = rsa::PublicKey::from_der(der).map_err(|_| KeyError::Rejected)?;
        let parsed = ParsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, key.as_ref());
        Ok(Self { kind: KeyKind::Rsa, parsed: parsed.map_err(|_| KeyError::Rejected)? })
    }

    /// From the 32 bytes themselves.
    pub(super) fn from_ed25519(key: &[u8]) -> Result<Self, KeyError> {
        if key.len() != 32 {
            return Err(KeyError::Rejected);
        }
        let parsed = ParsedPublicKey::new(&signature::ED25519, key).map_err(|_| KeyError::Rejected)?;
        Ok(Self { kind: KeyKind::Ed25519, parsed })
    }

    /// What kind of key it is.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Writes the key as `SubjectPublicKeyInfo` in PEM, whatever it was read from.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] if the key cannot be encoded.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let der = AsDer::<PublicKeyX509Der<'_>>::as_der(&self.parsed).map_err(|_| KeyError::Rejected)?;
        Ok(pem::write(pem::PUBLIC, der.as_ref()))
    }

    /// Writes the key in one word (`publicKeyMultibase`, FEP-521a).
    pub fn to_multibase(&self) -> String {
        multikey::write(self.kind, self.parsed.as_ref())
    }

    /// Whether `signature` was made over `text` with the private half of this key, in the way that is usual for its kind.
    #[must_use]
    pub fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(text, signature).is_ok()
    }

    /// The same in a given way; `false` if it is not one for this kind of key.
    #[must_use]
    pub fn verifies_as(&self, algorithm: Algorithm, text: &[u8], signature: &[u8]) -> bool {
        match (self.kind, algorithm) {
            (KeyKind::Rsa, Algorithm::RsaPkcs1Sha256) | (KeyKind::Ed25519, Algorithm::Ed25519) => {
                self.verifies(text, signature)
            }
            (KeyKind::Rsa, Algorithm::RsaPssSha512) => {
                self.verifies_unparsed(&signature::RSA_PSS_2048_8192_SHA512, text, signature)
            }
            _ => false,
        }
    }

    /// The usual way, for keys of 1024 bits too, with which the recorded traffic of a test server was signed.
    #[cfg(test)]
    pub(crate) fn verifies_with_any_size(&self, text: &[u8], signature: &[u8]) -> bool {
        self.verifies_unparsed(&signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, text, signature)
    }

    fn verifies_unparsed(&self, algorithm: &'static signature::RsaParameters, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(algorithm, self.parsed.as_ref()).verify(text, signature).is_ok()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.parsed.as_ref() == other.parsed.as_ref()
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("PublicKey").field(&self.kind).finish()
    }
}
