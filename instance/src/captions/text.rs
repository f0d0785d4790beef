//! What does a file of captions say, and when?
//!
//! `WebVTT` (W3C) and `SubRip` are read into cues, and written as `WebVTT` with nothing else in it: no styles, no notes, no
//! regions. Lines are kept as they are, apart from what would end a cue.

use std::fmt::Write;

/// Hours of talk fit into a tenth of this.
pub const MAX_BYTES: usize = 4_000_000;
const MAX_CUES: usize = 50_000;
const MAX_CUE_CHARS: usize = 5_000;
/// No video is longer.
const MAX_HOURS: u64 = 999;

/// Why captions cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CaptionTextError {
    /// The file is too large.
    #[error("a file of captions has at most {MAX_BYTES} bytes")]
    TooLarge,
    /// The file is no text.
    #[error("the captions are not UTF-8 text")]
    NotText,
    /// There is nothing in it.
    #[error("the file is neither WebVTT nor SubRip: no line says when its words are spoken")]
    NoCues,
    /// There is too much in it.
    #[error("captions have at most {MAX_CUES} lines of speech, each of at most {MAX_CUE_CHARS} characters")]
    TooMany,
}

/// Some words and when they are spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cue {
    start_ms: u64,
    end_ms: u64,
    settings: String,
    text: String,
}

/// Reads `WebVTT` or `SubRip`, and writes it as `WebVTT`.
///
/// # Errors
/// [`CaptionTextError`] if the file cannot be read as either.
pub fn to_webvtt(file: &[u8]) -> Result<String, CaptionTextError> {
    if file.len() > MAX_BYTES {
        return Err(CaptionTextError::TooLarge);
    }
    let text = std::str::from_utf8(file).map_err(|_| CaptionTextError::NotText)?;
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    if text.contains('\0') {
        return Err(CaptionTextError::NotText);
    }
    let cues = read(&text)?;
    if cues.is_empty() {
        return Err(CaptionTextError::NoCues);
    }
    Ok(write(&cues))
}

/// Whether bytes begin as `WebVTT` does, and are text.
pub fn looks_like_webvtt(bytes: &[u8]) -> bool {
    let bare = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    bare.starts_with(b"WEBVTT") && std::str::from_utf8(bytes).is_ok()
}

/// Blocks are separated by empty lines; a block with a line of times is a cue, whatever stands before that line.
fn read(text: &str) -> Result<Vec<Cue>, CaptionTextError> {
    let mut cues = vec![];
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((start_ms, end_ms, settings)) = read_times(line) else { continue };
        let mut text = String::new();
        while let Some(line) = lines.next_if(|line| !line.trim().is_empty()) {
            if !text.is_empty() {
                text.push('\n');
            }
            // An arrow would make a line of times of it.
            text.push_str(&line.trim_end().replace("-->", "→"));
        }
        if cues.len() >= MAX_CUES || text.chars().count() > MAX_CUE_CHARS {
            return Err(CaptionTextError::TooMany);
        }
        if !text.is_empty() && end_ms > start_ms {
            cues.push(Cue { start_ms, end_ms, settings, text });
        }
    }
    cues.sort_by_key(|cue| cue.start_ms);
    Ok(cues)
}

/// `00:01.000 --> 00:02.500 align:start`; `SubRip` writes a comma before the milliseconds.
fn read_times(line: &str) -> Option<(u64, u64, String)> {
    let (start, rest) = line.split_once("-->")?;
    let mut words = rest.split_whitespace();
    let (start_ms, end_ms) = (read_time(start.trim())?, read_time(words.next()?)?);
    let is_setting = |word: &&str| {
        let (name, value) = word.split_once(':').unwrap_or_default();
        matches!(name, "vertical" | "line" | "position" | "size" | "align")
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'%' | b',' | b'.' | b'-'))
    };
    Some((start_ms, end_ms, words.filter(is_setting).take(5).collect::<Vec<_>>().join(" ")))
}

