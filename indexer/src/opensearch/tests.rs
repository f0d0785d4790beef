use std::sync::Arc;

use http::StatusCode;
use platform::{clock::Clock, testing::TestDatabase};
use serde_json::Value;

use super::{
    api::Body,
    testing::{documented::Documented, index},
    *,
};
use crate::{
    document::{VideoDocument, VideoId},
    engine::Engine,
    index::{Change, IndexError, Position},
    query::VideoQuery,
    search::SearchError,
    testing::{save_videos, searcher_on, video},
};

const NAME: &str = "shoal-videos";

fn remote(cluster: &Arc<Documented>, epoch: &str) -> RemoteIndex {
    index(cluster.clone(), Kind::Videos, epoch)
}

fn put(index: &RemoteIndex, id: i64, video: &VideoDocument) -> Change {
    Change::Put(VideoId(id), Box::new(index.layout.fields.entry(VideoId(id), video, &[])))
}

fn at(revision: i64) -> Position {
    Position { revision, id: 0 }
}

/// Writes as a node does: it first asks how far the index has come.
async fn write(index: &RemoteIndex, changes: Vec<Change>, to: Position) {
    index.position().await.unwrap();
    index.apply(changes, to).await.unwrap();
}

fn names(asked: &[(String, api::Request)]) -> Vec<&str> {
    asked.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn an_index_is_made_when_there_is_none_and_only_then() {
    let cluster = Arc::new(Documented::new());
    let index = remote(&cluster, "epoch");
    assert_eq!(index.position().await.unwrap(), Position::default());
    assert_eq!(names(&cluster.asked()), ["read position", "about", "create index", "write position", "read position"]);
    assert_eq!(index.position().await.unwrap(), Position::default());
    assert_eq!(names(&cluster.asked()), ["read position"]);
}

#[tokio::test]
async fn what_was_written_is_there_with_the_position_after_it() {
    let cluster = Arc::new(Documented::new());
    let index = remote(&cluster, "epoch");
    index.position().await.unwrap();
    cluster.asked();
    let changes =
        vec![put(&index, 1, &video("Whales")), put(&index, 2, &video("Dolphins")), Change::Remove(VideoId(3))];
    index.apply(changes, at(5)).await.unwrap();
    assert_eq!(names(&cluster.asked()), ["bulk", "refresh", "write position"]);
    assert_eq!(cluster.ids(NAME), ["1", "2"]);
    assert_eq!((index.position().await.unwrap(), index.count().await.unwrap()), (at(5), 2));
    write(&index, vec![Change::Remove(VideoId(1))], at(6)).await;
    assert_eq!(cluster.ids(NAME), ["2"]);
}

#[tokio::test]
async fn a_slow_node_neither_undoes_what_a_faster_one_wrote_nor_moves_the_position() {
    let cluster = Arc::new(Documented::new());
    let (slow, fast) = (remote(&cluster, "epoch"), remote(&cluster, "epoch"));
    slow.position().await.unwrap();
    write(&fast, vec![put(&fast, 1, &video("Whales"))], at(5)).await;
    write(&fast, vec![Change::Remove(VideoId(1))], at(9)).await;
    slow.apply(vec![put(&slow, 1, &video("Whales"))], at(5)).await.unwrap();
    assert_eq!(cluster.ids(NAME), Vec::<String>::new());
    assert_eq!(slow.position().await.unwrap(), at(9));
}

#[tokio::test]
async fn a_node_that_began_before_the_index_was_emptied_does_not_claim_what_is_gone() {
    let cluster = Arc::new(Documented::new());
    let (slow, other) = (remote(&cluster, "epoch"), remote(&cluster, "epoch"));
    write(&other, vec![put(&other, 1, &video("Whales"))], at(5)).await;
    slow.position().await.unwrap();
    other.clear().await.unwrap();
    slow.apply(vec![put(&slow, 2, &video("Dolphins"))], at(6)).await.unwrap();
    assert_eq!(slow.position().await.unwrap(), Position::default());
}

#[tokio::test]
async fn after_a_failure_the_position_is_the_old_one() {
    let cluster = Arc::new(Documented::new());
    let index = remote(&cluster, "epoch");
    write(&index, vec![put(&index, 1, &video("Whales"))], at(5)).await;
    index.position().await.unwrap();
    cluster.fail_with(Some(StatusCode::TOO_MANY_REQUESTS));
    let failure = index.apply(vec![put(&index, 2, &video("Dolphins"))], at(6)).await.unwrap_err();
    assert!(matches!(&failure, IndexError::OpenSearch(error) if error.is_passing()), "{failure}");
    cluster.fail_with(None);
    assert_eq!(index.position().await.unwrap(), at(5));
    write(&index, vec![put(&index, 2, &video("Dolphins"))], at(6)).await;
    assert_eq!((index.position().await.unwrap(), cluster.ids(NAME).len()), (at(6), 2));
}

#[tokio::test]
async fn the_index_of_another_database_and_of_another_program_is_left_alone() {
    let cluster = Arc::new(Documented::new());
    let ours = remote(&cluster, "epoch");
    write(&ours, vec![put(&ours, 1, &video("Whales"))], at(5)).await;
    let other = remote(&cluster, "another epoch").position().await.unwrap_err();
    assert!(other.to_string().contains("belongs to another database"), "{other}");
    assert_eq!(cluster.ids(NAME), ["1"]);

    let cluster = Arc::new(Documented::new());
    cluster.make_foreign(NAME);
    let foreign = remote(&cluster, "epoch").position().await.unwrap_err();
    assert!(foreign.to_string().contains(NAME), "{foreign}");
    assert!(!names(&cluster.asked()).contains(&"delete index"));
}

#[tokio::test]
async fn a_cluster_that_is_away_is_said_to_be_for_a_moment() {
    let (cluster, database) = (Arc::new(Documented::new()), TestDatabase::new().await);
    let epoch = save_videos(&database.db, &[video("Whales")], &[]).await;
    let searcher = searcher_on(&database.db, Arc::new(remote(&cluster, &epoch)) as crate::engine::SharedEngine).await;
    assert_eq!(searcher.search(VideoQuery { count: 10, ..VideoQuery::default() }).await.unwrap().total, 1);
    cluster.fail_with(Some(StatusCode::SERVICE_UNAVAILABLE));
    let failure = searcher.search(VideoQuery::default()).await.unwrap_err();
    let SearchError::OpenSearch(error) = &failure else { panic!("{failure}") };
    assert!(error.is_passing());
    let problem = platform::web::Problem::from(failure);
    assert_eq!((problem.status(), problem.retry_after_s()), (StatusCode::SERVICE_UNAVAILABLE, Some(30)));
    cluster.fail_with(Some(StatusCode::BAD_REQUEST));
    let failure = searcher.search(VideoQuery::default()).await.unwrap_err();
    assert_eq!(platform::web::Problem::from(failure).status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn words_are_asked_for_before_they_are_searched_and_what_nobody_knows_once_more() {
    let cluster = Arc::new(Documented::new());
    let index = remote(&cluster, "epoch");
    write(&index, vec![put(&index, 1, &video("Whales"))], at(1)).await;
    cluster.asked();
    let now = platform::clock::FakeClock::default().now();
    let asking = |search: &str| VideoQuery { search: Some(search.to_owned()), count: 10, ..VideoQuery::default() };
    index.find(asking("whalse nroth"), now, true).await.unwrap();
    let asked = cluster.asked();
    assert_eq!(names(&asked), ["multi search", "multi search", "search", "search"]);
    assert!(asked[3].1.parameters.contains(&("include_named_queries_score", "true".to_owned())));
    index.find(asking(""), now, true).await.unwrap();
    assert_eq!(names(&cluster.asked()), ["search"], "without words there is nothing to learn or to explain");
}

/// Clusters refuse more than 1,024 clauses in all.
#[tokio::test]
async fn the_longest_search_stays_within_the_clauses_of_a_query() {
    let cluster = Arc::new(Documented::new());
    let index = remote(&cluster, "epoch");
    index.position().await.unwrap();
    let words: Vec<String> = (0..24).map(|number| format!("Running{number}Whales")).collect();
    let phrases: Vec<String> =
        (0..8).map(|number| format!("\"deep sea {number}\" -\"no {number}\" -tag:t{number}")).collect();
    let search = format!("{} {}", words.join(" "), phrases.join(" "));
    let query = VideoQuery { search: Some(search), count: 10, ..VideoQuery::default() };
    index.find(query, platform::clock::FakeClock::default().now(), false).await.unwrap();
    let asked = cluster.asked();
    let Some((_, request)) = asked.iter().rfind(|(name, _)| name == "search") else { panic!("{asked:?}") };
    let Body::Json(body) = &request.body else { panic!("{request:?}") };
    let clauses = leaves(&body["query"]);
    assert!((300..1_024).contains(&clauses), "{clauses}");
}

fn leaves(query: &Value) -> usize {
    match query {
        Value::Object(kinds) => kinds
            .iter()
            .map(|(kind, inner)| match kind.as_str() {
                "term" | "terms" | "match_phrase" | "match_phrase_prefix" | "range" | "exists" => 1,
                _ => leaves(inner),
            })
            .sum(),
        Value::Array(queries) => queries.iter().map(leaves).sum(),
        _ => 0,
    }
}
