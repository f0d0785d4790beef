//! Arranges the leading results: the copies of a video are one result, and no instance has the first page to itself.
//!
//! **Invariant:** what is arranged is always the same leading part of the same order, so that the pages of a search hold
//! every result once, however they are cut.

use std::collections::HashMap;

use tantivy::{DocAddress, Score, Searcher, columnar::Column};

use crate::schema::column;

/// How many results are looked at for copies and for their instance.
pub(crate) const LEADING: usize = 200;
/// Where one instance shall not be alone.
const FIRST_PAGE: usize = 20;
/// What remains of the score for each result of the same instance before.
const SAME_HOST: f32 = 0.97;
const LEAST_SHARE: f32 = 0.85;
/// Copies differ by no more than so many seconds, or this part of their length: encoders round differently.
const SAME_SECONDS: u64 = 2;
const SAME_PART: u64 = 200;

/// A result in its place, by its address in the engine that found it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Arranged<A = DocAddress> {
    pub address: A,
    /// With the share.
    pub score: Score,
    /// What the score was multiplied with, because others of its instance stand before it.
    pub share: f32,
    /// The results that were folded into this one.
    pub copies: Vec<A>,
}

/// Arranges results of Tantivy that come best first; tells how many were folded into others.
pub(super) fn arrange(searcher: &Searcher, found: Vec<(Score, DocAddress)>) -> (Vec<Arranged>, usize) {
    let columns = TraitColumns::of(searcher);
    arrange_by(found, |address| columns.of_video(address))
}

/// The same, for results of any engine of which the traits are known.
pub(crate) fn arrange_by<A: Copy>(
    found: Vec<(Score, A)>,
    traits_of: impl Fn(A) -> Traits,
) -> (Vec<Arranged<A>>, usize) {
    let before = found.len();
    let mut rest = found.into_iter();
    let leading: Vec<Candidate<A>> = rest
        .by_ref()
        .take(LEADING)
        .map(|(score, address)| Candidate { result: Arranged::alone(score, address), traits: traits_of(address) })
        .collect();
    let mut leading = fold(leading);
    spread(&mut leading);
    let mut arranged: Vec<Arranged<A>> = leading
        .into_iter()
        .map(|candidate| candidate.result)
        .chain(rest.map(|(score, address)| Arranged::alone(score, address)))
        .collect();
    level(&mut arranged);
    let folded = before - arranged.len();
    (arranged, folded)
}

impl<A> Arranged<A> {
    pub(crate) fn alone(score: Score, address: A) -> Self {
        Self { address, score, share: 1.0, copies: Vec::new() }
    }
}

#[derive(Debug, Clone)]
struct Candidate<A = DocAddress> {
    result: Arranged<A>,
    traits: Traits,
}

/// By what copies and instances are told.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Traits {
    /// What copies have in common.
    pub fingerprint: u64,
    /// The length.
    pub seconds: u64,
    /// The number of the instance.
    pub host: u64,
}

impl Traits {
    /// A live stream has no length, and is no copy of another one with its title.
    fn is_copy_of(self, other: Self) -> bool {
        let longer = self.seconds.max(other.seconds);
        self.fingerprint == other.fingerprint
            && self.seconds.min(other.seconds) > 0
            && self.seconds.abs_diff(other.seconds) <= SAME_SECONDS.max(longer / SAME_PART)
    }
}

/// Leaves the best of each set of copies.
fn fold<A: Copy>(candidates: Vec<Candidate<A>>) -> Vec<Candidate<A>> {
    let mut kept: Vec<Candidate<A>> = Vec::with_capacity(candidates.len());
    let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
    for candidate in candidates {
        let alike = places.entry(candidate.traits.fingerprint).or_default();
        let is_original =
            |place: &&usize| kept.get(**place).is_some_and(|kept| candidate.traits.is_copy_of(kept.traits));
        if let Some(original) = alike.iter().find(is_original).and_then(|place| kept.get_mut(*place)) {
            original.result.copies.push(candidate.result.address);
        } else {
            alike.push(kept.len());
            kept.push(candidate);
        }
    }
    kept
}

