use std::{sync::Arc, time::Duration};

use federation::{
    signature::{self, KeyId, SigningKey},
    webfinger::Descriptor,
    wire::{Action, Multikey},
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use platform::web::Problem;
use serde_json::{Value, json};

use super::*;
use crate::{
    FetchError,
    testing::{Remote, World, url},
};

mod hostile;
mod passed_on;
mod turns;

fn follow(actor: &Url) -> Value {
    let id = federation::ids::follow(actor, 1);
    Activity::new(id, actor.clone(), Action::Follow(url("http://alpha.test/accounts/peertube"))).to_document()
}

/// A request to alpha's shared inbox, signed by the remote server with whatever key it has now.
fn request_signed_as(world: &World, remote: &Remote, key_id: &Url, body: &[u8]) -> Parts {
    let inbox = url("http://alpha.test/inbox");
    let (mut parts, ()) = Request::post("/inbox").body(()).unwrap().into_parts();
    let key: Arc<SigningKey> = remote.key.lock().unwrap().clone();
    signature::sign(&key, key_id, &Method::POST, &inbox, Some(body), world.now(), &mut parts.headers).unwrap();
    parts.headers.insert("host", HeaderValue::from_static("alpha.test"));
    parts
}

async fn send(world: &World, activity: &Value) -> Result<VerifiedActivity, InboxError> {
    let actor = url(activity["actor"].as_str().unwrap());
    let body = serde_json::to_vec(activity).unwrap();
    world.courier.verify(&request_signed_as(world, &world.beta, &actor, &body), &body).await
}

#[tokio::test]
async fn a_signed_activity_is_believed_and_its_key_is_fetched_once() {
    let mut world = World::new().await;
    let bob = world.beta.serve_actor("bob").id;
    let verified = send(&world, &follow(&bob)).await.unwrap();
    assert_eq!(verified.actor(), &bob);
    assert_eq!(verified.host.as_str(), "beta.test");
    send(&world, &follow(&bob)).await.unwrap();
    world.restart();
    send(&world, &follow(&bob)).await.unwrap();
    assert_eq!(world.beta.requests().len(), 1);
}

#[tokio::test]
async fn a_key_may_be_named_with_or_without_its_fragment() {
    let world = World::new().await;
    let bob = world.beta.serve_actor("bob");
    let body = follow(&bob.id).to_string().into_bytes();
    let parts = request_signed_as(&world, &world.beta, &bob.key().id, &body);
    world.courier.verify(&parts, &body).await.unwrap();
}

#[tokio::test]
async fn a_key_may_have_a_document_of_its_own_that_its_owner_confirms() {
    let world = World::new().await;
    let key_id = url("http://beta.test/accounts/bob/main-key");
    let mut bob = world.beta.actor("bob");
    bob.public_key.id = key_id.clone();
    world.beta.serve(bob.id.path(), &bob.to_document());
    world.beta.serve(key_id.path(), &json!({"id": key_id, "owner": bob.id, "publicKeyPem": bob.key().pem}));
    let body = follow(&bob.id).to_string().into_bytes();
    world.courier.verify(&request_signed_as(&world, &world.beta, &key_id, &body), &body).await.unwrap();

    let forged = url("http://beta.test/uploads/key");
    world.beta.serve(forged.path(), &json!({"id": forged, "owner": bob.id, "publicKeyPem": bob.key().pem}));
    let outcome = world.courier.verify(&request_signed_as(&world, &world.beta, &forged, &body), &body).await;
    assert!(matches!(outcome, Err(InboxError::KeyUnusable(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_changed_key_is_fetched_again_but_not_all_the_time() {
    let world = World::new().await;
    let bob = world.beta.serve_actor("bob").id;
    send(&world, &follow(&bob)).await.unwrap();
    *world.beta.key.lock().unwrap() = Arc::new(SigningKey::generate().unwrap());
    world.beta.serve_actor("bob");
    let too_early = send(&world, &follow(&bob)).await;
    assert!(matches!(too_early, Err(InboxError::Signature(SignatureError::Mismatch(_)))), "{too_early:?}");
    world.clock().advance(Duration::from_mins(6));
    send(&world, &follow(&bob)).await.unwrap();
    assert_eq!(world.beta.requests().len(), 2);
}

#[tokio::test]
async fn an_old_key_still_counts_when_its_server_says_goodbye() {
    let world = World::new().await;
    let bob = world.beta.serve_actor("bob").id;
    send(&world, &follow(&bob)).await.unwrap();
    world.beta.stop_serving();
    world.clock().advance(Duration::from_hours(72));
    let goodbye = json!({"type": "Delete", "id": format!("{bob}/delete"), "actor": bob, "object": bob});
    send(&world, &goodbye).await.unwrap();
    world.clock().advance(Duration::from_hours(28 * 24));
    assert!(matches!(send(&world, &goodbye).await, Err(InboxError::KeyUnavailable { .. })), "but not for ever");
}

#[tokio::test]
async fn a_key_that_cannot_be_had_is_not_asked_for_all_the_time() {
    let world = World::new().await;
    let bob = world.beta.actor("bob").id;
    for _ in 0..5 {
        assert!(send(&world, &follow(&bob)).await.is_err());
    }
    assert_eq!(world.beta.requests().len(), 1);
    world.clock().advance(Duration::from_mins(2));
    world.beta.serve_actor("bob");
    send(&world, &follow(&bob)).await.unwrap();
}

#[tokio::test]
async fn nobody_signs_for_somebody_else() {
    let world = World::new().await;
    let (bob, mallory) = (world.beta.serve_actor("bob").id, world.beta.serve_actor("mallory").id);
    let foreign = world.gamma.serve_actor("carol").id;
    world.gamma.requests();
    for victim in [&bob, &foreign] {
        let body = follow(victim).to_string().into_bytes();
        let parts = request_signed_as(&world, &world.beta, &mallory, &body);
        let outcome = world.courier.verify(&parts, &body).await;
        assert!(matches!(outcome, Err(InboxError::Forwarded { .. })), "{outcome:?}");
    }
    assert!(world.gamma.requests().is_empty(), "nobody was bothered about it");
}

#[tokio::test]
async fn nobody_changes_what_lives_elsewhere() {
    let world = World::new().await;
    let bob = world.beta.serve_actor("bob").id;
    let theft =
        json!({"type": "Update", "id": format!("{bob}/1"), "actor": bob, "object": "http://gamma.test/videos/watch/1"});
    assert!(matches!(send(&world, &theft).await, Err(InboxError::Origin(_))));
}

#[tokio::test]
async fn a_request_for_another_server_is_not_for_us() {
    let world = World::new().await;
    let bob = world.beta.serve_actor("bob").id;
    let body = follow(&bob).to_string().into_bytes();
    let mut parts = request_signed_as(&world, &world.beta, &bob, &body);
    parts.headers.insert("host", HeaderValue::from_static("gamma.test"));
    assert!(matches!(world.courier.verify(&parts, &body).await, Err(InboxError::OtherHost(_))));
}

#[tokio::test]
async fn the_path_that_was_signed_is_the_one_that_the_client_asked_for() {
    let world = World::new().await;
    let bob = world.beta.serve_actor("bob").id;
    let body = follow(&bob).to_string().into_bytes();
    let mut parts = request_signed_as(&world, &world.beta, &bob, &body);
    parts.uri = "/".parse().unwrap();
    assert!(world.courier.verify(&parts, &body).await.is_err());
    parts.extensions.insert(OriginalUri("/inbox".parse().unwrap()));
    world.courier.verify(&parts, &body).await.unwrap();
}

#[tokio::test]
async fn a_request_is_acted_upon_once() {
    let world = World::new().await;
    let bob = world.beta.serve_actor("bob").id;
    let body = follow(&bob).to_string().into_bytes();
    let parts = request_signed_as(&world, &world.beta, &bob, &body);
    let mut accepted = Vec::new();
    for _ in 0..2 {
        let verified = world.courier.verify(&parts, &body).await.unwrap();
        let mut tx = world.alpha.platform.db.begin().await.unwrap();
        accepted.push(verified.accept_once(&mut tx, world.now()).await.unwrap());
        tx.commit().await.unwrap();
    }
    assert_eq!(accepted, [true, false]);
    world.clock().advance(Duration::from_mins(31));
    assert!(matches!(
        world.courier.verify(&parts, &body).await,
        Err(InboxError::Signature(SignatureError::Stale { .. }))
    ));
}

#[tokio::test]
async fn receipts_are_forgotten_when_they_can_no_longer_matter() {
    let world = World::new().await;
    let db = &world.alpha.platform.db;
    let receive = async || {
        let mut tx = db.begin().await.unwrap();
        let mut is_new = Vec::new();
        for (fingerprint, is_forwarded) in [("a request", false), ("forwarded", true)] {
            let receipt = Receipt { fingerprint: fingerprint.to_owned(), is_forwarded };
            is_new.push(store::insert_receipt(&mut tx, &receipt, world.now()).await.unwrap());
        }
        tx.commit().await.unwrap();
        is_new
    };
    assert_eq!(receive().await, [true, true]);
    world.courier.forget_received().await.unwrap();
    assert_eq!(receive().await, [false, false]);
    world.clock().advance(Duration::from_mins(61));
    world.courier.forget_received().await.unwrap();
    assert_eq!(receive().await, [true, false], "what is passed on may come again for days");
    world.clock().advance(Duration::from_hours(8 * 24));
    world.courier.forget_received().await.unwrap();
    assert_eq!(receive().await, [true, true]);
}

#[tokio::test]
async fn what_is_refused_is_answered_so_that_senders_understand() {
    let status = |error: InboxError| Problem::from(error).status();
    let bob = url("http://beta.test/accounts/bob");
    assert_eq!(status(InboxError::TooLarge), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(status(SignatureError::Missing.into()), StatusCode::UNAUTHORIZED);
    let key_id = KeyId::new(bob.clone());
    let gone = InboxError::KeyUnavailable { key_id: key_id.clone(), source: Box::new(FetchError::Gone(bob.clone())) };
    assert_eq!(status(gone), StatusCode::UNAUTHORIZED);
    let activity = Activity::new(bob.clone(), bob.clone(), Action::Follow(bob.clone()));
    assert_eq!(status(InboxError::forwarded(&activity, &bob)), StatusCode::FORBIDDEN);
    let host = Host::of(&bob).unwrap();
    let flood = InboxError::TooMany { host, retry_after: Duration::from_secs(4) };
    assert_eq!(status(flood), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(status(document::parse(b"{").unwrap_err().into()), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_large_body_is_not_even_looked_at() {
    let world = World::new().await;
    let (parts, ()) = Request::post("/inbox").body(()).unwrap().into_parts();
    let outcome = world.courier.verify(&parts, &vec![b' '; document::MAX_DOCUMENT_BYTES + 1]).await;
    assert!(matches!(outcome, Err(InboxError::TooLarge)));
}

/// What was written into the log, and counted, since this was made.
struct Records {
    log: Arc<std::sync::Mutex<Vec<u8>>>,
    counted: metrics_exporter_prometheus::PrometheusHandle,
}

impl Records {
    /// Runs something that is written down.
    fn of<T>(work: impl FnOnce() -> T) -> (Self, T) {
        let log = Arc::new(std::sync::Mutex::new(Vec::new()));
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || Lines(writer.clone())).finish();
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let counted = recorder.handle();
        let done = metrics::with_local_recorder(&recorder, || tracing::subscriber::with_default(subscriber, work));
        (Self { log, counted }, done)
    }

    fn log(&self) -> String {
        String::from_utf8(self.log.lock().unwrap().clone()).unwrap()
    }
}

/// A part of the log.
struct Lines(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// In a runtime of its own, so that all of it is written down.
fn recorded<T>(work: impl Future<Output = T>) -> (Records, T) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    Records::of(|| runtime.block_on(work))
}

#[test]
fn a_body_that_cannot_be_read_is_counted_and_named_in_the_log() {
    let cut_off = || futures::stream::iter([Ok(Bytes::from_static(b"{\"type\":")), Err("the connection was reset")]);
    let huge = || futures::stream::repeat_with(|| Ok::<_, &str>(Bytes::from_static(&[b' '; 10_000])));
    for (body, label, status) in [
        (Body::from_stream(cut_off()), "cut_off", StatusCode::BAD_REQUEST),
        (Body::from_stream(huge()), "too_large", StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let (records, outcome) = recorded(async {
            let world = World::new().await;
            world.courier.receive(Request::post("/inbox").body(body).unwrap()).await
        });
        assert_eq!(Problem::from(outcome.unwrap_err()).status(), status);
        let counted = records.counted.render();
        assert!(counted.contains(&format!("shoal_inbox_requests_total{{outcome=\"{label}\"}} 1")), "{counted}");
        let log = records.log();
        assert!(log.contains("an activity was refused") && log.contains(label), "{log}");
    }
}

#[tokio::test]
async fn both_kinds_of_keys_sign_by_the_new_standard() {
    let world = World::new().await;
    let mut bob = world.beta.actor("bob");
    let ed25519 = SigningKey::generate_ed25519().unwrap();
    let multibase = ed25519.public_key().unwrap().to_multibase();
    bob.assertion_method = vec![Multikey::new(bob.id.clone(), "ed25519-key", multibase)];
    world.beta.serve(bob.id.path(), &bob.to_document());
    let rsa: Arc<SigningKey> = world.beta.key.lock().unwrap().clone();
    let body = follow(&bob.id).to_string().into_bytes();
    let send = async |key: &SigningKey, key_id: &Url| {
        let (mut parts, ()) = Request::post("/inbox").body(()).unwrap().into_parts();
        let inbox = url("http://alpha.test/inbox");
        let headers: &mut HeaderMap = &mut parts.headers;
        signature::sign_rfc9421(key, key_id, &Method::POST, &inbox, Some(&body), world.now(), headers).unwrap();
        headers.insert("host", HeaderValue::from_static("alpha.test"));
        world.courier.verify(&parts, &body).await
    };
    let second = bob.assertion_method[0].id.clone();
    for _ in 0..2 {
        assert_eq!(send(&rsa, &bob.key().id).await.unwrap().actor(), &bob.id);
        assert_eq!(send(&ed25519, &second).await.unwrap().actor(), &bob.id);
        // The second time, they come from the database.
        world.courier.inner.remote_keys.forget_memory();
    }
    assert_eq!(world.beta.requests().len(), 1, "all keys of an actor come at once");
    send(&ed25519, &bob.key().id).await.unwrap_err();
    send(&rsa, &second).await.unwrap_err();
}

#[tokio::test]
async fn a_key_may_be_named_by_its_account() {
    let world = World::new().await;
    let bob = world.beta.serve_actor("bob").id;
    let handle = "bob@beta.test".parse().unwrap();
    let answer = Descriptor::of_actor(&handle, bob.clone(), &url("http://beta.test"));
    world.beta.serve("/.well-known/webfinger", &serde_json::to_value(&answer).unwrap());
    let body = follow(&bob).to_string().into_bytes();
    for _ in 0..2 {
        let parts = request_signed_as(&world, &world.beta, &url("acct:bob@beta.test"), &body);
        assert_eq!(world.courier.verify(&parts, &body).await.unwrap().actor(), &bob);
    }
    assert_eq!(world.beta.requests().len(), 2, "its server was asked once who that is, and once for the key");
    let parts = request_signed_as(&world, &world.beta, &url("acct:bob@gamma.test"), &body);
    assert!(matches!(world.courier.verify(&parts, &body).await, Err(InboxError::Forwarded { .. })));
}
