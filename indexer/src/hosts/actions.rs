//! What the operator can do with the list of instances.

use std::collections::HashSet;

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    jobs,
};
use tracing::info;
use uuid::Uuid;

use super::{
    AddressError, HostCounts, HostFilter, HostStatus, Origin, Source, consent, directories, jobs::Visit, nearest, store,
};
use crate::{channels::Channel, collections, listen, playlists::Playlist, store as videos};

/// Why the list could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum HostsError {
    /// The text does not name an instance.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The instance is not on the list.
    #[error("{0} is not on the list: add it first")]
    Unknown(String),
    /// The instance has opted out.
    #[error("{0} has opted out of this index, and is not read until it opts in again")]
    OptedOut(String),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Puts an instance on the list and has it read at once.
///
/// Beside a running server this is all it takes: the visit is a job in the same transaction. Adding an instance again
/// has it read again. `allow_http` is [`platform::net::HttpClient::allows_plain_http`].
///
/// # Errors
/// [`HostsError::Address`] if `address` is neither a host name nor the URL of an instance; [`HostsError::OptedOut`] if the
/// instance does not want it.
pub async fn add_host(tx: &mut Tx, address: &str, allow_http: bool, now: Timestamp) -> Result<Origin, HostsError> {
    let origin = Origin::parse(address, allow_http)?;
    list_host(tx, &origin, Source::Manual, now).await?;
    enqueue_visit(tx, origin.host(), now).await?;
    Ok(origin)
}

/// Takes an instance off the list, and what is known from it out of the index; tells why it was listed, since whoever named
/// it may name it again.
///
/// # Errors
/// [`HostsError::Unknown`] if it is not on the list.
pub async fn remove_host(tx: &mut Tx, host: &str, now: Timestamp) -> Result<Source, HostsError> {
    let source = store::source_of(tx, host).await?.ok_or_else(|| HostsError::Unknown(host.to_owned()))?;
    unlist(tx, host, now).await?;
    Ok(source)
}

/// Has an instance of the list read at once.
///
/// # Errors
/// [`HostsError::Unknown`] if it is not on the list.
pub async fn crawl_now(tx: &mut Tx, address: &str, allow_http: bool, now: Timestamp) -> Result<Origin, HostsError> {
    let origin = Origin::parse(address, allow_http)?;
    if store::origin_of(tx, origin.host()).await?.is_none() {
        return Err(HostsError::Unknown(origin.host().to_owned()));
    }
    enqueue_visit(tx, origin.host(), now).await?;
    Ok(origin)
}

/// How reading each instance goes, by name.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn status(conn: &mut Connection) -> Result<Vec<HostStatus>, DbError> {
    store::all(conn).await
}

/// How reading one instance goes; `None` if it is not on the list.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn find(conn: &mut Connection, host: &str) -> Result<Option<HostStatus>, DbError> {
    store::find(conn, host).await
}

/// A part of the list, by name, and how many instances the filter lets through in all.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn list(
    conn: &mut Connection,
    filter: &HostFilter,
    start: i64,
    count: i64,
) -> Result<(Vec<HostStatus>, i64), DbError> {
    let total = store::count_listed(conn, filter).await?;
    Ok((store::list(conn, filter, start, count).await?, total))
}

/// What the list comes to, and how many instances have opted out of it.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn counts(conn: &mut Connection) -> Result<(HostCounts, i64), DbError> {
    Ok((store::counts(conn).await?, consent::store::count_hosts(conn).await?))
}

/// The instances whose names look most like what somebody typed, at most `limit`.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn similar(conn: &mut Connection, typed: &str, limit: usize) -> Result<Vec<String>, DbError> {
    Ok(nearest::nearest(store::names(conn).await?, typed, limit))
}

/// Brings the list in line with the configuration: what it names is added, what it no longer names goes. Who has opted out
/// stays out.
///
/// # Errors
/// [`HostsError::Address`] if the configuration names something else than an instance.
pub async fn follow_configuration(
    tx: &mut Tx,
    addresses: &[String],
    allow_http: bool,
    now: Timestamp,
) -> Result<(), HostsError> {
    let origins = addresses.iter().map(|address| Origin::parse(address, allow_http)).collect::<Result<Vec<_>, _>>()?;
    list_only(tx, &origins, Source::Configuration, now).await
}

