use platform::testing::TestDatabase;

use super::*;
use crate::{
    document::{Actor, Labelled},
    opensearch::testing::Stage,
    testing::{caption, video},
};

/// These are played on every engine.
fn stage() -> Stage {
    Stage::of(module_path!())
}

struct Library {
    searcher: Searcher,
    _database: TestDatabase,
}

impl Library {
    async fn of(videos: &[VideoDocument]) -> Self {
        let database = TestDatabase::new().await;
        Self { searcher: stage().searcher_over(&database.db, videos, &[]).await, _database: database }
    }

    async fn spoken(videos: &[VideoDocument], spoken: &[(uuid::Uuid, Caption)]) -> Self {
        let database = TestDatabase::new().await;
        Self { searcher: stage().searcher_over(&database.db, videos, spoken).await, _database: database }
    }

    async fn titled(names: &[&str]) -> Self {
        Self::of(&names.iter().map(|name| video(name)).collect::<Vec<_>>()).await
    }

    async fn page(&self, query: VideoQuery) -> ResultPage {
        self.searcher.search_explained(query).await.unwrap()
    }

    async fn names(&self, search: &str) -> Vec<String> {
        self.page(asking(search)).await.hits.into_iter().map(|hit| hit.video.name).collect()
    }

    /// In the order of the alphabet, for where order is not the point.
    async fn set(&self, search: &str) -> Vec<String> {
        let mut names = self.names(search).await;
        names.sort();
        names
    }
}

fn asking(search: &str) -> VideoQuery {
    VideoQuery { search: Some(search.to_owned()), count: 50, ..VideoQuery::default() }
}

/// The same video on another instance.
fn on_host(video: &VideoDocument, host: &str) -> VideoDocument {
    let moved = |actor: &Actor| Actor { host: host.to_owned(), ..actor.clone() };
    VideoDocument {
        host: host.to_owned(),
        uuid: uuid::Uuid::from_u128(video.uuid.as_u128() ^ host.bytes().map(u128::from).sum::<u128>()),
        account: moved(&video.account),
        channel: moved(&video.channel),
        ..video.clone()
    }
}

#[tokio::test]
async fn quoted_words_must_be_side_by_side() {
    let described = VideoDocument { description: Some("About killer whales.".to_owned()), ..video("At sea") };
    let library = Library::of(&[video("Killer whales"), video("Whales, no killer"), described]).await;
    assert_eq!(library.names("\"killer whales\"").await, ["Killer whales", "At sea"]);
    assert_eq!(library.names("\"killer whales\" sea").await, ["At sea"]);
    assert_eq!(library.names("\"kiler whales\"").await, Vec::<String>::new(), "quotes mean this spelling");
}

#[tokio::test]
async fn what_has_a_minus_is_left_out_wherever_it_stands() {
    let tagged = VideoDocument { tags: vec!["killer whales".to_owned()], ..video("Whales tagged") };
    let library = Library::of(&[video("Whales"), video("Whales and killers"), tagged]).await;
    assert_eq!(library.set("whales -killer").await, ["Whales", "Whales and killers"]);
    assert_eq!(library.set("whales -\"killer whales\" -killers").await, ["Whales"]);
    assert_eq!(library.set("-tagged -killers").await, ["Whales"], "without words, all but those");
}

#[tokio::test]
async fn each_key_limits_to_what_it_says() {
    let base = video("Whales one");
    let long = VideoDocument { duration: 3_600, ..video("Whales two") };
    let old = VideoDocument { published_at: "2019-05-05T10:00:00Z".parse().unwrap(), ..video("Whales three") };
    let tagged = VideoDocument { tags: vec!["Free Software".to_owned()], ..video("Whales four") };
    let mut elsewhere = on_host(&video("Whales five"), "other.example");
    elsewhere.channel.display_name = "Deep Sea!".to_owned();
    let french = Labelled { id: Some("fr".to_owned()), label: "French".to_owned() };
    let spoken = VideoDocument { language: french, ..video("Whales six") };
    let library = Library::of(&[base, long, old, tagged, elsewhere, spoken]).await;
    for (search, expected) in [
        ("whales longer:30m", vec!["Whales two"]),
        ("whales -shorter:30", vec!["Whales two"]),
        ("whales before:2020", vec!["Whales three"]),
        ("whales before:2019-05-06 after:2019-05-05", vec!["Whales three"]),
        ("whales after:2019-05-06 before:2020", vec![]),
        ("tag:\"free software\"", vec!["Whales four"]),
        ("host:OTHER.example", vec!["Whales five"]),
        ("channel:films@other.example", vec!["Whales five"]),
        ("channel:\"deep sea\"", vec!["Whales five"]),
        ("lang:fr whales", vec!["Whales six"]),
        ("whales -channel:films", vec![]),
    ] {
        assert_eq!(library.set(search).await, expected, "{search}");
    }
}

#[tokio::test]
async fn a_language_nobody_declared_is_read_from_the_text() {
    let description = "Comment héberger ses propres vidéos à la maison, et pourquoi on voudrait le faire soi-même";
    let french = VideoDocument { description: Some(description.to_owned()), ..video("Les vidéos chez soi") };
    let library = Library::of(&[french, video("Videos")]).await;
    assert_eq!(library.names("lang:fr").await, ["Les vidéos chez soi"]);
}

