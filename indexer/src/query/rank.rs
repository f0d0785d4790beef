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
    Score, Searcher, TantivyError,
    query::{AllQuery, BooleanQuery, DisjunctionMaxQuery, EmptyQuery, Occur, Query},
    schema::Field,
};

use super::{
    dictionary::Dictionary,
    expand::{self, Reading, Readings, rarity},
    limits::anywhere,
    most_of::{Clause, MostOf},
    parse::Terms,
    seek::{Seek, boosted},
    sought::Sought,
    vocabulary::Vocabulary,
    ways::{self, Way, weight},
};
use crate::schema::Fields;

/// What further fields add to the best one.
pub(crate) const OTHER_FIELDS: Score = 0.2;
const PHRASE: Score = 2.0;
/// The same while the last word is still being typed.
const HALF_TYPED_PHRASE: Score = 1.0;
const WHOLE_TITLE: Score = 2.0;
/// Of what the words give in the title.
const ALL_IN_TITLE: Score = 0.4;

/// How videos are found and scored for a search, on whichever engine.
#[derive(Debug)]
pub struct Plan {
    /// The words, then the phrases.
    pub parts: Vec<Part>,
    /// What is worth extra.
    pub bonuses: Vec<Bonus>,
    /// By what the words are recognised in a text.
    pub sought: Sought,
    /// How many of the words a video must have.
    pub required: usize,
    /// Which videos are found.
    pub finds: Finds,
    title: Field,
}

/// Which videos a search finds before it is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finds {
    /// All, and equally well.
    Everything,
    /// Those that have enough of the words, and all of the phrases.
    Matches,
    /// None.
    Nothing,
}

/// A word or phrase of the search.
#[derive(Debug)]
pub struct Part {
    /// As it was typed.
    pub typed: String,
    /// Where and how it can be found; the best one counts.
    pub ways: Vec<Way>,
    /// Whether it was quoted, and must be there.
    pub is_phrase: bool,
}

/// Something about the title that is worth extra.
#[derive(Debug, Clone, PartialEq)]
pub struct Bonus {
    /// What.
    pub kind: BonusKind,
    /// For what which field is asked; `None` for each of the words in the title, in whatever reading.
    pub seek: Option<(Field, Seek)>,
    /// With what its score is multiplied.
    pub boost: Score,
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
    /// Plans a search in Tantivy; without one, all videos are found, and equal.
    ///
    /// # Errors
    /// [`TantivyError`] if the index cannot be read.
    pub fn of(searcher: &Searcher, fields: &Fields, terms: Option<&Terms>) -> Result<Self, TantivyError> {
        Self::with(&Dictionary::of(searcher, fields), fields, terms)
    }

    /// Plans a search among these words.
    ///
    /// # Errors
    /// If the vocabulary cannot be read.
    pub fn with<V: Vocabulary>(vocabulary: &V, fields: &Fields, terms: Option<&Terms>) -> Result<Self, V::Error> {
        let mut plan = Self {
            parts: vec![],
            bonuses: vec![],
            sought: Sought::default(),
            required: 0,
            finds: Finds::Everything,
            title: fields.title,
        };
        let Some(terms) = terms else { return Ok(plan) };
        if !terms.has_words() {
            plan.finds = if terms.is_empty() { Finds::Nothing } else { Finds::Everything };
            return Ok(plan);
        }
        let readings = expand::read(vocabulary, &terms.words)?;
        for reading in &readings {
            let ways = ways::of_word(vocabulary, fields, reading)?;
            plan.parts.push(Part { typed: reading.typed.word.clone(), ways, is_phrase: false });
        }
        plan.parts.extend(terms.phrases.iter().map(|words| Part::of_phrase(fields, words)));
        plan.bonuses = title_bonuses(fields, &readings, &terms.canonical, vocabulary.videos());
        // One word alone gains nothing by being in the title.
        if readings.len() > 1 {
            plan.bonuses.push(Bonus { kind: BonusKind::AllInTitle, seek: None, boost: ALL_IN_TITLE });
        }
        plan.sought = Sought::of(&readings, &terms.phrases, vocabulary.videos());
        plan.required = terms.required();
        plan.finds = Finds::Matches;
        Ok(plan)
    }

