//! What lies over the score of the words, as the cluster is asked: the factors of [`crate::query::prior`], without a script.

use platform::clock::Timestamp;
use serde_json::{Value, json};

use super::layout::Layout;
use crate::{
    query::prior::{MAX_POPULARITY, OTHER_LANGUAGE, POPULARITY, RECENCY, RECENT_DAYS},
    schema::UNKNOWN_LANGUAGE,
    text::language,
};

const MS_PER_DAY: f64 = 86_400_000.0;

/// Multiplies the score with a factor that grows with the views.
pub(super) fn by_views(layout: &Layout, query: Value) -> Value {
    let views = json!({"field": layout.name(layout.fields.views), "modifier": "log1p", "missing": 0});
    sum_of(
        query,
        json!([{"weight": 1.0}, {"field_value_factor": views, "weight": POPULARITY}]),
        1.0 + POPULARITY * MAX_POPULARITY,
    )
}

/// Multiplies the score with a factor that falls with the age.
pub(super) fn by_age(layout: &Layout, query: Value, now: Timestamp) -> Value {
    let half_way = json!({
        "origin": now.timestamp_millis(),
        "scale": (f64::from(RECENT_DAYS) * MS_PER_DAY) as i64,
        "decay": (-1.0_f64).exp(),
    });
    let published = layout.name(layout.fields.published);
    sum_of(query, json!([{"weight": 1.0}, {"exp": {published: half_way}, "weight": RECENCY}]), 1.0 + RECENCY)
}

/// Multiplies the score of what is in none of the reader's languages with less than 1.
pub(super) fn by_language(layout: &Layout, query: Value, languages: &[String]) -> Value {
    let wanted = preferred(languages);
    if wanted.is_empty() {
        return query;
    }
    let spoken = json!({"terms": {layout.name(layout.fields.any_language): wanted}});
    let other = json!({"bool": {"must_not": [spoken]}});
    json!({"boosting": {"positive": query, "negative": other, "negative_boost": OTHER_LANGUAGE}})
}

/// The languages that count as the reader's, as the index has them; empty if none was named.
pub(super) fn preferred(languages: &[String]) -> Vec<String> {
    if languages.is_empty() {
        return Vec::new();
    }
    let named = languages.iter().map(|code| language::primary(code).to_lowercase());
    named.chain([UNKNOWN_LANGUAGE.to_owned()]).collect()
}

fn sum_of(query: Value, functions: Value, most: f32) -> Value {
    json!({"function_score": {
        "query": query,
        "functions": functions,
        "score_mode": "sum",
        "boost_mode": "multiply",
        "max_boost": most,
    }})
}
