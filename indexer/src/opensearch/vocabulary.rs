//! What must be known of the words of an index, asked of the cluster.
//!
//! A query is read by rules that ask for one thing after another ([`crate::query::expand`]). Each answer from the cluster
//! takes an exchange, so questions are collected: the likely ones are asked at once, the query is read with what is known,
//! and what it wanted to know besides is asked in a second exchange.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    convert::Infallible,
    sync::atomic::Ordering,
};

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tantivy::schema::Field;

use super::{
    OpenSearchError, RemoteIndex,
    api::{Body, Reason, Request},
    layout::WORDS,
    remote::everything,
};
use crate::{
    query::{
        expand::{MAX_SPELLINGS, possible_forms, rare_up_to},
        parse::{Terms, allowed_typos},
        rank::Plan,
        vocabulary::{FirstLetter, Longer, Vocabulary, Written},
    },
    text::Word,
};

/// Exchanges for one search.
const ROUNDS: usize = 3;
/// Entries of each part of the index in which longer words are counted; there may be very many that begin alike.
const SAMPLE: u32 = 2_000;
/// Questions of one exchange. A word that nobody knows asks about each of its halves.
const MAX_QUESTIONS: usize = 400;

/// Plans a search with what the cluster tells about its words.
pub(super) async fn plan(index: &RemoteIndex, terms: Option<&Terms>) -> Result<Plan, OpenSearchError> {
    let mut learned = Learned { videos: index.entries.load(Ordering::Relaxed), ..Learned::default() };
    if let Some(terms) = terms.filter(|terms| terms.has_words()) {
        learned.expect(&terms.words);
        learned.ask(index).await?;
    }
    for _ in 1..ROUNDS {
        let plan = learned.plan(index, terms);
        if learned.open.get_mut().is_empty() {
            return Ok(plan);
        }
        learned.ask(index).await?;
    }
    Ok(learned.plan(index, terms))
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Question {
    Frequency(Written, String),
    StartingWith(String),
    SimilarTo(String, u8, FirstLetter),
}

/// What the cluster has told so far. What it was not asked counts as not there, and is noted.
#[derive(Debug, Default)]
struct Learned {
    videos: u64,
    frequencies: HashMap<(Written, String), u64>,
    longer: HashMap<String, Longer>,
    similar: HashMap<(String, u8, FirstLetter), HashMap<String, u64>>,
    open: RefCell<HashSet<Question>>,
}

impl Learned {
    fn plan(&self, index: &RemoteIndex, terms: Option<&Terms>) -> Plan {
        let Ok(plan) = Plan::with(self, &index.layout.fields, terms);
        plan
    }

    /// Notes what will be asked about these words.
    fn expect(&mut self, words: &[Word]) {
        let open = self.open.get_mut();
        for word in words {
            open.insert(Question::Frequency(Written::Anywhere, word.text.clone()));
            open.extend(possible_forms(word).map(|stem| Question::Frequency(Written::AsStem, stem)));
            if allowed_typos(&word.text) > 0 {
                open.insert(Question::SimilarTo(word.text.clone(), 1, FirstLetter::Same));
            }
        }
        open.extend(words.last().map(|last| Question::StartingWith(last.text.clone())));
    }

    /// Asks what is open. What is beyond the limit stays unknown.
    async fn ask(&mut self, index: &RemoteIndex) -> Result<(), OpenSearchError> {
        let mut questions: Vec<Question> = self.open.take().into_iter().collect();
        questions.sort_by_key(Question::urgency);
        questions.truncate(MAX_QUESTIONS);
        let rare = rare_up_to(self.videos);
        let about_all = json!({"size": 0, "track_total_hits": true, "query": everything(&index.layout)});
        let bodies = questions.iter().map(|question| question.body(index, rare));
        let mut lines = vec![json!({}), about_all];
        lines.extend(bodies.flat_map(|body| [json!({}), body]));
        let request = Request::new(Method::POST, format!("/{}/_msearch", index.name), Body::Lines(lines));
        let Told { responses } = index.ask(request).await?;
        let mut told = responses.into_iter().map(Response::checked);
        self.videos = told.next().transpose()?.map_or(0, |about| about.total());
        index.entries.store(self.videos, Ordering::Relaxed);
        for (question, told) in questions.into_iter().zip(told) {
            self.learn(question, told?);
        }
        Ok(())
    }

    fn learn(&mut self, question: Question, told: Response) {
        match question {
            Question::Frequency(written, word) => {
                self.frequencies.insert((written, word), told.total());
            }
            Question::StartingWith(word) => {
                self.longer.insert(word, told.longer());
            }
            Question::SimilarTo(word, typos, first_letter) => {
                let similar = told.similar();
                self.similar.insert((word, typos, first_letter), similar);
            }
        }
    }

    fn wanted(&self, question: Question) {
        self.open.borrow_mut().insert(question);
    }
}

impl Vocabulary for Learned {
    type Error = Infallible;

    fn videos(&self) -> u64 {
        self.videos
    }

    fn frequency(&self, written: Written, word: &str) -> Result<u64, Infallible> {
        let known = self.frequencies.get(&(written, word.to_owned())).copied();
        if known.is_none() {
            self.wanted(Question::Frequency(written, word.to_owned()));
        }
        Ok(known.unwrap_or_default())
    }

    /// The cluster finds out for itself.
    fn frequency_in(&self, _field: Field, _word: &str) -> Result<u64, Infallible> {
        Ok(1)
    }

    fn starting_with(&self, word: &str) -> Result<Longer, Infallible> {
        let known = self.longer.get(word).cloned();
        if known.is_none() {
            self.wanted(Question::StartingWith(word.to_owned()));
        }
        Ok(known.unwrap_or_default())
    }

    fn similar_to(&self, word: &str, typos: u8, first_letter: FirstLetter) -> Result<HashMap<String, u64>, Infallible> {
        let known = self.similar.get(&(word.to_owned(), typos, first_letter)).cloned();
        if known.is_none() {
            self.wanted(Question::SimilarTo(word.to_owned(), typos, first_letter));
        }
        Ok(known.unwrap_or_default())
    }
}

impl Question {
    /// What is asked first if there is too much to ask.
    fn urgency(&self) -> u8 {
        match self {
            Self::Frequency(Written::Anywhere, _) => 0,
            Self::StartingWith(_) | Self::SimilarTo(..) => 1,
            Self::Frequency(Written::AsStem, _) => 2,
            Self::Frequency(Written::Short, _) => 3,
        }
    }

    /// A search that counts rather than finds. `rare` is the greatest frequency of a word that may be a typo.
    fn body(&self, index: &RemoteIndex, rare: u64) -> Value {
        match self {
            Self::Frequency(written, word) => {
                json!({"size": 0, "track_total_hits": true, "query": holding(index, *written, word)})
            }
            Self::StartingWith(word) => {
                // Every character is a letter or digit, so it means itself in a regular expression, too.
                let words = json!({"terms": {
                    "field": WORDS, "include": format!("{word}.+"), "size": MAX_SPELLINGS, "execution_hint": "map",
                }});
                let sample = json!({"sampler": {"shard_size": SAMPLE}, "aggs": {"words": words}});
                let longer = json!({"range": {WORDS: {"gt": word, "lt": format!("{word}\u{10ffff}")}}});
                json!({"size": 0, "track_total_hits": true, "query": longer, "aggs": {"sample": sample}})
            }
            Self::SimilarTo(word, typos, first_letter) => {
                let similar = json!({
                    "field": WORDS,
                    "suggest_mode": "always",
                    "sort": "frequency",
                    "size": MAX_SPELLINGS * 2,
                    "max_edits": typos,
                    "prefix_length": u8::from(*first_letter == FirstLetter::Same),
                    "min_word_length": 1,
                    "max_term_freq": rare,
                });
                json!({"size": 0, "suggest": {"similar": {"text": word, "term": similar}}})
            }
        }
    }
}

/// The entries that have a word.
fn holding(index: &RemoteIndex, written: Written, word: &str) -> Value {
    let (layout, fields) = (&index.layout, &index.layout.fields);
    let names = match written {
        Written::Short => vec![WORDS],
        Written::Anywhere => vec![WORDS, layout.name(fields.description), layout.name(fields.spoken)],
        Written::AsStem => [fields.stems, fields.description, fields.spoken].map(|field| layout.name(field)).to_vec(),
    };
    let held: Vec<Value> = names.into_iter().map(|name| json!({"term": {name: {"value": word}}})).collect();
    json!({"bool": {"filter": [{"bool": {"should": held, "minimum_should_match": 1}}]}})
}

#[derive(Debug, Deserialize)]
struct Told {
    responses: Vec<Response>,
}

#[derive(Debug, Deserialize)]
struct Response {
    #[serde(default)]
    status: u16,
    error: Option<Reason>,
    #[serde(default)]
    hits: Hits,
    #[serde(default)]
    aggregations: Option<Aggregations>,
    #[serde(default)]
    suggest: Option<Suggest>,
}

#[derive(Debug, Default, Deserialize)]
struct Hits {
    total: Option<Total>,
}

#[derive(Debug, Deserialize)]
struct Total {
    value: u64,
}

#[derive(Debug, Deserialize)]
struct Aggregations {
    sample: Sample,
}

#[derive(Debug, Deserialize)]
struct Sample {
    doc_count: u64,
    words: Buckets,
}

#[derive(Debug, Deserialize)]
struct Buckets {
    buckets: Vec<Bucket>,
}

#[derive(Debug, Deserialize)]
struct Bucket {
    key: String,
    doc_count: u64,
}

#[derive(Debug, Deserialize)]
struct Suggest {
    similar: Vec<Suggestions>,
}

#[derive(Debug, Deserialize)]
struct Suggestions {
    options: Vec<Suggestion>,
}

#[derive(Debug, Deserialize)]
struct Suggestion {
    text: String,
    freq: u64,
}

impl Response {
    fn checked(self) -> Result<Self, OpenSearchError> {
        match self.error {
            None => Ok(self),
            Some(error) => Err(OpenSearchError::Refused {
                status: http::StatusCode::from_u16(self.status).unwrap_or(http::StatusCode::BAD_GATEWAY),
                reason: error.words().unwrap_or_default(),
            }),
        }
    }

    fn total(&self) -> u64 {
        self.hits.total.as_ref().map_or(0, |total| total.value)
    }

    /// What was counted in the sample stands for all of it.
    fn longer(&self) -> Longer {
        let total = self.total();
        let Some(Aggregations { sample }) = &self.aggregations else { return Longer::default() };
        let scaled = |count: u64| (count * total).div_ceil(sample.doc_count.max(1));
        let frequent = sample.words.buckets.iter().map(|bucket| (bucket.key.clone(), scaled(bucket.doc_count)));
        Longer { frequent: frequent.collect(), total }
    }

    fn similar(self) -> HashMap<String, u64> {
        let suggestions = self.suggest.into_iter().flat_map(|suggest| suggest.similar);
        suggestions.flat_map(|found| found.options).map(|option| (option.text, option.freq)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_noted_to_be_asked() {
        let learned = Learned::default();
        assert_eq!(learned.frequency(Written::Short, "whale"), Ok(0));
        assert_eq!(learned.similar_to("whale", 1, FirstLetter::Same), Ok(HashMap::new()));
        let open = learned.open.borrow();
        assert!(open.contains(&Question::Frequency(Written::Short, "whale".to_owned())));
        assert_eq!(open.len(), 2);
    }

    #[test]
    fn counts_of_a_sample_are_scaled_up() {
        let told = json!({
            "hits": {"total": {"value": 10_000, "relation": "eq"}},
            "aggregations": {"sample": {"doc_count": 2_000, "words": {"buckets": [{"key": "whales", "doc_count": 300}]}}},
        });
        let told: Response = serde_json::from_value(told).unwrap();
        assert_eq!(told.longer(), Longer { frequent: [("whales".to_owned(), 1_500)].into(), total: 10_000 });
    }

    #[test]
    fn a_part_that_failed_fails_the_whole() {
        let told: Response =
            serde_json::from_value(json!({"error": {"type": "x", "reason": "y"}, "status": 503})).unwrap();
        assert_eq!(
            told.checked().unwrap_err().to_string(),
            "the search cluster answered 503 Service Unavailable: x: y"
        );
    }
}
