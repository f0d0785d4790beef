//! Who hears of a comment, and of what becomes of it?
//!
//! Under a video of ours: everybody who follows its account, its channel or this server. Under somebody else's: the server
//! of the video, which passes it on. In both cases those who follow the author, those who are answered, and those who are
//! named. A comment that waits for approval is told to the server that approves, and to nobody else.

use std::collections::BTreeSet;

use platform::db::{Connection, DbError};
use url::Url;

use super::{Comment, store, text};
use crate::{
    App, accounts,
    actors::{self, Actor, ActorId},
    follows,
    videos::Video,
};

/// Answered authors who are told; in a longer thread, those nearest to the comment.
const MAX_ANSWERED: usize = 20;

/// Who hears of a comment.
#[derive(Debug, Default)]
pub struct Recipients {
    /// Where it is delivered.
    pub inboxes: Vec<Url>,
    /// Whom it is addressed to: collections of followers.
    pub collections: Vec<Url>,
    /// Who is answered and named.
    pub mentioned: Vec<Actor>,
}

/// Finds out who hears of a comment. `ancestors` are what it answers, the nearest first.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn recipients(
    app: &App,
    connection: &mut Connection,
    video: &Video,
    comment: &Comment,
    ancestors: &[Comment],
) -> Result<Recipients, DbError> {
    let mentioned = mentioned(app, connection, comment, ancestors).await?;
    let mut followed: BTreeSet<ActorId> = comment.author_actor_id.into_iter().collect();
    followed.extend([video.account_actor_id, video.channel_actor_id]);
    let mut telling: BTreeSet<ActorId> = comment.author_actor_id.into_iter().collect();
    if video.is_local {
        followed.extend(store::local_sharers(connection, video.id).await?);
        telling.extend(followed.iter().copied());
    }
    followed.extend(ancestors.iter().filter_map(|ancestor| ancestor.author_actor_id).take(MAX_ANSWERED));
    let followed: Vec<ActorId> = followed.into_iter().collect();
    let collections = urls(&store::followers_urls(connection, &followed).await?);

    let mut inboxes = vec![];
    if let Some(inbox) = server_of(connection, video).await? {
        inboxes.push(inbox);
    }
    if !comment.is_held {
        for actor in telling {
            inboxes.extend(urls(&follows::store::follower_inboxes(connection, actor).await?));
        }
        inboxes.extend(mentioned.iter().filter(|actor| !actor.is_local).filter_map(Actor::delivery_inbox));
    }
    inboxes.sort();
    inboxes.dedup();
    Ok(Recipients { inboxes, collections, mentioned })
}

/// The inbox of the server of a remote video.
async fn server_of(connection: &mut Connection, video: &Video) -> Result<Option<Url>, DbError> {
    if video.is_local {
        return Ok(None);
    }
    Ok(actors::store::find(connection, video.account_actor_id).await?.and_then(|owner| owner.delivery_inbox()))
}

/// Who is answered, and who is named and known here; not the author.
async fn mentioned(
    app: &App,
    connection: &mut Connection,
    comment: &Comment,
    ancestors: &[Comment],
) -> Result<Vec<Actor>, DbError> {
    let mut found: Vec<Actor> = vec![];
    let mut add = |actor: Option<Actor>| {
        let Some(actor) = actor.filter(|actor| Some(actor.id) != comment.author_actor_id) else { return };
        if found.iter().all(|known| known.id != actor.id) {
            found.push(actor);
        }
    };
    for ancestor in ancestors.iter().take(MAX_ANSWERED) {
        if let Some(id) = ancestor.author_actor_id {
            add(actors::store::find(connection, id).await?);
        }
    }
    for mention in text::mentions(&comment.text) {
        add(find_mentioned(app, connection, &mention).await?);
    }
    Ok(found)
}

/// The actor that is named, if it is known here.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn find_mentioned(
    app: &App,
    connection: &mut Connection,
    mention: &text::Mention,
) -> Result<Option<Actor>, DbError> {
    let host = mention.host.as_deref().unwrap_or(app.platform.public_url.host());
    match accounts::store::find_by_handle(connection, &mention.name, host).await? {
        Some(account) => actors::store::find_by_url(connection, &account.url).await,
        None => Ok(None),
    }
}

fn urls(texts: &[String]) -> Vec<Url> {
    texts.iter().filter_map(|text| Url::parse(text).ok()).collect()
}
