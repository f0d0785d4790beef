//! Queries of which the answer is known, made from titles.
//!
//! A query is made of some of the words of a title, three to six, or of a piece of a title in a script without spaces. It
//! is only asked if no other title would answer it as well: then there is one right answer. Which title, which words, and
//! which mistake follow from the UUID of the video and the class alone.

use std::collections::{HashMap, HashSet};

use crate::{
    document::{VideoDocument, VideoId},
    query::parse::allowed_typos,
    text::{fold, is_written_without_spaces, words},
};

const MIN_WORDS: usize = 3;
const MAX_WORDS: usize = 6;
/// How many characters a piece of a title has.
const PIECE: std::ops::RangeInclusive<usize> = 4..=8;

/// How a query is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Some words of the title, in order.
    Exact,
    /// The same, one of them with one letter wrong.
    Typo,
    /// The same in another order.
    Shuffled,
    /// The same, the last one half typed.
    Prefix,
    /// A piece of a Chinese, Japanese or Korean title.
    Cjk,
    /// Some words in another alphabet than the Latin one, or a piece of a Thai title and the like.
    Scripts,
}

/// Which half of the queries one belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Split {
    /// Looked at while tuning.
    Tune,
    /// Only reported.
    Report,
}

/// A query and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KnownItem {
    pub class: Class,
    pub split: Split,
    pub search: String,
    /// The place of the video among the records, from 1 on.
    pub id: VideoId,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Exact, Self::Typo, Self::Shuffled, Self::Prefix, Self::Cjk, Self::Scripts];

    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Typo => "typo",
            Self::Shuffled => "shuffled",
            Self::Prefix => "prefix",
            Self::Cjk => "cjk",
            Self::Scripts => "scripts",
        }
    }
}

impl Split {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tune => "tune",
            Self::Report => "report",
        }
    }
}

/// Makes so many queries of each class for each half, as far as there are titles.
pub(super) fn make(videos: &[VideoDocument], per_class: usize) -> Vec<KnownItem> {
    let titles = Titles::of(videos);
    let mut items = Vec::new();
    for class in Class::ALL {
        let mut order: Vec<(u64, usize)> = videos.iter().map(|video| seed(video, class)).zip(0..).collect();
        order.sort_unstable();
        let mut missing = HashMap::from([(Split::Tune, per_class), (Split::Report, per_class)]);
        for (seed, place) in order {
            let mut draw = Draw(seed);
            let split = if draw.below(2) == 0 { Split::Tune } else { Split::Report };
            let Some(left) = missing.get_mut(&split).filter(|left| **left > 0) else { continue };
            let Some(search) = titles.query(class, place, &mut draw) else { continue };
            *left -= 1;
            items.push(KnownItem { class, split, search, id: VideoId(place as i64 + 1) });
        }
    }
    items
}

/// All titles, so that a query can be seen to fit one of them only.
struct Titles<'v> {
    videos: &'v [VideoDocument],
    words: Vec<HashSet<String>>,
    having: HashMap<String, Vec<usize>>,
    without_spaces: Vec<String>,
}

impl<'v> Titles<'v> {
    fn of(videos: &'v [VideoDocument]) -> Self {
        let words: Vec<HashSet<String>> = videos.iter().map(|video| words(&video.name).into_iter().collect()).collect();
        let mut having: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, title) in words.iter().enumerate() {
            for word in title {
                having.entry(word.clone()).or_default().push(place);
            }
        }
        let without_spaces =
            videos.iter().map(|video| &video.name).filter(|name| has_no_spaces(name)).map(|name| fold(name)).collect();
        Self { videos, words, having, without_spaces }
    }

    fn query(&self, class: Class, place: usize, draw: &mut Draw) -> Option<String> {
        let name = &self.videos.get(place)?.name;
        match class {
            Class::Cjk if is_cjk(name) => return self.piece(name, draw),
            Class::Cjk => return None,
            Class::Scripts if is_cjk(name) => return None,
            Class::Scripts if has_no_spaces(name) => return self.piece(name, draw),
            Class::Scripts if !is_in_another_alphabet(name) => return None,
            Class::Scripts => {}
            _ if has_no_spaces(name) || is_in_another_alphabet(name) => return None,
            _ => {}
        }
        let mut chosen = self.some_words(name, draw)?;
        match class {
            Class::Typo => self.misspell(&mut chosen, draw)?,
            Class::Shuffled => shuffle(&mut chosen, draw)?,
            Class::Prefix => cut(chosen.last_mut()?, draw)?,
            Class::Exact | Class::Scripts | Class::Cjk => {}
        }
        Some(chosen.join(" "))
    }

    /// More than half of the words, in order, that are together in this title only.
    fn some_words(&self, name: &str, draw: &mut Draw) -> Option<Vec<String>> {
        let mut seen = HashSet::new();
        let mut chosen = words(name);
        chosen.retain(|word| seen.insert(word.clone()));
        let wanted = (chosen.len() * 3).div_ceil(5).clamp(MIN_WORDS, MAX_WORDS);
        if chosen.len() < MIN_WORDS {
            return None;
        }
        while chosen.len() > wanted {
            chosen.remove(draw.below(chosen.len()));
        }
        let rarest = chosen.iter().filter_map(|word| self.having.get(word)).min_by_key(|places| places.len())?;
        let fitting = rarest
            .iter()
            .filter_map(|place| self.words.get(*place))
            .filter(|title| chosen.iter().all(|word| title.contains(word)));
        (fitting.count() == 1).then_some(chosen)
    }

    /// Some characters in a row that are in one title only.
    fn piece(&self, name: &str, draw: &mut Draw) -> Option<String> {
        let characters: Vec<char> = name.chars().collect();
        let runs = characters.split(|c| !is_written_without_spaces(*c));
        let run = runs.max_by_key(|run| run.len()).filter(|run| run.len() >= *PIECE.start())?;
        let length = (*PIECE.start() + draw.below(PIECE.end() - PIECE.start() + 1)).min(run.len());
        let begin = draw.below(run.len() - length + 1);
        let piece: String = run.iter().skip(begin).take(length).collect();
        let folded = fold(&piece);
        let fitting = self.without_spaces.iter().filter(|title| title.contains(&folded));
        (fitting.count() == 1).then_some(piece)
    }

    /// One letter left out, doubled, replaced or swapped with the next, so that the word is no other word of a title.
    fn misspell(&self, chosen: &mut [String], draw: &mut Draw) -> Option<()> {
        let long: Vec<&mut String> = chosen
            .iter_mut()
            .filter(|word| allowed_typos(word) > 0 && word.bytes().all(|byte| byte.is_ascii_lowercase()))
            .collect();
        let count = long.len();
        let word = long.into_iter().nth(draw.below(count.max(1)))?;
        let mut letters: Vec<char> = word.chars().collect();
        let place = 1 + draw.below(letters.len() - 2);
        let other = char::from(b'a' + draw.below(26) as u8);
        match draw.below(4) {
            0 => drop(letters.remove(place)),
            1 => letters.insert(place, other),
            2 => *letters.get_mut(place)? = other,
            _ => letters.swap(place, place + 1),
        }
        let wrong: String = letters.into_iter().collect();
        if self.having.contains_key(&wrong) {
            return None;
        }
        *word = wrong;
        Some(())
    }
}

