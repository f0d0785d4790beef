use std::{fmt, time::Duration};

use super::{
    MRR_DEPTH,
    known_items::{Class, Split},
};

/// How well the known items were found.
#[derive(Debug, Clone)]
pub struct Report {
    /// Videos in the index.
    pub documents: usize,
    /// Lines of the file that are no record of a public video.
    pub skipped: usize,
    /// How long indexing took, unless the index was there already.
    pub indexing: Option<Duration>,
    /// Each class in each half.
    pub classes: Vec<ClassReport>,
    /// Queries for tuning that did not lead to their video at once.
    pub misses: Vec<Miss>,
}

/// How well the known items of one class were found.
#[derive(Debug, Clone)]
pub struct ClassReport {
    /// How the queries were made.
    pub class: Class,
    /// In which half they are.
    pub split: Split,
    /// Where each video stood, from 1 on; `None` if it was not on the first page.
    pub ranks: Vec<Option<usize>>,
    /// How long each search took.
    pub times: Vec<Duration>,
}

/// A query that did not lead to its video at once.
#[derive(Debug, Clone)]
pub struct Miss {
    /// How the query was made.
    pub class: Class,
    /// The query.
    pub search: String,
    /// Where the video stood, if it was on the first page.
    pub rank: Option<usize>,
    /// Its title.
    pub wanted: String,
    /// The title of the first result.
    pub found: Option<String>,
}

impl Report {
    pub(super) fn over(documents: usize) -> Self {
        let classes = Class::ALL.into_iter().flat_map(|class| {
            [Split::Tune, Split::Report].map(|split| ClassReport { class, split, ranks: vec![], times: vec![] })
        });
        Self { documents, skipped: 0, indexing: None, classes: classes.collect(), misses: vec![] }
    }

    pub(super) fn add(&mut self, class: Class, split: Split, rank: Option<usize>, elapsed: Duration) {
        if let Some(report) = self.classes.iter_mut().find(|report| (report.class, report.split) == (class, split)) {
            report.ranks.push(rank);
            report.times.push(elapsed);
        }
    }
}

impl ClassReport {
    /// How many searches there were.
    pub fn queries(&self) -> usize {
        self.ranks.len()
    }

    /// The mean of 1/rank, where a rank below 10 counts as nothing.
    pub fn mrr(&self) -> f64 {
        self.mean(|rank| if rank <= MRR_DEPTH { 1.0 / rank as f64 } else { 0.0 })
    }

    /// How many of the videos stood in the first so many places.
    pub fn recall(&self, places: usize) -> f64 {
        self.mean(|rank| if rank <= places { 1.0 } else { 0.0 })
    }

    /// The time within which this part of the searches was done, such as 0.99.
    pub fn time(&self, part: f64) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        let place = (times.len() as f64 * part).ceil() as usize;
        times.get(place.saturating_sub(1)).copied().unwrap_or_default()
    }

    fn mean(&self, worth: impl Fn(usize) -> f64) -> f64 {
        let sum: f64 = self.ranks.iter().flatten().map(|rank| worth(*rank)).sum();
        sum / self.ranks.len().max(1) as f64
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} videos", self.documents)?;
        if self.skipped > 0 {
            write!(out, ", {} lines left out", self.skipped)?;
        }
        if let Some(indexing) = self.indexing {
            write!(out, ", indexed in {:.1} s", indexing.as_secs_f64())?;
        }
        writeln!(out, "\n\nclass     half    queries  MRR@10  first  in 10  in 20  p50 ms  p99 ms")?;
        for class in self.classes.iter().filter(|class| class.queries() > 0) {
            writeln!(out, "{class}")?;
        }
        for miss in &self.misses {
            write!(out, "\n{miss}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ClassReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |part| self.time(part).as_secs_f64() * 1_000.0;
        write!(
            out,
            "{:8}  {:6}  {:7}  {:6.3}  {:5.3}  {:5.3}  {:5.3}  {:6.2}  {:6.2}",
            self.class.name(),
            self.split.name(),
            self.queries(),
            self.mrr(),
            self.recall(1),
            self.recall(10),
            self.recall(20),
            ms(0.5),
            ms(0.99)
        )
    }
}

impl fmt::Display for Miss {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.rank.map_or_else(|| "not found".to_owned(), |rank| format!("at {rank}"));
        let first = self.found.as_deref().unwrap_or("nothing");
        write!(out, "{}: {:?} {place}: {:?} after {first:?}", self.class.name(), self.search, self.wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ranks: &[Option<usize>]) -> ClassReport {
        let times = (1..=ranks.len() as u64).map(Duration::from_millis).collect();
        ClassReport { class: Class::Exact, split: Split::Tune, ranks: ranks.to_vec(), times }
    }

    #[test]
    fn a_rank_beyond_ten_is_worth_nothing_and_lower_ones_their_reciprocal() {
        let report = of(&[Some(1), Some(2), Some(11), None]);
        assert!((report.mrr() - 0.375).abs() < 1e-9);
        assert!((report.recall(10) - 0.5).abs() < 1e-9 && (report.recall(20) - 0.75).abs() < 1e-9);
        assert!(of(&[]).mrr().abs() < 1e-9);
    }

    #[test]
    fn times_are_those_within_which_a_part_was_done() {
        let report = of(&[Some(1); 4]);
        assert_eq!((report.time(0.5), report.time(0.99)), (Duration::from_millis(2), Duration::from_millis(4)));
    }
}
