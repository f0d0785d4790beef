use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
    jobs::enqueue,
};

use super::{
    jobs::{Peek, ReadPublished},
    model::BackfillState,
    store,
};
use crate::actors::ActorId;

/// Begins to read what an actor has published, from the newest. Does nothing while a reading goes on or is paused.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn start(tx: &mut Tx, now: Timestamp, actor: ActorId) -> Result<(), DbError> {
    if store::begin(tx, actor, now).await? {
        enqueue(tx, now, &ReadPublished { actor_id: actor.0 }).await?;
    }
    Ok(())
}

/// Reads the newest that an actor has published, once: somebody looks at it whom nobody here follows.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn peek(tx: &mut Tx, now: Timestamp, actor: ActorId) -> Result<(), DbError> {
    enqueue(tx, now, &Peek { actor_id: actor.0 }).await
}

/// Stops a reading where it stands.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn pause(tx: &mut Tx, now: Timestamp, actor: ActorId) -> Result<(), DbError> {
    store::set_state(tx, actor, BackfillState::Paused, now).await.map(drop)
}

/// Goes on with a paused or failed reading, or begins a finished one anew.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn resume(tx: &mut Tx, now: Timestamp, actor: ActorId) -> Result<(), DbError> {
    match store::find(tx, actor).await?.map(|backfill| backfill.state()) {
        None | Some(BackfillState::Finished) => start(tx, now, actor).await,
        Some(BackfillState::Reading) => Ok(()),
        Some(BackfillState::Failed | BackfillState::Paused) => {
            store::set_state(tx, actor, BackfillState::Reading, now).await?;
            enqueue(tx, now, &ReadPublished { actor_id: actor.0 }).await
        }
    }
}

/// Ends and forgets a reading.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn stop(tx: &mut Tx, actor: ActorId) -> Result<(), DbError> {
    store::delete(tx, actor).await
}
