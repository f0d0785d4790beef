//! In which language is a text, and which words of it are forms of one another?
//!
//! What is declared about the language of a video is often missing and sometimes wrong, and says what is spoken rather than
//! what is written. Stems therefore follow the language that the text itself shows, if it shows one clearly. A query is too
//! short for that, so it is read in every language: see [`possible_stems`].

use std::{collections::BTreeSet, sync::LazyLock};

use frostem::{Algorithm, Stemmer};
use whatlang::{Detector, Lang};

use super::{Word, fold, truncate};

/// More of a text than this does not make the guess better.
const SAMPLE_CHARS: usize = 300;
/// Fewer letters show no language.
const MIN_SAMPLE_LETTERS: usize = 24;
/// From 0 to 1. Short texts are seldom surer, and a wrong guess does little harm.
const MIN_CONFIDENCE: f64 = 0.25;
/// Shorter words have no endings worth removing.
const MIN_STEMMED_CHARS: usize = 4;

/// The languages that are told apart, by their codes in PeerTube, with the endings that are known of them.
const LANGUAGES: &[(Lang, &str, Option<Algorithm>)] = &[
    (Lang::Ara, "ar", Some(Algorithm::Arabic)),
    (Lang::Bel, "be", None),
    (Lang::Ben, "bn", None),
    (Lang::Bul, "bg", None),
    (Lang::Cat, "ca", None),
    (Lang::Ces, "cs", None),
    (Lang::Cmn, "zh", None),
    (Lang::Dan, "da", Some(Algorithm::Danish)),
    (Lang::Deu, "de", Some(Algorithm::German)),
    (Lang::Ell, "el", Some(Algorithm::Greek)),
    (Lang::Eng, "en", Some(Algorithm::English)),
    (Lang::Epo, "eo", None),
    (Lang::Est, "et", None),
    (Lang::Fin, "fi", Some(Algorithm::Finnish)),
    (Lang::Fra, "fr", Some(Algorithm::French)),
    (Lang::Heb, "he", None),
    (Lang::Hin, "hi", None),
    (Lang::Hrv, "hr", None),
    (Lang::Hun, "hu", Some(Algorithm::Hungarian)),
    (Lang::Ind, "id", None),
    (Lang::Ita, "it", Some(Algorithm::Italian)),
    (Lang::Jpn, "ja", None),
    (Lang::Kor, "ko", None),
    (Lang::Lit, "lt", None),
    (Lang::Nld, "nl", Some(Algorithm::Dutch)),
    (Lang::Nob, "no", Some(Algorithm::Norwegian)),
    (Lang::Pes, "fa", None),
    (Lang::Pol, "pl", None),
    (Lang::Por, "pt", Some(Algorithm::Portuguese)),
    (Lang::Ron, "ro", Some(Algorithm::Romanian)),
    (Lang::Rus, "ru", Some(Algorithm::Russian)),
    (Lang::Slk, "sk", None),
    (Lang::Slv, "sl", None),
    (Lang::Spa, "es", Some(Algorithm::Spanish)),
    (Lang::Srp, "sr", None),
    (Lang::Swe, "sv", Some(Algorithm::Swedish)),
    (Lang::Tam, "ta", Some(Algorithm::Tamil)),
    (Lang::Tha, "th", None),
    (Lang::Tur, "tr", Some(Algorithm::Turkish)),
    (Lang::Ukr, "uk", None),
    (Lang::Vie, "vi", None),
];

static DETECTOR: LazyLock<Detector> =
    LazyLock::new(|| Detector::with_allowlist(LANGUAGES.iter().map(|(language, ..)| *language).collect()));

/// The code of a language without its region or script: `zh` of `zh-Hans`.
pub fn primary(code: &str) -> &str {
    code.split_once('-').map_or(code, |(language, _)| language)
}

/// The code of the language that a title and a description are clearly in.
pub fn of_texts(title: &str, description: &str) -> Option<&'static str> {
    detect(&format!("{title}\n{}", truncate(description, SAMPLE_CHARS)))
}

/// The code of the language that a text is clearly in.
pub fn detect(text: &str) -> Option<&'static str> {
    let sample = truncate(text, SAMPLE_CHARS);
    let letters = sample.chars().filter(|c| c.is_alphabetic());
    let weight: usize = letters.map(|c| if super::is_written_without_spaces(c) { 4 } else { 1 }).sum();
    if weight < MIN_SAMPLE_LETTERS {
        return None;
    }
    let guess = DETECTOR.detect(sample).filter(|guess| guess.confidence() >= MIN_CONFIDENCE)?;
    LANGUAGES.iter().find(|(language, ..)| *language == guess.lang()).map(|(_, code, _)| *code)
}

/// Whether the endings of a language are known.
pub fn has_stems(language: &str) -> bool {
    algorithm_of(language).is_some()
}

/// The stem of a word, folded. `None` for a language without known endings and for words too short to have any.
pub fn stem(language: &str, word: &Word) -> Option<String> {
    stem_by(algorithm_of(language)?, word)
}

/// The stems of a word in all languages: whatever language a video is in, its form of the word is among them.
pub fn possible_stems(word: &Word) -> BTreeSet<String> {
    LANGUAGES.iter().filter_map(|(.., algorithm)| stem_by((*algorithm)?, word)).collect()
}

fn algorithm_of(language: &str) -> Option<Algorithm> {
    LANGUAGES.iter().find(|(_, code, _)| *code == language).and_then(|(.., algorithm)| *algorithm)
}

fn stem_by(algorithm: Algorithm, word: &Word) -> Option<String> {
    word.text.chars().nth(MIN_STEMMED_CHARS - 1)?;
    let stem = fold(&Stemmer::new(algorithm).stem(word.written()));
    stem.chars().nth(1).is_some().then(|| truncate(&stem, super::MAX_WORD_CHARS).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::split;

    fn word(text: &str) -> Word {
        split(text).remove(0)
    }

    #[test]
    fn a_clear_text_shows_its_language_and_a_short_one_shows_none() {
        for (text, expected) in [
            (
                "Runs in the rain. This is a longer text about what happens when somebody is out there in the morning.",
                Some("en"),
            ),
            ("Comment héberger ses propres vidéos à la maison et pourquoi on voudrait le faire", Some("fr")),
            ("Wie man zu Hause einen eigenen Server für Videos betreibt und warum man das möchte", Some("de")),
            ("Как запустить собственный видеосервер дома и зачем это может понадобиться", Some("ru")),
            ("自宅で動画サーバーを動かす方法とその理由について", Some("ja")),
            ("Konsole", None),
            ("", None),
        ] {
            assert_eq!(detect(text), expected, "{text}");
        }
    }

    #[test]
    fn forms_of_a_word_share_a_stem_in_its_language() {
        for (language, one, another) in [
            ("en", "running", "runs"),
            ("fr", "continuellement", "continuelle"),
            ("de", "Häuser", "Häusern"),
            ("ru", "сервера", "серверов"),
            ("es", "canciones", "canción"),
        ] {
            assert_eq!(stem(language, &word(one)), stem(language, &word(another)), "{one}, {another}");
            let stem = stem(language, &word(one)).unwrap();
            assert!(possible_stems(&word(another)).contains(&stem), "{stem}");
        }
        assert_eq!(stem("pl", &word("serwery")), None);
        assert_eq!(stem("en", &word("is")), None);
    }
}
