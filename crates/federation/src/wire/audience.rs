//! To whom is something addressed?

use serde::{Deserialize, Serialize};
use url::Url;

use super::lenient::{self, MAX_URL_LENGTH};
use crate::PUBLIC;

const MAX_RECIPIENTS: usize = 500;

/// The recipients of an activity or object. Everybody is a recipient too: [`PUBLIC`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// Those who are meant.
    #[serde(default, deserialize_with = "lenient::texts::<MAX_URL_LENGTH, MAX_RECIPIENTS, _>")]
    pub to: Vec<String>,
    /// Those who may know.
    #[serde(default, deserialize_with = "lenient::texts::<MAX_URL_LENGTH, MAX_RECIPIENTS, _>")]
    pub cc: Vec<String>,
}

impl Audience {
    /// Addressed to everybody, and brought to these (collections of) actors.
    pub fn public(brought_to: impl IntoIterator<Item = Url>) -> Self {
        Self { to: vec![PUBLIC.to_owned()], cc: brought_to.into_iter().map(String::from).collect() }
    }

    /// To be found by whoever has the link: everybody may know, nobody is told.
    pub fn unlisted() -> Self {
        Self { to: Vec::new(), cc: vec![PUBLIC.to_owned()] }
    }

    /// Addressed to these actors only.
    pub fn direct(to: impl IntoIterator<Item = Url>) -> Self {
        Self { to: to.into_iter().map(String::from).collect(), cc: Vec::new() }
    }

    /// Whether it is addressed to nobody at all, as follows and their answers are.
    pub fn is_empty(&self) -> bool {
        self.to.is_empty() && self.cc.is_empty()
    }

    /// Whether it is addressed to everybody.
    pub fn is_public(&self) -> bool {
        self.to.iter().any(|recipient| names_everybody(recipient))
    }

    /// Whether everybody may know, but nobody is told.
    pub fn is_unlisted(&self) -> bool {
        !self.is_public() && self.cc.iter().any(|recipient| names_everybody(recipient))
    }
}

/// Everybody, in the three spellings that ActivityPub (section 5.6) allows.
fn names_everybody(recipient: &str) -> bool {
    matches!(recipient, PUBLIC | "as:Public" | "Public")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everybody_is_recognised_in_each_spelling() {
        for everybody in [PUBLIC, "as:Public", "Public"] {
            let audience: Audience = serde_json::from_value(json!({"to": everybody})).unwrap();
            assert!(audience.is_public(), "{everybody}");
        }
    }

    #[test]
    fn unlisted_is_neither_public_nor_private() {
        assert!(Audience::unlisted().is_unlisted() && !Audience::unlisted().is_public());
        let private = Audience::direct([Url::parse("https://a.test/bob").unwrap()]);
        assert!(!private.is_public() && !private.is_unlisted());
    }
}
