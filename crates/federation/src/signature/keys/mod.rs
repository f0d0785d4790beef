//! Keys of actors: RSA, of 2048 bits for our own and 2048 to 8192 for others, and Ed25519.
//!
//! Private keys are written as PKCS#8, public ones as `SubjectPublicKeyInfo`, both in PEM, as PeerTube has them. Public
//! keys are also read as PKCS#1 (`BEGIN RSA PUBLIC KEY`), which some programs publish, and as a Multikey (FEP-521a).

mod multikey;
mod pem;
mod public;

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    error::Unspecified,
    rand::SystemRandom,
    rsa::{self, KeySize},
    signature::{self, Ed25519KeyPair, KeyPair},
};

pub use public::PublicKey;

/// A key that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// The text is no PEM block with one of the labels that were expected.
    #[error("no PEM block of a key")]
    Pem,
    /// The text is no Multikey.
    #[error("no Multikey in base58")]
    Multibase,
    /// The key is of another kind, or of a size that nobody should use.
    #[error("the key is neither an RSA key of 2048 to 8192 bits nor an Ed25519 key")]
    Rejected,
    /// The system could not make a key.
    #[error("no key could be generated")]
    Generation,
}

/// Kinds of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSA. Everybody understands it.
    Rsa,
    /// Ed25519: small and fast; understood by few so far.
    Ed25519,
}

/// Ways to make a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: the usual way for an RSA key.
    RsaPkcs1Sha256,
    /// RSASSA-PSS with SHA-512: checked, but never made.
    RsaPssSha512,
    /// Ed25519.
    Ed25519,
}

/// A private key, with which an actor signs.
pub struct SigningKey {
    pair: Pair,
}

enum Pair {
    Rsa(rsa::KeyPair),
    Ed25519(Ed25519KeyPair),
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningKey")
    }
}

impl SigningKey {
    /// Makes a new RSA key of 2048 bits. This takes a noticeable fraction of a second of processor time.
    ///
    /// # Errors
    /// [`KeyError::Generation`] if the system has no randomness to give.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = rsa::KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generation)?;
        Ok(Self { pair: Pair::Rsa(pair) })
    }

    /// Makes a new Ed25519 key, in a moment.
    ///
    /// # Errors
    /// [`KeyError::Generation`] if the system has no randomness to give.
    pub fn generate_ed25519() -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Generation)?;
        Ok(Self { pair: Pair::Ed25519(pair) })
    }

    /// Reads a key of either kind.
    ///
    /// # Errors
    /// [`KeyError`] if it is none.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = pem::read(text, &[pem::PRIVATE])?;
        if let Ok(pair) = rsa::KeyPair::from_pkcs8(&der) {
            return Ok(Self { pair: Pair::Rsa(pair) });
        }
        let pair = Ed25519KeyPair::from_pkcs8(&der).map_err(|_| KeyError::Rejected)?;
        Ok(Self { pair: Pair::Ed25519(pair) })
    }

    /// What kind of key it is.
    pub fn kind(&self) -> KeyKind {
        match self.pair {
            Pair::Rsa(_) => KeyKind::Rsa,
            Pair::Ed25519(_) => KeyKind::Ed25519,
        }
    }

    /// Writes the key as PKCS#8. Whoever reads it can speak for the actor.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] if the key cannot be encoded.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let der: Result<Pkcs8V1Der<'_>, Unspecified> = match &self.pair {
            Pair::Rsa(pair) => pair.as_der(),
            Pair::Ed25519(pair) => pair.as_der(),
        };
        Ok(pem::write(pem::PRIVATE, der.map_err(|_| KeyError::Rejected)?.as_ref()))
    }

    /// Writes the public half, for the actor's document.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] if the key cannot be encoded.
    pub fn public_pem(&self) -> Result<String, KeyError> {
        let der: Result<PublicKeyX509Der<'_>, Unspecified> = match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_der(),
            Pair::Ed25519(pair) => pair.public_key().as_der(),
        };
        Ok(pem::write(pem::PUBLIC, der.map_err(|_| KeyError::Rejected)?.as_ref()))
    }

    /// The public half.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] if it is of a size that nobody should use.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        match &self.pair {
            Pair::Rsa(pair) => PublicKey::from_rsa_der(pair.public_key().as_ref()),
            Pair::Ed25519(pair) => PublicKey::from_ed25519(pair.public_key().as_ref()),
        }
    }

    /// Signs a text in the way that is usual for the kind of key.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] if the key cannot sign.
    pub fn sign(&self, text: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.pair {
            Pair::Rsa(pair) => sign_with_rsa(pair, text),
            Pair::Ed25519(pair) => pair.try_sign(text).map(|signature| signature.as_ref().to_vec()),
        }
        .map_err(|_| KeyError::Rejected)
    }
}

fn sign_with_rsa(pair: &rsa::KeyPair, text: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)?;
    Ok(signature)
}

/// A key for tests: making one is slow, so that all tests share it.
#[cfg(test)]
pub(crate) fn test_key() -> &'static SigningKey {
    static KEY: std::sync::LazyLock<SigningKey> = std::sync::LazyLock::new(|| SigningKey::generate().unwrap());
    &KEY
}

#[cfg(test)]
pub(crate) fn test_ed25519_key() -> &'static SigningKey {
    static KEY: std::sync::LazyLock<SigningKey> = std::sync::LazyLock::new(|| SigningKey::generate_ed25519().unwrap());
    &KEY
}

#[cfg(test)]
mod tests;
