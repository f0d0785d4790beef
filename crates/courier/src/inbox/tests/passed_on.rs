//! Activities that somebody else brings.

use federation::{
    linked_data,
    wire::{Note, Object},
};

use super::*;

fn carol(world: &World) -> Url {
    world.gamma.serve_actor("carol").id
}

fn like(actor: &Url) -> Value {
    let id = url(&format!("{actor}/likes/1"));
    Activity::new(id, actor.clone(), Action::Like(url("http://alpha.test/videos/watch/1"))).to_document()
}

fn signed_by_author(world: &World, mut document: Value) -> Value {
    let actor = url(document["actor"].as_str().unwrap());
    let key: Arc<SigningKey> = world.gamma.key.lock().unwrap().clone();
    linked_data::sign(&mut document, &actor, &key, world.now()).unwrap();
    document
}

/// Beta's bob brings it.
async fn bring(world: &World, document: &Value) -> Result<VerifiedActivity, InboxError> {
    let bob = world.beta.serve_actor("bob").id;
    let body = document.to_string().into_bytes();
    world.courier.verify(&request_signed_as(world, &world.beta, &bob, &body), &body).await
}

async fn is_new(world: &World, verified: &VerifiedActivity) -> bool {
    let mut tx = world.alpha.platform.db.begin().await.unwrap();
    let is_new = verified.accept_once(&mut tx, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    is_new
}

#[tokio::test]
async fn what_its_author_signed_is_believed_whoever_brings_it() {
    let world = World::new().await;
    let carol = carol(&world);
    let document = signed_by_author(&world, like(&carol));
    let verified = bring(&world, &document).await.unwrap();
    assert_eq!((verified.actor(), verified.host.as_str()), (&carol, "gamma.test"));
    assert_eq!(verified.forwarded_by.as_ref().unwrap().as_str(), "http://beta.test/accounts/bob");
    assert_eq!(verified.document().unwrap(), document.to_string().as_bytes());
}

#[tokio::test]
async fn what_was_changed_on_the_way_is_not_believed() {
    let world = World::new().await;
    let (carol, mallory) = (carol(&world), world.gamma.serve_actor("mallory").id);
    let signed = signed_by_author(&world, like(&carol));
    for (member, value) in [
        ("object", json!("http://alpha.test/videos/watch/2")),
        ("id", json!("http://gamma.test/other")),
        ("type", json!("Dislike")),
        ("actor", json!(mallory)),
    ] {
        let mut changed = signed.clone();
        changed[member] = value;
        let outcome = bring(&world, &changed).await;
        assert!(matches!(outcome, Err(InboxError::Forwarded { .. })), "{member}: {outcome:?}");
    }
    let mut unsigned = signed.clone();
    unsigned.as_object_mut().unwrap().remove("signature");
    assert!(matches!(bring(&world, &unsigned).await, Err(InboxError::Forwarded { .. })));
}

#[tokio::test]
async fn members_that_the_author_did_not_sign_are_not_read() {
    let world = World::new().await;
    let carol = carol(&world);
    let mut document = signed_by_author(&world, like(&carol));
    document["bto"] = json!(null);
    document["unheardOf"] = json!("x");
    let verified = bring(&world, &document).await.unwrap();
    assert_eq!(verified.activity, Activity::from_value(&like(&carol)).unwrap());
}

#[tokio::test]
async fn what_is_brought_must_be_brought_by_somebody() {
    let world = World::new().await;
    let carol = carol(&world);
    let body = signed_by_author(&world, like(&carol)).to_string().into_bytes();
    let bob = world.beta.serve_actor("bob").id;
    let forged = request_signed_as(&world, &world.gamma, &bob, &body);
    assert!(matches!(world.courier.verify(&forged, &body).await, Err(InboxError::Signature(_))));
}

#[tokio::test]
async fn what_was_brought_once_is_not_acted_upon_again_and_after_a_week_not_at_all() {
    let world = World::new().await;
    let carol = carol(&world);
    let document = signed_by_author(&world, like(&carol));
    assert!(is_new(&world, &bring(&world, &document).await.unwrap()).await);
    assert!(!is_new(&world, &bring(&world, &document).await.unwrap()).await);
    world.clock().advance(Duration::from_hours(6 * 24));
    world.courier.forget_received().await.unwrap();
    assert!(!is_new(&world, &bring(&world, &document).await.unwrap()).await, "days later neither");
    world.clock().advance(Duration::from_hours(25));
    assert!(matches!(bring(&world, &document).await, Err(InboxError::Forwarded { .. })));
    let again = signed_by_author(&world, like(&carol));
    assert!(is_new(&world, &bring(&world, &again).await.unwrap()).await, "the same done again is something new");
}

fn note(author: &Url, text: &str) -> Note {
    let id = url("http://gamma.test/notes/1");
    let value = json!({"@context": "https://www.w3.org/ns/activitystreams", "type": "Note", "id": id,
        "attributedTo": author, "content": text, "inReplyTo": "http://alpha.test/videos/watch/1",
        "published": "2026-01-01T00:00:00Z"});
    Note::from_value(&value).unwrap()
}

#[tokio::test]
async fn without_a_signature_the_origin_is_asked_and_believed() {
    let world = World::new().await;
    let carol = carol(&world);
    let (real, forged) = (note(&carol, "hello"), note(&carol, "buy this"));
    world.gamma.serve("/notes/1", &Object::Note(Box::new(real.clone())).to_value());
    world.gamma.requests();
    let create = |note: &Note| {
        let id = url("http://gamma.test/notes/1/activity");
        Activity::new(id, carol.clone(), Action::Create(Object::Note(Box::new(note.clone())))).to_document()
    };
    let verified = bring(&world, &create(&forged)).await.unwrap();
    let Action::Create(Object::Note(taken)) = &verified.activity.action else { panic!("{verified:?}") };
    assert_eq!(taken.content, real.content);
    assert_eq!(world.gamma.requests().len(), 1);
    let mallory = world.gamma.serve_actor("mallory").id;
    let mut stolen = create(&real);
    stolen["actor"] = json!(mallory);
    assert!(bring(&world, &stolen).await.is_err(), "it is by somebody else");
}

#[tokio::test]
async fn a_deletion_is_believed_when_the_origin_says_so_and_not_when_it_finds_nothing() {
    let world = World::new().await;
    let carol = carol(&world);
    let object = url("http://gamma.test/notes/1");
    let id = url("http://gamma.test/notes/1/delete");
    let delete = Activity::new(id, carol.clone(), Action::Delete(object.clone())).to_document();
    world.gamma.serve("/notes/1", &Object::Note(Box::new(note(&carol, "hello"))).to_value());
    assert!(matches!(bring(&world, &delete).await, Err(InboxError::Forwarded { .. })));
    world.gamma.serve("/notes/1", &json!({"type": "Tombstone", "id": object}));
    assert_eq!(bring(&world, &delete).await.unwrap().activity.action, Action::Delete(object.clone()));
    world.gamma.answer_with(410);
    assert_eq!(bring(&world, &delete).await.unwrap().activity.action, Action::Delete(object));
    for (status, reason) in [
        (404, "a server that federates no longer finds nothing, and has not deleted anything"),
        (503, "nor has one that is down"),
    ] {
        world.gamma.answer_with(status);
        assert!(matches!(bring(&world, &delete).await, Err(InboxError::Forwarded { .. })), "{status}: {reason}");
    }
}

#[tokio::test]
async fn an_announcement_is_believed_as_its_origin_has_it() {
    let world = World::new().await;
    let carol = carol(&world);
    let id = url("http://gamma.test/announces/1");
    let announce = |object: &str| Activity::new(id.clone(), carol.clone(), Action::Announce(url(object))).to_document();
    assert!(bring(&world, &announce("http://gamma.test/v/1")).await.is_err());
    world.gamma.serve("/announces/1", &announce("http://gamma.test/v/1"));
    let verified = bring(&world, &announce("http://gamma.test/v/666")).await.unwrap();
    assert_eq!(verified.activity.action, Action::Announce(url("http://gamma.test/v/1")));
}

#[tokio::test]
async fn nobody_makes_us_ask_others_without_end() {
    let world = World::new().await;
    let carol = carol(&world);
    world.gamma.requests();
    let mut problems = Vec::new();
    for number in 0..30 {
        let id = url(&format!("http://gamma.test/announces/{number}"));
        let announce = Activity::new(id.clone(), carol.clone(), Action::Announce(id)).to_document();
        problems.push(Problem::from(bring(&world, &announce).await.unwrap_err()).status());
    }
    assert_eq!(world.gamma.requests().len(), 20);
    assert_eq!(problems.last(), Some(&StatusCode::TOO_MANY_REQUESTS));
}
