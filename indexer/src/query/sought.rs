//! Which words of a text are those that somebody looks for?
//!
//! A word is recognised in whatever form it stands in the text; only one that nobody uses may be half typed or a mistake.
//! What is marked must be what was asked for.

use std::{
    collections::{BTreeSet, HashSet},
    ops::Range,
};

use super::expand::{Readings, rarity};
use crate::text::{Word, fold, is_written_without_spaces, language, runs, split};

/// So much of a word must be typed before longer ones are recognised by it.
const MIN_BEGUN_CHARS: usize = 3;

/// The words of a search.
#[derive(Debug, Clone, Default)]
pub struct Sought {
    words: Vec<SoughtWord>,
}

/// A word of a search, by what it is recognised.
#[derive(Debug, Clone, Default)]
pub struct SoughtWord {
    spellings: HashSet<String>,
    stems: HashSet<String>,
    beginning: Option<String>,
    /// How much it says to find it: as in [`rarity`].
    weight: f32,
}

/// A word in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// In bytes of the text.
    pub range: Range<usize>,
    /// Which word of the search it is.
    word: usize,
}

impl Sought {
    /// The words of a query with so many videos to find, and those of its phrases.
    pub fn of(readings: &[Readings], phrases: &[Vec<String>], videos: u64) -> Self {
        let last = readings.len().saturating_sub(1);
        let words = readings.iter().enumerate().map(|(place, word)| SoughtWord::of(word, place == last, videos));
        let quoted = phrases.iter().flatten().map(|word| SoughtWord {
            spellings: HashSet::from([word.clone()]),
            weight: 1.0,
            ..SoughtWord::default()
        });
        Self { words: words.chain(quoted).collect() }
    }

    /// The words, each with what it may be in an index.
    pub fn words(&self) -> &[SoughtWord] {
        &self.words
    }

    /// Where the words stand in a text of a language, in order.
    pub fn find(&self, language: &str, text: &str) -> Vec<Place> {
        let mut places = Vec::new();
        for run in runs(text) {
            let written = text.get(run.clone()).unwrap_or_default();
            if written.starts_with(is_written_without_spaces) {
                self.find_pairs(&run, written, &mut places);
            } else if let Some(word) = self.recognise(language, written) {
                places.push(Place { range: run, word });
            }
        }
        places
    }

    /// How much of what is looked for is in these places, from 0 to 1. A word that is there twice counts once.
    pub fn share(&self, places: &[Place]) -> f32 {
        let found: BTreeSet<usize> = places.iter().map(|place| place.word).collect();
        self.share_of(|place| found.contains(&place))
    }

    /// How much of what is looked for these words are, from 0 to 1.
    pub fn share_of(&self, is_found: impl Fn(usize) -> bool) -> f32 {
        let total: f32 = self.words.iter().map(|word| word.weight).sum();
        let found: f32 =
            self.words.iter().enumerate().filter(|(place, _)| is_found(*place)).map(|(_, word)| word.weight).sum();
        if total > 0.0 { found / total } else { 0.0 }
    }

    fn recognise(&self, language: &str, written: &str) -> Option<usize> {
        split(written).iter().find_map(|found| self.words.iter().position(|word| word.is(language, found)))
    }

    /// In a script without spaces, pairs of characters are words.
    fn find_pairs(&self, run: &Range<usize>, written: &str, places: &mut Vec<Place>) {
        let begins = written.char_indices().map(|(begin, _)| begin);
        for begin in begins {
            let Some(rest) = written.get(begin..) else { return };
            let end = begin + rest.char_indices().nth(2).map_or(rest.len(), |(end, _)| end);
            let pair = written.get(begin..end).map(fold).unwrap_or_default();
            let Some(word) = self.words.iter().position(|word| word.spellings.contains(&pair)) else { continue };
            let range = run.start + begin..run.start + end;
            match places.last_mut().filter(|last| last.word == word && last.range.end >= range.start) {
                Some(last) => last.range.end = range.end,
                None => places.push(Place { range, word }),
            }
        }
    }
}

