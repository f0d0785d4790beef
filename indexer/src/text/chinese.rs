//! Which words does a stretch of Chinese hold?
//!
//! A dictionary knows (jieba's). In the index, words of three characters and more stand beside the pairs of characters,
//! where they begin; a query asks for words, and for the pairs of what the dictionary does not know.

use std::sync::LazyLock;

use jieba_rs::Jieba;

use super::Word;

/// Takes half a second and some memory to load, and only once there is Chinese to read.
static DICTIONARY: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Whether a stretch holds no other script: Japanese is written with Han characters and others side by side.
pub(super) fn is_han(stretch: &str) -> bool {
    stretch.chars().all(|c| {
        matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
    })
}

/// The pairs, and the longer words where they begin. `first` is the place of the first pair.
pub(super) fn indexed(stretch: &str, pairs: Vec<String>, first: usize) -> Vec<Word> {
    let mut words: Vec<Word> = pairs.into_iter().zip(first..).map(|(pair, place)| Word::folded(pair, place)).collect();
    for (begin, length, word) in cut(stretch) {
        if length > 2
            && let Some(beginning) = words.get_mut(begin)
        {
            beginning.parts.push(word.to_owned());
        }
    }
    words
}

/// The words, each with its pairs; in the place of a single character, a pair that has it.
pub(super) fn looked_for(stretch: &str, pairs: &[String], first: usize) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for (begin, length, word) in cut(stretch) {
        let begin = if length == 1 { begin.saturating_sub(1) } else { begin };
        let place = first + begin;
        if words.last().is_some_and(|last| last.place == place) {
            continue;
        }
        if length > 2 {
            let parts = pairs.iter().skip(begin).take(length - 1).cloned().collect();
            words.push(Word { parts, ..Word::folded(word.to_owned(), place) });
        } else if let Some(pair) = pairs.get(begin) {
            words.push(Word::folded(pair.clone(), place));
        }
    }
    words
}

/// The words with the places and numbers of their characters.
fn cut(stretch: &str) -> impl Iterator<Item = (usize, usize, &str)> {
    let mut next = 0;
    DICTIONARY.cut(stretch, false).into_iter().map(move |token| {
        let (begin, length) = (next, token.word.chars().count());
        next += length;
        (begin, length, token.word)
    })
}

#[cfg(test)]
mod tests {
    use crate::text::{split, split_query};

    fn looked_for(text: &str) -> Vec<(usize, String)> {
        split_query(text).into_iter().map(|word| (word.place, word.text)).collect()
    }

    fn at(place: usize, text: &str) -> (usize, String) {
        (place, text.to_owned())
    }

    #[test]
    fn a_query_asks_for_words_in_their_places() {
        assert_eq!(looked_for("人工智能 技术"), [at(0, "人工智能"), at(3, "技术")]);
        assert_eq!(looked_for("Linux入门"), [at(0, "linux"), at(1, "入门")]);
        assert_eq!(split_query("人工智能")[0].parts, ["人工", "工智", "智能"]);
    }

    #[test]
    fn single_characters_are_asked_for_in_a_pair() {
        assert_eq!(looked_for("猫"), [at(0, "猫")]);
        assert_eq!(looked_for("技术的"), [at(0, "技术"), at(1, "术的")]);
    }

    #[test]
    fn every_place_of_a_query_is_one_of_the_index() {
        for text in ["人工智能技术的未来", "我们在北京大学学习Python编程3天", "东京タワー大学"]
        {
            let index = split(text);
            for word in split_query(text) {
                let there = index.iter().filter(|indexed| indexed.place == word.place);
                let mut forms = there.flat_map(|indexed| indexed.parts.iter().chain([&indexed.text]));
                assert!(forms.any(|form| *form == word.text), "{word:?} of {text}");
            }
        }
    }
}
