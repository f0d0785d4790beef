//! Finds channels or playlists in the cluster.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{OpenSearchError, RemoteIndex, limits::Limits, render::Renderer, scale, vocabulary};
use crate::{
    collections::{CollectionQuery, CollectionSort},
    document::VideoId,
    engine::FoundCollections,
    query::{Filters, parse::Terms},
    schema::column,
};

/// Searches an index of channels or playlists.
pub(super) async fn find(index: &RemoteIndex, query: &CollectionQuery) -> Result<FoundCollections, OpenSearchError> {
    let terms = query.search.as_deref().and_then(Terms::parse);
    let layout = &index.layout;
    let plan = vocabulary::plan(index, terms.as_ref()).await?;
    let limited = limits(index, query, terms.as_ref()).apply(Renderer { layout, named: false }.plan(&plan));
    let sort = match query.sort {
        CollectionSort::Match if !terms.is_some_and(|terms| terms.has_words()) => {
            CollectionSort::CreatedAt { descending: true }
        }
        sort => sort,
    };
    let order = |descending: bool| if descending { "desc" } else { "asc" };
    let first = |order: Vec<Value>| {
        let last = json!({column::ID: {"order": "asc"}});
        order.into_iter().chain([last]).collect::<Vec<Value>>()
    };
    let (scored, sort) = match sort {
        // Age says nothing about a channel or a playlist.
        CollectionSort::Match => (
            scale::by_views(layout, limited),
            first(vec![json!({"_score": {"order": "desc"}}), json!({column::VIEWS: {"order": "desc"}})]),
        ),
        CollectionSort::CreatedAt { descending } => {
            (limited, first(vec![json!({column::CREATED: {"order": order(descending)}})]))
        }
        CollectionSort::DisplayName { descending } => (
            limited,
            first(vec![
                json!({column::NAME: {"order": order(descending)}}),
                json!({column::CREATED: {"order": "desc"}}),
            ]),
        ),
    };
    let body = json!({
        "query": scored,
        "from": query.start,
        "size": query.count,
        "sort": sort,
        "track_total_hits": true,
        "_source": false,
        "docvalue_fields": [column::ID],
    });
    let Told { hits } = index.search(body).await?;
    let ranked =
        hits.hits.into_iter().filter_map(|hit| Some((hit.score.unwrap_or_default(), VideoId(*hit.fields.id.first()?))));
    Ok(FoundCollections { total: usize::try_from(hits.total.value).unwrap_or(usize::MAX), ranked: ranked.collect() })
}

fn limits(index: &RemoteIndex, query: &CollectionQuery, terms: Option<&Terms>) -> Limits {
    let CollectionQuery { search: _, start: _, count: _, sort: _, identities, host, blocked_hosts, blocked_accounts } =
        query;
    let filters = Filters {
        host: host.clone(),
        blocked_hosts: blocked_hosts.clone(),
        blocked_accounts: blocked_accounts.clone(),
        ..Filters::default()
    };
    let mut limits = Limits::default();
    limits.add_filters(&index.layout, &filters);
    if let Some(identities) = identities {
        limits.require_identity(&index.layout, identities);
    }
    if let Some(terms) = terms {
        limits.add_terms(&index.layout, terms);
    }
    limits
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

#[derive(Debug, Deserialize)]
struct Hit {
    /// Absent where something else than the match decides.
    #[serde(rename = "_score")]
    score: Option<f32>,
    #[serde(default)]
    fields: IdField,
}

#[derive(Debug, Default, Deserialize)]
struct IdField {
    #[serde(default)]
    id: Vec<i64>,
}
