//! In which ways can a word be found, and how much is each worth?
//!
//! A word that was typed counts more than one that it may have meant, and a guess is never rated as rarer than the word
//! that was typed.

use tantivy::{Score, query::Query, schema::Field};

use super::{
    expand::{Reading, Readings, rarity},
    limits::written_in,
    seek::Seek,
    vocabulary::Vocabulary,
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
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// What is found.
    pub spelling: String,
    /// How the word was read.
    pub reading: Reading,
    /// In which field.
    pub field: Field,
    /// For what the field is asked.
    pub seek: Seek,
    /// With what its score is multiplied.
    pub boost: Score,
    /// About how many videos it finds.
    pub cost: u64,
}

impl Way {
    /// Finds and scores it in Tantivy.
    pub fn query(&self) -> Box<dyn Query> {
        self.seek.query(self.field, self.boost)
    }
}

/// The ways to find a word in any of its readings.
///
/// # Errors
/// If the vocabulary cannot be read.
pub fn of_word<V: Vocabulary>(vocabulary: &V, fields: &Fields, readings: &Readings) -> Result<Vec<Way>, V::Error> {
    Ways { vocabulary, fields, readings, found: Vec::new() }.search()
}

/// Collects the ways to find a word.
struct Ways<'a, V> {
    vocabulary: &'a V,
    fields: &'a Fields,
    readings: &'a Readings,
    found: Vec<Way>,
}

impl<V: Vocabulary> Ways<'_, V> {
    fn search(mut self) -> Result<Vec<Way>, V::Error> {
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
            for field in written_in(fields) {
                self.found.push(Way {
                    spelling: readings.apart.join(" "),
                    reading: Reading::Apart,
                    field,
                    seek: Seek::side_by_side(&readings.apart),
                    boost: weight(fields, field) * APART,
                    cost: 0,
                });
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
        self.found.push(Way {
            spelling: format!("{}…", typed.word),
            reading: Reading::Begun,
            field,
            seek: Seek::LongerThan(typed.word.clone()),
            boost: TITLE * share * rarity(begun, self.vocabulary.videos()),
            cost: begun,
        });
    }

    /// What keeps a guess from counting as rarer than the word that was typed.
    fn damping(&self, frequency: u64) -> f32 {
        let (typed, videos) = (self.readings.typed.frequency, self.vocabulary.videos());
        if typed == 0 { 1.0 } else { (rarity(typed, videos) / rarity(frequency, videos)).min(1.0) }
    }

    fn add(&mut self, spelling: &str, reading: Reading, field: Field, boost: Score) -> Result<(), V::Error> {
        let cost = self.vocabulary.frequency_in(field, spelling)?;
        if cost > 0 {
            let (spelling, seek) = (spelling.to_owned(), Seek::Word(spelling.to_owned()));
            self.found.push(Way { spelling, reading, field, seek, boost, cost });
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
