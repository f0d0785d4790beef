//! Who sent this request? HTTP signatures as the fediverse uses them (draft-cavage-http-signatures-12), with RSA and
//! SHA-256.
//!
//! Sending: [`sign`] adds `Date`, `Digest` (if there is a body) and `Signature` to a request. PeerTube signs
//! `(request-target) host date digest` on POST and `(request-target) host date` on GET, and so do we.
//!
//! Receiving happens in two steps, because the key has to be fetched in between: [`SignedRequest::read`] checks
//! everything that needs no key (what is covered, how old it is, the digest of the body) and names the key;
//! [`SignedRequest::verify`] checks the signature. RFC 9421 is refused by name, as PeerTube refuses it.

pub mod digest;
pub mod header;
pub mod keys;
mod sign;
mod verify;

#[cfg(test)]
mod recorded;

pub use header::{KeyId, SignatureHeader};
pub use keys::{KeyError, PublicKey, SigningKey};
pub use sign::{SignError, sign};
pub use verify::{MAX_SKEW, RequestHead, SignatureError, SignedRequest};
