//! At which moment of a video is it said?
//!
//! The index tells in which videos the words are spoken; the place is found in the captions themselves, for the first
//! results of a page only, since there are hours of talk to read.

use serde::Serialize;
use tantivy::{
    DocAddress, DocSet, Searcher, TantivyError, Term,
    schema::{Field, IndexRecordOption},
};

use crate::{
    captions::{Caption, Passage},
    query::sought::{Place, Sought, SoughtWord},
    text::language,
};

/// The results of a page whose captions are read.
pub(crate) const MAX_LISTENED: usize = 10;
/// So much of what is looked for must be in one passage, from 0 to 1: the video is not about a word it says in passing.
pub(crate) const MIN_SHARE: f32 = 0.5;

/// What is said in a video where it fits the search best.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SpokenMatch {
    /// When it begins, in seconds from the beginning of the video.
    pub start: u32,
    /// The language of the captions, as an ISO 639 code.
    pub language: String,
    /// Whether a program has written down what it heard.
    pub is_automatic: bool,
    /// The line, cut where words of the search begin and end.
    pub pieces: Vec<Piece>,
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Piece {
    /// As it is written, with the spaces around it.
    pub text: String,
    /// Whether it is what somebody looked for.
    pub is_match: bool,
}

/// Whether enough of what is looked for is spoken in a video, wherever.
pub(super) fn is_spoken(
    searcher: &Searcher,
    field: Field,
    sought: &Sought,
    address: DocAddress,
) -> Result<bool, TantivyError> {
    let mut spoken = Vec::with_capacity(sought.words().len());
    for word in sought.words() {
        spoken.push(is_word_spoken(searcher, field, word, address)?);
    }
    Ok(sought.share_of(|place| spoken.get(place).copied().unwrap_or_default()) >= MIN_SHARE)
}

fn is_word_spoken(
    searcher: &Searcher,
    field: Field,
    word: &SoughtWord,
    address: DocAddress,
) -> Result<bool, TantivyError> {
    let index = searcher.segment_reader(address.segment_ord).inverted_index(field)?;
    for form in word.forms() {
        let term = Term::from_field_text(field, form);
        let Some(mut postings) = index.read_postings(&term, IndexRecordOption::Basic)? else { continue };
        if postings.doc() == address.doc_id
            || (postings.doc() < address.doc_id && postings.seek(address.doc_id) == address.doc_id)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The passage that has most of what is looked for, the first of equals, if it has enough.
pub(super) fn best_passage(sought: &Sought, captions: &[Caption]) -> Option<SpokenMatch> {
    let mut best: Option<(f32, &Caption, &Passage, Vec<Place>)> = None;
    for caption in captions {
        let language = language::primary(&caption.language);
        for passage in &caption.passages {
            let places = sought.find(language, &passage.text);
            let share = sought.share(&places);
            if share >= MIN_SHARE && best.as_ref().is_none_or(|(most, ..)| share > *most) {
                best = Some((share, caption, passage, places));
            }
        }
    }
    best.map(|(_, caption, passage, places)| SpokenMatch {
        start: passage.start_s,
        language: caption.language.clone(),
        is_automatic: caption.is_automatic,
        pieces: cut(&passage.text, &places),
    })
}

fn cut(line: &str, places: &[Place]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut end = 0;
    let mut push = |text: Option<&str>, is_match| {
        pieces.extend(text.filter(|text| !text.is_empty()).map(|text| Piece { text: text.to_owned(), is_match }));
    };
    for Place { range, .. } in places {
        // Pairs of characters of two words can overlap.
        let begin = range.start.max(end);
        push(line.get(end..begin), false);
        push(line.get(begin..range.end), true);
        end = range.end.max(end);
    }
    push(line.get(end..), false);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::expand::{Reading, Readings, Spelling};

    fn sought(words: &[&str]) -> Sought {
        let reading = |word: &&str| Readings {
            typed: Spelling { word: (*word).to_owned(), reading: Reading::Typed, closeness: 1.0, frequency: 5 },
            others: vec![],
            stems: vec![],
            apart: vec![],
            begun: 0,
            place: 0,
        };
        Sought::of(&words.iter().map(reading).collect::<Vec<_>>(), &[], 1_000)
    }

    fn caption(lines: &[(u32, &str)]) -> Caption {
        let passages = lines.iter().map(|(start_s, text)| Passage { start_s: *start_s, text: (*text).to_owned() });
        Caption {
            language: "en".to_owned(),
            label: "English".to_owned(),
            is_automatic: true,
            passages: passages.collect(),
        }
    }

    #[test]
    fn the_first_passage_with_most_of_the_words_is_given_with_them_marked() {
        let captions = [caption(&[
            (3, "A whale."),
            (70, "And then the killer whale came, a whale!"),
            (90, "The killer whale again"),
        ])];
        let found = best_passage(&sought(&["killer", "whale"]), &captions).unwrap();
        let line: String = found.pieces.iter().map(|piece| piece.text.as_str()).collect();
        let marked: Vec<&str> =
            found.pieces.iter().filter(|piece| piece.is_match).map(|piece| piece.text.as_str()).collect();
        assert_eq!((found.start, line.as_str()), (70, "And then the killer whale came, a whale!"));
        assert_eq!(marked, ["killer", "whale", "whale"]);
    }

    #[test]
    fn a_passage_with_a_small_part_of_the_words_is_none() {
        let captions = [caption(&[(3, "A whale.")])];
        assert_eq!(best_passage(&sought(&["killer", "orca", "whale"]), &captions), None);
        assert_eq!(best_passage(&Sought::default(), &captions), None);
    }
}
