//! A plan of [`crate::query::rank`], as the cluster is asked.

use serde_json::{Value, json};
use tantivy::{Score, schema::Field};

use super::{entry::written, layout::Layout, remote::everything};
use crate::query::{
    rank::{Bonus, Finds, OTHER_FIELDS, Part, Plan},
    seek::Seek,
    ways::Way,
};

/// Clusters take 1,024 clauses in a query, all counted. Words in the title are asked for twice, and limits come on top.
const MAX_WAYS: usize = 480;
/// The longer words that the last word of a half-typed phrase is tried as.
const MAX_EXPANSIONS: u32 = 50;

/// Makes queries for an index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Renderer<'l> {
    pub layout: &'l Layout,
    /// Whether each way and bonus has a name, by which the answer says what it gave.
    pub named: bool,
}

/// The name of a way to find the part of a plan at a place.
pub(super) fn name_of_way(part: usize, way: usize) -> String {
    format!("w{part}.{way}")
}

/// The name of a bonus of a plan at a place.
pub(super) fn name_of_bonus(bonus: usize) -> String {
    format!("b{bonus}")
}

impl Renderer<'_> {
    /// The query that finds and scores.
    pub fn plan(self, plan: &Plan) -> Value {
        match plan.finds {
            Finds::Everything => return everything(self.layout),
            Finds::Nothing => return json!({"match_none": {}}),
            Finds::Matches => {}
        }
        let most = MAX_WAYS / plan.parts.len().max(1);
        let (mut words, mut must) = (Vec::new(), Vec::new());
        for (place, part) in plan.parts.iter().enumerate() {
            let found = self.part(place, part, most);
            if part.is_phrase { must.push(found) } else { words.push(found) }
        }
        if !words.is_empty() {
            must.push(json!({"bool": {"should": words, "minimum_should_match": plan.required.max(1)}}));
        }
        let bonuses = plan.bonuses.iter().enumerate();
        let should: Vec<Value> = bonuses.map(|(place, bonus)| self.bonus(plan, place, bonus, most)).collect();
        json!({"bool": {"must": must, "should": should}})
    }

    /// The best of the ways to find a word or phrase, the others adding a little. Of too many, those worth most.
    fn part(self, place: usize, part: &Part, most: usize) -> Value {
        let mut ways: Vec<(usize, &Way)> = part.ways.iter().enumerate().collect();
        ways.sort_by(|(_, a), (_, b)| b.boost.total_cmp(&a.boost));
        let queries = ways.into_iter().take(most).map(|(number, way)| {
            let name = self.named.then(|| name_of_way(place, number));
            self.seek(way.field, &way.seek, way.boost, name)
        });
        best_of(queries.collect())
    }

    fn bonus(self, plan: &Plan, place: usize, bonus: &Bonus, most: usize) -> Value {
        let name = self.named.then(|| name_of_bonus(place));
        if let Some((field, seek)) = &bonus.seek {
            return self.seek(*field, seek, bonus.boost, name);
        }
        let in_title = |word: &Part| {
            let ways = plan.title_ways(word).take(most);
            best_of(ways.map(|way| self.seek(way.field, &way.seek, way.boost, None)).collect())
        };
        let words: Vec<Value> = plan.words().map(in_title).collect();
        with_name(json!({"bool": {"must": words, "boost": bonus.boost}}), name)
    }

    /// Asks one field for something.
    fn seek(self, field: Field, seek: &Seek, boost: Score, name: Option<String>) -> Value {
        let field = self.layout.name(field);
        let query = match seek {
            Seek::Word(word) | Seek::Whole(word) => return term(field, word, boost, name),
            Seek::Phrase(words) => return phrase(field, words, boost, name),
            Seek::HalfTypedPhrase { words, about } => {
                let phrase = json!({"query": placed(words), "max_expansions": MAX_EXPANSIONS});
                let begun = json!({"match_phrase_prefix": {field: phrase}});
                json!({"constant_score": {"filter": begun, "boost": boost * about}})
            }
            Seek::LongerThan(begun) => {
                let longer = json!({"range": {field: {"gt": begun, "lt": format!("{begun}\u{10ffff}")}}});
                json!({"constant_score": {"filter": longer, "boost": boost}})
            }
        };
        with_name(query, name)
    }

    /// Whether something stands in a field; scores do not count.
    pub fn holds(self, field: Field, seek: &Seek) -> Value {
        self.seek(field, seek, 1.0, None)
    }
}

fn term(field: &str, word: &str, boost: Score, name: Option<String>) -> Value {
    let mut options = json!({"value": word, "boost": boost});
    put_name(&mut options, name);
    json!({"term": {field: options}})
}

fn phrase(field: &str, words: &[(usize, String)], boost: Score, name: Option<String>) -> Value {
    let mut options = json!({"query": placed(words), "boost": boost});
    put_name(&mut options, name);
    json!({"match_phrase": {field: options}})
}

/// Nothing is found by no query at all.
fn best_of(queries: Vec<Value>) -> Value {
    if queries.is_empty() {
        json!({"match_none": {}})
    } else {
        json!({"dis_max": {"queries": queries, "tie_breaker": OTHER_FIELDS}})
    }
}

/// Words as a text that has them in these places; of two in one place, the first.
fn placed(words: &[(usize, String)]) -> String {
    let mut words = words.to_vec();
    words.dedup_by_key(|(place, _)| *place);
    written(&words)
}

/// Names a query that has its options directly below its kind.
fn with_name(mut query: Value, name: Option<String>) -> Value {
    if let Some(options) = query.as_object_mut().and_then(|kinds| kinds.values_mut().next()) {
        put_name(options, name);
    }
    query
}

fn put_name(options: &mut Value, name: Option<String>) {
    if let (Some(options), Some(name)) = (options.as_object_mut(), name) {
        options.insert("_name".to_owned(), json!(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_phrase_keep_their_distances() {
        let words = [(2, "人工智能"), (5, "技术"), (5, "again")].map(|(place, word)| (place, word.to_owned()));
        assert_eq!(placed(&words), "人工智能 _ _ 技术");
    }

    #[test]
    fn a_query_is_named_below_its_kind() {
        let named = with_name(json!({"constant_score": {"boost": 1}}), Some("w0.1".to_owned()));
        assert_eq!(named, json!({"constant_score": {"boost": 1, "_name": "w0.1"}}));
    }
}