    /// The words.
    pub fn words(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| !part.is_phrase)
    }

    /// The phrases.
    pub fn phrases(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.is_phrase)
    }

    /// The ways to find a word in the title.
    pub fn title_ways<'p>(&self, word: &'p Part) -> impl Iterator<Item = &'p Way> {
        let title = self.title;
        word.ways.iter().filter(move |way| way.field == title)
    }

    /// The query by which Tantivy finds and scores.
    pub fn query(&self) -> Box<dyn Query> {
        match self.finds {
            Finds::Everything => return Box::new(AllQuery),
            Finds::Nothing => return Box::new(EmptyQuery),
            Finds::Matches => {}
        }
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        let words: Vec<Clause> = self.words().map(|word| clause(word.ways.iter())).collect();
        if !words.is_empty() {
            let Some(most) = MostOf::new(words, self.required) else { return Box::new(EmptyQuery) };
            clauses.push((Occur::Must, Box::new(most)));
        }
        clauses.extend(self.phrases().map(|phrase| (Occur::Must, phrase.query())));
        let bonuses = self.bonuses.iter().filter_map(|bonus| self.bonus_query(bonus));
        clauses.extend(bonuses.map(|bonus| (Occur::Should, bonus)));
        Box::new(BooleanQuery::new(clauses))
    }

    /// The query by which Tantivy finds and scores what is worth extra; `None` if no video can have it.
    pub fn bonus_query(&self, bonus: &Bonus) -> Option<Box<dyn Query>> {
        match &bonus.seek {
            Some((field, seek)) => Some(seek.query(*field, bonus.boost)),
            None => {
                let words: Vec<Clause> = self.words().map(|word| clause(self.title_ways(word))).collect();
                let required = words.len();
                Some(boosted(Box::new(MostOf::new(words, required)?), bonus.boost))
            }
        }
    }
}

fn clause<'w>(ways: impl Iterator<Item = &'w Way>) -> Clause {
    let mut clause = Clause { ways: Vec::new(), cost: 0 };
    for way in ways {
        clause.ways.push(way.query());
        clause.cost += way.cost;
    }
    clause
}

impl Part {
    fn of_phrase(fields: &Fields, words: &[String]) -> Self {
        let spelling = words.join(" ");
        let way = |field: Field| Way {
            spelling: spelling.clone(),
            reading: Reading::Typed,
            field,
            seek: Seek::side_by_side(words),
            boost: weight(fields, field),
            cost: 0,
        };
        let ways = anywhere(fields).into_iter().map(way).collect();
        Self { typed: spelling, ways, is_phrase: true }
    }

    fn query(&self) -> Box<dyn Query> {
        if self.ways.is_empty() {
            return Box::new(EmptyQuery);
        }
        let ways = self.ways.iter().map(Way::query).collect();
        Box::new(DisjunctionMaxQuery::with_tie_breaker(ways, OTHER_FIELDS))
    }
}

/// `whole` is the search as a title would be written that is nothing else, see [`crate::text::canonical`].
fn title_bonuses(fields: &Fields, readings: &[Readings], whole: &str, videos: u64) -> Vec<Bonus> {
    let Some((last, before)) = readings.split_last() else { return vec![] };
    let whole = Seek::Whole(whole.to_owned());
    let whole = Bonus { kind: BonusKind::WholeTitle, seek: Some((fields.exact_title, whole)), boost: WHOLE_TITLE };
    if before.is_empty() {
        return vec![whole];
    }
    let in_title = |kind: BonusKind, seek: Seek, boost: Score| Bonus { kind, seek: Some((fields.title, seek)), boost };
    let probable = |reading: &Readings| (reading.place, reading.probable().to_owned());
    let half_typed = Seek::HalfTypedPhrase {
        words: before.iter().map(probable).chain([(last.place, last.typed.word.clone())]).collect(),
        about: before.iter().map(|reading| rarity(reading.probable_frequency(), videos)).sum(),
    };
    let phrase = Seek::Phrase(readings.iter().map(probable).collect());
    vec![
        whole,
        in_title(BonusKind::HalfTypedPhrase, half_typed, HALF_TYPED_PHRASE),
        in_title(BonusKind::Phrase, phrase, PHRASE),
    ]
}