/// `1:02:03.004`, `02:03.004`, `00:01:02,003`.
fn read_time(text: &str) -> Option<u64> {
    let (clock, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let digits = |part: &str, most: usize| {
        let is_fine = (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        is_fine.then(|| part.parse::<u64>().ok()).flatten()
    };
    let milliseconds = digits(&format!("{fraction:0<3}"), 3)?;
    let mut parts = clock.rsplit(':');
    let seconds = digits(parts.next()?, 2)?;
    let minutes = digits(parts.next()?, 2)?;
    let hours = parts.next().map_or(Some(0), |hours| digits(hours, 4))?;
    let is_fine = parts.next().is_none() && seconds < 60 && minutes < 60 && hours <= MAX_HOURS;
    is_fine.then_some(((hours * 60 + minutes) * 60 + seconds) * 1_000 + milliseconds)
}

fn write(cues: &[Cue]) -> String {
    let mut text = "WEBVTT\n".to_owned();
    for Cue { start_ms, end_ms, settings, text: words } in cues {
        let gap = if settings.is_empty() { "" } else { " " };
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{} --> {}{gap}{settings}\n{words}\n", Moment(*start_ms), Moment(*end_ms));
    }
    text
}

struct Moment(u64);

impl std::fmt::Display for Moment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (seconds, milliseconds) = (self.0 / 1_000, self.0 % 1_000);
        write!(formatter, "{:02}:{:02}:{:02}.{milliseconds:03}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn subrip_becomes_webvtt() {
        let subrip = "\u{feff}1\r\n00:00:01,500 --> 00:00:03,000\r\nHello\r\n<i>there</i>\r\n\r\n2\r\n00:00:04,000 --> 00:00:05,000\r\nBye\r\n";
        assert_eq!(
            to_webvtt(subrip.as_bytes()).unwrap(),
            "WEBVTT\n\n00:00:01.500 --> 00:00:03.000\nHello\n<i>there</i>\n\n00:00:04.000 --> 00:00:05.000\nBye\n"
        );
    }

    #[test]
    fn only_cues_are_kept_of_webvtt() {
        let webvtt = "WEBVTT - a title\n\nSTYLE\n::cue { background: url(https://tracker.test) }\n\nNOTE x\n\nintro\n\
                      01:02.003 --> 01:04.000 align:start region:r1 line:90%\nHello\n";
        assert_eq!(
            to_webvtt(webvtt.as_bytes()).unwrap(),
            "WEBVTT\n\n00:01:02.003 --> 00:01:04.000 align:start line:90%\nHello\n"
        );
    }

    #[test]
    fn what_is_no_caption_is_refused() {
        assert_eq!(to_webvtt(b"WEBVTT\n\nno times"), Err(CaptionTextError::NoCues));
        assert_eq!(to_webvtt(b"\xff\xfe"), Err(CaptionTextError::NotText));
        assert_eq!(to_webvtt(b"00:01.000 --> 00:02.000\na\0b\n"), Err(CaptionTextError::NotText));
        assert_eq!(to_webvtt(&vec![b'x'; MAX_BYTES + 1]), Err(CaptionTextError::TooLarge));
        let endless = format!("00:01.000 --> 00:02.000\n{}\n", "x".repeat(MAX_CUE_CHARS + 1));
        assert_eq!(to_webvtt(endless.as_bytes()), Err(CaptionTextError::TooMany));
        assert!(!looks_like_webvtt(b"<html>") && looks_like_webvtt(b"\xef\xbb\xbfWEBVTT\n"));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_as_the_same(
            cues in prop::collection::vec((0_u64..3_000_000, 1_u64..9_000, "[a-zA-Z<>&é-]{1,20}( [a-z>-]{1,9})?"), 1..20)
        ) {
            let mut subrip = String::new();
            for (start, length, words) in &cues {
                write!(subrip, "{} --> {}\n{words}\n\n", Moment(*start), Moment(start + length)).unwrap();
            }
            let once = to_webvtt(subrip.as_bytes()).unwrap();
            prop_assert!(looks_like_webvtt(once.as_bytes()));
            prop_assert_eq!(once.matches(" --> ").count(), cues.len());
            prop_assert_eq!(to_webvtt(once.as_bytes()).unwrap(), once);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "(\\PC|\n|-->|:|,){0,80}") {
            let _ = to_webvtt(&bytes);
            let _ = to_webvtt(text.as_bytes());
        }
    }
}