#[tokio::test]
async fn forms_of_a_word_find_each_other_and_the_typed_one_comes_first() {
    let described = |name| {
        let text = "This is a longer text about what happens when somebody is out there in the morning.";
        VideoDocument { description: Some(text.to_owned()), ..video(name) }
    };
    let library = Library::of(&[described("Runs in the rain"), described("Running in the rain")]).await;
    assert_eq!(library.names("running rain").await, ["Running in the rain", "Runs in the rain"]);
    assert_eq!(library.names("runs rain").await, ["Runs in the rain", "Running in the rain"]);
}

#[tokio::test]
async fn what_is_written_together_is_found_apart_and_the_other_way_round() {
    let library = Library::titled(&["PeerTube at home", "Peer tube at sea", "COVID19 numbers", "Something else"]).await;
    for search in ["PeerTube", "peer tube"] {
        assert_eq!(library.set(search).await, ["Peer tube at sea", "PeerTube at home"], "{search}");
    }
    assert_eq!(library.names("covid 19").await, ["COVID19 numbers"]);
    assert_eq!(library.names("somethingelse").await, ["Something else"]);
}

#[tokio::test]
async fn copies_of_a_video_are_one_result() {
    let original = VideoDocument { views: 900, ..video("The whales of the north sea") };
    let mut mirror = on_host(&original, "mirror.example");
    mirror.duration += 1;
    mirror.views = 3;
    let mut remake = on_host(&original, "remake.example");
    remake.duration *= 2;
    let library = Library::of(&[mirror, original, remake]).await;
    let page = library.page(asking("whales")).await;
    let found: Vec<_> = page.hits.iter().map(|hit| (hit.video.host.as_str(), hit.also_on.clone())).collect();
    assert_eq!((page.total, found.len()), (2, 2));
    assert!(found.contains(&("tube.example", vec!["mirror.example".to_owned()])), "{found:?}");
    let newest = library.page(VideoQuery { sort: Sort::NEWEST, ..asking("whales") }).await;
    assert_eq!(newest.total, 3, "in another order than by match, all are shown");
}

#[tokio::test]
async fn pages_hold_every_result_once() {
    let mut videos = vec![];
    for number in 0..60 {
        let original = video(&format!("Whales of the north sea, part {number}"));
        videos.push(on_host(&original, &format!("host{}.example", number % 3)));
        if number % 4 == 0 {
            videos.push(on_host(&original, "mirror.example"));
        }
    }
    let library = Library::of(&videos).await;
    let mut seen = vec![];
    for start in (0..60).step_by(7) {
        let page = library.page(VideoQuery { start, count: 7, ..asking("whales") }).await;
        assert_eq!(page.total, 60);
        seen.extend(page.hits.into_iter().map(|hit| hit.video.name));
    }
    assert_eq!(seen.len(), 60);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 60);
}

#[tokio::test]
async fn an_explanation_accounts_for_the_score() {
    let library = Library::titled(&["Killer whales", "Whales", "Killers of the sea"]).await;
    let page = library.page(asking("killer whale")).await;
    let hit = page.hits.first().unwrap();
    let why = hit.explanation.as_ref().unwrap();
    assert_eq!(hit.video.name, "Killer whales");
    let product = why.text_score * why.prior.factor() * why.language * why.host_share;
    assert!((product - hit.score).abs() < 1e-3, "{why:?}");
    let readings: Vec<_> = why.words.iter().map(|word| (word.typed.as_str(), word.matches[0].reading)).collect();
    assert_eq!(readings, [("killer", Reading::Typed), ("whale", Reading::Begun)]);
    assert!(why.bonuses.iter().any(|bonus| bonus.kind == BonusKind::HalfTypedPhrase), "{why:?}");
    let json = serde_json::to_value(why).unwrap();
    assert_eq!((&json["words"][0]["matches"][0]["field"], &json["language"]), (&"title".into(), &1.0.into()));
    assert!(json["popularity"].is_number(), "{json}");
}

#[tokio::test]
async fn what_is_said_is_found_with_the_moment_and_after_what_is_written() {
    let (sea, whales) = (video("At sea"), video("Whales and a calf"));
    let said = caption("And there it was: a whale with its calf.");
    let library = Library::spoken(&[sea.clone(), whales], &[(sea.uuid, said)]).await;
    let page = library.page(asking("whales calf")).await;
    let names: Vec<&str> = page.hits.iter().map(|hit| hit.video.name.as_str()).collect();
    assert_eq!(names, ["Whales and a calf", "At sea"]);
    assert_eq!(page.hits[0].spoken, None);
    let moment = page.hits[1].spoken.as_ref().unwrap();
    let marked: Vec<&str> = moment.pieces.iter().filter(|piece| piece.is_match).map(|piece| &*piece.text).collect();
    assert_eq!((moment.start, marked), (30, vec!["whale", "calf"]));
}

#[tokio::test]
async fn what_is_said_can_be_quoted_but_does_not_exclude() {
    let sea = video("At sea");
    let said = caption("There she blows");
    let library = Library::spoken(std::slice::from_ref(&sea), &[(sea.uuid, said)]).await;
    assert_eq!(library.names("\"she blows\"").await, ["At sea"]);
    assert_eq!(library.names("sea -blows").await, ["At sea"]);
}
