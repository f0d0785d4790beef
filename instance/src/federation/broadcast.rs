//! Telling everybody who follows, and the index in the same process, if there is one.

use federation::wire::Activity;
use platform::db::{Connection, DbError, Tx};
use url::Url;

use crate::{
    App,
    actors::{self, ActorId},
    compose::RoleName,
    follows,
};

/// Sends an activity to the followers of some of our actors and of the server, to each inbox once.
pub async fn to_followers(app: &App, tx: &mut Tx, of: &[ActorId], activity: &Activity) -> Result<(), DbError> {
    let inboxes = inboxes_around(app, tx, of).await?;
    send(app, tx, &inboxes, activity).await
}

/// The same to the followers of one of our actors alone.
pub async fn to_followers_of(app: &App, tx: &mut Tx, of: ActorId, activity: &Activity) -> Result<(), DbError> {
    let inboxes = inboxes_of(tx, &[of]).await?;
    send(app, tx, &inboxes, activity).await
}

async fn send(app: &App, tx: &mut Tx, inboxes: &[Url], activity: &Activity) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    if app.roles.has(RoleName::Indexer) {
        indexer::listen::overhear(tx, activity, now).await?;
    }
    courier::deliver(tx, now, &activity.actor, inboxes, activity).await
}

/// The inboxes of the followers of some of our actors and of the server.
pub async fn inboxes_around(app: &App, connection: &mut Connection, of: &[ActorId]) -> Result<Vec<Url>, DbError> {
    let me = actors::store::find_by_url(connection, app.ids.instance_actor().as_str()).await?;
    let speakers: Vec<ActorId> = of.iter().copied().chain(me.map(|me| me.id)).collect();
    inboxes_of(connection, &speakers).await
}

/// The inboxes of the followers of some of our actors; perhaps with repetitions: each inbox is delivered to once all the
/// same.
pub async fn inboxes_of(connection: &mut Connection, actors: &[ActorId]) -> Result<Vec<Url>, DbError> {
    let mut inboxes = vec![];
    for actor in actors {
        for inbox in follows::store::follower_inboxes(connection, *actor).await? {
            inboxes.extend(Url::parse(&inbox));
        }
    }
    Ok(inboxes)
}
