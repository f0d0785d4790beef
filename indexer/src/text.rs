//! What is a word, and when are two spellings the same?
//!
//! The index and the query both go through [`words`], so that whatever is written the same way is found. Folding removes
//! what people leave out when they type: case, accents, width, and the letters that have a plain spelling (`ø`, `ß`).
//! Scripts that write no spaces (Chinese, Japanese, Thai, …) are cut into overlapping pairs of characters, which needs no
//! dictionary and misses nothing.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Longer words are cut, in the index and in queries alike, so that they still find each other.
pub const MAX_WORD_CHARS: usize = 40;

/// Splits a text into folded words, in order.
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut words = Vec::new();
    for run in folded.split(|c: char| !is_word_character(c)) {
        split_run(run, &mut words);
    }
    words
}

/// Removes the differences that a search must not see. Idempotent.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut plain = String::with_capacity(text.len());
    for character in text.nfkd().flat_map(char::to_lowercase).filter(|c| !is_accent(*c)) {
        match plain_spelling(character) {
            Some(spelling) => plain.push_str(spelling),
            None => plain.push(character),
        }
    }
    plain.nfc().collect()
}

/// A spelling under which titles that differ in case, accents and punctuation are equal.
pub fn canonical(text: &str) -> String {
    words(text).join(" ")
}

/// Cuts a text after so many characters.
pub fn truncate(text: &str, max_chars: usize) -> &str {
    text.char_indices().nth(max_chars).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

fn is_word_character(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// The accents of Latin, Greek and Cyrillic, and what only changes the look of a symbol; not the marks that other scripts
/// cannot be read without.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}')
}

fn plain_spelling(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ı' => "i",
        _ => return None,
    })
}

fn split_run(run: &str, words: &mut Vec<String>) {
    let mut spaced = String::new();
    let mut unspaced: Vec<char> = Vec::new();
    for c in run.chars() {
        if is_written_without_spaces(c) {
            push_word(&mut spaced, words);
            unspaced.push(c);
        } else {
            push_pairs(&mut unspaced, words);
            spaced.push(c);
        }
    }
    push_word(&mut spaced, words);
    push_pairs(&mut unspaced, words);
}

fn push_word(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(truncate(word, MAX_WORD_CHARS).to_owned());
        word.clear();
    }
}

fn push_pairs(characters: &mut Vec<char>, words: &mut Vec<String>) {
    match characters.as_slice() {
        [] => {}
        [single] => words.push(single.to_string()),
        many => words.extend(many.windows(2).map(String::from_iter)),
    }
    characters.clear();
}

fn is_written_without_spaces(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}'     // Thai, Lao
        | '\u{1000}'..='\u{109f}'   // Burmese
        | '\u{1780}'..='\u{17ff}'   // Khmer
        | '\u{3040}'..='\u{30ff}'   // Hiragana, Katakana
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' // Han
        | '\u{ac00}'..='\u{d7af}'   // Hangul: spaced, but words carry endings that pairs see through
        | '\u{20000}'..='\u{323af}' // rare Han
    )
}

/// [`words`] as Tantivy wants them.
#[derive(Clone, Default)]
pub struct WordTokenizer;

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = WordStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream {
        WordStream { words: words(text).into_iter(), token: Token::default() }
    }
}

/// The words of one text.
pub struct WordStream {
    words: std::vec::IntoIter<String>,
    token: Token,
}

impl TokenStream for WordStream {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.next() else { return false };
        self.token.position = self.token.position.wrapping_add(1); // starts at usize::MAX
        self.token.text = word;
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_accents_width_and_special_letters_make_no_difference() {
        assert_eq!(words("Élan VITAL"), ["elan", "vital"]);
        assert_eq!(words("Ｓｈｏａｌ"), ["shoal"]);
        assert_eq!(words("Straße Łódź Ærø"), ["strasse", "lodz", "aero"]);
        assert_eq!(words("İstanbul"), ["istanbul"]);
    }

    #[test]
    fn punctuation_and_emoji_separate_words() {
        assert_eq!(words("KDE Gear ⚙️ 21.08: Konsole!"), ["kde", "gear", "21", "08", "konsole"]);
        assert!(words("!?… ⚙️🎬").is_empty());
    }

    #[test]
    fn scripts_without_spaces_become_overlapping_pairs() {
        assert_eq!(words("東京タワー"), ["東京", "京タ", "タワ", "ワー"]);
        assert_eq!(words("東"), ["東"]);
        assert_eq!(words("Linux入門2"), ["linux", "入門", "2"]);
        assert_eq!(words("한국어"), ["한국", "국어"]);
    }

    #[test]
    fn marks_that_a_script_needs_are_kept() {
        assert_eq!(words("हिन्दी"), ["हिन्दी"]);
        assert_eq!(words("が"), ["が"]);
    }

    #[test]
    fn an_endless_word_is_cut_the_same_everywhere() {
        assert_eq!(words(&"a".repeat(500)), ["a".repeat(MAX_WORD_CHARS)]);
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in ".{0,60}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
        }

        #[test]
        fn words_are_never_empty_nor_long(text in "\\PC{0,200}") {
            for word in words(&text) {
                prop_assert!(!word.is_empty() && word.chars().count() <= MAX_WORD_CHARS);
            }
        }
    }
}