fn shuffle(chosen: &mut [String], draw: &mut Draw) -> Option<()> {
    let before = chosen.to_vec();
    for end in (1..chosen.len()).rev() {
        chosen.swap(end, draw.below(end + 1));
    }
    (chosen != before).then_some(())
}

/// Keeps at least three letters of a word and takes at least one away.
fn cut(word: &mut String, draw: &mut Draw) -> Option<()> {
    let cuttable = word.chars().count().checked_sub(3).filter(|cuttable| *cuttable > 0)?;
    *word = word.chars().take(3 + draw.below(cuttable)).collect();
    Some(())
}

/// Whether a piece of the text can be looked for.
fn has_no_spaces(text: &str) -> bool {
    text.chars().filter(|c| is_written_without_spaces(*c)).count() >= *PIECE.start()
}

/// The same, without Thai and its neighbours.
fn is_cjk(text: &str) -> bool {
    let is_ideograph_or_syllable = |c: &char| is_written_without_spaces(*c) && *c > '\u{2fff}';
    text.chars().filter(is_ideograph_or_syllable).count() >= *PIECE.start()
}

/// Whether most of the letters are neither Latin nor of a script without spaces.
fn is_in_another_alphabet(text: &str) -> bool {
    let letters: Vec<char> = text.chars().filter(|c| c.is_alphabetic()).collect();
    let foreign = letters.iter().filter(|c| **c > '\u{36f}' && !matches!(**c, '\u{1e00}'..='\u{1eff}'));
    let foreign = foreign.filter(|c| !is_written_without_spaces(**c)).count();
    foreign > 0 && foreign * 2 > letters.len()
}

fn seed(video: &VideoDocument, class: Class) -> u64 {
    let (high, low) = video.uuid.as_u64_pair();
    let salt = class.name().bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(257).wrapping_add(byte.into()));
    Draw(high ^ low.rotate_left(32) ^ salt).next()
}

/// Numbers that look drawn by chance and follow from the first (`SplitMix64`).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below the limit; 0 if there is nothing below it.
    fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { (self.next() % limit as u64) as usize }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixture;

    #[test]
    fn every_query_but_those_with_a_mistake_is_made_of_words_of_its_title() {
        let videos = fixture();
        let items = make(&videos, 50);
        for class in [Class::Exact, Class::Typo, Class::Shuffled, Class::Prefix, Class::Cjk] {
            assert!(items.iter().any(|item| item.class == class), "no {}", class.name());
        }
        for item in items.iter().filter(|item| matches!(item.class, Class::Exact | Class::Shuffled)) {
            let title = words(&videos[item.id.0 as usize - 1].name);
            assert!(item.search.split(' ').all(|word| title.contains(&word.to_owned())), "{item:?}");
        }
    }

    #[test]
    fn the_same_records_make_the_same_queries() {
        assert_eq!(make(&fixture(), 10), make(&fixture(), 10));
    }

    #[test]
    fn a_query_that_fits_two_titles_is_not_asked() {
        let twice = ["The whales of the north sea", "The whales of the north sea, again"].map(crate::testing::video);
        assert!(make(&twice, 10).iter().all(|item| item.id == VideoId(2)), "{:?}", make(&twice, 10));
    }

    #[test]
    fn a_cut_word_keeps_three_letters_and_loses_one() {
        for seed in 0..50 {
            let mut word = "whales".to_owned();
            cut(&mut word, &mut Draw(seed)).unwrap();
            assert!("whales".starts_with(&word) && (3..6).contains(&word.len()), "{word}");
        }
        assert_eq!(cut(&mut "sea".to_owned(), &mut Draw(1)), None);
    }
}
