//! Which words are there to be found?

use std::collections::HashMap;

use tantivy::{Searcher, TantivyError, Term, query::FuzzyTermQuery, schema::Field};

use crate::schema::Fields;

/// Words that are looked at for one word of the query, for each field in each part of the index.
const MAX_VISITED: usize = 2_000;
/// The most frequent of them, which are kept.
const MAX_KEPT: usize = 24;

/// The words of titles, tags and names, over all parts of the index.
pub struct Dictionary<'s> {
    searcher: &'s Searcher,
    fields: [Field; 3],
}

/// Where a typo may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstLetter {
    /// Anywhere but in the first letter.
    Same,
    /// Anywhere.
    Any,
}

/// Words that begin alike.
#[derive(Debug, Default)]
pub struct Longer {
    /// Those in the most videos.
    pub frequent: HashMap<String, u64>,
    /// In how many videos all of them are, counted for each.
    pub total: u64,
}

impl<'s> Dictionary<'s> {
    /// Opens the dictionary of an index.
    pub fn of(searcher: &'s Searcher, fields: &Fields) -> Self {
        Self { searcher, fields: [fields.title, fields.tags, fields.names] }
    }

    /// How many videos there are.
    pub fn videos(&self) -> u64 {
        self.searcher.num_docs()
    }

    /// In how many videos the word is at least: as many as in the field that has it most.
    ///
    /// # Errors
    /// [`TantivyError`] if the index cannot be read.
    pub fn frequency(&self, fields: &[Field], word: &str) -> Result<u64, TantivyError> {
        let mut greatest = 0;
        for field in fields {
            greatest = greatest.max(self.searcher.doc_freq(&Term::from_field_text(*field, word))?);
        }
        Ok(greatest)
    }

    /// The same, in the fields of the dictionary.
    ///
    /// # Errors
    /// [`TantivyError`] if the index cannot be read.
    pub fn own_frequency(&self, word: &str) -> Result<u64, TantivyError> {
        self.frequency(&self.fields, word)
    }

    /// The longer words that begin with a word.
    ///
    /// # Errors
    /// [`TantivyError`] if the index cannot be read.
    pub fn starting_with(&self, word: &str) -> Result<Longer, TantivyError> {
        let mut longer = Longer::default();
        let end = format!("{word}\u{10ffff}");
        for segment in self.searcher.segment_readers() {
            for field in self.fields {
                let index = segment.inverted_index(field)?;
                let mut stream = index.terms().range().gt(word).lt(&end).into_stream()?;
                let mut most = MostFrequent::default();
                for _ in 0..MAX_VISITED {
                    let Some((found, info)) = stream.next() else { break };
                    most.add(found, info.doc_freq);
                    longer.total += u64::from(info.doc_freq);
                }
                most.kept.iter().for_each(|(frequency, found)| add(&mut longer.frequent, found, *frequency));
            }
        }
        Ok(longer)
    }

    /// The words that differ by at most so many typos, with the number of videos. A walk through those that begin with the
    /// same letter is many times shorter than one through all.
    ///
    /// # Errors
    /// [`TantivyError`] if the index cannot be read, or there are more typos than 2.
    pub fn similar_to(
        &self,
        word: &str,
        typos: u8,
        first_letter: FirstLetter,
    ) -> Result<HashMap<String, u64>, TantivyError> {
        let mut similar = HashMap::new();
        let [field, ..] = self.fields;
        let automaton = FuzzyTermQuery::new(Term::from_field_text(field, word), typos, true).automaton()?;
        let first = word.chars().next().filter(|_| first_letter == FirstLetter::Same);
        let (least, end) = first.map_or_else(Default::default, |c| (c.to_string(), format!("{c}\u{10ffff}")));
        for segment in self.searcher.segment_readers() {
            for field in self.fields {
                let index = segment.inverted_index(field)?;
                let all = index.terms().search(&automaton);
                let walk = if end.is_empty() { all } else { all.ge(&least).lt(&end) };
                let mut stream = walk.into_stream()?;
                for _ in 0..MAX_VISITED {
                    let Some((found, info)) = stream.next() else { break };
                    add(&mut similar, found, info.doc_freq);
                }
            }
        }
        Ok(similar)
    }
}

/// Keeps a few words without copying the many that are not kept.
#[derive(Debug, Default)]
struct MostFrequent {
    kept: Vec<(u32, Vec<u8>)>,
}

impl MostFrequent {
    fn add(&mut self, word: &[u8], frequency: u32) {
        if self.kept.len() < MAX_KEPT {
            self.kept.push((frequency, word.to_owned()));
        } else if let Some(least) = self.kept.iter_mut().min_by_key(|(kept, _)| *kept)
            && least.0 < frequency
        {
            *least = (frequency, word.to_owned());
        }
    }
}

fn add(words: &mut HashMap<String, u64>, word: &[u8], frequency: u32) {
    if let Ok(word) = std::str::from_utf8(word) {
        *words.entry(word.to_owned()).or_default() += u64::from(frequency);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_words_are_kept() {
        let mut most = MostFrequent::default();
        for number in 0..100_u32 {
            most.add(number.to_string().as_bytes(), number % 50);
        }
        let mut kept: Vec<u32> = most.kept.iter().map(|(frequency, _)| *frequency).collect();
        kept.sort_unstable();
        assert_eq!((kept.len(), kept[0], kept[23]), (MAX_KEPT, 38, 49));
    }
}
