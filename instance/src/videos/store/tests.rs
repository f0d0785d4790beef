use std::time::Duration;

use platform::testing::TestPlatform;

use super::*;
use crate::{
    App, accounts,
    moderation::{self, video_blocks},
    users::{self, NewUser, Role},
    videos::{self, Privacy, model::VideoFacts},
};

/// An instance with so many published videos of `root`; the titles, lengths and moments of publishing differ.
async fn with_videos(test: &TestPlatform, count: u32) -> (App, Vec<Video>) {
    let (app, _) = App::staged(test).await;
    if count > 1 {
        // `seed` counts anew: these are as long and as old as the first of them.
        videos::seed(&app, count - 1).await.unwrap();
    }
    let query = ListQuery { count: 100, ..ListQuery::default() };
    let videos = list(&mut app.platform.db.read().await.unwrap(), &query).await.unwrap();
    assert_eq!(videos.len(), count as usize);
    (app, videos)
}

async fn change(app: &App, video: &Video, facts: impl FnOnce(&mut VideoFacts), tags: &[&str]) {
    let mut changed = video.facts.clone();
    facts(&mut changed);
    let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
    let mut tx = app.platform.db.begin().await.unwrap();
    update_local(&mut tx, video.id, &changed, &tags, app.platform.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
}

type Parameters = &'static [(&'static str, &'static str)];

fn query(parameters: &[(&str, &str)]) -> ListQuery {
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    ListQuery::parse(&parameters).unwrap()
}

/// What a list shows, which is as many as it counts.
async fn listed(app: &App, query: &ListQuery) -> Vec<VideoId> {
    let mut connection = app.platform.db.read().await.unwrap();
    let videos = list(&mut connection, query).await.unwrap();
    let whole = query.start == 0 && videos.len() < usize::try_from(query.count).unwrap();
    if whole {
        assert_eq!(count(&mut connection, &query.filters).await.unwrap(), i64::try_from(videos.len()).unwrap());
    }
    videos.iter().map(|video| video.id).collect()
}

#[tokio::test]
async fn only_what_is_public_published_and_not_blocked_is_listed() {
    let test = TestPlatform::new().await;
    let (app, videos) = with_videos(&test, 8).await;
    let now = app.platform.clock.now();
    for (video, privacy) in videos.iter().zip([Privacy::Unlisted, Privacy::Private, Privacy::Internal]) {
        change(&app, video, |facts| facts.privacy = privacy, &[]).await;
    }
    let mut tx = app.platform.db.begin().await.unwrap();
    let states = [VideoState::ToTranscode, VideoState::TranscodingFailed, VideoState::WaitingForLive];
    for (video, state) in videos.iter().skip(3).zip(states) {
        set_state(&mut tx, video.id, state, None, now).await.unwrap();
    }
    video_blocks::store::insert(&mut tx, videos[6].id, None, false, now).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(listed(&app, &ListQuery::default()).await, [videos[7].id]);
    for video in &videos[..6] {
        let mut other_lists = [ListQuery::default(), ListQuery::default()];
        other_lists[0].filters.account = Some(video.account_id);
        other_lists[1].filters.channel = Some(video.channel_id);
        for query in other_lists {
            assert_eq!(listed(&app, &query).await, [videos[7].id], "their own channel does not list it either");
        }
    }
    let mut connection = app.platform.db.read().await.unwrap();
    let owner = owner(&mut connection, videos[0].id).await.unwrap().unwrap();
    let all = ListQuery { count: 100, ..ListQuery::default() };
    assert_eq!(list_of_user(&mut connection, owner, &all).await.unwrap().len(), 8, "its owner sees all of it");
    assert_eq!(count_of_user(&mut connection, owner, &all.filters).await.unwrap(), 8);
}

#[tokio::test]
async fn a_blocked_account_is_hidden_from_whoever_blocks_it_and_from_all_if_the_server_does() {
    let test = TestPlatform::new().await;
    let (app, videos) = with_videos(&test, 1).await;
    let new = NewUser {
        username: "uma".to_owned(),
        email: "uma@a.example".to_owned(),
        password: "a long password".to_owned(),
        role: Role::User,
    };
    let uma = users::create(&app, new).await.unwrap();
    let mut tx = app.platform.db.begin().await.unwrap();
    let uma = accounts::store::find_by_user(&mut tx, uma).await.unwrap().unwrap().id;
    let server = moderation::store::find_server_account(&mut tx).await.unwrap().unwrap();
    let block = "INSERT INTO account_blocks (account_id, target_account_id, created_at) VALUES ($1, $2, $3)";
    let now = app.platform.clock.now();
    tx.query(block).bind(uma).bind(videos[0].account_id).bind(now).execute().await.unwrap();
    tx.commit().await.unwrap();
    let mut hers = ListQuery::default();
    hers.filters.reader = Some(uma);
    assert_eq!(listed(&app, &hers).await, []);
    assert_eq!(listed(&app, &ListQuery::default()).await, [videos[0].id]);

    let mut tx = app.platform.db.begin().await.unwrap();
    tx.query(block).bind(server).bind(videos[0].account_id).bind(now).execute().await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(listed(&app, &ListQuery::default()).await, []);
}

#[tokio::test]
async fn pages_neither_overlap_nor_leave_anything_out_even_among_equals() {
    let test = TestPlatform::new().await;
    let (app, videos) = with_videos(&test, 7).await;
    for key in ["name", "duration", "createdAt", "publishedAt", "originallyPublishedAt", "views", "likes", "comments"] {
        let mut directions = vec![];
        for sort in [key.to_owned(), format!("-{key}")] {
            let mut seen = vec![];
            for start in ["0", "3", "6", "9"] {
                seen.extend(listed(&app, &query(&[("sort", &sort), ("start", start), ("count", "3")])).await);
            }
            let mut ids = seen.clone();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!((ids.len(), seen.len()), (videos.len(), videos.len()), "{sort}: {seen:?}");
            directions.push(seen);
        }
        directions[1].reverse();
        assert_eq!(directions[0], directions[1], "{key}: one order is the other from behind");
    }
}

#[tokio::test]
async fn a_list_is_in_the_order_that_was_asked_for() {
    let test = TestPlatform::new().await;
    let (app, videos) = with_videos(&test, 3).await;
    let now = app.platform.clock.now();
    let days = |days: u64| Duration::from_hours(24 * days);
    for (video, (name, published, originally)) in
        videos.iter().zip([("b", 1, Some(9)), ("c", 3, None), ("a", 2, Some(5))])
    {
        let facts = |facts: &mut VideoFacts| {
            facts.name = name.to_owned();
            facts.published_at = now - days(published);
            facts.originally_published_at = originally.map(|age| now - days(age));
        };
        change(&app, video, facts, &[]).await;
    }
    let [b, c, a] = [videos[0].id, videos[1].id, videos[2].id];
    for (sort, order) in [
        ("name", [a, b, c]),
        ("-name", [c, b, a]),
        ("publishedAt", [c, a, b]),
        ("-publishedAt", [b, a, c]),
        ("originallyPublishedAt", [b, a, c]),
        ("-originallyPublishedAt", [a, b, c]),
    ] {
        assert_eq!(listed(&app, &query(&[("sort", sort)])).await, order, "{sort}");
    }
    assert_eq!(listed(&app, &ListQuery::default()).await, [b, a, c], "the newest first, unless told otherwise");
}

#[tokio::test]
async fn filters_leave_only_what_fits_all_of_them() {
    let test = TestPlatform::new().await;
    let (app, videos) = with_videos(&test, 3).await;
    let rename = |name: &'static str| move |facts: &mut VideoFacts| facts.name = name.to_owned();
    change(&app, &videos[0], rename("100% Öl_und Wasser"), &["sea", "oil"]).await;
    change(&app, &videos[1], rename("1000 OL und Wasser"), &["sea"]).await;
    let nsfw = |facts: &mut VideoFacts| (facts.is_nsfw, facts.nsfw_flags, facts.name) = (true, 2, "x".to_owned());
    change(&app, &videos[2], nsfw, &["oil"]).await;
    let [first, second, third] = [videos[0].id, videos[1].id, videos[2].id];
    let cases: [(Parameters, &[VideoId]); 9] = [
        (&[("search", "wasser ÖL")], &[first, second]),
        (&[("search", "100%")], &[first]),
        (&[("search", "l_u")], &[first]),
        (&[("tagsOneOf", "sea"), ("tagsOneOf", "oil")], &[first, second, third]),
        (&[("tagsAllOf", "sea"), ("tagsAllOf", "oil")], &[first]),
        (&[("nsfw", "false")], &[first, second]),
        (&[("nsfwFlagsExcluded", "2")], &[first, second]),
        (&[("isLocal", "false")], &[]),
        (&[("hasWebVideoFiles", "true")], &[]),
    ];
    for (parameters, expected) in cases {
        let mut found = listed(&app, &query(parameters)).await;
        found.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{parameters:?}");
    }
}

#[tokio::test]
async fn a_video_that_comes_again_takes_the_place_of_what_was_known() {
    let test = TestPlatform::new().await;
    let (app, videos) = with_videos(&test, 1).await;
    let video = &videos[0];
    let draft = VideoDraft {
        facts: VideoFacts { name: "Told anew".to_owned(), ..video.facts.clone() },
        remote_thumbnail_url: None,
        remote_preview_url: None,
        refreshed_at: None,
        updated_at: None,
        tags: vec!["z".to_owned(), "a".to_owned()],
        links: RemoteLinks::default(),
    };
    let mut tx = app.platform.db.begin().await.unwrap();
    assert_eq!(upsert(&mut tx, &draft, app.platform.clock.now()).await.unwrap(), video.id);
    tx.commit().await.unwrap();
    let mut connection = app.platform.db.read().await.unwrap();
    assert_eq!(find_by_url(&mut connection, &video.url).await.unwrap().unwrap().name, "Told anew");
    assert_eq!(tags(&mut connection, video.id).await.unwrap(), ["z", "a"], "in their owner's order");
    assert!(playlist(&mut connection, video.id).await.unwrap().is_some(), "its stream stays");
}

#[tokio::test]
async fn nothing_of_a_deleted_video_stays() {
    let test = TestPlatform::new().await;
    let (app, videos) = with_videos(&test, 1).await;
    let mut tx = app.platform.db.begin().await.unwrap();
    delete(&mut tx, videos[0].id).await.unwrap();
    for table in ["video_tags", "video_streaming_playlists", "video_files"] {
        let left: i64 = tx.query(format!("SELECT count(*) FROM {table}").leak()).fetch_scalar().await.unwrap();
        assert_eq!(left, 0, "{table}");
    }
    assert!(find(&mut tx, videos[0].id).await.unwrap().is_none());
}
