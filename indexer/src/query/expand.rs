//! What may a word have meant?
//!
//! A word stands for itself, for longer words that begin with it (the last one only, which may be half typed), and, when
//! it is rare, for more common words that differ by a typo or two. Spellings are looked up in the words of titles, tags
//! and names: what is written there is rarely misspelt, and there are few enough of them to walk through.

use std::{
    cmp::Ordering,
    collections::{HashMap, HashSet},
};

use tantivy::{Searcher, TantivyError, Term, query::FuzzyTermQuery, schema::Field};

use super::parse::allowed_typos;
use crate::schema::Fields;

/// The most spellings that one word is looked up under.
pub const MAX_SPELLINGS: usize = 16;
/// Words of the dictionary that are looked at for one word of the query, in each part of the index.
const MAX_VISITED: usize = 5_000;
/// A word in more than this part of all videos is no typo.
const RARE: f64 = 0.002;
const ALWAYS_RARE: u64 = 3;

/// One way to read a word.
#[derive(Debug, Clone, PartialEq)]
pub struct Spelling {
    /// As it stands in the index.
    pub word: String,
    /// 1 for the word itself; less for what it may have meant.
    pub closeness: f32,
    /// In how many videos it is, at least.
    pub frequency: u64,
}

/// Finds the spellings of a word, the word itself first.
///
/// # Errors
/// [`TantivyError`] if the index cannot be read.
pub fn spellings(
    searcher: &Searcher,
    fields: &Fields,
    word: &str,
    is_last: bool,
) -> Result<Vec<Spelling>, TantivyError> {
    let dictionary = Dictionary { searcher, fields: [fields.title, fields.tags, fields.names] };
    let exact = frequency(searcher, &[fields.title, fields.tags, fields.names, fields.description], word)?;
    let mut spellings = vec![Spelling { word: word.to_owned(), closeness: 1.0, frequency: exact }];
    if is_last {
        spellings.extend(longer_words(&dictionary, word)?);
    }
    if is_rare(exact, searcher.num_docs()) {
        spellings.extend(corrections(&dictionary, word, exact)?);
    }
    let mut seen = HashSet::new();
    spellings.retain(|spelling| seen.insert(spelling.word.clone()));
    spellings.truncate(MAX_SPELLINGS);
    Ok(spellings)
}

fn is_rare(frequency: u64, videos: u64) -> bool {
    frequency <= ALWAYS_RARE || (frequency as f64) < videos as f64 * RARE
}

fn longer_words(dictionary: &Dictionary<'_>, word: &str) -> Result<Vec<Spelling>, TantivyError> {
    let found = dictionary.starting_with(word)?;
    Ok(most_promising(found, MAX_SPELLINGS / 2, |longer| {
        let typed = word.chars().count() as f32 / longer.chars().count().max(1) as f32;
        Some(0.3 + 0.4 * typed)
    }))
}

fn corrections(dictionary: &Dictionary<'_>, word: &str, exact: u64) -> Result<Vec<Spelling>, TantivyError> {
    let typos = allowed_typos(word);
    if typos == 0 {
        return Ok(vec![]);
    }
    let mut found = dictionary.similar_to(word, typos)?;
    found.retain(|_, frequency| *frequency >= exact);
    Ok(most_promising(found, MAX_SPELLINGS / 2, |candidate| match strsim::osa_distance(word, candidate) {
        0 => None,
        1 => Some(0.35),
        _ => Some(0.12),
    }))
}

/// The most promising ones: close and frequent.
fn most_promising(found: HashMap<String, u64>, limit: usize, closeness: impl Fn(&str) -> Option<f32>) -> Vec<Spelling> {
    let mut spellings: Vec<Spelling> = found
        .into_iter()
        .filter_map(|(word, frequency)| Some(Spelling { closeness: closeness(&word)?, word, frequency }))
        .collect();
    spellings.sort_by(|a, b| by_promise(a, b).reverse());
    spellings.truncate(limit);
    spellings
}

/// How likely it is that one spelling rather than another was meant.
fn by_promise(a: &Spelling, b: &Spelling) -> Ordering {
    let worth = |spelling: &Spelling| spelling.closeness * (1.0 + spelling.frequency as f32).ln();
    worth(a).total_cmp(&worth(b)).then_with(|| b.word.cmp(&a.word))
}

fn frequency(searcher: &Searcher, fields: &[Field], word: &str) -> Result<u64, TantivyError> {
    let mut greatest = 0;
    for field in fields {
        greatest = greatest.max(searcher.doc_freq(&Term::from_field_text(*field, word))?);
    }
    Ok(greatest)
}

/// The words of some fields, over all parts of the index.
struct Dictionary<'s> {
    searcher: &'s Searcher,
    fields: [Field; 3],
}

impl Dictionary<'_> {
    fn starting_with(&self, prefix: &str) -> Result<HashMap<String, u64>, TantivyError> {
        let mut found = HashMap::new();
        let end = format!("{prefix}\u{10ffff}");
        for segment in self.searcher.segment_readers() {
            for field in self.fields {
                let index = segment.inverted_index(field)?;
                let mut stream = index.terms().range().gt(prefix).lt(&end).into_stream()?;
                for _ in 0..MAX_VISITED {
                    let Some((word, info)) = stream.next() else { break };
                    add(&mut found, word, info.doc_freq);
                }
            }
        }
        Ok(found)
    }

    fn similar_to(&self, word: &str, typos: u8) -> Result<HashMap<String, u64>, TantivyError> {
        let mut found = HashMap::new();
        for segment in self.searcher.segment_readers() {
            for field in self.fields {
                let automaton = FuzzyTermQuery::new(Term::from_field_text(field, word), typos, true).automaton()?;
                let index = segment.inverted_index(field)?;
                let mut stream = index.terms().search(automaton).into_stream()?;
                for _ in 0..MAX_VISITED {
                    let Some((word, info)) = stream.next() else { break };
                    add(&mut found, word, info.doc_freq);
                }
            }
        }
        Ok(found)
    }
}

fn add(found: &mut HashMap<String, u64>, word: &[u8], frequency: u32) {
    if let Ok(word) = std::str::from_utf8(word) {
        *found.entry(word.to_owned()).or_default() += u64::from(frequency);
    }
}

/// How much a video with this word stands out: the rarer, the more. As in BM25.
pub fn rarity(frequency: u64, videos: u64) -> f32 {
    let (frequency, videos) = (frequency as f32, videos.max(frequency) as f32);
    (1.0 + (videos - frequency + 0.5) / (frequency + 0.5)).ln()
}
