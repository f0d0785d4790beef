//! What must be known of the words of an index to read a query?
//!
//! Each engine tells in its own way; what follows from it is the same for all, see [`super::expand`] and [`super::ways`].

use std::collections::HashMap;

use tantivy::schema::Field;

/// The words of an index, and in how many videos they are.
pub trait Vocabulary {
    /// Why it cannot be read.
    type Error;

    /// How many videos there are.
    fn videos(&self) -> u64;

    /// In how many videos a word is, at least.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn frequency(&self, written: Written, word: &str) -> Result<u64, Self::Error>;

    /// About how many videos have a word in a field. 0 says that there is no need to look for it there; an engine to which
    /// looking in vain costs nothing says 1.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn frequency_in(&self, field: Field, word: &str) -> Result<u64, Self::Error>;

    /// The longer words of titles, tags and names that begin with a word.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn starting_with(&self, word: &str) -> Result<Longer, Self::Error>;

    /// The words of titles, tags and names that differ by at most so many typos, with the number of videos.
    ///
    /// # Errors
    /// If the index cannot be read, or there are more typos than 2.
    fn similar_to(&self, word: &str, typos: u8, first_letter: FirstLetter)
    -> Result<HashMap<String, u64>, Self::Error>;
}

/// Where a word is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Written {
    /// Wherever something is written or spoken.
    Anywhere,
    /// In titles, tags and names.
    Short,
    /// Anywhere, as the stem of what is written.
    AsStem,
}

/// Where a typo may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FirstLetter {
    /// Anywhere but in the first letter.
    Same,
    /// Anywhere.
    Any,
}

/// Words that begin alike.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Longer {
    /// Those in the most videos.
    pub frequent: HashMap<String, u64>,
    /// In how many videos all of them are, counted for each.
    pub total: u64,
}
