//! The names of categories, licences and languages, with PeerTube's numbers and codes.

use std::{collections::BTreeMap, sync::LazyLock};

const CATEGORIES: [&str; 18] = [
    "Music",
    "Films",
    "Vehicles",
    "Art",
    "Sports",
    "Travels",
    "Gaming",
    "People",
    "Comedy",
    "Entertainment",
    "News & Politics",
    "How To",
    "Education",
    "Activism",
    "Science & Technology",
    "Animals",
    "Kids",
    "Food",
];

const LICENCES: [&str; 7] = [
    "Attribution",
    "Attribution - Share Alike",
    "Attribution - No Derivatives",
    "Attribution - Non Commercial",
    "Attribution - Non Commercial - Share Alike",
    "Attribution - Non Commercial - No Derivatives",
    "Public Domain Dedication",
];

static LANGUAGES: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| serde_json::from_str(include_str!("languages.json")).unwrap_or_default());

fn numbered(names: &'static [&'static str]) -> BTreeMap<i64, &'static str> {
    (1..).zip(names.iter().copied()).collect()
}

/// All categories by number.
pub fn categories() -> BTreeMap<i64, &'static str> {
    numbered(&CATEGORIES)
}

/// All licences by number.
pub fn licences() -> BTreeMap<i64, &'static str> {
    numbered(&LICENCES)
}

/// All languages by code.
pub fn languages() -> &'static BTreeMap<String, String> {
    &LANGUAGES
}

fn nth(names: &'static [&'static str], number: i64) -> Option<&'static str> {
    names.get(usize::try_from(number).ok()?.checked_sub(1)?).copied()
}

/// Name of a category. `None` when there is none of this number.
pub fn category(number: i64) -> Option<&'static str> {
    nth(&CATEGORIES, number)
}

/// Name of a licence. `None` when there is none of this number.
pub fn licence(number: i64) -> Option<&'static str> {
    nth(&LICENCES, number)
}

/// Name of a language. `None` when there is none of this code.
pub fn language(code: &str) -> Option<&'static str> {
    LANGUAGES.get(code).map(String::as_str)
}

/// Categories by name, for a form.
pub fn category_names() -> Vec<(i64, &'static str)> {
    sorted(categories().into_iter().collect())
}

/// Licences in their order, for a form.
pub fn licence_names() -> Vec<(i64, &'static str)> {
    licences().into_iter().collect()
}

/// Languages by name, for a form.
pub fn language_names() -> Vec<(&'static str, &'static str)> {
    sorted(LANGUAGES.iter().map(|(code, name)| (code.as_str(), name.as_str())).collect())
}

fn sorted<I>(mut names: Vec<(I, &'static str)>) -> Vec<(I, &'static str)> {
    names.sort_by_key(|(_, name)| *name);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_codes_are_those_of_peertube() {
        assert_eq!(category(15), Some("Science & Technology"));
        assert_eq!(licence(7), Some("Public Domain Dedication"));
        assert_eq!(language("fr"), Some("French"));
        assert_eq!((category(0), category(19), licence(-1), language("xx")), (None, None, None, None));
    }
}
