//! Actors of other servers, for tests.

use platform::{clock::Timestamp, db::Tx};

use super::{Actor, ActorKind, NewActor, store};
use crate::{App, accounts, accounts::AccountId};

/// Makes an actor of another server known, which has an inbox of its own and one for its server.
pub(crate) async fn remote_actor(tx: &mut Tx, kind: ActorKind, host: &str, name: &str, now: Timestamp) -> Actor {
    let new = NewActor { refreshed_at: Some(now), ..NewActor::stranger(kind, name, host) };
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
