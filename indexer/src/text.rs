//! What is a word, and when are two spellings the same?
//!
//! The index and the query both go through [`split`], so that whatever is written the same way is found. Folding removes
//! what people leave out when they type: case, accents, width, and the letters that have a plain spelling (`ø`, `ß`).
//! What is written together (`PeerTube`, `covid19`) is one word and also its parts. Scripts that write no spaces (Chinese,
//! Japanese, Thai, …) are cut into overlapping pairs of characters, which needs no dictionary and misses nothing. Chinese
//! is read as words besides ([`chinese`]), so that looking for a word is not looking for each pair of its characters.

mod chinese;
pub mod language;
pub mod tokenizer;

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Longer words are cut, in the index and in queries alike, so that they still find each other.
pub const MAX_WORD_CHARS: usize = 40;
/// What falls into more parts is a number or a key, not words written together.
const MAX_PARTS: usize = 5;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Word {
    /// Folded: what it is found by.
    pub text: String,
    /// What it is made of if it is written together, folded; otherwise empty. In the index, also the Chinese words that
    /// begin in this place.
    pub parts: Vec<String>,
    /// Its place in the index, counted in words of other scripts and pairs of characters.
    pub place: usize,
    /// In lower case with its accents, if it has any.
    accented: Option<String>,
}

impl Word {
    /// As it is written, in lower case: what its stem is made from.
    pub fn written(&self) -> &str {
        self.accented.as_deref().unwrap_or(&self.text)
    }

    fn folded(text: String, place: usize) -> Self {
        Self { text, place, ..Self::default() }
    }
}

/// Splits a text into words as they stand in the index, in order.
pub fn split(text: &str) -> Vec<Word> {
    Splitter::new(Chinese::PairsAndWords).split(text)
}

/// Splits a text that is looked for into words, in order.
pub fn split_query(text: &str) -> Vec<Word> {
    Splitter::new(Chinese::Words).split(text)
}

/// The words of a text, folded, in order; of scripts without spaces, the pairs.
pub fn words(text: &str) -> Vec<String> {
    Splitter::new(Chinese::Pairs).split(text).into_iter().map(|word| word.text).collect()
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

/// Whether words in this character's script are not told apart by spaces.
pub fn is_written_without_spaces(c: char) -> bool {
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

/// How Chinese is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chinese {
    Pairs,
    PairsAndWords,
    Words,
}

struct Splitter {
    chinese: Chinese,
    words: Vec<Word>,
    /// How many places the words so far take.
    places: usize,
}

impl Splitter {
    fn new(chinese: Chinese) -> Self {
        Self { chinese, words: Vec::new(), places: 0 }
    }

    fn split(mut self, text: &str) -> Vec<Word> {
        let composed: Cow<'_, str> = if text.is_ascii() { Cow::Borrowed(text) } else { text.nfkc().collect() };
        for run in composed.split(|c: char| !is_word_character(c)) {
            self.push_run(run);
        }
        self.words
    }

    fn push_run(&mut self, run: &str) {
        if run.is_ascii() {
            return self.push_word(run);
        }
        let mut rest = run;
        while let Some(first) = rest.chars().next() {
            let unspaced = is_written_without_spaces(first);
            let end = rest.find(|c: char| is_written_without_spaces(c) != unspaced).unwrap_or(rest.len());
            let (stretch, following) = rest.split_at(end);
            if unspaced {
                self.push_stretch(stretch);
            } else {
                self.push_word(stretch);
            }
            rest = following;
        }
    }

    fn push_word(&mut self, written: &str) {
        let folded = fold(written);
        if folded.is_empty() {
            return;
        }
        let text = truncate(&folded, MAX_WORD_CHARS).to_owned();
        let accented = (!written.is_ascii()).then(|| written.to_lowercase()).filter(|lower| *lower != text);
        self.words.push(Word { text, parts: parts(written), place: self.places, accented });
        self.places += 1;
    }

    fn push_stretch(&mut self, stretch: &str) {
        let folded = fold(stretch);
        let pairs = pairs(&folded);
        let first = self.places;
        self.places += pairs.len();
        match self.chinese {
            Chinese::Words if chinese::is_han(&folded) => {
                self.words.extend(chinese::looked_for(&folded, &pairs, first))
            }
            Chinese::PairsAndWords if chinese::is_han(&folded) => {
                self.words.extend(chinese::indexed(&folded, pairs, first));
            }
            _ => self.words.extend(pairs.into_iter().zip(first..).map(|(pair, place)| Word::folded(pair, place))),
        }
    }
}

/// The overlapping pairs of the characters of a stretch, or its only character.
fn pairs(stretch: &str) -> Vec<String> {
    let characters: Vec<char> = stretch.chars().collect();
    match characters.as_slice() {
        [] => Vec::new(),
        [single] => vec![single.to_string()],
        many => many.windows(2).map(String::from_iter).collect(),
    }
}

/// The parts of `PeerTube`, `HTMLParser` and `covid19`, without single letters. None if it is of one piece.
fn parts(written: &str) -> Vec<String> {
    if written.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Vec::new();
    }
    let mut parts: Vec<String> = vec![String::new()];
    let mut characters = written.chars().peekable();
    let mut previous: Option<char> = None;
    while let Some(c) = characters.next() {
        if previous.is_some_and(|previous| begins_a_part(previous, c, characters.peek().copied())) {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
        previous = Some(c);
    }
    if parts.len() == 1 || parts.len() > MAX_PARTS {
        return Vec::new();
    }
    let says_something =
        |part: &String| part.chars().nth(1).is_some() || part.chars().next().is_some_and(char::is_numeric);
    parts.iter().map(|part| fold(part)).filter(says_something).collect()
}

fn begins_a_part(previous: char, c: char, next: Option<char>) -> bool {
    (previous.is_lowercase() && c.is_uppercase())
        || (previous.is_uppercase() && c.is_uppercase() && next.is_some_and(char::is_lowercase))
        || previous.is_numeric() != c.is_numeric()
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

    #[test]
    fn what_is_written_together_is_a_word_and_its_parts() {
        for (written, expected) in [
            ("PeerTube", vec!["peer", "tube"]),
            ("HTMLParser", vec!["html", "parser"]),
            ("covid19", vec!["covid", "19"]),
            ("ÉcoleNormale", vec!["ecole", "normale"]),
            ("iPhone", vec!["phone"]),
            ("Konsole", vec![]),
            ("NASA", vec![]),
            ("2024", vec![]),
            ("a1b2c3d4e5", vec![]),
        ] {
            let split = split(written);
            assert_eq!((split.len(), &split[0].text), (1, &fold(written)));
            assert_eq!(split[0].parts, expected, "{written}");
        }
    }

    #[test]
    fn a_word_remembers_its_accents() {
        assert_eq!(split("Élan")[0].written(), "élan");
        assert_eq!(split("Elan")[0].written(), "elan");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in ".{0,60}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
        }

        #[test]
        fn words_are_never_empty_nor_long(text in "\\PC{0,200}") {
            for word in split(&text) {
                prop_assert!(!word.text.is_empty() && word.text.chars().count() <= MAX_WORD_CHARS);
                prop_assert!(word.parts.iter().all(|part| !part.is_empty()) && word.parts.len() <= MAX_PARTS);
            }
        }
    }
}
