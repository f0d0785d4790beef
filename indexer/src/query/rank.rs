//! What makes one result better than another?
//!
//! Each word scores by BM25 in the best of its fields: title before tags, tags before names, names before the description,
//! and that before what is spoken.
//! A word that was typed counts more than one that it may have meant, and a guess is never rated as rarer than the word
//! that was typed. All words in the title, side by side in it, and the whole title are worth extra. Over all of that lie
//! two gentle priors, [`super::prior`]: they order what matches equally well, and never lift a poor match over a good one.
//!
//! The weights are judged by `shoal index evaluate`; docs/benchmarks.md has the figures.

use std::ops::Bound;

use serde::Serialize;
use tantivy::{
    Score, Searcher, TantivyError, Term,
    query::{
        AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, EmptyQuery, Occur, PhrasePrefixQuery,
        PhraseQuery, Query, RangeQuery, TermQuery,
    },
    schema::{Field, IndexRecordOption},
};

use super::{
    expand::{self, Reading, Readings, rarity},
    limits::{anywhere, written},
    most_of::{Clause, MostOf},
    parse::Terms,
    sought::Sought,
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
/// What further fields add to the best one.
pub(super) const OTHER_FIELDS: Score = 0.2;
const PHRASE: Score = 2.0;
/// The same while the last word is still being typed.
const HALF_TYPED_PHRASE: Score = 1.0;
const WHOLE_TITLE: Score = 2.0;
const ALL_IN_TITLE: Score = 1.5;
/// Two words apart that are written together in the query.
const APART: Score = 0.7;
/// Any longer word, whichever, in a title; the likeliest ones count more.
const BEGUN: Score = 0.45;
/// The same if the word is one already.
const BEGUN_THOUGH_KNOWN: Score = 0.25;
/// So much of a word must be typed before all longer ones are looked for.
const MIN_BEGUN_CHARS: usize = 2;

/// How videos are found and scored for a search.
#[derive(Debug)]
pub struct Plan {
    /// The words, then the phrases.
    pub parts: Vec<Part>,
    /// What is worth extra.
    pub bonuses: Vec<Bonus>,
    /// By what the words are recognised in a text.
    pub sought: Sought,
    required: usize,
    finds: Finds,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finds {
    Everything,
    Matches,
    Nothing,
}

/// A word or phrase of the search.
#[derive(Debug)]
pub struct Part {
    /// As it was typed.
    pub typed: String,
    /// Where and how it can be found; the best one counts.
    pub ways: Vec<Way>,
    is_phrase: bool,
}

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
    cost: u64,
}

/// Something about the title that is worth extra.
#[derive(Debug)]
pub struct Bonus {
    /// What.
    pub kind: BonusKind,
    /// Finds and scores it.
    pub query: Box<dyn Query>,
}

/// What can be worth extra.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum BonusKind {
    /// All words are in the title.
    AllInTitle,
    /// They are side by side there.
    Phrase,
    /// The same, the last one half typed.
    HalfTypedPhrase,
    /// They are the title.
    WholeTitle,
}

impl Plan {
    /// Plans a search; without one, all videos are found, and equal.
    ///
    /// # Errors
    /// [`TantivyError`] if the index cannot be read.
    pub fn of(searcher: &Searcher, fields: &Fields, terms: Option<&Terms>) -> Result<Self, TantivyError> {
        let mut plan =
            Self { parts: vec![], bonuses: vec![], sought: Sought::default(), required: 0, finds: Finds::Everything };
        let Some(terms) = terms else { return Ok(plan) };
        if !terms.has_words() {
            plan.finds = if terms.is_empty() { Finds::Nothing } else { Finds::Everything };
            return Ok(plan);
        }
        let readings = expand::read(searcher, fields, &terms.words)?;
        for reading in &readings {
            plan.parts.push(Part::of_word(searcher, fields, reading)?);
        }
        plan.parts.extend(terms.phrases.iter().map(|words| Part::of_phrase(fields, words)));
        plan.bonuses = title_bonuses(fields, &readings, &terms.canonical);
        plan.sought = Sought::of(&readings, &terms.phrases, searcher.num_docs());
        plan.required = terms.required();
        plan.finds = Finds::Matches;
        Ok(plan)
    }

