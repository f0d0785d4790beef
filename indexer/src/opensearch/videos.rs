//! Finds videos in the cluster.

use platform::clock::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    OpenSearchError, RemoteIndex,
    details::{self, Wanted},
    layout::HAS_SPEECH,
    limits::Limits,
    render::Renderer,
    scale, vocabulary,
};
use crate::{
    document::VideoId,
    query::{Sort, SortKey, VideoQuery, parse::Terms},
    schema::{Fields, column, host_number},
    search::{
        Found, MAX_EXPLAINED, Ranked, SearchError,
        leading::{Arranged, LEADING, Traits, arrange_by},
        spoken::MAX_LISTENED,
    },
};

/// Searches the index of videos.
pub(super) async fn find(
    index: &RemoteIndex,
    query: &VideoQuery,
    now: Timestamp,
    explained: bool,
) -> Result<Found, SearchError> {
    let terms = query.search.as_deref().and_then(Terms::parse);
    let plan = vocabulary::plan(index, terms.as_ref()).await?;
    let layout = &index.layout;
    let mut limits = Limits::default();
    limits.add_filters(layout, &query.filters);
    if let Some(terms) = &terms {
        limits.add_terms(layout, terms);
    }
    let limited = limits.apply(Renderer { layout, named: false }.plan(&plan));
    let has_words = terms.is_some_and(|terms| terms.has_words());
    let sort = if query.sort == Sort::Match && !has_words { Sort::NEWEST } else { query.sort };
    let (total, hits, page) = match sort {
        Sort::Match => best(index, limited, query, now).await?,
        Sort::By { key, descending } => sorted(index, limited, query, key, descending).await?,
    };
    let wanted = Wanted {
        explained: if explained && sort == Sort::Match { MAX_EXPLAINED } else { 0 },
        listened: if has_words { MAX_LISTENED } else { 0 },
    };
    let mut ranked: Vec<Ranked> = page.iter().map(|arranged| rank(&hits, arranged)).collect();
    let page = details::Page { hits: &hits, arranged: &page, ranked: &mut ranked };
    details::add(index, &plan, query, now, wanted, page).await?;
    Ok(Found { total, ranked, sought: plan.sought })
}

/// What a search tells of a video, and where it stands on the page by its place among these.
type Page = (usize, Vec<Hit>, Vec<Arranged<usize>>);

/// The page of the best results, with copies folded and instances spread.
async fn best(
    index: &RemoteIndex,
    limited: Value,
    query: &VideoQuery,
    now: Timestamp,
) -> Result<Page, OpenSearchError> {
    let layout = &index.layout;
    let scored = scale::by_age(layout, scale::by_views(layout, limited), now);
    let scored = scale::by_language(layout, scored, &query.boost_languages);
    let Fields { id, views, .. } = layout.fields;
    let body = json!({
        "query": scored,
        "size": query.start + query.count + LEADING,
        "sort": [
            {"_score": {"order": "desc"}},
            {layout.name(views): {"order": "desc"}},
            {layout.name(id): {"order": "asc"}},
        ],
        "track_scores": true,
    });
    let (total, hits) = ask(index, body).await?;
    let found = hits.iter().enumerate().map(|(place, hit)| (hit.score.unwrap_or_default(), place)).collect();
    let (arranged, folded) = arrange_by(found, |place: usize| hits.get(place).map(Hit::traits).unwrap_or_default());
    let page = arranged.into_iter().skip(query.start).take(query.count).collect();
    Ok((total.saturating_sub(folded), hits, page))
}

