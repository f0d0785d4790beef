//! In which ways can a word be found, and how much is each worth?
//!
//! A word that was typed counts more than one that it may have meant, and a guess is never rated as rarer than the word
//! that was typed.

use std::ops::Bound;

use tantivy::{
    Score, Searcher, TantivyError, Term,
    query::{BoostQuery, ConstScoreQuery, Query, RangeQuery, TermQuery},
    schema::{Field, IndexRecordOption},
};

use super::{
    expand::{Reading, Readings, rarity},
    limits::written,
};
use crate::schema::Fields;

const TITLE: Score = 4.0;
const TAGS: Score = 2.6;
const NAMES: Score = 2.2;
const STEMS: Score = 1.6;
const DESCRIPTION: Score = 1.0;
/// Hours of talk hold many words in passing.
const SPOKEN: Score = 0.5;
/// What remains of the weight of a long text for another form of the word.
const STEM_IN_TEXT: Score = 0.6;
/// Two words apart that are written together in the query.
const APART: Score = 0.7;
/// Any longer word, whichever, in a title; the likeliest ones count more.
const BEGUN: Score = 0.45;
/// The same if the word is one already.
const BEGUN_THOUGH_KNOWN: Score = 0.25;
/// So much of a word must be typed before all longer ones are looked for.
const MIN_BEGUN_CHARS: usize = 2;

/// A way to find a word.
#[derive(Debug)]
pub struct Way {
    /// What is found.
    pub spelling: String,
    /// How the word was read.
    pub reading: Reading,
    /// In which field.
    pub field: Field,
    /// Finds and scores it.
    pub query: Box<dyn Query>,
    /// About how many videos it finds.
    pub cost: u64,
}

/// The ways to find a word in any of its readings.
///
/// # Errors
/// [`TantivyError`] if the index cannot be read.
pub fn of_word(searcher: &Searcher, fields: &Fields, readings: &Readings) -> Result<Vec<Way>, TantivyError> {
    Ways { searcher, fields, readings, found: Vec::new() }.search()
}

/// Collects the ways to find a word.
struct Ways<'a> {
    searcher: &'a Searcher,
    fields: &'a Fields,
    readings: &'a Readings,
    found: Vec<Way>,
}

impl Ways<'_> {
    fn search(mut self) -> Result<Vec<Way>, TantivyError> {
        let (fields, readings) = (self.fields, self.readings);
        let short = [fields.title, fields.tags, fields.names];
        let all = [fields.title, fields.tags, fields.names, fields.description];
        for field in all.into_iter().chain([fields.spoken]) {
            self.add(&readings.typed.word, Reading::Typed, field, weight(fields, field))?;
        }
        for other in &readings.others {
            let factor = other.closeness * self.damping(other.frequency);
            // A guess at a word that is known is not worth a walk through all descriptions.
            let searched = if readings.typed.frequency == 0 { all.as_slice() } else { short.as_slice() };
            for field in searched {
                self.add(&other.word, other.reading, *field, weight(fields, *field) * factor)?;
            }
        }
        for (stem, frequency) in &readings.stems {
            let damping = self.damping(*frequency);
            self.add(stem, Reading::Stem, fields.stems, STEMS * damping)?;
            for text in [fields.description, fields.spoken].into_iter().filter(|_| *stem != readings.typed.word) {
                self.add(stem, Reading::Stem, text, weight(fields, text) * STEM_IN_TEXT * damping)?;
            }
        }
        self.add_begun();
        if !readings.apart.is_empty() {
            for (field, query) in written(fields, &readings.apart) {
                let query = boosted(query, weight(fields, field) * APART);
                let spelling = readings.apart.join(" ");
                self.found.push(Way { spelling, reading: Reading::Apart, field, query, cost: 0 });
            }
        }
        Ok(self.found)
    }

    /// Every longer word, which are more than can be looked for one by one.
    fn add_begun(&mut self) {
        let (field, readings) = (self.fields.title, self.readings);
        let (typed, begun) = (&readings.typed, readings.begun);
        if begun == 0 || typed.word.chars().nth(MIN_BEGUN_CHARS - 1).is_none() {
            return;
        }
        let share = if typed.frequency == 0 { BEGUN } else { BEGUN_THOUGH_KNOWN };
        let least = Bound::Excluded(Term::from_field_text(field, &typed.word));
        let end = Bound::Excluded(Term::from_field_text(field, &format!("{}\u{10ffff}", typed.word)));
        let score = TITLE * share * rarity(begun, self.searcher.num_docs());
        let query: Box<dyn Query> = Box::new(ConstScoreQuery::new(Box::new(RangeQuery::new(least, end)), score));
        let spelling = format!("{}…", typed.word);
        self.found.push(Way { spelling, reading: Reading::Begun, field, query, cost: begun });
    }

    /// What keeps a guess from counting as rarer than the word that was typed.
    fn damping(&self, frequency: u64) -> f32 {
        let (typed, videos) = (self.readings.typed.frequency, self.searcher.num_docs());
        if typed == 0 { 1.0 } else { (rarity(typed, videos) / rarity(frequency, videos)).min(1.0) }
    }

    fn add(&mut self, spelling: &str, reading: Reading, field: Field, boost: Score) -> Result<(), TantivyError> {
        let term = Term::from_field_text(field, spelling);
        let cost = self.searcher.doc_freq(&term)?;
        if cost > 0 {
            let query = boosted(Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)), boost);
            self.found.push(Way { spelling: spelling.to_owned(), reading, field, query, cost });
        }
        Ok(())
    }
}

/// How much a field is worth.
pub fn weight(fields: &Fields, field: Field) -> Score {
    match field {
        field if field == fields.title => TITLE,
        field if field == fields.tags => TAGS,
        field if field == fields.names => NAMES,
        field if field == fields.spoken => SPOKEN,
        _ => DESCRIPTION,
    }
}

/// Multiplies what a query gives.
pub fn boosted(query: Box<dyn Query>, boost: Score) -> Box<dyn Query> {
    Box::new(BoostQuery::new(query, boost))
}
