//! Actors on the wire: ours as documents, and others' as rows.

use courier::FetchError;
use federation::{
    origin::ensure_same_host,
    wire::{self, Attribution},
};
use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
    jobs::JobError,
};
use serde_json::Value;
use url::Url;

use super::{Actor, ActorId, ActorKind, NewActor, store};
use crate::{
    App,
    accounts::{self, AccountId},
    channels::{self, store::ChannelTexts},
};

/// What is known of a remote actor is asked for again after this time, when it is needed.
const FRESH_FOR: chrono::TimeDelta = chrono::TimeDelta::hours(48);

/// Why a remote actor cannot be known.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// Its server did not give it.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Its server gave something else.
    #[error("{0} is no usable actor: {1}")]
    Unusable(Url, String),
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<ResolveError> for JobError {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Fetch(error) => error.into(),
            ResolveError::Unusable(..) => Self::fail(error),
            ResolveError::Db(error) => error.into(),
        }
    }
}

/// The actor at an address, asked for at its server if it is unknown or was last asked for long ago. A channel comes with
/// its owner.
pub async fn resolve(app: &App, url: &Url) -> Result<Actor, ResolveError> {
    let known = store::find_by_url(&mut app.platform.db.read().await?, url.as_str()).await?;
    let now = app.platform.clock.now();
    if let Some(actor) = known {
        let is_fresh = actor.is_local || actor.refreshed_at.is_some_and(|then| now - then < FRESH_FOR);
        if is_fresh {
            return Ok(actor);
        }
        // An outdated actor is better than none: its server may be gone for now.
        return Ok(Box::pin(refresh(app, url)).await.unwrap_or(actor));
    }
    refresh(app, url).await
}

async fn refresh(app: &App, url: &Url) -> Result<Actor, ResolveError> {
    let document = fetch_actor(app, url).await?;
    let owner = match document.owner() {
        Some(owner) if document.kind == wire::ActorKind::Group => {
            ensure_same_host(owner, url).map_err(|error| ResolveError::Unusable(url.clone(), error.to_string()))?;
            Some(fetch_actor(app, &owner.clone()).await?)
        }
        _ => None,
    };
    let mut tx = app.platform.db.begin().await?;
    let now = app.platform.clock.now();
    let id = match owner {
        Some(owner) => {
            let (_, account) = save_account(&mut tx, &owner, now).await?;
            save_channel(&mut tx, &document, account, now).await?
        }
        None => save_account(&mut tx, &document, now).await?.0,
    };
    let actor = store::find(&mut tx, id).await?;
    tx.commit().await?;
    actor.ok_or_else(|| ResolveError::Unusable(url.clone(), "it could not be stored".to_owned()))
}

async fn fetch_actor(app: &App, url: &Url) -> Result<wire::Actor, ResolveError> {
    let document = app.courier.fetch(url).await?;
    let actor =
        wire::Actor::from_value(&document).map_err(|error| ResolveError::Unusable(url.clone(), error.to_string()))?;
    ensure_same_host(&actor.inbox, url).map_err(|error| ResolveError::Unusable(url.clone(), error.to_string()))?;
    if actor.id.host_str() == app.platform.public_url.join("/").host_str() && app.ids.read(&actor.id).is_some() {
        return Err(ResolveError::Unusable(url.clone(), "it claims to live on this server".to_owned()));
    }
    Ok(actor)
}

async fn save_account(tx: &mut Tx, actor: &wire::Actor, now: Timestamp) -> Result<(ActorId, AccountId), DbError> {
    let id = store::upsert(tx, &row(actor, now), now).await?;
    let account = accounts::store::insert(tx, id, None, actor.display_name(), now).await?;
    accounts::store::set_description(tx, account, actor.summary.clone()).await?;
    Ok((id, account))
}

async fn save_channel(tx: &mut Tx, actor: &wire::Actor, owner: AccountId, now: Timestamp) -> Result<ActorId, DbError> {
    let id = store::upsert(tx, &row(actor, now), now).await?;
    let texts = ChannelTexts {
        display_name: actor.display_name().to_owned(),
        description: actor.summary.clone(),
        support: actor.support.clone(),
    };
    channels::store::upsert(tx, id, owner, &texts, now).await?;
    Ok(id)
}

fn row(actor: &wire::Actor, now: Timestamp) -> NewActor {
    let text = |url: &Option<Url>| url.as_ref().map(Url::to_string);
    let host = federation::origin::Host::of(&actor.id).map(|host| host.as_str().to_owned()).unwrap_or_default();
    NewActor {
        kind: ActorKind::from_name(actor.kind.as_str()),
        url: actor.id.clone(),
        username: actor.preferred_username.clone(),
        host,
        is_local: false,
        inbox_url: actor.inbox.to_string(),
        shared_inbox_url: text(&actor.endpoints.shared_inbox),
        outbox_url: text(&actor.outbox),
        followers_url: text(&actor.followers),
        following_url: text(&actor.following),
        public_key_pem: actor.public_key.pem.clone(),
        private_key_pem: None,
        refreshed_at: Some(now),
    }
}

/// What one of our actors says of itself, besides its names and keys.
#[derive(Debug, Default)]
pub struct Introduction {
    /// Name to show.
    pub display_name: String,
    /// Description, Markdown.
    pub description: Option<String>,
    /// How to support it, Markdown.
    pub support: Option<String>,
    /// The owner of a channel.
    pub owner: Option<Url>,
}

/// The document of one of our actors.
pub fn document(app: &App, actor: &Actor, introduction: Introduction) -> Option<Value> {
    let url = Url::parse(actor.url()).ok()?;
    let kind = wire::ActorKind::parse(actor.kind().name())?;
    let mut document =
        wire::Actor::local(kind, url, actor.username.clone(), app.ids.shared_inbox(), &actor.public_key_pem);
    document.name = Some(introduction.display_name);
    document.summary = introduction.description;
    document.published = Some(actor.created_at);
    if kind == wire::ActorKind::Group {
        document.support = introduction.support;
        document.posting_restricted_to_mods = Some(true);
        document.attributed_to = introduction.owner.map(Attribution::account).into_iter().collect();
    }
    Some(document.to_document())
}