    /// The query that finds and scores.
    pub fn query(&self) -> Box<dyn Query> {
        match self.finds {
            Finds::Everything => return Box::new(AllQuery),
            Finds::Nothing => return Box::new(EmptyQuery),
            Finds::Matches => {}
        }
        let (phrases, words): (Vec<&Part>, Vec<&Part>) = self.parts.iter().partition(|part| part.is_phrase);
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        if !words.is_empty() {
            let Some(most) = MostOf::new(words.into_iter().map(Part::clause).collect(), self.required) else {
                return Box::new(EmptyQuery);
            };
            clauses.push((Occur::Must, Box::new(most)));
        }
        clauses.extend(phrases.into_iter().map(|phrase| (Occur::Must, phrase.query())));
        clauses.extend(self.bonuses.iter().map(|bonus| (Occur::Should, bonus.query.box_clone())));
        Box::new(BooleanQuery::new(clauses))
    }
}

impl Part {
    fn of_word(searcher: &Searcher, fields: &Fields, readings: &Readings) -> Result<Self, TantivyError> {
        let ways = Ways { searcher, fields, readings, found: Vec::new() }.find()?;
        Ok(Self { typed: readings.typed.word.clone(), ways, is_phrase: false })
    }

    fn of_phrase(fields: &Fields, words: &[String]) -> Self {
        let spelling = words.join(" ");
        let way = |(field, query): (Field, Box<dyn Query>)| Way {
            spelling: spelling.clone(),
            reading: Reading::Typed,
            field,
            query: boosted(query, weight(fields, field)),
            cost: 0,
        };
        let ways = anywhere(fields, words).into_iter().map(way).collect();
        Self { typed: spelling, ways, is_phrase: true }
    }

    fn clause(&self) -> Clause {
        let ways = self.ways.iter().map(|way| way.query.box_clone()).collect();
        Clause { ways, cost: self.ways.iter().map(|way| way.cost).sum() }
    }

    fn query(&self) -> Box<dyn Query> {
        if self.ways.is_empty() {
            return Box::new(EmptyQuery);
        }
        let ways = self.ways.iter().map(|way| way.query.box_clone()).collect();
        Box::new(DisjunctionMaxQuery::with_tie_breaker(ways, OTHER_FIELDS))
    }
}

/// Collects the ways to find a word.
struct Ways<'a> {
    searcher: &'a Searcher,
    fields: &'a Fields,
    readings: &'a Readings,
    found: Vec<Way>,
}

impl Ways<'_> {
    fn find(mut self) -> Result<Vec<Way>, TantivyError> {
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

fn weight(fields: &Fields, field: Field) -> Score {
    match field {
        field if field == fields.title => TITLE,
        field if field == fields.tags => TAGS,
        field if field == fields.names => NAMES,
        field if field == fields.spoken => SPOKEN,
        _ => DESCRIPTION,
    }
}

/// `whole` is the search as a title would be written that is nothing else, see [`crate::text::canonical`].
fn title_bonuses(fields: &Fields, readings: &[Readings], whole: &str) -> Vec<Bonus> {
    let Some((last, before)) = readings.split_last() else { return vec![] };
    let in_title = |word: &str| Term::from_field_text(fields.title, word);
    let probable_in_place = |reading: &Readings| (reading.place, in_title(reading.probable()));
    let whole = Term::from_field_text(fields.exact_title, whole);
    let whole: Box<dyn Query> = Box::new(TermQuery::new(whole, IndexRecordOption::Basic));
    let mut bonuses = vec![Bonus { kind: BonusKind::WholeTitle, query: boosted(whole, WHOLE_TITLE) }];
    if before.is_empty() {
        return bonuses;
    }
    let mut add = |kind: BonusKind, query: Box<dyn Query>, boost: Score| {
        bonuses.push(Bonus { kind, query: boosted(query, boost) })
    };
    let probable: Vec<(usize, Term)> = readings.iter().map(probable_in_place).collect();
    let begun = before.iter().map(probable_in_place).chain([(last.place, in_title(&last.typed.word))]);
    let half_typed = PhrasePrefixQuery::new_with_offset(begun.collect());
    add(BonusKind::HalfTypedPhrase, Box::new(half_typed), HALF_TYPED_PHRASE);
    add(BonusKind::Phrase, Box::new(PhraseQuery::new_with_offset(probable.clone())), PHRASE);
    let each = probable
        .into_iter()
        .map(|(_, term)| -> Box<dyn Query> { Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)) });
    add(BonusKind::AllInTitle, Box::new(BooleanQuery::intersection(each.collect())), ALL_IN_TITLE);
    bonuses
}

fn boosted(query: Box<dyn Query>, boost: Score) -> Box<dyn Query> {
    Box::new(BoostQuery::new(query, boost))
}
