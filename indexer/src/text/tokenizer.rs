//! [`split`] as Tantivy wants it.
//!
//! A text may begin with the code of its language, put there by [`marked`]. Tantivy knows one tokenizer for a field, not
//! for a text, and this is how the tokenizer hears in which language it is to look for stems.

use std::collections::HashMap;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::{Word, language, split};

/// Ends the code of the language. Clean texts hold no control characters.
const MARK: char = '\u{1f}';
/// Stems that are remembered: a text is mostly made of words that were in the one before.
const MAX_REMEMBERED: usize = 30_000;

/// Puts the code of its language before a text.
pub fn marked(language: Option<&str>, text: &str) -> String {
    format!("{}{MARK}{text}", language.unwrap_or_default())
}

/// What becomes of each word of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forms {
    /// The word, and its parts in the same place.
    Written,
    /// The same, and its stem in the same place if that is something else.
    WrittenAndStem,
    /// The stem alone.
    Stem,
}

/// Makes the words of a field.
#[derive(Debug, Clone)]
pub struct WordTokenizer {
    forms: Forms,
    stems: RememberedStems,
}

impl WordTokenizer {
    /// Makes these forms of words.
    pub fn new(forms: Forms) -> Self {
        Self { forms, stems: RememberedStems::default() }
    }
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = WordStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream {
        let (language, text) = text.split_once(MARK).unwrap_or(("", text));
        let words = split(text);
        let mut tokens = Vec::with_capacity(words.len());
        for word in words {
            let stem = if self.forms == Forms::Written { None } else { self.stems.of(language, &word) };
            let mut push = |text: String| tokens.push(token(word.place, text));
            if self.forms != Forms::Stem {
                let stem = stem.filter(|stem| *stem != word.text);
                push(word.text);
                word.parts.into_iter().chain(stem).for_each(push);
            } else if let Some(stem) = stem {
                push(stem);
            }
        }
        WordStream { tokens: tokens.into_iter(), token: token(0, String::new()) }
    }
}

fn token(position: usize, text: String) -> Token {
    Token { position, text, ..Token::default() }
}

/// The stems of words in the languages that were met.
#[derive(Debug, Clone, Default)]
struct RememberedStems {
    languages: HashMap<String, HashMap<String, Option<String>>>,
    count: usize,
}

impl RememberedStems {
    fn of(&mut self, language: &str, word: &Word) -> Option<String> {
        if !language::has_stems(language) {
            return None;
        }
        let known = self.languages.get(language).and_then(|stems| stems.get(word.written()));
        if let Some(stem) = known {
            return stem.clone();
        }
        if self.count >= MAX_REMEMBERED {
            *self = Self::default();
        }
        let stem = language::stem(language, word);
        let stems = self.languages.entry(language.to_owned()).or_default();
        stems.insert(word.written().to_owned(), stem.clone());
        self.count += 1;
        stem
    }
}

/// The words of one text.
#[derive(Debug)]
pub struct WordStream {
    tokens: std::vec::IntoIter<Token>,
    token: Token,
}

impl TokenStream for WordStream {
    fn advance(&mut self) -> bool {
        let Some(token) = self.tokens.next() else { return false };
        self.token = token;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(forms: Forms, text: &str) -> Vec<(usize, String)> {
        let mut tokenizer = WordTokenizer::new(forms);
        let mut stream = tokenizer.token_stream(text);
        let mut tokens = vec![];
        while stream.advance() {
            tokens.push((stream.token().position, stream.token().text.clone()));
        }
        tokens
    }

    fn at(position: usize, text: &str) -> (usize, String) {
        (position, text.to_owned())
    }

    #[test]
    fn parts_and_stems_stand_where_their_word_stands() {
        let text = marked(Some("en"), "Running PeerTube servers");
        assert_eq!(
            tokens(Forms::WrittenAndStem, &text),
            [
                at(0, "running"),
                at(0, "run"),
                at(1, "peertube"),
                at(1, "peer"),
                at(1, "tube"),
                at(1, "peertub"),
                at(2, "servers"),
                at(2, "server")
            ]
        );
        assert_eq!(tokens(Forms::Stem, &text), [at(0, "run"), at(1, "peertub"), at(2, "server")]);
    }

    #[test]
    fn a_text_without_a_language_has_no_stems() {
        for text in ["running".to_owned(), marked(None, "running"), marked(Some("zz"), "running")] {
            assert_eq!(tokens(Forms::WrittenAndStem, &text), [at(0, "running")]);
            assert!(tokens(Forms::Stem, &text).is_empty());
        }
    }

    #[test]
    fn a_remembered_stem_is_the_same_one() {
        let mut stems = RememberedStems::default();
        for language in ["en", "de", "en"] {
            for word in split("Häuser running Straße houses été") {
                for _ in 0..2 {
                    assert_eq!(stems.of(language, &word), language::stem(language, &word));
                }
            }
        }
    }
}
