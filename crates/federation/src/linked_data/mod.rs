//! Did its author really write this, although somebody else brings it? JSON-LD signatures (`RsaSignature2017`).
//!
//! An HTTP signature vouches for the sender of a request. An activity that is passed on (a comment, by the server of the
//! video, to its followers) has another sender than author; the author vouches for it with a `signature` member:
//!
//! ```text
//! "signature": {"type": "RsaSignature2017", "creator": <actor or key>, "created": <moment>, "signatureValue": <base64>}
//! ```
//!
//! Signed (RSA with SHA-256) is the text `H(options) H(document)`: options are the signature without `type`, `id` and
//! `signatureValue`, the document is the activity without `signature`; `H` is the SHA-256, in hexadecimal, of the canonical
//! N-Quads (URDNA2015) of what they say as RDF. PeerTube, Mastodon and Misskey do this, the first on every activity.
//!
//! **What is accepted.** Contexts that are built in (Activity Streams, the security vocabulary), and objects in the
//! document; nothing is fetched. Of JSON-LD, what the fediverse uses: terms, prefixes, references, typed values, language
//! maps, lists. Everything else is refused by name: contexts within the document, `@graph`, `@included`, `@reverse`,
//! `@list` and `@set` as members, ids that are relative or blank, types that nothing defines. Refusing costs a forwarded
//! activity, which its origin can still be asked for; misreading one would let a stranger speak for somebody.
//!
//! **What it costs.** 5,000 statements, 1,000 things without names, 50,000 steps to tell these apart.
//!
//! **What is read.** Not the document: [`SignedDocument::verify`] gives the part of it that was signed and that means the
//! same to a reader of plain JSON as to one of JSON-LD. `policy.rs` says how.
//!
//! - `contexts/activitystreams.json`: the context of the [Activity Streams 2.0 specification][streams], by W3C, under its
//!   document licence
//! - `contexts/security-v1.json`: the terms of the [security vocabulary][security], version 1, by W3C's Credentials
//!   Community Group
//!
//! [streams]: https://www.w3.org/ns/activitystreams
//! [security]: https://w3id.org/security/v1

mod canonical;
mod context;
mod definition;
mod expand;
mod graph;
mod number;
mod policy;
mod signature;

use std::slice;

use serde_json::Value;

use crate::signature::KeyId;
use canonical::TooComplex;
use graph::TooLarge;

pub use signature::{SignedDocument, sign};

/// Why a document's signature does not hold, or it cannot be signed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LinkedDataError {
    /// The document is no object.
    #[error("the document is no object")]
    NotAnObject,
    /// There is no signature.
    #[error("the document is not signed")]
    Missing,
    /// A member of the signature is missing or malformed.
    #[error("the document's signature has no usable {0}")]
    Parameter(&'static str),
    /// The document is larger or deeper than any honest one.
    #[error("the document says too much")]
    TooLarge,
    /// The document has too many things without names that are too much alike.
    #[error("the document is too complex to be put in order")]
    TooComplex,
    /// A context that is not built in.
    #[error("the context {0:?} is not known, and none is fetched")]
    RemoteContext(String),
    /// A part of a context that is not understood.
    #[error("the context's definition of {0:?} is not supported")]
    Context(String),
    /// A part of JSON-LD that is not understood.
    #[error("{0:?} is not supported in a signed document")]
    Unsupported(String),
    /// No language tag, or no text in a language.
    #[error("{0:?} is no language")]
    Language(String),
    /// An id that is no absolute URL.
    #[error("the id {0:?} is not absolute")]
    Id(String),
    /// A type that nothing defines.
    #[error("the type {0:?} means nothing in its context")]
    Type(String),
    /// A member or reference that nothing defines.
    #[error("{0:?} means nothing in its context")]
    Meaningless(String),
    /// A term that everybody knows means something else here.
    #[error("the context gives another meaning to {0:?}")]
    Redefined(String),
    /// Something that we know goes by another name.
    #[error("{0:?} is another name for something known")]
    Disguised(String),
    /// The activity is the object of something in it.
    #[error("{0:?} is part of itself")]
    Circular(String),
    /// One thing is described in two places.
    #[error("{0:?} is described in two places")]
    DescribedTwice(String),
    /// The signature was not made with the key that it names.
    #[error("the document was not signed with the key {0}")]
    Mismatch(KeyId),
    /// The key cannot make such signatures.
    #[error("the key cannot sign documents")]
    Key,
}

impl From<TooLarge> for LinkedDataError {
    fn from(_: TooLarge) -> Self {
        Self::TooLarge
    }
}

impl From<TooComplex> for LinkedDataError {
    fn from(_: TooComplex) -> Self {
        Self::TooComplex
    }
}

/// The items of a list, or the value itself as the only one.
fn items(value: &Value) -> &[Value] {
    value.as_array().map_or_else(|| slice::from_ref(value), Vec::as_slice)
}

fn holds_object(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().any(holds_object),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
