//! What can go wrong with a file, in words for the person who uploaded it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Longest text of a reason, in characters.
const MAX_REASON_CHARACTERS: usize = 200;

/// Signals that end a process from outside, not because of what it did.
const KILLED_FROM_OUTSIDE: [i32; 4] = [1, 2, 9, 15];

/// Why a file could not be processed. The texts name no paths and are fit to show to the owner of the upload.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum MediaError {
    /// No container or codec that is understood, or nothing to see or hear in it.
    #[error("this file is not a video or sound file that can be read: {0}")]
    NotMedia(String),
    /// The file stops before its content does.
    #[error("this file is incomplete: {0}")]
    Truncated(String),
    /// The decoder was ended by a signal.
    #[error("reading this file crashed the media program (signal {signal})")]
    Crashed {
        /// The number of the signal.
        signal: i32,
    },
    /// More time than allowed, or no progress at all.
    #[error("processing this file took longer than this server allows")]
    TimedOut,
    /// More memory than allowed.
    #[error("processing this file needs more memory than this server allows")]
    OutOfMemory,
    /// The result exceeds the allowed size.
    #[error("the result would be larger than this server allows")]
    TooLarge,
    /// Something is wrong with the server, not with the file.
    #[error("this server cannot process media at the moment: {0}")]
    Unavailable(String),
}

impl MediaError {
    /// Whether trying again with the same file would end the same way.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::NotMedia(_) | Self::Truncated(_) | Self::TimedOut | Self::OutOfMemory | Self::TooLarge => true,
            Self::Crashed { signal } => !KILLED_FROM_OUTSIDE.contains(signal),
            Self::Unavailable(_) => false,
        }
    }

    /// The same error with a reason that is short and has no control characters: what a hostile file made the worker say
    /// ends up on a page.
    #[must_use]
    pub(crate) fn sanitised(self) -> Self {
        match self {
            Self::NotMedia(reason) => Self::NotMedia(clean(&reason)),
            Self::Truncated(reason) => Self::Truncated(clean(&reason)),
            Self::Unavailable(reason) => Self::Unavailable(clean(&reason)),
            other => other,
        }
    }

    pub(crate) fn not_media(reason: impl Into<String>) -> Self {
        Self::NotMedia(reason.into())
    }

    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable(reason.into())
    }
}

fn clean(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(MAX_REASON_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_came_from_outside_the_file_is_worth_a_retry() {
        assert!(MediaError::Crashed { signal: 11 }.is_permanent());
        assert!(!MediaError::Crashed { signal: 9 }.is_permanent());
        assert!(!MediaError::unavailable("ffmpeg is missing").is_permanent());
        assert!(MediaError::not_media("plain text").is_permanent());
    }

    #[test]
    fn a_reason_is_short_and_plain() {
        let hostile = MediaError::NotMedia(format!("\u{1b}[31m{}\n", "x".repeat(10_000)));
        let MediaError::NotMedia(reason) = hostile.sanitised() else { panic!("the kind changed") };
        assert_eq!(reason.chars().count(), MAX_REASON_CHARACTERS);
        assert!(!reason.chars().any(char::is_control));
    }
}
