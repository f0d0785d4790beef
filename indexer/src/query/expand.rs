//! What may a word have meant?
//!
//! A word stands for itself, for other forms of it, for longer words that begin with it (the last one only, which may be
//! half typed), and, when it is rare, for more common words that differ by a typo or two, or for two words that somebody
//! wrote as one. Spellings are looked up in the words of titles, tags and names: what is written there is rarely misspelt,
//! and there are few enough of them to walk through.

use std::{
    cmp::Ordering,
    collections::{HashMap, HashSet},
};

use serde::Serialize;

use super::{
    parse::allowed_typos,
    vocabulary::{FirstLetter, Vocabulary, Written},
};
use crate::text::{Word, language::possible_stems};

/// The most spellings that one word is looked up under.
pub const MAX_SPELLINGS: usize = 20;
/// The most that all words together are, apart from one for each.
const MAX_SPELLINGS_IN_ALL: usize = 80;
const MAX_STEMS: usize = 6;
/// A word in more than this part of all videos is no typo.
const RARE: f64 = 0.000_02;
const ALWAYS_RARE: u64 = 3;
/// Shorter halves of a word say nothing.
const MIN_HALF_CHARS: usize = 3;

/// How a word of the query was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reading {
    /// As it was typed.
    Typed,
    /// As another form of it.
    Stem,
    /// As the beginning of a longer word.
    Begun,
    /// As a word with a typo.
    Corrected,
    /// As two words written together.
    Apart,
}

/// One way to read a word.
#[derive(Debug, Clone, PartialEq)]
pub struct Spelling {
    /// As it stands in the index.
    pub word: String,
    /// How the query was read.
    pub reading: Reading,
    /// 1 for the word itself; less for what it may have meant.
    pub closeness: f32,
    /// In how many videos it is, at least.
    pub frequency: u64,
}

/// All ways to read a word.
#[derive(Debug, Clone, PartialEq)]
pub struct Readings {
    /// The word as it was typed.
    pub typed: Spelling,
    /// Other words, the likeliest first.
    pub others: Vec<Spelling>,
    /// Stems that it may have, with in how many videos they are, at least.
    pub stems: Vec<(String, u64)>,
    /// The words that it may be made of; otherwise empty.
    pub apart: Vec<String>,
    /// If it may be half typed: how often titles, tags and names hold a longer word, counted for each.
    pub begun: u64,
    /// Its place in the query, as [`Word::place`].
    pub place: usize,
}

impl Readings {
    /// The spelling that was most probably meant.
    pub fn probable(&self) -> &str {
        &self.most_probable().word
    }

    /// In how many videos that one is, at least.
    pub fn probable_frequency(&self) -> u64 {
        self.most_probable().frequency
    }

    fn most_probable(&self) -> &Spelling {
        let known = if self.typed.frequency > 0 { None } else { self.others.first() };
        known.unwrap_or(&self.typed)
    }
}

/// Reads each word of a query in all ways that are worth a try.
///
/// # Errors
/// If the vocabulary cannot be read.
pub fn read<V: Vocabulary>(vocabulary: &V, words: &[Word]) -> Result<Vec<Readings>, V::Error> {
    let limit = (MAX_SPELLINGS_IN_ALL / words.len().max(1)).min(MAX_SPELLINGS);
    let last = words.len().saturating_sub(1);
    words.iter().enumerate().map(|(place, word)| read_one(vocabulary, word, place == last, limit)).collect()
}

fn read_one<V: Vocabulary>(dictionary: &V, word: &Word, is_last: bool, limit: usize) -> Result<Readings, V::Error> {
    let text = word.text.as_str();
    let exact = dictionary.frequency(Written::Anywhere, text)?;
    let mut others = Vec::new();
    let mut begun = 0;
    if is_last {
        let longer = dictionary.starting_with(text)?;
        begun = longer.total;
        others.extend(longer_words(longer.frequent, text, exact, limit));
    }
    if exact <= rare_up_to(dictionary.videos()) {
        others.extend(corrections(dictionary, text, exact, limit)?);
    }
    others.sort_by(|a, b| by_promise(a, b).reverse());
    let mut seen = HashSet::from([text.to_owned()]);
    others.retain(|spelling| seen.insert(spelling.word.clone()));
    others.truncate(limit);
    let apart = if word.parts.len() < 2 && exact == 0 && others.is_empty() {
        halves(dictionary, text)?
    } else {
        word.parts.clone()
    };
    Ok(Readings {
        typed: Spelling { word: text.to_owned(), reading: Reading::Typed, closeness: 1.0, frequency: exact },
        others,
        stems: stems(dictionary, word)?,
        apart: if apart.len() < 2 { Vec::new() } else { apart },
        begun,
        place: word.place,
    })
}

/// In how many videos a word is at most that may be a typo.
pub fn rare_up_to(videos: u64) -> u64 {
    ALWAYS_RARE.max(((videos as f64 * RARE).ceil() as u64).saturating_sub(1))
}