/// Brings the list in line with what the instance in the same process follows for indexing: `addresses` are all of it.
/// What is no address of an instance is left out: others chose it.
///
/// # Errors
/// [`HostsError::Db`] if the database refuses.
pub async fn follow_instance(
    tx: &mut Tx,
    addresses: &[String],
    allow_http: bool,
    now: Timestamp,
) -> Result<(), HostsError> {
    let origins: Vec<_> = addresses.iter().filter_map(|address| Origin::parse(address, allow_http).ok()).collect();
    list_only(tx, &origins, Source::Follow, now).await
}

/// Makes these instances the only ones that are listed for a reason.
async fn list_only(tx: &mut Tx, origins: &[Origin], source: Source, now: Timestamp) -> Result<(), HostsError> {
    let wanted: HashSet<&str> = origins.iter().map(Origin::host).collect();
    for host in store::of_source(tx, source).await? {
        if wanted.contains(host.as_str()) {
            continue;
        }
        if directories::store::names_host(tx, &host).await? {
            store::set_source(tx, &host, Source::Directory).await?;
        } else {
            remove_host(tx, &host, now).await?;
        }
    }
    for origin in origins {
        match list_host(tx, origin, source, now).await {
            Err(HostsError::OptedOut(host)) => info!(host, "{host} has opted out, and is not read"),
            Err(error) => return Err(error),
            Ok(_) => {}
        }
    }
    Ok(())
}

/// Puts an instance on the list for a reason, and has it read if it was not there; tells whether it was not. Of two reasons
/// the better one is kept, together with its address.
///
/// # Errors
/// [`HostsError::OptedOut`] if the instance does not want it.
pub(super) async fn list_host(
    tx: &mut Tx,
    origin: &Origin,
    source: Source,
    now: Timestamp,
) -> Result<bool, HostsError> {
    if consent::is_opted_out(tx, origin.host()).await? {
        return Err(HostsError::OptedOut(origin.host().to_owned()));
    }
    let known = store::source_of(tx, origin.host()).await?;
    if known <= Some(source) {
        store::save(tx, origin, source, now).await?;
    }
    if known.is_none() {
        enqueue_visit(tx, origin.host(), now).await?;
    }
    Ok(known.is_none())
}

/// Takes an instance off the list together with all that is because it was there: the follow, and what is known from it.
/// Tells how many videos that were.
pub(super) async fn unlist(tx: &mut Tx, host: &str, now: Timestamp) -> Result<u64, DbError> {
    store::delete(tx, host).await?;
    listen::unfollow(tx, host, now).await?;
    consent::store::forget_owners(tx, host).await?;
    remove_videos(tx, host, now).await
}

/// Takes a video of an instance out of the index; tells whether it was there.
pub(crate) async fn remove_video(tx: &mut Tx, host: &str, uuid: Uuid, now: Timestamp) -> Result<bool, DbError> {
    store::lock(tx, host).await?;
    if !videos::is_indexed(tx, host, uuid).await? {
        return Ok(false);
    }
    let revision = videos::next_revision(tx).await?;
    videos::remove(tx, host, uuid, now, revision).await?;
    store::recount(tx, host).await?;
    Ok(true)
}

/// Takes an account or a channel of an instance out of the index with all that is its; tells how many videos that were. The
/// name is in lower case.
pub(crate) async fn remove_actor(tx: &mut Tx, host: &str, name: &str, now: Timestamp) -> Result<u64, DbError> {
    // First the host, then its videos, as everywhere: a crawl that is writing a page of the list is waited for, and the
    // next page is written by who sees the opt-out.
    store::lock(tx, host).await?;
    let revision = videos::next_revision(tx).await?;
    consent::store::mark_unseen(tx, host, name).await?;
    let removed = videos::remove_unseen(tx, host, 0, now, revision).await?;
    consent::store::mark_collections_unseen(tx, host, name).await?;
    collections::store::remove_unseen::<Channel>(tx, host, 0, now, revision).await?;
    collections::store::remove_unseen::<Playlist>(tx, host, 0, now, revision).await?;
    store::recount(tx, host).await?;
    Ok(removed)
}

pub(crate) async fn remove_videos(tx: &mut Tx, host: &str, now: Timestamp) -> Result<u64, DbError> {
    let revision = videos::next_revision(tx).await?;
    collections::store::remove_all(tx, host, now, revision).await?;
    videos::remove_unseen(tx, host, i64::MAX, now, revision).await
}

pub(super) async fn enqueue_visit(tx: &mut Tx, host: &str, now: Timestamp) -> Result<(), DbError> {
    jobs::enqueue(tx, now, &Visit { host: host.to_owned() }).await
}

#[cfg(test)]
mod tests;