/// The page of results by a property.
async fn sorted(
    index: &RemoteIndex,
    limited: Value,
    query: &VideoQuery,
    key: SortKey,
    descending: bool,
) -> Result<Page, OpenSearchError> {
    let layout = &index.layout;
    let column = match key {
        SortKey::Name => column::NAME,
        SortKey::Duration => column::DURATION,
        SortKey::Views => column::VIEWS,
        SortKey::Likes => column::LIKES,
        SortKey::CreatedAt => column::CREATED,
        SortKey::PublishedAt => column::PUBLISHED,
        SortKey::OriginallyPublishedAt => column::ORIGINALLY_PUBLISHED,
    };
    let order = if descending { "desc" } else { "asc" };
    let body = json!({
        "query": limited,
        "from": query.start,
        "size": query.count,
        "sort": [
            {column: {"order": order, "missing": "_last"}},
            {column::PUBLISHED: {"order": "desc"}},
            {layout.name(layout.fields.id): {"order": "asc"}},
        ],
    });
    let (total, hits) = ask(index, body).await?;
    let page = (0..hits.len()).map(|place| Arranged::alone(0.0, place)).collect();
    Ok((total, hits, page))
}

async fn ask(index: &RemoteIndex, mut body: Value) -> Result<(usize, Vec<Hit>), OpenSearchError> {
    if let Some(body) = body.as_object_mut() {
        body.insert("_source".to_owned(), json!(false));
        body.insert("track_total_hits".to_owned(), json!(true));
        body.insert("docvalue_fields".to_owned(), json!(Hit::FIELDS));
    }
    let Told { hits } = index.search(body).await?;
    Ok((usize::try_from(hits.total.value).unwrap_or(usize::MAX), hits.hits))
}

fn rank(hits: &[Hit], arranged: &Arranged<usize>) -> Ranked {
    let copies = arranged.copies.iter().filter_map(|copy| hits.get(*copy)?.fields.host.first().cloned());
    let mut copies_on: Vec<String> = copies.collect();
    copies_on.sort_unstable();
    copies_on.dedup();
    Ranked {
        id: hits.get(arranged.address).map_or(VideoId(0), Hit::id),
        score: arranged.score,
        copies_on,
        is_spoken: false,
        explanation: None,
    }
}

#[derive(Debug, Deserialize)]
struct Told {
    hits: Hits,
}

#[derive(Debug, Deserialize)]
struct Hits {
    total: Total,
    #[serde(default)]
    hits: Vec<Hit>,
}

#[derive(Debug, Deserialize)]
struct Total {
    value: u64,
}

/// What the cluster tells of a video.
#[derive(Debug, Deserialize)]
pub(super) struct Hit {
    #[serde(rename = "_score")]
    score: Option<f32>,
    #[serde(default)]
    fields: HitFields,
}

/// Values of fields, of which there may be several each.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct HitFields {
    id: Vec<i64>,
    fingerprint: Vec<i64>,
    duration: Vec<i64>,
    host: Vec<String>,
    any_language: Vec<String>,
    views: Vec<i64>,
    published: Vec<i64>,
    has_speech: Vec<bool>,
}

impl Hit {
    const FIELDS: [&'static str; 8] = [
        column::ID,
        column::FINGERPRINT,
        column::DURATION,
        column::HOST,
        column::ANY_LANGUAGE,
        column::VIEWS,
        column::PUBLISHED,
        HAS_SPEECH,
    ];

    pub fn id(&self) -> VideoId {
        VideoId(self.fields.id.first().copied().unwrap_or_default())
    }

    pub fn has_speech(&self) -> bool {
        self.fields.has_speech.first().copied().unwrap_or_default()
    }

    pub fn languages(&self) -> &[String] {
        &self.fields.any_language
    }

    pub fn views(&self) -> u64 {
        first(&self.fields.views)
    }

    pub fn published_ms(&self) -> i64 {
        self.fields.published.first().copied().unwrap_or_default()
    }

    fn traits(&self) -> Traits {
        Traits {
            fingerprint: first(&self.fields.fingerprint),
            seconds: first(&self.fields.duration),
            host: self.fields.host.first().map_or(0, |host| host_number(host)),
        }
    }
}

fn first(numbers: &[i64]) -> u64 {
    numbers.first().copied().unwrap_or_default().unsigned_abs()
}
