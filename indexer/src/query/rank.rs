//! What makes one result better than another?
//!
//! Each word scores by BM25 in the best of its fields: title before tags, tags before names, names before the description,
//! and that before what is spoken; see [`ways`]. All words in the title, side by side in it, and the whole title are worth
//! extra. Over all of that lie two gentle priors, [`super::prior`]: they order what matches equally well, and never lift a
//! poor match over a good one.
//!
//! The weights are judged by `shoal index evaluate`; docs/benchmarks.md has the figures.

use serde::Serialize;
use tantivy::{
    Score, Searcher, TantivyError, Term,
    query::{
        AllQuery, BooleanQuery, DisjunctionMaxQuery, EmptyQuery, Occur, PhrasePrefixQuery, PhraseQuery, Query,
        TermQuery,
    },
    schema::{Field, IndexRecordOption},
};

use super::{
    expand::{self, Reading, Readings},
    limits::anywhere,
    most_of::{Clause, MostOf},
    parse::Terms,
    sought::Sought,
    ways::{self, Way, boosted, weight},
};
use crate::schema::Fields;

/// What further fields add to the best one.
pub(super) const OTHER_FIELDS: Score = 0.2;
const PHRASE: Score = 2.0;
/// The same while the last word is still being typed.
const HALF_TYPED_PHRASE: Score = 1.0;
const WHOLE_TITLE: Score = 2.0;
/// Of what the words give in the title.
const ALL_IN_TITLE: Score = 0.4;

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
        plan.bonuses.extend(plan.all_in_title(fields));
        plan.sought = Sought::of(&readings, &terms.phrases, searcher.num_docs());
        plan.required = terms.required();
        plan.finds = Finds::Matches;
        Ok(plan)
    }

    /// Finds those that have every word in their title, in whatever reading. One word alone gains nothing by that.
    fn all_in_title(&self, fields: &Fields) -> Option<Bonus> {
        let words: Vec<&Part> = self.parts.iter().filter(|part| !part.is_phrase).collect();
        let clauses = words.iter().map(|word| word.clause(|way| way.field == fields.title)).collect();
        let all = MostOf::new(clauses, words.len()).filter(|_| words.len() > 1)?;
        Some(Bonus { kind: BonusKind::AllInTitle, query: boosted(Box::new(all), ALL_IN_TITLE) })
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
            let Some(most) = MostOf::new(words.into_iter().map(|word| word.clause(|_| true)).collect(), self.required)
            else {
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
        let ways = ways::of_word(searcher, fields, readings)?;
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

    /// In those ways only that are chosen.
    fn clause(&self, is_chosen: impl Fn(&Way) -> bool) -> Clause {
        let mut clause = Clause { ways: Vec::with_capacity(self.ways.len()), cost: 0 };
        for way in self.ways.iter().filter(|way| is_chosen(way)) {
            clause.ways.push(way.query.box_clone());
            clause.cost += way.cost;
        }
        clause
    }

    fn query(&self) -> Box<dyn Query> {
        if self.ways.is_empty() {
            return Box::new(EmptyQuery);
        }
        let ways = self.ways.iter().map(|way| way.query.box_clone()).collect();
        Box::new(DisjunctionMaxQuery::with_tie_breaker(ways, OTHER_FIELDS))
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
        bonuses.push(Bonus { kind, query: boosted(query, boost) });
    };
    let probable: Vec<(usize, Term)> = readings.iter().map(probable_in_place).collect();
    let begun = before.iter().map(probable_in_place).chain([(last.place, in_title(&last.typed.word))]);
    let half_typed = PhrasePrefixQuery::new_with_offset(begun.collect());
    add(BonusKind::HalfTypedPhrase, Box::new(half_typed), HALF_TYPED_PHRASE);
    add(BonusKind::Phrase, Box::new(PhraseQuery::new_with_offset(probable)), PHRASE);
    bonuses
}