impl SoughtWord {
    fn of(readings: &Readings, may_be_begun: bool, videos: u64) -> Self {
        let typed = &readings.typed;
        let is_known = typed.frequency > 0;
        let meant = readings.others.iter().filter(|_| !is_known);
        let pairs = readings.apart.iter().filter(|part| part.starts_with(is_written_without_spaces));
        let frequency =
            if is_known { typed.frequency } else { readings.others.first().map_or(0, |best| best.frequency) };
        Self {
            spellings: meant.map(|other| &other.word).chain(pairs).chain([&typed.word]).cloned().collect(),
            stems: readings.stems.iter().map(|(stem, _)| stem.clone()).collect(),
            beginning: Some(typed.word.clone())
                .filter(|word| may_be_begun && !is_known && word.chars().nth(MIN_BEGUN_CHARS - 1).is_some()),
            weight: rarity(frequency, videos),
        }
    }

    /// What it may be in an index: spellings and stems.
    pub fn forms(&self) -> impl Iterator<Item = &str> {
        self.spellings.iter().chain(&self.stems).map(String::as_str)
    }

    fn is(&self, language: &str, found: &Word) -> bool {
        found.parts.iter().chain([&found.text]).any(|text| self.spellings.contains(text))
            || self.beginning.as_ref().is_some_and(|beginning| found.text.starts_with(beginning.as_str()))
            || self.has_stem_of(language, found)
    }

    /// Stems are dear, so those that begin otherwise are not compared.
    fn has_stem_of(&self, language: &str, found: &Word) -> bool {
        let first = found.text.chars().next();
        self.stems.iter().any(|stem| stem.chars().next() == first)
            && language::stem(language, found).is_some_and(|stem| self.stems.contains(&stem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::expand::{Reading, Spelling};

    fn sought(words: &[(&str, u64)]) -> Sought {
        let readings: Vec<Readings> = words
            .iter()
            .map(|(word, frequency)| Readings {
                typed: Spelling {
                    word: (*word).to_owned(),
                    reading: Reading::Typed,
                    closeness: 1.0,
                    frequency: *frequency,
                },
                others: vec![],
                stems: vec![],
                apart: vec![],
                begun: 0,
                place: 0,
            })
            .collect();
        Sought::of(&readings, &[], 1_000)
    }

    fn marked<'t>(sought: &Sought, text: &'t str) -> Vec<&'t str> {
        sought.find("en", text).into_iter().map(|place| text.get(place.range).unwrap()).collect()
    }

    #[test]
    fn words_are_recognised_without_case_accents_and_width_and_an_unknown_last_one_by_its_beginning() {
        assert_eq!(marked(&sought(&[("eleve", 5), ("wha", 0)]), "Élève, les ｗhales: wh"), ["Élève", "ｗhales"]);
        assert_eq!(marked(&sought(&[("eleve", 0), ("sea", 5)]), "Élèves, search"), Vec::<&str>::new());
    }

    #[test]
    fn what_is_written_together_is_recognised_by_a_part() {
        assert_eq!(marked(&sought(&[("tube", 5), ("x", 5)]), "On PeerTube."), ["PeerTube"]);
    }

    #[test]
    fn pairs_of_characters_that_overlap_are_one_place() {
        let mut sought = sought(&[("人工智能", 5)]);
        sought.words[0].spellings.extend(["人工", "工智", "智能"].map(str::to_owned));
        assert_eq!(marked(&sought, "我们的人工智能技术"), ["人工智能"]);
    }

    #[test]
    fn a_share_counts_each_word_once_and_rare_ones_more() {
        let sought = sought(&[("the", 900), ("orca", 1)]);
        let share = |text: &str| sought.share(&sought.find("en", text));
        assert!(share("the the the") < 0.1 && share("orca") > 0.9, "{} {}", share("the the the"), share("orca"));
        assert!((share("The orca!") - 1.0).abs() < 1e-6);
        assert!(share("nothing").abs() < 1e-6);
    }
}
