//! May this be found? The rules, and nothing else.
//!
//! **Invariant:** whatever is asked here, silence of somebody who was listed is consent, and any objection wins over any
//! permission: of the instance over its people, of the people over their instance. Pure.

use std::collections::HashSet;

/// PeerTube's number for "everybody may see it".
const PUBLIC: i64 = 1;
/// So much of a description is looked through for a tag.
const MAX_DESCRIPTION_BYTES: usize = 100_000;
/// The name by which `X-Robots-Tag` and `robots.txt` know us.
pub const AGENT: &str = "shoal";

/// Why something is not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Objection {
    /// Unlisted, internal, private, or behind a password.
    #[error("it is not public")]
    NotPublic,
    /// `indexable: false` on the account or the channel (FEP-5feb).
    #[error("its account or channel does not want to be searched (indexable: false)")]
    NotIndexable,
    /// A tag in the description of the account or the channel.
    #[error("the description of its account or channel says #noindex or #nobot")]
    Tag,
    /// `X-Robots-Tag: noindex` came with it.
    #[error("it came with the header X-Robots-Tag: noindex")]
    Header,
    /// The account or the channel has opted out.
    #[error("its account or channel has opted out")]
    OptedOut,
}

/// Whether a video or a playlist of this privacy may be found: only what everybody may see. `None` is not said.
pub fn of_privacy(privacy: Option<i64>) -> Option<Objection> {
    (privacy != Some(PUBLIC)).then_some(Objection::NotPublic)
}

/// What an account or a channel says about itself. What is not said is no objection: the instance was listed.
pub fn of_actor(indexable: Option<bool>, description: Option<&str>) -> Option<Objection> {
    if indexable == Some(false) {
        return Some(Objection::NotIndexable);
    }
    description.is_some_and(has_tag).then_some(Objection::Tag)
}

/// What the `X-Robots-Tag` headers of an answer say. A directive behind the name of another agent is not for us.
pub fn of_headers<'h>(values: impl IntoIterator<Item = &'h str>) -> Option<Objection> {
    values.into_iter().any(forbids_indexing).then_some(Objection::Header)
}

/// The accounts and channels of one instance that have opted out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptedOut {
    names: HashSet<String>,
}

impl OptedOut {
    /// By their names, in any case.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self { names: names.into_iter().map(|name| name.to_lowercase()).collect() }
    }

    /// Whether something that belongs to these accounts and channels may be found; one that opted out is enough.
    pub fn of_owners<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Option<Objection> {
        let is_out = |name: &str| !self.names.is_empty() && self.names.contains(&name.to_lowercase());
        names.into_iter().any(is_out).then_some(Objection::OptedOut)
    }
}

fn has_tag(description: &str) -> bool {
    let end = description.floor_char_boundary(MAX_DESCRIPTION_BYTES);
    let text = without_markup(description.get(..end).unwrap_or_default());
    text.split(['#', '\u{ff03}']).skip(1).any(|rest| {
        let word: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').take(10).collect();
        word.eq_ignore_ascii_case("noindex") || word.eq_ignore_ascii_case("nobot")
    })
}

/// A tag is often a link, with the sign and the word in elements of their own: `#<span>nobot</span>`.
fn without_markup(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        let is_element = after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        match after.split_once('>') {
            Some((_, behind)) if is_element => rest = behind,
            _ => {
                plain.push('<');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// One header: directives with commas between them, after the agent that they are for, if they are not for all.
fn forbids_indexing(value: &str) -> bool {
    let mut is_for_us = true;
    for part in value.split(',').map(str::trim) {
        let mut directive = part;
        if let Some((name, rest)) = part.split_once(':')
            && !takes_a_value(name.trim())
        {
            is_for_us = name.trim().eq_ignore_ascii_case(AGENT);
            directive = rest.trim();
        }
        let forbids = directive.eq_ignore_ascii_case("noindex") || directive.eq_ignore_ascii_case("none");
        if is_for_us && forbids {
            return true;
        }
    }
    false
}

fn takes_a_value(directive: &str) -> bool {
    ["unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"]
        .iter()
        .any(|known| directive.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn says(description: &str) -> Option<Objection> {
        of_actor(None, Some(description))
    }

    #[test]
    fn a_tag_in_a_description_is_an_objection_however_it_is_written() {
        for text in [
            "#noindex",
            "Films of mine. #NoBot",
            "#films #noindex, please",
            "See [#nobot](https://tube.example/tags/nobot)",
            "<p><a href=\"https://a.example/tags/noindex\">#<span>noindex</span></a></p>",
            "\\#noindex",
            "＃noindex",
            "a < b and #nobot",
        ] {
            assert_eq!(says(text), Some(Objection::Tag), "{text}");
        }
    }

    #[test]
    fn other_words_are_no_objection() {
        for text in ["", "noindex", "#noindexing", "#nobots", "#no_index", "# noindex", "#index", "<noindex>#"] {
            assert_eq!(says(text), None, "{text}");
        }
    }

    #[test]
    fn indexable_is_believed_when_it_is_said() {
        assert_eq!(of_actor(Some(false), None), Some(Objection::NotIndexable));
        assert_eq!(of_actor(Some(true), Some("#nobot")), Some(Objection::Tag), "any objection wins");
        assert_eq!((of_actor(Some(true), None), of_actor(None, None)), (None, None));
    }

    #[test]
    fn only_what_is_public_may_be_found() {
        assert_eq!(of_privacy(Some(1)), None);
        for privacy in [None, Some(2), Some(3), Some(4), Some(5), Some(-1)] {
            assert_eq!(of_privacy(privacy), Some(Objection::NotPublic), "{privacy:?}");
        }
    }

    #[test]
    fn a_robots_header_counts_unless_it_is_for_somebody_else() {
        for value in ["noindex", "NONE", "nofollow, noindex", "shoal: noindex", "otherbot: nofollow, Shoal: none"] {
            assert_eq!(of_headers([value]), Some(Objection::Header), "{value}");
        }
        for value in ["", "nofollow", "googlebot: noindex", "googlebot: nofollow, noindex", "max-snippet: 20"] {
            assert_eq!(of_headers([value]), None, "{value}");
        }
        assert_eq!(of_headers(["max-snippet: 20, noindex"]), Some(Objection::Header));
        assert_eq!(of_headers(["nofollow", "noindex"]), Some(Objection::Header), "each header is read");
    }

    #[test]
    fn one_owner_who_opted_out_is_enough() {
        let out = OptedOut::new(["Ada".to_owned()]);
        assert_eq!(out.of_owners(["ada", "films"]), Some(Objection::OptedOut));
        assert_eq!(out.of_owners(["films", "adam"]), None);
        assert_eq!(OptedOut::default().of_owners([""]), None);
    }

    proptest! {
        #[test]
        fn any_description_and_any_header_is_read_without_panic(text in "\\PC{0,200}") {
            let _ = (says(&text), of_headers([text.as_str()]));
        }

        #[test]
        fn a_tag_counts_wherever_it_stands(before in "[a-z >.\\n]{0,40}", after in "([ .,\\n][a-z ]{0,40})?") {
            let text = format!("{before}#noindex{after}");
            prop_assert_eq!(says(&text), Some(Objection::Tag));
        }
    }
}
