use std::time::Duration;

use platform::testing::TestPlatform;

use super::*;
use crate::{App, actors::testing::stranger, videos::Video};

/// A video of ours, its owner, and two of other servers.
struct Stage {
    test: TestPlatform,
    app: App,
    video: Video,
    anna: AccountId,
    bert: AccountId,
}

impl Stage {
    async fn new() -> Self {
        let test = TestPlatform::new().await;
        let (app, video) = App::staged(&test).await;
        let (_, anna) = stranger(&app, "one.test", "anna").await;
        let (_, bert) = stranger(&app, "two.test", "bert").await;
        Self { test, app, video, anna, bert }
    }

    /// Says something, a second after what was said before.
    async fn say(&self, text: &str, author: AccountId, parent: Option<&Comment>, is_held: bool) -> Comment {
        self.test.clock.advance(Duration::from_secs(1));
        let now = self.app.platform.clock.now();
        let new = NewComment {
            url: format!("https://said.test/{text}"),
            video_id: self.video.id,
            account_id: Some(author),
            parent: parent.map(|parent| (parent.id, parent.thread())),
            is_local: false,
            text: text.to_owned(),
            is_held,
            reply_approval_url: None,
            deleted_at: None,
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.app.platform.db.begin().await.unwrap();
        let id = insert(&mut tx, &new).await.unwrap();
        let comment = find(&mut tx, id).await.unwrap().unwrap();
        refresh_thread(&mut tx, comment.thread()).await.unwrap();
        refresh_count(&mut tx, self.video.id).await.unwrap();
        tx.commit().await.unwrap();
        comment
    }

    async fn make_stone(&self, comment: &Comment) {
        let mut tx = self.app.platform.db.begin().await.unwrap();
        make_stone(&mut tx, comment.id, self.app.platform.clock.now()).await.unwrap();
        refresh_thread(&mut tx, comment.thread()).await.unwrap();
        refresh_count(&mut tx, self.video.id).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn read(&self) -> Connection {
        self.app.platform.db.read().await.unwrap()
    }

    async fn find(&self, comment: &Comment) -> Comment {
        find(&mut self.read().await, comment.id).await.unwrap().unwrap()
    }

    /// The threads that somebody sees, as many as are counted.
    async fn threads(&self, viewer: &Viewer, sort: Sort) -> Vec<String> {
        let mut connection = self.read().await;
        let found = threads(&mut connection, self.video.id, viewer, sort, (0, 100)).await.unwrap();
        let total = count_threads(&mut connection, self.video.id, viewer).await.unwrap();
        assert_eq!(total, i64::try_from(found.len()).unwrap());
        texts(&found)
    }

    async fn replies(&self, viewer: &Viewer, threads: &[&Comment]) -> Vec<String> {
        let ids: Vec<CommentId> = threads.iter().map(|thread| thread.id).collect();
        texts(&replies(&mut self.read().await, &ids, viewer, 100).await.unwrap())
    }

    /// How many comments the video is said to have.
    async fn counted(&self) -> i64 {
        crate::videos::store::find(&mut self.read().await, self.video.id).await.unwrap().unwrap().comments
    }
}

fn texts(comments: &[Comment]) -> Vec<String> {
    comments.iter().map(|comment| comment.text.clone()).collect()
}

#[tokio::test]
async fn a_thread_has_its_replies_and_knows_how_many_its_owner_wrote() {
    let stage = Stage::new().await;
    let first = stage.say("first", stage.anna, None, false).await;
    let second = stage.say("second", stage.bert, None, false).await;
    let answer = stage.say("answer", stage.video.account_id, Some(&first), false).await;
    let deeper = stage.say("deeper", stage.bert, Some(&answer), false).await;
    let everybody = Viewer::default();
    assert_eq!(stage.threads(&everybody, Sort::Newest).await, ["second", "first"]);
    assert_eq!(stage.threads(&everybody, Sort::Oldest).await, ["first", "second"]);
    assert_eq!(stage.threads(&everybody, Sort::MostReplies).await, ["first", "second"]);
    assert_eq!(stage.threads(&everybody, Sort::FewestReplies).await, ["second", "first"]);
    assert_eq!(stage.replies(&everybody, &[&first]).await, ["answer", "deeper"], "the oldest first");
    assert_eq!(stage.replies(&everybody, &[&second]).await, Vec::<String>::new());
    assert_eq!(stage.replies(&everybody, &[]).await, Vec::<String>::new());
    let first = stage.find(&first).await;
    assert_eq!((first.replies, first.replies_by_owner), (2, 1));
    let up = with_ancestors(&mut stage.read().await, deeper.id).await.unwrap();
    assert_eq!(texts(&up), ["deeper", "answer", "first"]);
    assert_eq!(stage.counted().await, 4);
}

#[tokio::test]
async fn a_deleted_comment_keeps_its_place_and_says_nothing_any_more() {
    let stage = Stage::new().await;
    let first = stage.say("first", stage.anna, None, false).await;
    let answer = stage.say("answer", stage.bert, Some(&first), false).await;
    stage.say("deeper", stage.anna, Some(&answer), false).await;
    stage.make_stone(&answer).await;
    let stone = stage.find(&answer).await;
    assert!(stone.is_stone() && stone.account_id.is_none() && stone.author_url.is_none(), "{stone:?}");
    let everybody = Viewer::default();
    assert_eq!(stage.replies(&everybody, &[&first]).await, ["", "deeper"]);
    assert_eq!((stage.find(&first).await.replies, stage.counted().await), (1, 2), "stones do not count");
    assert_eq!(count_living(&mut stage.read().await, stage.video.id, &everybody).await.unwrap(), 2);
    assert!(has_replies(&mut stage.read().await, answer.id).await.unwrap());
    let listed = list(&mut stage.read().await, &Filters::default(), Sort::Oldest, (0, 10)).await.unwrap();
    let listed: Vec<_> = listed.iter().map(|row| row.comment.text.as_str()).collect();
    assert_eq!(listed, ["first", "deeper"], "lists of all comments have no stones");
    // The federation is told of the stone, too.
    assert_eq!(count_urls(&mut stage.read().await, stage.video.id).await.unwrap(), 3);
}

#[tokio::test]
async fn what_waits_for_approval_is_seen_by_its_author_and_by_who_approves() {
    let stage = Stage::new().await;
    let first = stage.say("first", stage.anna, None, false).await;
    let held = stage.say("held", stage.bert, None, true).await;
    stage.say("held answer", stage.bert, Some(&first), true).await;
    let viewer = |account, sees_held| Viewer { account, sees_held, blockers: vec![] };
    for (viewer, seen, replies) in [
        (viewer(None, false), vec!["first"], vec![]),
        (viewer(Some(stage.anna), false), vec!["first"], vec![]),
        (viewer(Some(stage.bert), false), vec!["held", "first"], vec!["held answer"]),
        (viewer(None, true), vec!["held", "first"], vec!["held answer"]),
    ] {
        assert_eq!(stage.threads(&viewer, Sort::Newest).await, seen, "{viewer:?}");
        assert_eq!(stage.replies(&viewer, &[&first]).await, replies, "{viewer:?}");
    }
    assert_eq!((stage.find(&first).await.replies, stage.counted().await), (0, 1), "it does not count yet");
    assert_eq!(urls(&mut stage.read().await, stage.video.id, 10, 0).await.unwrap(), [first.url]);

    let mut tx = stage.app.platform.db.begin().await.unwrap();
    set_approved(&mut tx, held.id, "https://alpha.test/approvals/1").await.unwrap();
    refresh_count(&mut tx, stage.video.id).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(stage.threads(&Viewer::default(), Sort::Newest).await, ["held", "first"]);
    assert_eq!(stage.counted().await, 2);
}

#[tokio::test]
async fn whom_a_viewer_blocks_they_do_not_see_and_a_server_goes_as_a_whole() {
    let stage = Stage::new().await;
    let first = stage.say("first", stage.video.account_id, None, false).await;
    stage.say("from anna", stage.anna, None, false).await;
    stage.say("from bert", stage.bert, Some(&first), false).await;
    let (owner, now) = (stage.video.account_id, stage.app.platform.clock.now());
    let mut tx = stage.app.platform.db.begin().await.unwrap();
    // The owner blocks anna, and anna the server of bert.
    block_for_test(&mut tx, owner, stage.anna, "two.test", stage.anna, now).await.unwrap();
    tx.commit().await.unwrap();
    let blocking = |blockers: &[AccountId]| Viewer { blockers: blockers.to_vec(), ..Viewer::default() };
    let (by_owner, by_anna) = (blocking(&[owner]), blocking(&[stage.anna]));
    assert_eq!(stage.threads(&by_owner, Sort::Newest).await, ["first"]);
    assert_eq!(stage.replies(&by_owner, &[&first]).await, ["from bert"]);
    assert_eq!(stage.threads(&by_anna, Sort::Newest).await, ["from anna", "first"]);
    assert_eq!(stage.replies(&by_anna, &[&first]).await, Vec::<String>::new());
    let both = blocking(&[owner, stage.anna]);
    assert_eq!(count_living(&mut stage.read().await, stage.video.id, &both).await.unwrap(), 1);
    assert!(is_blocked(&mut stage.read().await, &[owner], stage.anna, "one.test").await.unwrap());
    assert!(!is_blocked(&mut stage.read().await, &[owner], stage.bert, "two.test").await.unwrap());
    assert!(is_blocked(&mut stage.read().await, &[stage.anna], stage.bert, "two.test").await.unwrap());
}

#[tokio::test]
async fn threads_come_in_pages_that_do_not_overlap() {
    let stage = Stage::new().await;
    for number in 0..5 {
        stage.say(&format!("number {number}"), stage.anna, None, false).await;
    }
    for sort in [Sort::Newest, Sort::Oldest, Sort::MostReplies, Sort::FewestReplies] {
        let mut seen = vec![];
        for start in [0, 2, 4, 6] {
            let viewer = Viewer::default();
            let page = threads(&mut stage.read().await, stage.video.id, &viewer, sort, (start, 2)).await.unwrap();
            assert!(page.len() <= 2);
            seen.extend(texts(&page));
        }
        let shown = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), shown), (5, 5), "{sort:?}");
    }
}

