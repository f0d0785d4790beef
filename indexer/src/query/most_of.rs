//! Which videos have enough of the words, without a walk through all that have the common ones?
//!
//! **Invariant:** what has `required` of n words has at least one of any n − `required` + 1 of them. So many of the rarest
//! words lead; the others are only looked up in what these lead to. Finds and scores the same as a union of which so many
//! clauses must match.

use tantivy::{
    DocId, DocSet, Score, SegmentReader, TERMINATED, TantivyError, Term,
    query::{DisjunctionMaxQuery, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight},
};

/// What further ways to find a word add to the best one.
const FURTHER: Score = super::rank::OTHER_FIELDS;
/// How much more common than the leading words a word is before it is looked up instead of walked through.
const LOOKED_UP_FROM: u64 = 4;

/// A word of the search.
#[derive(Debug)]
pub struct Clause {
    /// The ways to find it; the best one counts.
    pub ways: Vec<Box<dyn Query>>,
    /// About how many videos they find.
    pub cost: u64,
}

/// Enough of some words.
#[derive(Debug)]
pub struct MostOf {
    leading: Vec<Box<dyn Query>>,
    following: Vec<Vec<Box<dyn Query>>>,
    required: usize,
}

impl MostOf {
    /// At least so many of the words; `None` if there are not as many that can be found at all.
    pub fn new(clauses: Vec<Clause>, required: usize) -> Option<Self> {
        let required = required.max(1);
        let mut clauses = clauses;
        clauses.retain(|clause| !clause.ways.is_empty());
        clauses.sort_by_key(|clause| clause.cost);
        let leading_count = (clauses.len() + 1).checked_sub(required).filter(|count| *count > 0)?;
        let following = clauses.split_off(leading_count);
        let leading_cost: u64 = clauses.iter().map(|clause| clause.cost).sum();
        let is_looked_up = |clause: &Clause| clause.cost / LOOKED_UP_FROM > leading_cost;
        let follow = |clause: Clause| if is_looked_up(&clause) { clause.ways } else { vec![best_of(clause.ways)] };
        Some(Self {
            leading: clauses.into_iter().map(|clause| best_of(clause.ways)).collect(),
            following: following.into_iter().map(follow).collect(),
            required,
        })
    }
}

fn best_of(ways: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    Box::new(DisjunctionMaxQuery::with_tie_breaker(ways, FURTHER))
}

impl Clone for MostOf {
    fn clone(&self) -> Self {
        let copy = |queries: &Vec<Box<dyn Query>>| queries.iter().map(|query| query.box_clone()).collect::<Vec<_>>();
        Self {
            leading: copy(&self.leading),
            following: self.following.iter().map(copy).collect(),
            required: self.required,
        }
    }
}

impl Query for MostOf {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let weigh = |queries: &Vec<Box<dyn Query>>| {
            queries.iter().map(|query| query.weight(scoring)).collect::<tantivy::Result<Vec<_>>>()
        };
        Ok(Box::new(MostOfWeight {
            leading: weigh(&self.leading)?,
            following: self.following.iter().map(weigh).collect::<tantivy::Result<_>>()?,
            required: self.required,
        }))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        for query in self.leading.iter().chain(self.following.iter().flatten()) {
            query.query_terms(visitor);
        }
    }
}

struct MostOfWeight {
    leading: Vec<Box<dyn Weight>>,
    following: Vec<Vec<Box<dyn Weight>>>,
    required: usize,
}

impl Weight for MostOfWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let leading = present(&self.leading, reader, boost)?;
        if leading.is_empty() {
            return Ok(Box::new(EmptyScorer));
        }
        let mut following = Vec::with_capacity(self.following.len());
        for ways in &self.following {
            let ways = present(ways, reader, boost)?;
            if !ways.is_empty() {
                following.push(Following { ways });
            }
        }
        if let ([_], []) = (leading.as_slice(), following.as_slice())
            && self.required == 1
        {
            return Ok(leading.into_iter().next().unwrap_or_else(|| Box::new(EmptyScorer)));
        }
        let mut scorer = MostOfScorer { leading, following, required: self.required, document: 0 };
        scorer.find_from(0);
        Ok(Box::new(scorer))
    }

    fn explain(&self, reader: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        if reach(scorer.as_mut(), document) != document {
            return Err(TantivyError::InvalidArgument(format!("document {document} does not match")));
        }
        Ok(Explanation::new("most of the words", scorer.score()))
    }
}

/// Those that find something in this part of the index.
fn present(weights: &[Box<dyn Weight>], reader: &SegmentReader, boost: Score) -> tantivy::Result<Vec<Box<dyn Scorer>>> {
    let mut scorers = Vec::with_capacity(weights.len());
    for weight in weights {
        let scorer = weight.scorer(reader, boost)?;
        if scorer.doc() != TERMINATED {
            scorers.push(scorer);
        }
    }
    Ok(scorers)
}

/// Goes to a document or, without it, to the next one.
fn reach(scorer: &mut dyn Scorer, document: DocId) -> DocId {
    if scorer.doc() < document { scorer.seek(document) } else { scorer.doc() }
}

struct MostOfScorer {
    leading: Vec<Box<dyn Scorer>>,
    following: Vec<Following>,
    required: usize,
    document: DocId,
}

/// A word that is looked up.
struct Following {
    ways: Vec<Box<dyn Scorer>>,
}

