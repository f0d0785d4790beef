//! Outboxes that have no end, as a made-up server has them.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use http_body_util::BodyExt;
use platform::testing::TestPlatform;
use serde_json::json;
use tower::ServiceExt;

use super::{Backfill, BackfillState, Source, actions, jobs, outbox, store};
use crate::{
    App,
    actors::{self, Actor, ActorKind, NewActor},
    follows::{self, FollowState},
    oauth, routes,
    testing::Elsewhere,
};

struct Stage {
    test: TestPlatform,
    app: App,
    remote: Elsewhere,
    actor: Actor,
}

impl Stage {
    /// This server follows one whose outbox is to be read.
    async fn new() -> Self {
        let test = TestPlatform::new().await;
        let (app, _) = App::staged(&test).await;
        let remote = Elsewhere::start(&test, "endless.test").await;
        let outbox = json!({"type": "OrderedCollection", "id": page(0), "totalItems": 9, "first": page(1)});
        remote.serve("/outbox?page=0", outbox);
        let now = app.platform.clock.now();
        let mut tx = app.platform.db.begin().await.unwrap();
        let stranger = NewActor {
            outbox_url: Some(page(0)),
            refreshed_at: Some(now),
            ..actors::testing::stranger_of(ActorKind::Application, "endless.test", "peertube")
        };
        let id = actors::store::upsert(&mut tx, &stranger, now).await.unwrap();
        let actor = actors::store::find(&mut tx, id).await.unwrap().unwrap();
        let me = actors::store::find_by_url(&mut tx, app.ids.instance_actor().as_str()).await.unwrap().unwrap();
        follows::store::upsert(&mut tx, me.id, id, "http://alpha.test/f", FollowState::Accepted, now).await.unwrap();
        tx.commit().await.unwrap();
        Self { test, app, remote, actor }
    }

    /// The page of this number leads to that of the other.
    fn serve_page(&self, number: u32, next: u32) {
        // A video of this very server is not asked for.
        let item = json!({"type": "Announce", "object": format!("http://alpha.test/videos/watch/{number}")});
        let path = format!("/outbox?page={number}");
        self.remote.serve(
            &path,
            json!({"type": "OrderedCollectionPage", "id": page(number), "next": page(next), "orderedItems": [item]}),
        );
    }

    async fn begin(&self) {
        let mut tx = self.app.platform.db.begin().await.unwrap();
        let now = self.app.platform.clock.now();
        actions::start(&mut tx, now, self.actor.id).await.unwrap();
        store::set_source(&mut tx, self.actor.id, Source::Outbox, now).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Reads to the end, and tells which pages were asked for.
    async fn read(&self) -> (Backfill, Vec<String>) {
        self.test.run_jobs(jobs::job_set(&self.app)).await;
        let backfill = store::find(&mut self.app.platform.db.read().await.unwrap(), self.actor.id).await.unwrap();
        let asked = self.remote.asked().into_iter().filter(|path| path.starts_with("/outbox"));
        (backfill.unwrap(), asked.collect())
    }

    /// What administrators see.
    async fn words(&self) -> String {
        let token = oauth::tests::log_in(&self.app, "root", "a long password").await;
        let request = Request::get("/admin/following").header(header::AUTHORIZATION, format!("Bearer {token}"));
        let response = routes::router(&self.app).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }
}

fn page(number: u32) -> String {
    format!("http://endless.test/outbox?page={number}")
}

#[tokio::test]
async fn an_outbox_that_leads_in_a_circle_is_read_once_and_administrators_see_why_it_ended() {
    let stage = Stage::new().await;
    stage.serve_page(1, 2);
    stage.serve_page(2, 1);
    stage.begin().await;
    let (backfill, asked) = stage.read().await;
    assert_eq!(asked, ["/outbox?page=0", "/outbox?page=1", "/outbox?page=2"]);
    assert_eq!((backfill.state(), backfill.done), (BackfillState::Finished, 2));
    let words = stage.words().await;
    assert!(words.contains("and no more: its list leads back to where it was read before"), "{words}");
}

#[tokio::test]
async fn an_outbox_without_an_end_is_read_up_to_its_limit_and_not_again_the_next_day() {
    let stage = Stage::new().await;
    stage.begin().await;
    let mut tx = stage.app.platform.db.begin().await.unwrap();
    tx.query("UPDATE backfills SET cursor = $1, next_url = $2")
        .bind(outbox::MAX_PAGES - 1)
        .bind(page(7))
        .execute()
        .await
        .unwrap();
    tx.commit().await.unwrap();
    stage.serve_page(7, 8);
    let (backfill, asked) = stage.read().await;
    assert_eq!((backfill.state(), asked), (BackfillState::Finished, vec!["/outbox?page=7".to_owned()]));
    let words = stage.words().await;
    assert!(words.contains("and no more: its list has no end"), "{words}");

    let mut connection = stage.app.platform.db.read().await.unwrap();
    let now = stage.app.platform.clock.now();
    let due = async |connection: &mut _, days| store::due(connection, now + chrono::TimeDelta::days(days), 9).await;
    assert!(due(&mut connection, 6).await.unwrap().is_empty());
    assert_eq!(due(&mut connection, 7).await.unwrap().len(), 1);
}