#[tokio::test]
async fn words_are_searched_for_literally_in_texts_names_and_titles() {
    let stage = Stage::new().await;
    stage.say("100% sure", stage.anna, None, false).await;
    stage.say("1000 sure", stage.bert, None, true).await;
    let found = async |filters: Filters| {
        let mut connection = stage.read().await;
        let rows = list(&mut connection, &filters, Sort::Oldest, (0, 10)).await.unwrap();
        assert_eq!(count(&mut connection, &filters).await.unwrap(), i64::try_from(rows.len()).unwrap());
        rows.into_iter().map(|row| row.comment.text).collect::<Vec<_>>()
    };
    let search = |words: &str| Filters { search: Some(words.to_owned()), ..Filters::default() };
    assert_eq!(found(search("100%")).await, ["100% sure"]);
    assert_eq!(found(search("SURE")).await, ["100% sure", "1000 sure"]);
    assert_eq!(found(search("bert")).await, ["1000 sure"]);
    assert_eq!(found(Filters { is_held: Some(true), ..Filters::default() }).await, ["1000 sure"]);
    assert_eq!(found(Filters { on_local_video: Some(false), ..Filters::default() }).await, Vec::<String>::new());
    let of_owner = Filters { owner: Some(stage.video.account_id), ..Filters::default() };
    assert_eq!(found(of_owner).await.len(), 2);
    let of_another = Filters { owner: Some(stage.anna), ..Filters::default() };
    assert_eq!(found(of_another).await, Vec::<String>::new());
}
