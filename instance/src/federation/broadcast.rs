//! Telling everybody who follows.

use federation::wire::Activity;
use platform::db::{DbError, Tx};
use url::Url;

use crate::{
    App,
    actors::{self, ActorId},
    follows,
};

/// Sends an activity to the followers of some of our actors and of the server, to each inbox once.
pub async fn to_followers(app: &App, tx: &mut Tx, of: &[ActorId], activity: &Activity) -> Result<(), DbError> {
    let me = actors::store::find_by_url(tx, app.ids.instance_actor().as_str()).await?;
    let mut inboxes: Vec<Url> = vec![];
    for actor in of.iter().copied().chain(me.map(|me| me.id)) {
        for inbox in follows::store::follower_inboxes(tx, actor).await? {
            if let Ok(url) = Url::parse(&inbox)
                && !inboxes.contains(&url)
            {
                inboxes.push(url);
            }
        }
    }
    courier::deliver(tx, app.platform.clock.now(), &activity.actor, &inboxes, activity).await
}
