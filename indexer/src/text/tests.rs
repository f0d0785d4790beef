use proptest::prelude::*;

use super::*;

#[test]
fn case_accents_width_and_special_letters_make_no_difference() {
    assert_eq!(words("Élan VITAL"), ["elan", "vital"]);
    assert_eq!(words("Ｓｈｏａｌ"), ["shoal"]);
    assert_eq!(words("Straße Łódź Ærø"), ["strasse", "lodz", "aero"]);
    assert_eq!(words("İstanbul"), ["istanbul"]);
}

#[test]
fn punctuation_and_emoji_separate_words() {
    assert_eq!(words("KDE Gear ⚙️ 21.08: Konsole!"), ["kde", "gear", "21", "08", "konsole"]);
    assert!(words("!?… ⚙️🎬").is_empty());
}

#[test]
fn scripts_without_spaces_become_overlapping_pairs() {
    assert_eq!(words("東京タワー"), ["東京", "京タ", "タワ", "ワー"]);
    assert_eq!(words("東"), ["東"]);
    assert_eq!(words("Linux入門2"), ["linux", "入門", "2"]);
    assert_eq!(words("한국어"), ["한국", "국어"]);
}

#[test]
fn runs_lie_between_what_is_no_word_and_where_the_script_changes() {
    let text = "Élan, vital! Linux入門2 …";
    let found: Vec<&str> = runs(text).map(|run| text.get(run).unwrap()).collect();
    assert_eq!(found, ["Élan", "vital", "Linux", "入門", "2"]);
}

#[test]
fn marks_that_a_script_needs_are_kept() {
    assert_eq!(words("हिन्दी"), ["हिन्दी"]);
    assert_eq!(words("が"), ["が"]);
}

#[test]
fn an_endless_word_is_cut_the_same_everywhere() {
    assert_eq!(words(&"a".repeat(500)), ["a".repeat(MAX_WORD_CHARS)]);
}

#[test]
fn what_is_written_together_is_a_word_and_its_parts() {
    for (written, expected) in [
        ("PeerTube", vec!["peer", "tube"]),
        ("HTMLParser", vec!["html", "parser"]),
        ("covid19", vec!["covid", "19"]),
        ("ÉcoleNormale", vec!["ecole", "normale"]),
        ("iPhone", vec!["phone"]),
        ("Konsole", vec![]),
        ("NASA", vec![]),
        ("2024", vec![]),
        ("a1b2c3d4e5", vec![]),
    ] {
        let split = split(written);
        assert_eq!((split.len(), &split[0].text), (1, &fold(written)));
        assert_eq!(split[0].parts, expected, "{written}");
    }
}

#[test]
fn a_word_remembers_its_accents() {
    assert_eq!(split("Élan")[0].written(), "élan");
    assert_eq!(split("Elan")[0].written(), "elan");
}

proptest! {
    #[test]
    fn folding_twice_changes_nothing(text in ".{0,60}") {
        let once = fold(&text);
        prop_assert_eq!(fold(&once), once.clone());
    }

    #[test]
    fn words_are_never_empty_nor_long(text in "\\PC{0,200}") {
        for word in split(&text) {
            prop_assert!(!word.text.is_empty() && word.text.chars().count() <= MAX_WORD_CHARS);
            prop_assert!(word.parts.iter().all(|part| !part.is_empty()) && word.parts.len() <= MAX_PARTS);
        }
    }
}