/// Fills the places of the first page one after another, each with the result that is best when those of the instances
/// before it count less. The first result stays the first.
fn spread<A>(candidates: &mut [Candidate<A>]) {
    let mut shown: HashMap<u64, i32> = HashMap::new();
    for place in 0..FIRST_PAGE.min(candidates.len()) {
        let Some(open) = candidates.get_mut(place..) else { return };
        let share = |candidate: &Candidate<A>| {
            SAME_HOST.powi(shown.get(&candidate.traits.host).copied().unwrap_or_default()).max(LEAST_SHARE)
        };
        let worth = |candidate: &Candidate<A>| candidate.result.score * share(candidate);
        // Of equals, the one that stood first: `max_by` takes the last.
        let best = open.iter().enumerate().rev().max_by(|(_, a), (_, b)| worth(a).total_cmp(&worth(b)));
        let Some((offset, best)) = best else { return };
        let (host, share) = (best.traits.host, share(best));
        if let Some(moved) = open.get_mut(..=offset) {
            moved.rotate_right(1);
        }
        if let Some(chosen) = open.first_mut() {
            chosen.result.share = share;
            chosen.result.score *= share;
        }
        *shown.entry(host).or_default() += 1;
    }
}

/// What comes after the first page claims no more than what stands on it, so that scores fall from place to place.
fn level<A>(arranged: &mut [Arranged<A>]) {
    let mut least = Score::INFINITY;
    for result in arranged {
        if result.score > least {
            result.share *= least / result.score;
            result.score = least;
        }
        least = result.score;
    }
}

/// What the index says about each video, read column by column.
struct TraitColumns {
    segments: Vec<[Option<Column<u64>>; 3]>,
}

impl TraitColumns {
    fn of(searcher: &Searcher) -> Self {
        let names = [column::FINGERPRINT, column::DURATION, column::HOST_NUMBER];
        let segments = searcher.segment_readers().iter();
        Self { segments: segments.map(|segment| names.map(|name| segment.fast_fields().u64(name).ok())).collect() }
    }

    fn of_video(&self, address: DocAddress) -> Traits {
        let Some([fingerprint, seconds, host]) = self.segments.get(address.segment_ord as usize) else {
            return Traits::default();
        };
        let value = |column: &Option<Column<u64>>| column.as_ref()?.first(address.doc_id);
        Traits {
            fingerprint: value(fingerprint).unwrap_or_default(),
            seconds: value(seconds).unwrap_or_default(),
            host: value(host).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn candidate(place: u32, score: f32, fingerprint: u64, seconds: u64, host: u64) -> Candidate {
        Candidate {
            result: Arranged::alone(score, DocAddress::new(0, place)),
            traits: Traits { fingerprint, seconds, host },
        }
    }

    fn places(candidates: &[Candidate]) -> Vec<u32> {
        candidates.iter().map(|candidate| candidate.result.address.doc_id).collect()
    }

    #[test]
    fn copies_are_one_result_and_streams_and_other_lengths_are_not() {
        let folded = fold(vec![
            candidate(0, 9.0, 1, 600, 1),
            candidate(1, 8.0, 1, 602, 2),
            candidate(2, 7.0, 1, 500, 3),
            candidate(3, 6.0, 2, 600, 4),
            candidate(4, 5.0, 3, 0, 5),
            candidate(5, 4.0, 3, 0, 6),
        ]);
        assert_eq!(places(&folded), [0, 2, 3, 4, 5]);
        assert_eq!(folded[0].result.copies, [DocAddress::new(0, 1)]);
    }

    #[test]
    fn another_instance_comes_before_the_third_result_of_the_same_one() {
        let mut results = vec![
            candidate(0, 10.0, 1, 1, 1),
            candidate(1, 10.0, 2, 1, 1),
            candidate(2, 9.9, 3, 1, 1),
            candidate(3, 9.8, 4, 1, 2),
            candidate(4, 1.0, 5, 1, 3),
        ];
        spread(&mut results);
        assert_eq!(places(&results), [0, 3, 1, 2, 4]);
    }

    proptest! {
        #[test]
        fn spreading_keeps_every_result_the_first_one_and_falling_scores(hosts in prop::collection::vec(0_u64..4, 1..60)) {
            let mut results: Vec<Candidate> =
                hosts.iter().zip(0..).map(|(host, place)| candidate(place, 100.0 - place as f32, u64::from(place), 1, *host)).collect();
            spread(&mut results);
            let mut sorted = places(&results);
            prop_assert_eq!(sorted.first(), Some(&0));
            let scores: Vec<f32> = results.iter().take(FIRST_PAGE).map(|result| result.result.score).collect();
            prop_assert!(scores.is_sorted_by(|a, b| a >= b));
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..hosts.len() as u32).collect::<Vec<_>>());
        }
    }
}
