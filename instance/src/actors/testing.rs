//! Actors of other servers, for tests.

use platform::{clock::Timestamp, db::Tx};
use url::Url;

use super::{Actor, ActorKind, NewActor, store};
use crate::{App, accounts, accounts::AccountId};

/// An actor of another server, which nobody has asked.
pub(crate) fn stranger_of(kind: ActorKind, host: &str, name: &str) -> NewActor {
    let base = format!("https://{host}/accounts/{name}");
    NewActor {
        kind,
        username: name.to_owned(),
        host: host.to_owned(),
        is_local: false,
        inbox_url: format!("{base}/inbox"),
        shared_inbox_url: Some(format!("https://{host}/inbox")),
        outbox_url: None,
        followers_url: Some(format!("{base}/followers")),
        following_url: None,
        public_key_pem: String::new(),
        private_key_pem: None,
        refreshed_at: None,
        playlists_url: None,
        moved_to_url: None,
        also_known_as: vec![],
        published_at: None,
        is_indexable: true,
        url: Url::parse(&base).unwrap(),
    }
}

/// Makes an actor of another server known, which has an inbox of its own and one for its server.
pub(crate) async fn remote_actor(tx: &mut Tx, kind: ActorKind, host: &str, name: &str, now: Timestamp) -> Actor {
    let new = NewActor { refreshed_at: Some(now), ..stranger_of(kind, host, name) };
    let id = store::upsert(tx, &new, now).await.unwrap();
    store::find(tx, id).await.unwrap().unwrap()
}

/// Makes somebody of another server known, with an account.
pub(crate) async fn stranger(app: &App, host: &str, name: &str) -> (Actor, AccountId) {
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await.unwrap();
    let actor = remote_actor(&mut tx, ActorKind::Person, host, name, now).await;
    let account = accounts::store::insert(&mut tx, actor.id, None, name, now).await.unwrap();
    tx.commit().await.unwrap();
    (actor, account)
}
