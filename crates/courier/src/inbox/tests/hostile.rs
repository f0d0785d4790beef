//! What strangers send who mean no good, or whose programs are broken: refused with a reason, at little cost.

use super::*;

#[tokio::test]
async fn a_document_is_refused_for_what_is_wrong_with_it() {
    let world = World::new().await;
    let bob = world.beta.serve_actor("bob").id;
    let deep = format!(r#"{{"type": "Follow", "object": {}1{}}}"#, "[".repeat(40), "]".repeat(40));
    let id = format!("{bob}/1");
    for (label, body) in [
        ("malformed", follow(&bob).to_string().split_at(60).0.to_owned()),
        ("malformed", deep),
        ("malformed", "[]".to_owned()),
        ("malformed", json!({"type": "Follow", "id": id, "actor": [], "object": {}}).to_string()),
        ("malformed", json!({"type": 7, "id": id, "actor": bob, "object": bob}).to_string()),
        ("malformed", json!({"type": "Follow", "id": id, "actor": bob}).to_string()),
        ("malformed", json!({"type": "Follow", "id": id, "actor": bob, "object": bob, "@graph": []}).to_string()),
        (
            "malformed",
            json!({"type": "Undo", "id": id, "actor": bob, "object":
            {"type": "Undo", "id": id, "actor": bob, "object": follow(&bob)}})
            .to_string(),
        ),
        ("origin", json!({"type": "Follow", "id": "http://gamma.test/1", "actor": bob, "object": bob}).to_string()),
        (
            "origin",
            json!({"type": "Undo", "id": id, "actor": bob, "object":
            {"type": "Like", "id": "http://gamma.test/1", "actor": "http://gamma.test/u", "object": bob}})
            .to_string(),
        ),
        ("origin", json!({"type": "Update", "id": id, "actor": bob, "object": "http://gamma.test/u"}).to_string()),
        (
            "forwarded",
            json!({"type": "Like", "id": "http://gamma.test/1", "actor": "http://gamma.test/u",
            "object": bob})
            .to_string(),
        ),
    ] {
        let parts = request_signed_as(&world, &world.beta, &bob, body.as_bytes());
        let error = world.courier.verify(&parts, body.as_bytes()).await.unwrap_err();
        assert_eq!(error.label(), label, "{body}: {error}");
    }
    assert!(world.gamma.requests().is_empty());
}

#[tokio::test]
async fn a_body_that_was_changed_or_cut_on_the_way_is_not_the_one_that_was_signed() {
    let world = World::new().await;
    let bob = world.beta.serve_actor("bob").id;
    let body = follow(&bob).to_string();
    let parts = request_signed_as(&world, &world.beta, &bob, body.as_bytes());
    for changed in [body.replace("Follow", "Block"), body.split_at(50).0.to_owned(), format!("{body} ")] {
        let outcome = world.courier.verify(&parts, changed.as_bytes()).await;
        assert!(matches!(outcome, Err(InboxError::Signature(SignatureError::Digest))), "{outcome:?}");
    }
    assert!(world.beta.requests().is_empty(), "no key is fetched for that");
}

#[test]
fn of_a_thousand_objects_one_is_read_and_the_log_says_so_a_few_times() {
    let (records, ()) = recorded(async {
        let world = World::new().await;
        let bob = world.beta.serve_actor("bob").id;
        let objects: Vec<_> = (0..1_000).map(|number| format!("http://alpha.test/videos/watch/{number}")).collect();
        let like = json!({"type": "Like", "id": format!("{bob}/1"), "actor": bob, "object": objects});
        for _ in 0..20 {
            let verified = send(&world, &like).await.unwrap();
            assert_eq!(verified.activity.action, Action::Like(url("http://alpha.test/videos/watch/0")));
        }
    });
    let log = records.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("only the first was read")).collect();
    assert_eq!(lines.len(), 5, "{log}");
    assert!(lines.iter().all(|line| line.contains("unread=999") && line.contains("beta.test")), "{lines:?}");
}

