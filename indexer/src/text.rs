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

use std::{borrow::Cow, ops::Range};

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
    // No character takes less than a byte.
    if text.len() <= max_chars {
        return text;
    }
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

/// Where words stand in a text, in bytes: the stretches of word characters, cut between scripts with spaces and without.
pub fn runs(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (begin, first) = rest.by_ref().find(|(_, c)| is_word_character(*c))?;
        let unspaced = is_written_without_spaces(first);
        let belongs = |(_, c): &(usize, char)| is_word_character(*c) && is_written_without_spaces(*c) == unspaced;
        while rest.next_if(belongs).is_some() {}
        Some(begin..rest.peek().map_or(text.len(), |(end, _)| *end))
    })
}

fn is_word_character(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && is_combining_mark(c))
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
        let mut text = fold(written);
        if text.is_empty() {
            return;
        }
        text.truncate(truncate(&text, MAX_WORD_CHARS).len());
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
                self.words.extend(chinese::looked_for(&folded, &pairs, first));
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
    let mut ends: Vec<usize> = Vec::new();
    let mut characters = written.char_indices().peekable();
    let mut previous: Option<char> = None;
    while let Some((place, c)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        if previous.is_some_and(|previous| begins_a_part(previous, c, next)) {
            ends.push(place);
        }
        previous = Some(c);
    }
    if ends.is_empty() || ends.len() >= MAX_PARTS {
        return Vec::new();
    }
    ends.push(written.len());
    let says_something =
        |part: &String| part.chars().nth(1).is_some() || part.chars().next().is_some_and(char::is_numeric);
    let begins = [0].into_iter().chain(ends.iter().copied());
    let parts = begins.zip(&ends).filter_map(|(begin, end)| written.get(begin..*end));
    parts.map(fold).filter(says_something).collect()
}

fn begins_a_part(previous: char, c: char, next: Option<char>) -> bool {
    (previous.is_lowercase() && c.is_uppercase())
        || (previous.is_uppercase() && c.is_uppercase() && next.is_some_and(char::is_lowercase))
        || previous.is_numeric() != c.is_numeric()
}

#[cfg(test)]
mod tests;
