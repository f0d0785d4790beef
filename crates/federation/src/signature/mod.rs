//! Who sent this request? HTTP signatures as the fediverse uses them.
//!
//! Two specifications are spoken both ways, and one call reads either:
//!
//! | | draft-cavage-http-signatures-12 | RFC 9421 |
//! | --- | --- | --- |
//! | known by | a `Signature` header alone | a `Signature-Input` header |
//! | spoken by | everybody; PeerTube nothing else | Mastodon since 4.4, Fedify, Mitra and others |
//! | must cover | `(request-target)`, `host`, and `date` or `(created)` | `@method`, and `@target-uri` or `@authority` with the path and query |
//! | binds the body by | `Digest` (SHA-256) | `Content-Digest` (RFC 9530; SHA-256, SHA-512) |
//! | algorithms | `rsa-sha256`, `hs2019` (whatever the key is for) | `rsa-v1_5-sha256`, `rsa-pss-sha512`, `ed25519`, or none named |
//! | age | [`MAX_SKEW`] either way from `date` or `(created)` | the same from `created`, which is required |
//!
//! Sending: [`sign`] and [`sign_rfc9421`] add what is needed to the headers of a request. PeerTube signs
//! `(request-target) host date digest` on POST and `(request-target) host date` on GET, and so does [`sign`].
//!
//! Receiving happens in two steps, because the key has to be fetched in between: [`SignedRequest::read`] checks
//! everything that needs no key (what is covered, how old it is, the digest of the body) and names the key;
//! [`SignedRequest::verify`] checks the signature. A request may bear several signatures of RFC 9421 (a proxy may add its
//! own): the first of them that could be an actor's counts, and only the first three are looked at. A request of RFC 9421
//! is never read as one of the draft: what fails there fails.
//!
//! What is stricter than either specification: names of keys are `http` or `https` URLs, or accounts (`acct:`); nothing is
//! covered twice, and parameters of components (`sf`, `key`, `bs`, `tr`, `req`) are refused.

pub mod digest;
pub mod header;
pub mod keys;

mod cavage;
mod message;
mod sign;
mod verify;

#[cfg(test)]
mod observed;
#[cfg(test)]
mod recorded;

pub use header::{KeyId, SignatureHeader};
pub use keys::{Algorithm, KeyError, KeyKind, PublicKey, SigningKey};
pub use message::{InputError, MessageSignature, sign_rfc9421};
pub use sign::{SignError, sign};
pub use verify::{MAX_SKEW, RequestHead, SignatureError, SignedRequest};
