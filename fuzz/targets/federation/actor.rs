//! Actors, as other servers describe them: mail and keys stay on the actor's own host.
#![no_main]

use federation::{origin::same_host, wire::Actor};
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::{assert_settled, document};

fuzz_target!(|bytes: &[u8]| {
    let Some(document) = document(bytes) else { return };
    let Ok(actor) = Actor::from_value(&document) else { return };
    assert_settled(&actor, Actor::to_document, Actor::from_value);
    assert!(same_host(&actor.inbox, &actor.id));
    assert!(same_host(actor.shared_inbox(), &actor.id));
    assert!(same_host(&actor.key().id, &actor.id));
    assert_eq!(actor.key().owner, actor.id);
});
