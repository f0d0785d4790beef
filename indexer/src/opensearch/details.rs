//! Of the first results of a page: why they stand there, and whether the words are spoken in them.
//!
//! Both are asked in one further exchange about these few entries, in which each part of the plan has a name and the answer
//! says what each name gave. Without an explanation, and without captions in any of them, there is nothing to ask.

use std::collections::HashMap;

use platform::clock::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    OpenSearchError, RemoteIndex,
    render::{Renderer, name_of_bonus, name_of_way},
    scale,
    videos::Hit,
};
use crate::{
    query::{
        VideoQuery,
        prior::{OTHER_LANGUAGE, Prior},
        rank::{Part, Plan},
        sought::Sought,
    },
    schema::column,
    search::{BonusMatch, Explanation, FieldMatch, Ranked, WordMatch, leading::Arranged, spoken::MIN_SHARE},
};

const MS_PER_DAY: f32 = 86_400_000.0;

/// Of how many of the first results something is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub explained: usize,
    pub listened: usize,
}

/// What the named parts of a query gave a video.
type Scores = HashMap<String, f32>;

/// A page of results while it is made.
pub(super) struct Page<'p> {
    pub hits: &'p [Hit],
    pub arranged: &'p [Arranged<usize>],
    pub ranked: &'p mut [Ranked],
}

/// Adds to the first results what is wanted of them.
pub(super) async fn add(
    index: &RemoteIndex,
    plan: &Plan,
    query: &VideoQuery,
    now: Timestamp,
    wanted: Wanted,
    page: Page<'_>,
) -> Result<(), OpenSearchError> {
    let Page { hits, arranged, ranked } = page;
    let hit_of = |arranged: &Arranged<usize>| hits.get(arranged.address);
    let may_be_spoken = arranged.iter().take(wanted.listened).filter_map(hit_of).any(Hit::has_speech);
    let listened = if may_be_spoken { wanted.listened } else { 0 };
    let ids: Vec<i64> =
        arranged.iter().take(wanted.explained.max(listened)).filter_map(hit_of).map(|hit| hit.id().0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let scores = ask(index, plan, &ids, wanted.explained > 0, listened > 0).await?;
    let nothing = Scores::new();
    for (place, (arranged, ranked)) in arranged.iter().zip(ranked).enumerate() {
        let scores = scores.get(&ranked.id.0).unwrap_or(&nothing);
        if place < listened {
            ranked.is_spoken = plan.sought.share_of(|word| scores.contains_key(&name_of_spoken(word))) >= MIN_SHARE;
        }
        if place < wanted.explained
            && let Some(hit) = hit_of(arranged)
        {
            ranked.explanation = Some(explain(index, plan, query, now, scores, hit, arranged));
        }
    }
    Ok(())
}

async fn ask(
    index: &RemoteIndex,
    plan: &Plan,
    ids: &[i64],
    explained: bool,
    listened: bool,
) -> Result<HashMap<i64, Scores>, OpenSearchError> {
    let layout = &index.layout;
    let mut should = Vec::new();
    if explained {
        should.push(Renderer { layout, named: true }.plan(plan));
    }
    if listened {
        should.extend(spoken(layout.name(layout.fields.spoken), &plan.sought));
    }
    let these = json!({"terms": {column::ID: ids}});
    let body = json!({
        "query": {"bool": {"filter": [these], "should": should}},
        "size": ids.len(),
        "_source": false,
        "docvalue_fields": [column::ID],
    });
    let Told { hits } = index.ask(index.searching(body).with("include_named_queries_score", "true")).await?;
    let hits = hits.hits.into_iter();
    Ok(hits.filter_map(|hit| Some((*hit.fields.id.first()?, hit.matched_queries))).collect())
}

/// A query for each word that is looked for: whether it is spoken, in any of its forms.
fn spoken<'s>(field: &'s str, sought: &'s Sought) -> impl Iterator<Item = Value> + 's {
    sought.words().iter().enumerate().map(move |(place, word)| {
        let forms: Vec<&str> = word.forms().collect();
        json!({"constant_score": {"filter": {"terms": {field: forms}}, "_name": name_of_spoken(place)}})
    })
}

fn name_of_spoken(word: usize) -> String {
    format!("s{word}")
}

fn explain(
    index: &RemoteIndex,
    plan: &Plan,
    query: &VideoQuery,
    now: Timestamp,
    scores: &Scores,
    hit: &Hit,
    arranged: &Arranged<usize>,
) -> Explanation {
    let age_days = now.timestamp_millis().saturating_sub(hit.published_ms()) as f32 / MS_PER_DAY;
    let prior = Prior::of(hit.views(), age_days);
    let wanted = scale::preferred(&query.boost_languages);
    let is_wanted = wanted.is_empty() || hit.languages().iter().any(|code| wanted.contains(code));
    let language = if is_wanted { 1.0 } else { OTHER_LANGUAGE };
    let bonuses =
        plan.bonuses.iter().enumerate().filter_map(|(place, bonus)| {
            Some(BonusMatch { kind: bonus.kind, score: *scores.get(&name_of_bonus(place))? })
        });
    Explanation {
        score: arranged.score,
        text_score: arranged.score / (prior.factor() * language * arranged.share),
        words: plan.parts.iter().enumerate().map(|(place, part)| explain_part(index, place, part, scores)).collect(),
        bonuses: bonuses.collect(),
        prior,
        language,
        host_share: arranged.share,
    }
}

fn explain_part(index: &RemoteIndex, place: usize, part: &Part, scores: &Scores) -> WordMatch {
    let found = part.ways.iter().enumerate().filter_map(|(number, way)| {
        Some(FieldMatch {
            field: index.layout.name(way.field).to_owned(),
            spelling: way.spelling.clone(),
            reading: way.reading,
            score: *scores.get(&name_of_way(place, number))?,
        })
    });
    let mut matches: Vec<FieldMatch> = found.collect();
    matches.sort_by(|a, b| b.score.total_cmp(&a.score));
    WordMatch { typed: part.typed.clone(), matches }
}

#[derive(Debug, Deserialize)]
struct Told {
    hits: Hits,
}

#[derive(Debug, Deserialize)]
struct Hits {
    #[serde(default)]
    hits: Vec<NamedHit>,
}

#[derive(Debug, Deserialize)]
struct NamedHit {
    #[serde(default)]
    fields: IdField,
    #[serde(default)]
    matched_queries: Scores,
}

#[derive(Debug, Default, Deserialize)]
struct IdField {
    #[serde(default)]
    id: Vec<i64>,
}
