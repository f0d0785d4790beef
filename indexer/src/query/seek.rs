//! What is one field asked for?
//!
//! What a [`Seek`] finds, and by how much, is the same on every engine; here is how Tantivy is asked, for others see their
//! modules.

use std::ops::Bound;

use tantivy::{
    Score, Term,
    query::{BoostQuery, ConstScoreQuery, PhrasePrefixQuery, PhraseQuery, Query, RangeQuery, TermQuery},
    schema::{Field, IndexRecordOption},
};

/// Something that a field can hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Seek {
    /// A word, which scores by BM25.
    Word(String),
    /// Words in these places relative to one another, two or more, which score by BM25.
    Phrase(Vec<(usize, String)>),
    /// The same, where the last word may go on, which then does not count for the score.
    HalfTypedPhrase {
        /// The words, two or more.
        words: Vec<(usize, String)>,
        /// About what it scores, for an engine that cannot leave out the last word: the sum of their rarities.
        about: Score,
    },
    /// Any word that goes on after these letters; each scores 1.
    LongerThan(String),
    /// The whole content, which scores by BM25 as if it were one word.
    Whole(String),
}

impl Seek {
    /// Words that stand side by side, one or more.
    pub fn side_by_side(words: &[String]) -> Self {
        match words {
            [word] => Self::Word(word.clone()),
            words => Self::Phrase(words.iter().cloned().enumerate().collect()),
        }
    }

    /// Finds and scores it in a field, multiplied.
    pub fn query(&self, field: Field, boost: Score) -> Box<dyn Query> {
        let term = |word: &str| Term::from_field_text(field, word);
        let in_place = |words: &[(usize, String)]| words.iter().map(|(place, word)| (*place, term(word))).collect();
        match self {
            Self::Word(word) => boosted(Box::new(TermQuery::new(term(word), IndexRecordOption::WithFreqs)), boost),
            Self::Whole(text) => boosted(Box::new(TermQuery::new(term(text), IndexRecordOption::Basic)), boost),
            Self::Phrase(words) => boosted(Box::new(PhraseQuery::new_with_offset(in_place(words))), boost),
            Self::HalfTypedPhrase { words, .. } => {
                boosted(Box::new(PhrasePrefixQuery::new_with_offset(in_place(words))), boost)
            }
            Self::LongerThan(begun) => {
                let least = Bound::Excluded(term(begun));
                let end = Bound::Excluded(term(&format!("{begun}\u{10ffff}")));
                Box::new(ConstScoreQuery::new(Box::new(RangeQuery::new(least, end)), boost))
            }
        }
    }
}

/// Multiplies what a query gives.
pub fn boosted(query: Box<dyn Query>, boost: Score) -> Box<dyn Query> {
    Box::new(BoostQuery::new(query, boost))
}
