use federation::{
    ids::{INSTANCE_ACTOR_NAME, LocalIds, under},
    signature::SigningKey,
};
use platform::{MountError, Platform, db::Tx};
use url::Url;

use super::{Actor, ActorKind, NewActor, store};
use crate::accounts;

/// A new actor of this server, with a fresh key.
///
/// Making the key takes some 50 ms of computing: call it before the transaction begins, in a blocking task where it matters.
///
/// # Errors
/// A sentence, if no key can be made.
pub fn new_local(platform: &Platform, ids: &LocalIds, kind: ActorKind, username: &str) -> Result<NewActor, String> {
    let no_key = |error| format!("no key can be made: {error}");
    let key = SigningKey::generate().map_err(no_key)?;
    let url = match kind {
        ActorKind::Group => ids.channel(username),
        _ => ids.account(username),
    };
    let part = |name: &str| under(&url, name).to_string();
    Ok(NewActor {
        kind,
        username: username.to_owned(),
        host: platform.public_url.host().to_owned(),
        is_local: true,
        inbox_url: part("inbox"),
        shared_inbox_url: Some(ids.shared_inbox().to_string()),
        outbox_url: Some(part("outbox")),
        followers_url: Some(part("followers")),
        following_url: Some(part("following")),
        public_key_pem: key.public_pem().map_err(no_key)?,
        private_key_pem: Some(key.to_pem().map_err(no_key)?),
        refreshed_at: None,
        playlists_url: Some(part("playlists")),
        moved_to_url: None,
        also_known_as: vec![],
        published_at: None,
        is_indexable: true,
        url,
    })
}

/// The actor of the server itself, made on the first start.
///
/// # Errors
/// [`MountError`] if the database refuses, or it was set up for another public address.
pub async fn ensure_instance_actor(tx: &mut Tx, platform: &Platform, ids: &LocalIds) -> Result<Actor, MountError> {
    if let Some(actor) = store::find_local(tx, INSTANCE_ACTOR_NAME).await? {
        return if actor.url() == ids.instance_actor().as_str() {
            Ok(actor)
        } else {
            Err(MountError::Other(moved(actor.url(), platform)))
        };
    }
    let actor = new_local(platform, ids, ActorKind::Application, INSTANCE_ACTOR_NAME).map_err(MountError::Other)?;
    let now = platform.clock.now();
    let id = store::upsert(tx, &actor, now).await?;
    accounts::store::insert(tx, id, None, &platform.operator.name, now).await?;
    store::find(tx, id).await?.ok_or_else(|| MountError::Other("the server's own actor is missing".to_owned()))
}

fn moved(known: &str, platform: &Platform) -> String {
    let known = Url::parse(known).map_or_else(|_| known.to_owned(), |url| url.origin().ascii_serialization());
    format!(
        "this data folder belongs to the public address {known}, not to {}: other servers know it by the former; set \
         server.public_url back",
        platform.public_url
    )
}
