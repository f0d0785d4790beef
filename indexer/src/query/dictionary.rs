//! Which words are there to be found?

use std::collections::HashMap;

use tantivy::{Searcher, TantivyError, Term, query::FuzzyTermQuery, schema::Field};

use super::vocabulary::{FirstLetter, Longer, Vocabulary, Written};
use crate::schema::Fields;

/// Words that are looked at for one word of the query, for each field in each part of the index.
const MAX_VISITED: usize = 2_000;
/// The most frequent of them, which are kept.
const MAX_KEPT: usize = 24;

/// The words of a Tantivy index: those of titles, tags and names, over all its parts.
pub struct Dictionary<'s> {
    searcher: &'s Searcher,
    fields: &'s Fields,
    short: [Field; 3],
}

impl<'s> Dictionary<'s> {
    /// Opens the dictionary of an index.
    pub fn of(searcher: &'s Searcher, fields: &'s Fields) -> Self {
        Self { searcher, fields, short: [fields.title, fields.tags, fields.names] }
    }

    /// As many as in the field that has it most.
    fn greatest_frequency(&self, fields: &[Field], word: &str) -> Result<u64, TantivyError> {
        let mut greatest = 0;
        for field in fields {
            greatest = greatest.max(self.frequency_in(*field, word)?);
        }
        Ok(greatest)
    }
}

impl Vocabulary for Dictionary<'_> {
    type Error = TantivyError;

    fn videos(&self) -> u64 {
        self.searcher.num_docs()
    }

    fn frequency(&self, written: Written, word: &str) -> Result<u64, TantivyError> {
        let Fields { stems, description, spoken, .. } = *self.fields;
        let [title, tags, names] = self.short;
        match written {
            Written::Anywhere => self.greatest_frequency(&[title, tags, names, description, spoken], word),
            Written::Short => self.greatest_frequency(&self.short, word),
            Written::AsStem => self.greatest_frequency(&[stems, description, spoken], word),
        }
    }

    fn frequency_in(&self, field: Field, word: &str) -> Result<u64, TantivyError> {
        self.searcher.doc_freq(&Term::from_field_text(field, word))
    }

    fn starting_with(&self, word: &str) -> Result<Longer, TantivyError> {
        let mut longer = Longer::default();
        let end = format!("{word}\u{10ffff}");
        for segment in self.searcher.segment_readers() {
            for field in self.short {
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

    /// A walk through the words that begin with the same letter is many times shorter than one through all.
    fn similar_to(
        &self,
        word: &str,
        typos: u8,
        first_letter: FirstLetter,
    ) -> Result<HashMap<String, u64>, TantivyError> {
        let mut similar = HashMap::new();
        let [field, ..] = self.short;
        let automaton = FuzzyTermQuery::new(Term::from_field_text(field, word), typos, true).automaton()?;
        let first = word.chars().next().filter(|_| first_letter == FirstLetter::Same);
        let (least, end) = first.map_or_else(Default::default, |c| (c.to_string(), format!("{c}\u{10ffff}")));
        for segment in self.searcher.segment_readers() {
            for field in self.short {
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
