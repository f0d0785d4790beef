//! What does somebody look for?
//!
//! A search is words, `"words side by side"`, `-not` and `key:value` (see [`super::limits`]), in any order. Nothing that
//! can be typed is an error: what has no meaning as syntax is words.

use super::limits::Limit;
use crate::text::{Word, canonical, split_query, truncate, words};

/// More words are ignored.
pub const MAX_WORDS: usize = 24;
/// More phrases, exclusions and limits are ignored, of each.
pub const MAX_EXTRAS: usize = 8;
const MAX_CHARS: usize = 500;

/// A search, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// Most of these must be there, in any order.
    pub words: Vec<Word>,
    /// The same, as a title is written that has no others.
    pub canonical: String,
    /// The words of each of these must be there side by side, spelled like this.
    pub phrases: Vec<Vec<String>>,
    /// None of these may be there.
    pub excluded: Vec<Vec<String>>,
    /// What else must be true.
    pub limits: Vec<Limit>,
}

impl Terms {
    /// Reads what somebody typed. `None` if there is nothing but white space: then everything is wanted. A search without
    /// a single word (`!?`) is empty and finds nothing.
    pub fn parse(search: &str) -> Option<Self> {
        let search = search.trim();
        if search.is_empty() {
            return None;
        }
        let plain = truncate(search, MAX_CHARS).replace(['“', '”', '„', '«', '»'], "\"");
        let (mut terms, mut loose) = (Self::default(), String::new());
        let mut rest = plain.as_str();
        while let Some((piece, following)) = Piece::first_of(rest) {
            terms.take(&piece, &mut loose);
            rest = following;
        }
        terms.canonical = canonical(&loose);
        terms.words = split_query(&loose);
        terms.words.truncate(MAX_WORDS);
        Some(terms)
    }

    /// Whether there is something that a video can match more or less well.
    pub fn has_words(&self) -> bool {
        !self.words.is_empty() || !self.phrases.is_empty()
    }

    /// Whether nothing at all was asked for.
    pub fn is_empty(&self) -> bool {
        !self.has_words() && self.excluded.is_empty() && self.limits.is_empty()
    }

    /// How many of the words a video must have: all of up to three, three quarters of more.
    pub fn required(&self) -> usize {
        let count = self.words.len();
        if count <= 3 { count } else { (count * 3).div_ceil(4) }
    }

    /// Takes what a piece means, and adds words like any other to those that stand loose.
    fn take(&mut self, piece: &Piece<'_>, loose: &mut String) {
        if let Some(limit) = piece.limit() {
            push_up_to_max(&mut self.limits, limit);
            return;
        }
        let text = piece.text();
        if !piece.negated && !piece.quoted {
            loose.push_str(&text);
            loose.push(' ');
            return;
        }
        let words = words(&text);
        if !words.is_empty() {
            push_up_to_max(if piece.negated { &mut self.excluded } else { &mut self.phrases }, words);
        }
    }
}

fn push_up_to_max<T>(list: &mut Vec<T>, item: T) {
    if list.len() < MAX_EXTRAS {
        list.push(item);
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

/// A part of a search up to white space, which counts for nothing between quotes.
#[derive(Debug)]
struct Piece<'s> {
    negated: bool,
    key: Option<&'s str>,
    value: &'s str,
    quoted: bool,
}

impl<'s> Piece<'s> {
    /// The first piece, and what comes after it.
    fn first_of(search: &'s str) -> Option<(Self, &'s str)> {
        let search = search.trim_start();
        if search.is_empty() {
            return None;
        }
        let negation =
            search.strip_prefix('-').filter(|rest| rest.starts_with(|c: char| c == '"' || c.is_alphanumeric()));
        let (negated, rest) = negation.map_or((false, search), |rest| (true, rest));
        let keyed = rest.split_once(':').filter(|(key, value)| {
            key.bytes().all(|byte| byte.is_ascii_alphabetic()) && value.starts_with(|c: char| !c.is_whitespace())
        });
        let (key, rest) = keyed.map_or((None, rest), |(key, value)| (Some(key), value));
        let quote = rest.strip_prefix('"').and_then(|quoted| quoted.split_once('"'));
        let (value, following) = quote.unwrap_or_else(|| rest.split_once(char::is_whitespace).unwrap_or((rest, "")));
        Some((Self { negated, key, value, quoted: quote.is_some() }, following))
    }

    fn limit(&self) -> Option<Limit> {
        Limit::parse(self.key?, self.value, self.negated)
    }

    /// With the key, which turned out to be a word.
    fn text(&self) -> String {
        self.key.map_or_else(|| self.value.to_owned(), |key| format!("{key} {}", self.value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query::limits::Rule;

    fn parse(search: &str) -> Terms {
        Terms::parse(search).unwrap()
    }

    fn required(search: &str) -> usize {
        parse(search).required()
    }

    fn found_by(terms: &Terms) -> Vec<&str> {
        terms.words.iter().map(|word| word.text.as_str()).collect()
    }

    #[test]
    fn an_empty_search_is_no_search_and_punctuation_is_one_without_words() {
        assert_eq!(Terms::parse("  \t"), None);
        for search in ["!?", "-", "\"", "\"\"", "- - -", "-\"!\""] {
            assert!(parse(search).is_empty(), "{search}");
        }
    }

    #[test]
    fn quoted_words_stay_together() {
        let terms = parse("north \"Sea whales\" “and dolphins” \"unclosed end");
        assert_eq!(terms.phrases, [vec!["sea", "whales"], vec!["and", "dolphins"]]);
        assert_eq!(found_by(&terms), ["north", "unclosed", "end"]);
    }

    #[test]
    fn a_minus_before_a_word_excludes_it() {
        let terms = parse("whales -dolphins -\"killer whales\" north-sea - -- sharks");
        assert_eq!(terms.excluded, [vec!["dolphins"], vec!["killer", "whales"]]);
        assert_eq!(found_by(&terms), ["whales", "north", "sea", "sharks"]);
    }

    #[test]
    fn a_known_key_limits_and_an_unknown_one_is_a_word() {
        let terms = parse("tag:\"free software\" -host:tube.example re:zero before:soon 12:30 title: x");
        assert_eq!(
            terms.limits,
            [
                Limit { rule: Rule::Tag("free software".to_owned()), negated: false },
                Limit { rule: Rule::Host("tube.example".to_owned()), negated: true }
            ]
        );
        assert_eq!(found_by(&terms), ["re", "zero", "before", "soon", "12", "30", "title", "x"]);
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

        #[test]
        fn any_syntax_is_bounded(search in "([-\" :a-z]|tag:|before:|1){0,300}") {
            if let Some(terms) = Terms::parse(&search) {
                let extras = [terms.phrases.len(), terms.excluded.len(), terms.limits.len()];
                prop_assert!(extras.into_iter().all(|count| count <= MAX_EXTRAS));
            }
        }
    }
}
