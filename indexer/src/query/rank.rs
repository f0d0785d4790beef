//! What makes one result better than another?
//!
//! Each word scores by BM25 in the best of its fields: title before tags, tags before names, names before the description.
//! A word that was typed counts more than one that it may have meant, and a guess is never rated as rarer than the word
//! that was typed. The words side by side in the title, and the whole title, are worth extra. Over all of that lie two
//! gentle priors, [`prior`]: they order what matches equally well, and never lift a poor match over a good one.

use tantivy::{
    Score, Searcher, TantivyError, Term,
    query::{
        AllQuery, BooleanQuery, BoostQuery, DisjunctionMaxQuery, EmptyQuery, Occur, PhrasePrefixQuery, PhraseQuery,
        Query, TermQuery,
    },
    schema::{Field, IndexRecordOption},
};

use super::{
    expand::{Spelling, rarity, spellings},
    parse::Terms,
};
use crate::schema::Fields;

const TITLE: Score = 4.0;
const TAGS: Score = 2.6;
const NAMES: Score = 2.2;
const DESCRIPTION: Score = 1.0;
/// What further fields add to the best one.
const OTHER_FIELDS: Score = 0.2;
const PHRASE: Score = 2.0;
/// The same while the last word is still being typed.
const HALF_TYPED_PHRASE: Score = 1.0;
const WHOLE_TITLE: Score = 2.0;

const POPULARITY: f32 = 0.025;
const RECENCY: f32 = 0.06;
const RECENT_DAYS: f32 = 365.0;
/// What remains of the score of a video in a language that the reader did not ask for.
pub const OTHER_LANGUAGE: f32 = 0.5;

/// Makes the query that finds and scores videos for the words; without words, all videos, equally.
///
/// # Errors
/// [`TantivyError`] if the index cannot be read.
pub fn plan(searcher: &Searcher, fields: &Fields, terms: Option<&Terms>) -> Result<Box<dyn Query>, TantivyError> {
    let Some(terms) = terms else { return Ok(Box::new(AllQuery)) };
    if terms.words.is_empty() {
        return Ok(Box::new(EmptyQuery));
    }
    let last = terms.words.len() - 1;
    let mut matches = Vec::with_capacity(terms.words.len());
    for (position, word) in terms.words.iter().enumerate() {
        let spellings = spellings(searcher, fields, word, position == last)?;
        matches.push((Occur::Should, one_of(searcher, fields, &spellings)?));
    }
    let matching: Box<dyn Query> = Box::new(BooleanQuery::with_minimum_required_clauses(matches, terms.required()));
    let mut clauses = vec![(Occur::Must, matching)];
    clauses.extend(title_bonuses(fields, terms).map(|bonus| (Occur::Should, bonus)));
    Ok(Box::new(BooleanQuery::new(clauses)))
}

/// How much a video gains by being watched and by being new: a factor between 1 and about 1.3.
pub fn prior(views: u64, age_days: f32) -> f32 {
    let popularity = (1.0 + views as f32).log10();
    let recency = (-age_days.max(0.0) / RECENT_DAYS).exp();
    1.0 + POPULARITY * popularity.min(9.0) + RECENCY * recency
}

fn one_of(searcher: &Searcher, fields: &Fields, spellings: &[Spelling]) -> Result<Box<dyn Query>, TantivyError> {
    let videos = searcher.num_docs();
    let typed_rarity =
        spellings.first().filter(|typed| typed.frequency > 0).map(|typed| rarity(typed.frequency, videos));
    let mut ways: Vec<Box<dyn Query>> = Vec::new();
    for spelling in spellings {
        let damping = typed_rarity.map_or(1.0, |typed| (typed / rarity(spelling.frequency, videos)).min(1.0));
        for (field, weight) in weights(fields) {
            let term = Term::from_field_text(field, &spelling.word);
            if searcher.doc_freq(&term)? > 0 {
                ways.push(boosted(
                    TermQuery::new(term, IndexRecordOption::WithFreqs),
                    weight * spelling.closeness * damping,
                ));
            }
        }
    }
    Ok(match ways.len() {
        0 => Box::new(EmptyQuery),
        _ => Box::new(DisjunctionMaxQuery::with_tie_breaker(ways, OTHER_FIELDS)),
    })
}

fn weights(fields: &Fields) -> [(Field, Score); 4] {
    [(fields.title, TITLE), (fields.tags, TAGS), (fields.names, NAMES), (fields.description, DESCRIPTION)]
}

fn title_bonuses(fields: &Fields, terms: &Terms) -> impl Iterator<Item = Box<dyn Query>> {
    let in_title = |word: &String| Term::from_field_text(fields.title, word);
    let side_by_side = || terms.words.iter().map(in_title).collect::<Vec<_>>();
    let is_phrase = terms.words.len() > 1;
    let phrase = is_phrase.then(|| boosted(PhraseQuery::new(side_by_side()), PHRASE));
    let half_typed = is_phrase.then(|| boosted(PhrasePrefixQuery::new(side_by_side()), HALF_TYPED_PHRASE));
    let whole = Term::from_field_text(fields.exact_title, &terms.words.join(" "));
    let whole = boosted(TermQuery::new(whole, IndexRecordOption::Basic), WHOLE_TITLE);
    phrase.into_iter().chain(half_typed).chain([whole])
}

fn boosted(query: impl Query, boost: Score) -> Box<dyn Query> {
    Box::new(BoostQuery::new(Box::new(query), boost))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn more_views_and_less_age_are_better() {
        assert!(prior(1_000, 10.0) > prior(10, 10.0));
        assert!(prior(10, 1.0) > prior(10, 1_000.0));
    }

    proptest! {
        #[test]
        fn the_prior_stays_gentle(views: u64, age in -1e6_f32..1e6) {
            let factor = prior(views, age);
            prop_assert!((1.0..1.3).contains(&factor), "{}", factor);
        }

        #[test]
        fn a_rarer_word_says_more(frequency in 0_u64..1_000_000, more in 1_u64..1_000_000) {
            prop_assert!(rarity(frequency, 2_000_000) > rarity(frequency + more, 2_000_000) - 1e-3);
        }
    }
}