impl MostOfScorer {
    /// Goes to the first match from a document on.
    fn find_from(&mut self, first: DocId) -> DocId {
        let mut from = first;
        loop {
            let candidates = self.leading.iter_mut().map(|scorer| reach(scorer.as_mut(), from));
            self.document = candidates.min().unwrap_or(TERMINATED);
            if self.document == TERMINATED || self.has_enough() {
                return self.document;
            }
            from = self.document + 1;
        }
    }

    fn has_enough(&mut self) -> bool {
        let mut found = self.leading.iter().filter(|scorer| scorer.doc() == self.document).count();
        let mut left = self.following.len();
        for word in &mut self.following {
            if found >= self.required || found + left < self.required {
                break;
            }
            left -= 1;
            found += usize::from(word.is_in(self.document));
        }
        found >= self.required
    }
}

impl DocSet for MostOfScorer {
    fn advance(&mut self) -> DocId {
        if self.document == TERMINATED { TERMINATED } else { self.find_from(self.document + 1) }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if target <= self.document { self.document } else { self.find_from(target) }
    }

    fn doc(&self) -> DocId {
        self.document
    }

    fn size_hint(&self) -> u32 {
        self.leading.iter().map(DocSet::size_hint).fold(0, u32::saturating_add)
    }

    fn cost(&self) -> u64 {
        self.leading.iter().map(DocSet::cost).sum()
    }
}

impl Scorer for MostOfScorer {
    fn score(&mut self) -> Score {
        let document = self.document;
        let leading: Score = self.leading.iter_mut().filter(|scorer| scorer.doc() == document).map(Scorer::score).sum();
        leading + self.following.iter_mut().map(|word| word.score(document)).sum::<Score>()
    }
}

impl Following {
    fn is_in(&mut self, document: DocId) -> bool {
        self.ways.iter_mut().any(|way| reach(way.as_mut(), document) == document)
    }

    fn score(&mut self, document: DocId) -> Score {
        let (mut best, mut sum) = (0.0_f32, 0.0);
        for way in &mut self.ways {
            if reach(way.as_mut(), document) == document {
                let score = way.score();
                best = best.max(score);
                sum += score;
            }
        }
        best + (sum - best) * FURTHER
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tantivy::{
        Index, Searcher, TantivyDocument,
        collector::TopDocs,
        query::{BooleanQuery, Occur, TermQuery},
        schema::{Field, IndexRecordOption, Schema, TEXT},
    };

    use super::*;

    const LETTERS: [&str; 6] = ["aa", "bb", "cc", "dd", "ee", "ff"];

    fn index(texts: &[Vec<usize>]) -> (Searcher, Field) {
        let mut schema = Schema::builder();
        let field = schema.add_text_field("text", TEXT);
        let index = Index::create_in_ram(schema.build());
        let mut writer = index.writer_with_num_threads(1, 15_000_000).unwrap();
        for letters in texts {
            let mut document = TantivyDocument::default();
            document.add_text(field, letters.iter().map(|letter| LETTERS[*letter]).collect::<Vec<_>>().join(" "));
            writer.add_document(document).unwrap();
        }
        writer.commit().unwrap();
        (index.reader().unwrap().searcher(), field)
    }

    fn term(field: Field, letter: usize) -> Box<dyn Query> {
        Box::new(TermQuery::new(Term::from_field_text(field, LETTERS[letter]), IndexRecordOption::WithFreqs))
    }

    fn results(searcher: &Searcher, query: &dyn Query) -> Vec<(DocId, i64)> {
        let found = searcher.search(query, &TopDocs::with_limit(100).order_by_score()).unwrap();
        let mut found: Vec<_> =
            found.into_iter().map(|(score, address)| (address.doc_id, (score * 1_000.0).round() as i64)).collect();
        found.sort_unstable();
        found
    }

    proptest! {
        /// Each word is found by its letters and by the next ones; costs are made up, since they must not matter.
        #[test]
        fn it_finds_and_scores_what_a_union_does(
            texts in prop::collection::vec(prop::collection::vec(0_usize..6, 1..6), 1..40),
            words in prop::collection::vec((0_usize..5, 0_u64..100), 1..6),
            missing in 0_usize..3,
        ) {
            let (searcher, field) = index(&texts);
            let required = words.len().saturating_sub(missing).max(1);
            let ways = |letter: usize| vec![term(field, letter), term(field, letter + 1)];
            let union: Vec<_> = words.iter().map(|(letter, _)| (Occur::Should, best_of(ways(*letter)))).collect();
            let expected = results(&searcher, &BooleanQuery::with_minimum_required_clauses(union, required));
            let clauses = words.iter().map(|(letter, cost)| Clause { ways: ways(*letter), cost: *cost }).collect();
            let most = MostOf::new(clauses, required).unwrap();
            prop_assert_eq!(results(&searcher, &most), expected.clone());
            prop_assert_eq!(searcher.search(&most, &tantivy::collector::Count).unwrap(), expected.len());
        }
    }

    #[test]
    fn words_that_cannot_be_found_count_as_missing() {
        let clause = |ways: Vec<Box<dyn Query>>| Clause { ways, cost: 1 };
        let (_, field) = index(&[vec![0]]);
        assert!(MostOf::new(vec![clause(vec![]), clause(vec![term(field, 0)])], 2).is_none());
        assert!(MostOf::new(vec![clause(vec![]), clause(vec![term(field, 0)])], 1).is_some());
        assert!(MostOf::new(vec![], 1).is_none());
    }
}
