//! What is said in a video, and when.
//!
//! **Invariant:** captions are kept beside a video's document, not in it: a page of results does not load hours of talk.
//! They go with the video, in the same transaction. What is kept of one video is bounded, however much an instance sends.

pub(crate) mod store;
pub(crate) mod webvtt;

use serde::{Deserialize, Serialize};

/// The captions of a video in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caption {
    /// As an ISO 639 code.
    pub language: String,
    /// Its name in English.
    pub label: String,
    /// Whether a program has written down what it heard.
    pub is_automatic: bool,
    /// What is said, in order.
    pub passages: Vec<Passage>,
}

/// Some words that are spoken after one another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// When the first of them is spoken, in seconds from the beginning.
    #[serde(rename = "s")]
    pub start_s: u32,
    /// One line of plain text.
    #[serde(rename = "t")]
    pub text: String,
}
