use platform::{
    db::{Connection, DbError, Tx},
    jobs::enqueue,
};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::{
    Element, ElementId, MAX_ELEMENTS, MAX_PER_ACCOUNT, NewElement, NewPlaylist, Playlist, PlaylistId, PlaylistKind,
    PlaylistPrivacy, element_store,
    federate::{self, RefreshPlaylist},
    form::PlaylistForm,
    pictures::{self, PictureError},
    positions::{Move, moved},
    store,
};
use crate::{
    App,
    accounts::{self, Account},
    channels::{self, Channel, ChannelId},
    users::User,
    videos::{self, Video},
};

const LONGEST_NAME: usize = 120;
const LONGEST_DESCRIPTION: usize = 1_000;
/// What is known of a remote playlist is asked for again after this time, when somebody looks at it.
const FRESH_FOR: chrono::TimeDelta = chrono::TimeDelta::hours(48);

/// Why something cannot be done to a playlist.
#[derive(Debug, thiserror::Error)]
pub enum PlaylistError {
    /// Something has a value that it cannot have.
    #[error("{0}")]
    Invalid(String),
    /// There is no such playlist, or the asker may not know of it.
    #[error("Video playlist not found")]
    NotFound,
    /// There is no such element.
    #[error("Video playlist element not found")]
    NoElement,
    /// The playlist or the channel is somebody else's.
    #[error("{0}")]
    Foreign(&'static str),
    /// The playlist of what is to be watched later cannot be changed.
    #[error("the playlist of what you want to watch later stays as it is")]
    WatchLater,
    /// There are too many.
    #[error("{0}")]
    TooMany(String),
    /// The picture cannot be used.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

fn invalid(words: &str) -> PlaylistError {
    PlaylistError::Invalid(words.to_owned())
}

/// The account of a user.
pub(super) async fn account_of(connection: &mut Connection, user: &User) -> Result<Account, PlaylistError> {
    accounts::store::find_by_user(connection, user.id).await?.ok_or(PlaylistError::Foreign("You have no account."))
}

/// A playlist that a user may change.
pub(super) async fn find_own(
    connection: &mut Connection,
    id: PlaylistId,
    user: &User,
) -> Result<Playlist, PlaylistError> {
    let playlist = store::find(connection, id).await?.filter(|playlist| playlist.may_be_seen_by(Some(user)));
    let playlist = playlist.ok_or(PlaylistError::NotFound)?;
    if !playlist.may_be_changed_by(user) {
        return Err(PlaylistError::Foreign("This playlist is not yours."));
    }
    Ok(playlist)
}

/// Makes a playlist, and tells the federation unless it is private.
///
/// # Errors
/// [`PlaylistError`] if something about it cannot be.
pub(super) async fn create(app: &App, user: &User, form: PlaylistForm) -> Result<(PlaylistId, Uuid), PlaylistError> {
    let picture = keep_picture(app, &form).await?;
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    let account = account_of(&mut tx, user).await?;
    if store::count_of_account(&mut tx, account.id).await? >= MAX_PER_ACCOUNT {
        return Err(PlaylistError::TooMany(format!("you have {MAX_PER_ACCOUNT} playlists, which is the most")));
    }
    let uuid = app.platform.random.uuid();
    let mut playlist = NewPlaylist {
        uuid,
        url: app.ids.playlist(uuid).to_string(),
        is_local: true,
        account_id: account.id,
        channel_id: None,
        channel_position: None,
        name: form.name.clone().ok_or_else(|| invalid("a playlist needs a name (displayName)"))?,
        description: None,
        privacy: PlaylistPrivacy::Private,
        kind: PlaylistKind::Regular,
        remote_thumbnail_url: None,
        created_at: now,
        updated_at: now,
        refreshed_at: None,
    };
    fill(&mut tx, &mut playlist, form, user).await?;
    let id = store::upsert(&mut tx, &playlist).await?;
    store::set_picture(&mut tx, id, picture.as_deref()).await?;
    if let Some(made) = store::find(&mut tx, id).await? {
        federate::tell(app, &mut tx, &made, None).await?;
    }
    tx.commit().await?;
    Ok((id, uuid))
}

/// Changes what a form names, and tells the federation.
///
/// # Errors
/// [`PlaylistError`] if something about it cannot be.
pub(super) async fn change(app: &App, user: &User, id: PlaylistId, form: PlaylistForm) -> Result<(), PlaylistError> {
    let picture = keep_picture(app, &form).await?;
    let mut tx = app.platform.db.begin().await?;
    let before = find_own(&mut tx, id, user).await?;
    if before.kind == PlaylistKind::WatchLater {
        return Err(PlaylistError::WatchLater);
    }
    let mut playlist = NewPlaylist {
        uuid: before.uuid,
        url: before.url.clone(),
        is_local: true,
        account_id: before.account_id,
        channel_id: before.channel_id,
        channel_position: before.channel_position,
        name: before.name.clone(),
        description: before.description.clone(),
        privacy: before.privacy,
        kind: before.kind,
        remote_thumbnail_url: None,
        created_at: before.created_at,
        updated_at: app.platform.clock.now(),
        refreshed_at: None,
    };
    fill(&mut tx, &mut playlist, form, user).await?;
    store::upsert(&mut tx, &playlist).await?;
    if picture.is_some() {
        store::set_picture(&mut tx, id, picture.as_deref()).await?;
        pictures::remove(app, &mut tx, &before).await?;
    }
    if let Some(after) = store::find(&mut tx, id).await? {
        federate::tell(app, &mut tx, &after, Some(before.privacy)).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn keep_picture(app: &App, form: &PlaylistForm) -> Result<Option<String>, PlaylistError> {
    let Some(picture) = &form.picture else { return Ok(None) };
    Ok(Some(pictures::keep(app, picture).await?))
}

/// Puts what a form says into a playlist.
async fn fill(tx: &mut Tx, playlist: &mut NewPlaylist, form: PlaylistForm, user: &User) -> Result<(), PlaylistError> {
    if let Some(name) = form.name {
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            return Err(invalid("the name of a playlist has 1 to 120 characters"));
        }
        playlist.name = name;
    }
    playlist.description = form.description.over(playlist.description.take());
    if playlist.description.as_ref().is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION) {
        return Err(invalid("the description of a playlist has at most 1,000 characters"));
    }
    if let Some(number) = form.privacy {
        playlist.privacy = PlaylistPrivacy::from_number(number).ok_or_else(|| invalid("privacy is 1, 2 or 3"))?;
    }
    let before = playlist.channel_id;
    playlist.channel_id = form.channel.over(before.map(|channel| channel.0)).map(ChannelId);
    if playlist.channel_id != before {
        playlist.channel_position = match playlist.channel_id {
            Some(channel) => {
                if !videos::store::is_channel_of_user(tx, channel, user.id).await? {
                    return Err(PlaylistError::Foreign("This channel is not yours."));
                }
                Some(store::next_channel_position(tx, channel).await?)
            }
            None => None,
        };
    }
    if playlist.privacy == PlaylistPrivacy::Public && playlist.channel_id.is_none() {
        return Err(invalid("a public playlist needs a channel"));
    }
    Ok(())
}

/// Removes a playlist, here and, if it was ours and not private, on every server that knows it.
///
/// # Errors
/// [`PlaylistError`] if it is not the user's.
pub(super) async fn delete(app: &App, user: &User, id: PlaylistId) -> Result<(), PlaylistError> {
    let mut tx = app.platform.db.begin().await?;
    let playlist = find_own(&mut tx, id, user).await?;
    if playlist.kind == PlaylistKind::WatchLater {
        return Err(PlaylistError::WatchLater);
    }
    delete_in(app, &mut tx, &playlist).await?;
    tx.commit().await?;
    Ok(())
}

/// As [`delete`], in the caller's transaction and for whoever may.
pub(super) async fn delete_in(app: &App, tx: &mut Tx, playlist: &Playlist) -> Result<(), DbError> {
    if playlist.is_local && playlist.privacy != PlaylistPrivacy::Private {
        federate::send_delete(app, tx, playlist).await?;
        crate::tombstones::store::insert(tx, &playlist.url, "Playlist", app.platform.clock.now()).await?;
    }
    store::delete(tx, playlist.id).await?;
    pictures::remove(app, tx, playlist).await
}

/// From when to when an element plays.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Times {
    /// The second to begin at.
    pub start_s: Option<i64>,
    /// The second to end at.
    pub stop_s: Option<i64>,
}

impl Times {
    fn check(self) -> Result<(), PlaylistError> {
        let fits = |second: Option<i64>| second.is_none_or(|second| (0..=i64::from(u32::MAX)).contains(&second));
        let is_ordered = !matches!((self.start_s, self.stop_s), (Some(start), Some(stop)) if start >= stop);
        if fits(self.start_s) && fits(self.stop_s) && is_ordered {
            return Ok(());
        }
        Err(invalid("an element begins before it ends, and both are counted in seconds"))
    }
}

/// Puts a video at the end of a playlist.
///
/// # Errors
/// [`PlaylistError`] if it is full or not the user's.
pub(super) async fn add(
    app: &App,
    user: &User,
    id: PlaylistId,
    video: &Video,
    times: Times,
) -> Result<ElementId, PlaylistError> {
    times.check()?;
    let mut tx = app.platform.db.begin().await?;
    let playlist = find_own(&mut tx, id, user).await?;
    let count = element_store::count(&mut tx, id).await?;
    if count >= MAX_ELEMENTS {
        return Err(PlaylistError::TooMany(format!("a playlist has at most {MAX_ELEMENTS} videos")));
    }
    let new = NewElement {
        url: playlist.url.clone(),
        video_url: video.url.clone(),
        start_s: times.start_s,
        stop_s: times.stop_s,
    };
    let element = element_store::insert(&mut tx, id, &new, count + 1).await?;
    element_store::set_url(&mut tx, element, app.ids.playlist_element(playlist.uuid, element.0).as_str()).await?;
    changed(app, &mut tx, &playlist).await?;
    tx.commit().await?;
    Ok(element)
}

async fn find_element(tx: &mut Tx, playlist: PlaylistId, id: ElementId) -> Result<Element, PlaylistError> {
    element_store::find(tx, playlist, id).await?.ok_or(PlaylistError::NoElement)
}

/// Sets from when to when an element plays.
///
/// # Errors
/// [`PlaylistError`] if there is no such element, or the playlist is not the user's.
pub(super) async fn set_times(
    app: &App,
    user: &User,
    id: PlaylistId,
    element: ElementId,
    times: Times,
) -> Result<(), PlaylistError> {
    times.check()?;
    let mut tx = app.platform.db.begin().await?;
    let playlist = find_own(&mut tx, id, user).await?;
    let element = find_element(&mut tx, id, element).await?;
    element_store::set_times(&mut tx, element.id, times.start_s, times.stop_s).await?;
    changed(app, &mut tx, &playlist).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes an element out of a playlist.
///
/// # Errors
/// [`PlaylistError`] if there is no such element, or the playlist is not the user's.
pub(super) async fn take_out(app: &App, user: &User, id: PlaylistId, element: ElementId) -> Result<(), PlaylistError> {
    let mut tx = app.platform.db.begin().await?;
    let playlist = find_own(&mut tx, id, user).await?;
    let element = find_element(&mut tx, id, element).await?;
    element_store::delete(&mut tx, id, &element).await?;
    changed(app, &mut tx, &playlist).await?;
    tx.commit().await?;
    Ok(())
}

/// Moves elements of a playlist.
///
/// # Errors
/// [`PlaylistError`] if there is nothing at one of the positions, or the playlist is not the user's.
pub(super) async fn reorder(app: &App, user: &User, id: PlaylistId, step: Move) -> Result<(), PlaylistError> {
    let mut tx = app.platform.db.begin().await?;
    let playlist = find_own(&mut tx, id, user).await?;
    let before = element_store::ids(&mut tx, id).await?;
    let after = moved(&before, step).ok_or_else(|| invalid("there is nothing at one of these positions"))?;
    if after != before {
        element_store::set_order(&mut tx, &after).await?;
        changed(app, &mut tx, &playlist).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Moves playlists of a channel.
///
/// # Errors
/// [`PlaylistError`] if there is nothing at one of the positions, or the channel is not the user's.
pub(super) async fn reorder_channel(
    app: &App,
    user: &User,
    channel: &Channel,
    step: Move,
) -> Result<(), PlaylistError> {
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    let is_own = channel.is_local && videos::store::is_channel_of_user(&mut tx, channel.id, user.id).await?;
    if !is_own {
        return Err(PlaylistError::Foreign("This channel is not yours."));
    }
    let before = store::of_channel(&mut tx, channel.id).await?;
    let after = moved(&before, step).ok_or_else(|| invalid("there is nothing at one of these positions"))?;
    for (position, playlist) in (1_i64..).zip(&after) {
        if playlist.channel_position == Some(position) {
            continue;
        }
        store::set_channel_position(&mut tx, playlist.id, position, now).await?;
        if let Some(changed) = store::find(&mut tx, playlist.id).await? {
            federate::tell(app, &mut tx, &changed, Some(changed.privacy)).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// A playlist has other elements than before.
async fn changed(app: &App, tx: &mut Tx, playlist: &Playlist) -> Result<(), PlaylistError> {
    store::touch(tx, playlist.id, app.platform.clock.now()).await?;
    if let Some(now) = store::find(tx, playlist.id).await? {
        federate::tell(app, tx, &now, Some(now.privacy)).await?;
    }
    Ok(())
}

/// The playlist of what an account wants to watch later, made when it is first needed. Its UUID follows from the account,
/// so that two requests at once make one playlist.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub(super) async fn ensure_watch_later(app: &App, account: &Account) -> Result<(), DbError> {
    let digest = Sha256::digest(format!("watch later of {}", account.url));
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(target, byte)| *target = byte);
    let uuid = Builder::from_random_bytes(bytes).into_uuid();
    if store::find_by_uuid(&mut app.platform.db.read().await?, uuid).await?.is_some() {
        return Ok(());
    }
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    let playlist = NewPlaylist {
        uuid,
        url: app.ids.playlist(uuid).to_string(),
        is_local: true,
        account_id: account.id,
        channel_id: None,
        channel_position: None,
        name: "Watch later".to_owned(),
        description: None,
        privacy: PlaylistPrivacy::Private,
        kind: PlaylistKind::WatchLater,
        remote_thumbnail_url: None,
        created_at: now,
        updated_at: now,
        refreshed_at: None,
    };
    store::upsert(&mut tx, &playlist).await?;
    tx.commit().await
}

/// Has a remote playlist asked for again, if that is long ago.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub(super) async fn refresh_if_old(app: &App, playlist: &Playlist) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    let is_old = !playlist.is_local && playlist.refreshed_at.is_none_or(|then| now - then >= FRESH_FOR);
    let (true, Ok(url)) = (is_old, playlist.url.parse()) else { return Ok(()) };
    if app.border.refuses_url(&url) {
        return Ok(());
    }
    let mut tx = app.platform.db.begin().await?;
    enqueue(&mut tx, now, &RefreshPlaylist { url }).await?;
    tx.commit().await
}

/// The channel of a handle.
pub(super) async fn channel_of(
    app: &App,
    connection: &mut Connection,
    handle: &str,
) -> Result<Option<Channel>, DbError> {
    let (name, host) = app.split_handle(handle);
    channels::store::find_by_handle(connection, &name, &host).await
}