#[tokio::test]
async fn invented_names_of_keys_lead_nowhere() {
    let world = World::new().await;
    let bob = world.beta.serve_actor("bob").id;
    let body = follow(&bob).to_string().into_bytes();
    let forged = world.beta.signing_with(SigningKey::generate().unwrap());
    for number in 0..20 {
        let parts = request_signed_as(&world, &forged, &url(&format!("{bob}#{number}")), &body);
        assert!(world.courier.verify(&parts, &body).await.is_err());
    }
    assert_eq!(world.beta.requests().len(), 1, "one document, one request");
    for number in 0..40 {
        let parts = request_signed_as(&world, &forged, &url(&format!("http://beta.test/u/{number}")), &body);
        assert!(world.courier.verify(&parts, &body).await.is_err());
    }
    assert_eq!(world.beta.requests().len(), 10, "a server is not asked in vain for ever");
    let parts = request_signed_as(&world, &forged, &url("http://beta.test/u/99"), &body);
    let problem = Problem::from(world.courier.verify(&parts, &body).await.unwrap_err());
    assert_eq!(problem.status(), StatusCode::TOO_MANY_REQUESTS);
    send(&world, &follow(&bob)).await.unwrap();
    world.clock().advance(Duration::from_mins(1));
    let carol = world.beta.serve_actor("carol").id;
    send(&world, &follow(&carol)).await.unwrap();
}

#[tokio::test]
async fn one_request_fetches_a_key_for_all_who_wait_for_it() {
    let world = World::new().await;
    let bob = world.beta.serve_actor("bob").id;
    world.beta.delay(Duration::from_millis(100));
    let activity = follow(&bob);
    let sent = futures::future::join_all((0..10).map(|_| send(&world, &activity))).await;
    assert!(sent.iter().all(Result::is_ok));
    assert_eq!(world.beta.requests().len(), 1);
}

#[tokio::test]
async fn a_key_behind_a_redirect_to_another_host_is_nobodys() {
    let world = World::new().await;
    let mallory = world.gamma.serve_actor("bob");
    let bob = world.beta.actor("bob").id;
    world.beta.redirect(bob.path(), mallory.id.as_str());
    let body = follow(&bob).to_string().into_bytes();
    let outcome = world.courier.verify(&request_signed_as(&world, &world.gamma, &bob, &body), &body).await;
    assert!(matches!(outcome, Err(InboxError::KeyUnusable(_))), "{outcome:?}");
}

#[tokio::test]
async fn an_actor_whose_key_or_inbox_is_elsewhere_is_no_actor() {
    let world = World::new().await;
    let bob = world.beta.actor("bob");
    for (member, value) in [
        ("inbox", json!("http://gamma.test/inbox")),
        ("publicKey", json!({"id": "http://gamma.test/key", "owner": bob.id, "publicKeyPem": bob.key().pem})),
        ("publicKey", json!({"id": bob.key().id, "owner": "http://gamma.test/u", "publicKeyPem": bob.key().pem})),
        ("id", json!("http://gamma.test/accounts/bob")),
    ] {
        let mut forged = bob.to_document();
        forged[member] = value;
        world.beta.serve(bob.id.path(), &forged);
        assert!(send(&world, &follow(&bob.id)).await.is_err(), "{forged}");
        world.clock().advance(Duration::from_mins(2));
    }
}

#[tokio::test]
async fn a_flood_ends_at_its_limit_and_does_not_touch_others() {
    let world = World::new().await;
    let (bob, carol) = (world.beta.serve_actor("bob").id, world.gamma.serve_actor("carol").id);
    let body = follow(&bob).to_string().into_bytes();
    let flood = request_signed_as(&world, &world.beta, &bob, &body);
    let polite = follow(&carol).to_string().into_bytes();
    let mut refused = 0;
    for number in 0..2_050 {
        refused += u32::from(world.courier.verify(&flood, &body).await.is_err());
        if number % 500 == 0 {
            let parts = request_signed_as(&world, &world.gamma, &carol, &polite);
            world.courier.verify(&parts, &polite).await.unwrap();
        }
    }
    assert_eq!(refused, 50);
    let problem = Problem::from(world.courier.verify(&flood, &body).await.unwrap_err());
    assert_eq!(problem.status(), StatusCode::TOO_MANY_REQUESTS);
    world.clock().advance(Duration::from_secs(1));
    world.courier.verify(&flood, &body).await.unwrap();
}

#[tokio::test]
async fn nobody_uses_up_what_another_may_send() {
    let world = World::new().await;
    let bob = world.beta.serve_actor("bob").id;
    let body = follow(&bob).to_string().into_bytes();
    let forged = request_signed_as(&world, &world.gamma, &bob, &body);
    for _ in 0..2_100 {
        assert!(world.courier.verify(&forged, &body).await.is_err());
    }
    send(&world, &follow(&bob)).await.unwrap();
}