fn longer_words(found: HashMap<String, u64>, word: &str, exact: u64, limit: usize) -> Vec<Spelling> {
    let least = if exact == 0 { 0.5 } else { 0.3 };
    most_promising(found, Reading::Begun, limit / 2, |longer| {
        let typed = word.chars().count() as f32 / longer.chars().count().max(1) as f32;
        (longer != word).then_some(least + 0.4 * typed)
    })
}

/// A guess at a word that nobody uses is worth more than one at a word that some do.
fn corrections<V: Vocabulary>(dictionary: &V, word: &str, exact: u64, limit: usize) -> Result<Vec<Spelling>, V::Error> {
    let typos = allowed_typos(word);
    if typos == 0 {
        return Ok(vec![]);
    }
    let mut found = dictionary.similar_to(word, 1, FirstLetter::Same)?;
    // To look further takes long, and pays for a word that nobody uses and that is like no other.
    if exact == 0 && found.is_empty() && typos > 1 {
        found = dictionary.similar_to(word, typos, FirstLetter::Same)?;
    }
    if exact == 0 && found.is_empty() {
        found = dictionary.similar_to(word, 1, FirstLetter::Any)?;
    }
    found.retain(|_, frequency| *frequency >= exact);
    let (one_typo, two_typos) = if exact == 0 { (0.7, 0.3) } else { (0.35, 0.12) };
    Ok(most_promising(found, Reading::Corrected, limit, |candidate| {
        let closeness = match strsim::osa_distance(word, candidate) {
            0 => return None,
            1 => one_typo,
            _ => two_typos,
        };
        let same_beginning = word.chars().next() == candidate.chars().next();
        Some(if same_beginning { closeness } else { closeness * 0.7 })
    }))
}

/// The two words of the dictionary that a word can be cut into, if there are any.
fn halves<V: Vocabulary>(dictionary: &V, word: &str) -> Result<Vec<String>, V::Error> {
    let ends = word.char_indices().map(|(end, _)| end).skip(MIN_HALF_CHARS);
    let mut best: Option<(u64, [&str; 2])> = None;
    for end in ends {
        let (first, second) = word.split_at(end);
        if second.chars().nth(MIN_HALF_CHARS - 1).is_none() {
            break;
        }
        let frequency = |half| dictionary.frequency(Written::Short, half);
        let rarer = frequency(first)?.min(frequency(second)?);
        if rarer > best.map_or(0, |(frequency, _)| frequency) {
            best = Some((rarer, [first, second]));
        }
    }
    Ok(best.map(|(_, halves)| halves.map(str::to_owned).into()).unwrap_or_default())
}

fn stems<V: Vocabulary>(dictionary: &V, word: &Word) -> Result<Vec<(String, u64)>, V::Error> {
    let mut stems = Vec::new();
    for stem in possible_forms(word) {
        let frequency = dictionary.frequency(Written::AsStem, &stem)?;
        if frequency > 0 && stems.iter().all(|(known, _)| *known != stem) {
            stems.push((stem, frequency));
        }
    }
    stems.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    stems.truncate(MAX_STEMS);
    Ok(stems)
}

/// What the stem of a form of a word may be.
pub fn possible_forms(word: &Word) -> impl Iterator<Item = String> {
    possible_stems(word).into_iter().chain([word.text.clone()])
}

/// The most promising ones: close and frequent.
fn most_promising(
    found: HashMap<String, u64>,
    reading: Reading,
    limit: usize,
    closeness: impl Fn(&str) -> Option<f32>,
) -> Vec<Spelling> {
    let mut spellings: Vec<Spelling> = found
        .into_iter()
        .filter_map(|(word, frequency)| Some(Spelling { closeness: closeness(&word)?, reading, word, frequency }))
        .collect();
    spellings.sort_by(|a, b| by_promise(a, b).reverse());
    spellings.truncate(limit);
    spellings
}

/// How likely it is that one spelling rather than another was meant. A rare word with one typo is before a common one with
/// two.
fn by_promise(a: &Spelling, b: &Spelling) -> Ordering {
    let worth = |spelling: &Spelling| spelling.closeness.powi(3) * (2.0 + spelling.frequency as f32).ln();
    worth(a).total_cmp(&worth(b)).then_with(|| b.word.cmp(&a.word))
}

/// How much a video with this word stands out: the rarer, the more. As in BM25.
pub fn rarity(frequency: u64, videos: u64) -> f32 {
    let (frequency, videos) = (frequency as f32, videos.max(frequency) as f32);
    (1.0 + (videos - frequency + 0.5) / (frequency + 0.5)).ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_rarer_word_says_more(frequency in 0_u64..1_000_000, more in 1_u64..1_000_000) {
            prop_assert!(rarity(frequency, 2_000_000) > rarity(frequency + more, 2_000_000) - 1e-3);
        }
    }
}
