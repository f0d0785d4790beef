//! Further public keys of an actor, in the form of FEP-521a: Ed25519 keys for RFC 9421 signatures and integrity proofs.
//! RSA keys stand in `publicKey` too, where every program looks for them.

use serde::{Deserialize, Serialize};
use url::Url;

use super::lenient;

/// A key that its actor makes assertions with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Multikey {
    #[serde(rename = "type", deserialize_with = "lenient::required")]
    kind: Kind,
    /// Its own URL: the actor's with a fragment.
    #[serde(deserialize_with = "lenient::url")]
    pub id: Url,
    /// The actor that it belongs to.
    #[serde(deserialize_with = "lenient::url")]
    pub controller: Url,
    /// The key itself: multicodec prefix and bytes, in base58btc with a leading `z`. Unread.
    #[serde(deserialize_with = "lenient::required_text::<2000, _>")]
    pub public_key_multibase: String,
}

/// Other kinds of keys are left out of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    Multikey,
}

impl Multikey {
    /// A key of one of our own actors, under the actor's URL with this fragment.
    pub fn new(controller: Url, fragment: &str, public_key_multibase: impl Into<String>) -> Self {
        let mut id = controller.clone();
        id.set_fragment(Some(fragment));
        Self { kind: Kind::Multikey, id, controller, public_key_multibase: public_key_multibase.into() }
    }
}
