use proptest::prelude::*;

use super::*;
use crate::wire::any_json::{any_json, spoiled};

fn recorded() -> Value {
    serde_json::from_str(include_str!("../../../fixtures/peertube-6.3/ap/actor-channel.json")).unwrap()
}

#[test]
fn a_recorded_channel_is_understood() {
    let channel = Actor::from_value(&recorded()).unwrap();
    assert_eq!(channel.kind, ActorKind::Group);
    assert_eq!(channel.owner().unwrap().path(), "/accounts/bob");
    assert_eq!(channel.shared_inbox().path(), "/inbox");
    assert_eq!(channel.avatar().unwrap().width, Some(1500));
    assert_eq!(channel.key().id.fragment(), Some("main-key"));
    assert!(channel.key().pem.starts_with("-----BEGIN PUBLIC KEY-----"));
}

#[test]
fn nobody_takes_mail_or_keys_for_another_host() {
    for (pointer, foreign) in [
        ("/inbox", "https://evil.test/inbox"),
        ("/endpoints/sharedInbox", "https://evil.test/inbox"),
        ("/publicKey/id", "https://evil.test/key"),
        ("/publicKey/owner", "http://127.0.0.1:9002/accounts/bob"),
    ] {
        let mut actor = recorded();
        *actor.pointer_mut(pointer).unwrap() = foreign.into();
        assert!(Actor::from_value(&actor).is_err(), "{pointer}");
    }
}

#[test]
fn a_local_actor_is_what_another_server_reads() {
    let id = Url::parse("https://alpha.test/accounts/peertube").unwrap();
    let ours = Actor::local(ActorKind::Application, id.clone(), "peertube", id.join("/inbox").unwrap(), "PEM");
    let theirs = Actor::from_value(&ours.to_document()).unwrap();
    assert_eq!(theirs, ours);
    assert_eq!(theirs.key().id.as_str(), "https://alpha.test/accounts/peertube#main-key");
}

#[test]
fn several_pages_are_links() {
    let mut actor = Actor::from_value(&recorded()).unwrap();
    actor.pages.push(Url::parse("http://127.0.0.1:9002/c/bob_main").unwrap());
    assert_eq!(actor.to_members()["url"][1]["mediaType"], "text/html");
    assert_eq!(Actor::from_value(&actor.to_document()).unwrap(), actor);
}

proptest! {
    #[test]
    fn any_json_is_read_without_panic(value in any_json()) {
        let _ = Actor::from_value(&value);
    }

    #[test]
    fn a_spoiled_actor_is_refused_or_written_as_it_was_read(value in spoiled(recorded())) {
        if let Ok(actor) = Actor::from_value(&value) {
            prop_assert_eq!(Actor::from_value(&actor.to_document()).unwrap(), actor);
        }
    }
}
