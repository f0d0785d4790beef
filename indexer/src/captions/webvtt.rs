//! What does a file of captions say, and when? Files in `WebVTT` (W3C) become passages.
//!
//! A cue is often half a sentence. Cues that follow each other are joined into passages, so that words that are spoken
//! together are found together, and short enough that the beginning of a passage is a good place to listen from.

use std::collections::VecDeque;

use super::Passage;
use crate::ingest::clean_line;

/// The longest passage that another cue is joined to.
const JOIN_UP_TO_CHARS: usize = 160;
const JOIN_UP_TO_S: u32 = 15;
const MAX_CUE_CHARS: usize = 500;
const MAX_PASSAGES: usize = 5_000;
/// What is said in some five hours.
const MAX_CHARS: usize = 250_000;
/// No video is longer.
const MAX_HOURS: u32 = 999;
/// Automatic captions scroll: a line is shown again while the next one appears.
const REMEMBERED_LINES: usize = 3;

/// Reads the passages of a file; what cannot be understood is left out, and so is what goes beyond the limits.
pub fn read(file: &[u8]) -> Vec<Passage> {
    let text = String::from_utf8_lossy(file);
    let mut passages = Passages::default();
    let mut lines = text.trim_start_matches('\u{feff}').lines().peekable();
    while let Some(line) = lines.next() {
        let Some(start_s) = read_start(line) else { continue };
        while let Some(line) = lines.next_if(|line| !line.trim().is_empty() && !line.contains("-->")) {
            passages.add(start_s, clean_line(&without_tags(line), MAX_CUE_CHARS));
        }
        if passages.is_full() {
            break;
        }
    }
    passages.done
}

#[derive(Default)]
struct Passages {
    done: Vec<Passage>,
    recent: VecDeque<String>,
    chars: usize,
}

impl Passages {
    fn add(&mut self, start_s: u32, line: String) {
        if line.is_empty() || self.is_full() || self.recent.contains(&line) {
            return;
        }
        self.chars += line.chars().count();
        match self.done.last_mut().filter(|passage| takes_more(passage, start_s)) {
            Some(passage) => {
                passage.text.push(' ');
                passage.text.push_str(&line);
            }
            None => self.done.push(Passage { start_s, text: line.clone() }),
        }
        self.recent.push_back(line);
        if self.recent.len() > REMEMBERED_LINES {
            self.recent.pop_front();
        }
    }

    fn is_full(&self) -> bool {
        self.done.len() >= MAX_PASSAGES || self.chars >= MAX_CHARS
    }
}

fn takes_more(passage: &Passage, start_s: u32) -> bool {
    let follows = start_s >= passage.start_s && start_s - passage.start_s < JOIN_UP_TO_S;
    follows && passage.text.chars().nth(JOIN_UP_TO_CHARS).is_none()
}

/// The seconds in `00:01.000 --> 00:02.500 align:start`; `SubRip` writes a comma before the milliseconds.
fn read_start(line: &str) -> Option<u32> {
    let (start, _) = line.split_once("-->")?;
    let clock = start.trim().split(['.', ',']).next()?;
    let mut parts = clock.rsplit(':').map(read_number);
    let (seconds, minutes) = (parts.next()??, parts.next()??);
    let hours = parts.next().unwrap_or(Some(0))?;
    let is_time = parts.next().is_none() && seconds < 60 && minutes < 60 && hours <= MAX_HOURS;
    is_time.then_some((hours * 60 + minutes) * 60 + seconds)
}

fn read_number(text: &str) -> Option<u32> {
    let is_number = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// `<v Ada>Hello <b>there</b>` is `Hello there`; then come the few entities that the format knows.
fn without_tags(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, tag)) = rest.split_once('<') {
        plain.push_str(before);
        let Some((_, after)) = tag.split_once('>') else {
            rest = "";
            break;
        };
        rest = after;
    }
    plain.push_str(rest);
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&lrm;", ""), ("&rlm;", ""), ("&quot;", "\""), ("&amp;", "&")];
    entities.into_iter().fold(plain, |text, (entity, meaning)| text.replace(entity, meaning))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn passages(text: &str) -> Vec<(u32, String)> {
        read(text.as_bytes()).into_iter().map(|passage| (passage.start_s, passage.text)).collect()
    }

    fn said(start_s: u32, text: &str) -> (u32, String) {
        (start_s, text.to_owned())
    }

    #[test]
    fn cues_that_follow_each_other_are_one_passage() {
        let file = "\u{feff}WEBVTT\r\n\r\nNOTE not said\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\nfirst\r\n\
                    00:01.500 --> 00:03.000 align:start\r\nThe whales\r\nof the north\r\n\r\n\
                    00:04.000 --> 00:06.000\r\nsing at night.\r\n\r\n\
                    01:00:20.000 --> 01:00:22.000\r\nAnd so do we.\r\n";
        assert_eq!(passages(file), [said(1, "The whales of the north sing at night."), said(3_620, "And so do we.")]);
    }

    #[test]
    fn a_long_passage_ends_at_a_cue() {
        let cue = |second: u32| format!("00:{second:02}.000 --> 00:{:02}.000\n{second:090}\n\n", second + 1);
        let file: String = (0..4).map(cue).collect();
        let starts: Vec<u32> = passages(&file).into_iter().map(|(start_s, _)| start_s).collect();
        assert_eq!(starts, [0, 2]);
    }

    #[test]
    fn tags_and_entities_are_not_said() {
        let file =
            "00:00:01,000 --> 00:00:02,000\n<v Ada>Salt &amp; <i>pepper</i> &lt;3 <00:01.500><c>now</c> <broken\n";
        assert_eq!(passages(file), [said(1, "Salt & pepper <3 now")]);
        assert_eq!(passages("00:01.000 --> 00:02.000\n&amp;lt;b\n"), [said(1, "&lt;b")]);
    }

    #[test]
    fn a_line_that_scrolls_is_said_once() {
        let file = "00:01.000 --> 00:02.000\none\n\n00:02.000 --> 00:03.000\none\ntwo\n\n00:03.000 --> 00:04.000\ntwo\nthree\n";
        assert_eq!(passages(file), [said(1, "one two three")]);
    }

    #[test]
    fn what_is_no_caption_says_nothing() {
        for file in ["", "<html>", "WEBVTT\n\nno times", "1:2:3:4 --> 5\nx", "00:99.000 --> 01:00.000\nx", "--> \nx"] {
            assert_eq!(passages(file), [], "{file}");
        }
    }

    #[test]
    fn an_endless_file_is_cut() {
        let cues: Vec<String> = (0..40_000).map(|number| format!("00:00.000 --> 00:01.000\n{number:0100}\n")).collect();
        let file = cues.join("\n");
        let chars: usize = passages(&file).iter().map(|(_, text)| text.chars().count()).sum();
        assert!((MAX_CHARS..MAX_CHARS + 10_000).contains(&chars), "{chars}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "(\\PC|\n|-->|:|<|00:01){0,80}") {
            read(&bytes);
            for passage in read(text.as_bytes()) {
                prop_assert!(!passage.text.is_empty() && !passage.text.contains('\n'));
            }
        }
    }
}
