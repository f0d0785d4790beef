use platform::db::DbError;
use serde::Deserialize;

use super::{
    Channel, ChannelId,
    store::{self, ChannelTexts},
};
use crate::{
    App,
    accounts::Account,
    actors::{self, ActorKind, federate, is_valid_name, removal},
    patch::Patch,
    users::{
        self, UserError,
        profile::{LONGEST_DESCRIPTION, check_name, check_text},
    },
};

/// Channels that an account may have, as PeerTube has it.
const MAX_CHANNELS: usize = 20;
/// Longest text of support.
const LONGEST_SUPPORT: usize = 1_000;

/// Why a channel cannot be made, changed or deleted.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// Something about its names or texts.
    #[error(transparent)]
    User(#[from] UserError),
    /// Its name is in use, or was.
    #[error("the name {0:?} is taken")]
    Taken(String),
    /// There are enough.
    #[error("an account has at most {MAX_CHANNELS} channels")]
    TooMany,
    /// Its owner could publish nowhere.
    #[error("the last channel of an account stays: make another one first")]
    Last,
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A channel to be.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewChannel {
    /// The name in its handle.
    pub name: String,
    /// Name to show.
    pub display_name: String,
    /// What its owner says of it, Markdown.
    pub description: Option<String>,
    /// How to support it, Markdown.
    pub support: Option<String>,
}

/// What is to be different about a channel; what is absent stays.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ChannelChange {
    /// Name to show.
    pub display_name: Option<String>,
    /// What its owner says of it, Markdown.
    pub description: Patch<String>,
    /// How to support it, Markdown.
    pub support: Patch<String>,
    /// Whether the videos of the channel get the same text of support.
    pub bulk_videos_support_update: bool,
}

/// Makes a channel of an account.
pub async fn create(app: &App, owner: &Account, channel: NewChannel) -> Result<ChannelId, ChannelError> {
    if !is_valid_name(&channel.name) {
        return Err(UserError::BadName(channel.name).into());
    }
    let texts = ChannelTexts {
        display_name: check_name(&channel.display_name)?,
        description: check_text(channel.description, LONGEST_DESCRIPTION)?,
        support: check_text(channel.support, LONGEST_SUPPORT)?,
    };
    let actor = users::new_actor(app, ActorKind::Group, channel.name.clone()).await?;
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    if store::of_account(&mut tx, owner.id).await?.len() >= MAX_CHANNELS {
        return Err(ChannelError::TooMany);
    }
    if actors::store::find_local(&mut tx, &channel.name).await?.is_some() {
        return Err(ChannelError::Taken(channel.name));
    }
    let actor = actors::store::upsert(&mut tx, &actor, now).await?;
    let id = store::upsert(&mut tx, actor, owner.id, &texts, now).await?;
    tx.commit().await?;
    Ok(id)
}

/// Changes a channel and tells the federation.
pub async fn change(app: &App, channel: &Channel, change: ChannelChange) -> Result<(), ChannelError> {
    let texts = ChannelTexts {
        display_name: check_name(change.display_name.as_deref().unwrap_or(&channel.display_name))?,
        description: check_text(change.description.over(channel.description.clone()), LONGEST_DESCRIPTION)?,
        support: check_text(change.support.over(channel.support.clone()), LONGEST_SUPPORT)?,
    };
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    store::upsert(&mut tx, channel.actor_id, channel.account_id, &texts, now).await?;
    if change.bulk_videos_support_update {
        store::set_support_of_videos(&mut tx, channel.id, texts.support.clone(), now).await?;
    }
    federate::send_update(app, &mut tx, channel.actor_id).await?;
    Ok(tx.commit().await?)
}

/// Deletes a channel with its videos, here and in the federation.
pub async fn delete(app: &App, channel: &Channel) -> Result<(), ChannelError> {
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    if store::of_account(&mut tx, channel.account_id).await?.len() < 2 {
        return Err(ChannelError::Last);
    }
    removal::begin(&mut tx, channel.actor_id, now).await?;
    tx.commit().await?;
    Ok(removal::run(app, channel.actor_id).await?)
}
