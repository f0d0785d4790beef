//! Which words does somebody look for?

use crate::text::{truncate, words};

/// More words are ignored.
pub const MAX_WORDS: usize = 24;
const MAX_CHARS: usize = 500;

/// The words of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Folded, in order.
    pub words: Vec<String>,
}

impl Terms {
    /// Reads what somebody typed. `None` if there is nothing but white space: then everything is wanted. A search without
    /// a single word (`!?`) has no words and finds nothing.
    pub fn parse(search: &str) -> Option<Self> {
        let search = search.trim();
        if search.is_empty() {
            return None;
        }
        let mut words = words(truncate(search, MAX_CHARS));
        words.truncate(MAX_WORDS);
        Some(Self { words })
    }

    /// How many of the words a video must have: all of up to three, three quarters of more.
    pub fn required(&self) -> usize {
        let count = self.words.len();
        if count <= 3 { count } else { (count * 3).div_ceil(4) }
    }
}

/// How many typos a word may hold: one from four letters, two from eight.
pub fn allowed_typos(word: &str) -> u8 {
    match word.chars().count() {
        0..4 => 0,
        4..8 => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn required(search: &str) -> usize {
        Terms::parse(search).unwrap().required()
    }

    #[test]
    fn an_empty_search_is_no_search_and_punctuation_is_one_without_words() {
        assert_eq!(Terms::parse("  \t"), None);
        assert_eq!(Terms::parse("!?"), Some(Terms { words: vec![] }));
    }

    #[test]
    fn long_searches_may_miss_a_quarter_of_their_words() {
        assert_eq!(required("one"), 1);
        assert_eq!(required("one two three"), 3);
        assert_eq!(required("one two three four"), 3);
        assert_eq!(required("a b c d e f g h"), 6);
    }

    #[test]
    fn typos_are_allowed_from_four_and_from_eight_letters() {
        assert_eq!(allowed_typos("kde"), 0);
        assert_eq!(allowed_typos("linu"), 1);
        assert_eq!(allowed_typos("éléphan"), 1);
        assert_eq!(allowed_typos("elephant"), 2);
    }

    proptest! {
        #[test]
        fn any_search_is_bounded(search in "\\PC{0,900}") {
            if let Some(terms) = Terms::parse(&search) {
                prop_assert!(terms.words.len() <= MAX_WORDS && terms.required() <= terms.words.len());
            }
        }
    }
}
