//! How does an index in the cluster keep up with the database, with several nodes writing to it?
//!
//! **Invariant:** the position in the index is never ahead of its entries. It is a document of the index itself, so it is
//! gone when the index is; it is written after the entries that it speaks of, and only if it is still the one that the writer
//! began from. A node that was overtaken writes entries that are there already and leaves the position to the faster one.
//! An index is deleted only when its position says that it is ours.
//!
//! An entry carries the revision at which it was written as its version, and the cluster refuses an older one, so a slow node
//! cannot undo what a faster one wrote: [`crate::store`] gives revisions in the order in which they are committed.

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::{info, warn};

use super::{
    OpenSearchError, RemoteIndex,
    api::{Body, Reason, Request},
    entry::Writer,
    layout::POSITION,
};
use crate::{
    document::VideoId,
    index::{Change, IndexError, Position},
    schema,
};

/// Requests of about so many bytes: clusters take up to 100 MB, and work best with a few.
const MAX_BULK_BYTES: usize = 8_000_000;
/// How often a position is looked for in an index that has just been made.
const ATTEMPTS: usize = 3;

/// A position as it was read, to be replaced if it is still the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat {
    position: Position,
    sequence_number: i64,
    primary_term: i64,
}

/// What the index says about itself.
#[derive(Debug, Serialize, Deserialize)]
struct Stamp {
    version: u32,
    epoch: String,
    revision: i64,
    id: i64,
}

#[derive(Debug, Deserialize)]
struct Stored {
    #[serde(rename = "_seq_no")]
    sequence_number: i64,
    #[serde(rename = "_primary_term")]
    primary_term: i64,
    #[serde(rename = "_source")]
    source: StoredPosition,
}

#[derive(Debug, Deserialize)]
struct StoredPosition {
    position: Stamp,
}

/// What there is in the place of the index.
#[derive(Debug)]
enum There {
    Index(Seat),
    /// Ours, from another version of this program.
    Outdated,
    /// No index, or one that has only just been made.
    Nothing,
}

/// How far the index has come; makes it if there is none that fits.
pub(super) async fn position(index: &RemoteIndex) -> Result<Position, OpenSearchError> {
    for _ in 0..ATTEMPTS {
        match read(index).await? {
            There::Index(seat) => {
                *index.seat.lock().await = Some(seat);
                return Ok(seat.position);
            }
            There::Outdated => {
                warn!(index = %index.name, "the index has another layout and is rebuilt from the database");
                remove(index).await?;
            }
            There::Nothing => {}
        }
        make(index).await?;
    }
    Err(OpenSearchError::Unreadable(format!("the index {} was made and is not there", index.name)))
}

/// Throws the index away and makes an empty one.
pub(super) async fn clear(index: &RemoteIndex) -> Result<(), OpenSearchError> {
    remove(index).await?;
    position(index).await.map(drop)
}

/// Writes changes and then the position that they lead to, if it is one step from the position that was last read.
pub(super) async fn apply(index: &RemoteIndex, changes: Vec<Change>, to: Position) -> Result<(), IndexError> {
    let seat = index.seat.lock().await.take();
    if !changes.is_empty() {
        let layout = index.layout.clone();
        let batches = tokio::task::spawn_blocking(move || batches(&mut Writer::new(&layout), changes, to.revision))
            .await
            .map_err(|error| if error.is_panic() { IndexError::Panicked } else { IndexError::Closed })?;
        for lines in batches {
            write(index, lines).await?;
        }
        let refresh = Request::new(Method::POST, format!("/{}/_refresh", index.name), Body::Nothing);
        index.ask::<Value>(refresh).await?;
    }
    match seat {
        Some(seat) => Ok(move_to(index, seat, to).await?),
        None => Ok(()),
    }
}

/// The lines of the bulk requests that write the changes.
fn batches(writer: &mut Writer<'_>, changes: Vec<Change>, revision: i64) -> Vec<Vec<Value>> {
    let mut batches = Vec::new();
    let (mut lines, mut bytes) = (Vec::new(), 0);
    let versioned = |id: VideoId| json!({"_id": id.0.to_string(), "version": revision, "version_type": "external_gte"});
    for change in changes {
        match change {
            Change::Put(id, entry) => {
                let document = writer.document(&entry);
                bytes += document.to_string().len();
                lines.extend([json!({"index": versioned(id)}), document]);
            }
            Change::Remove(id) => lines.push(json!({"delete": versioned(id)})),
        }
        if bytes > MAX_BULK_BYTES {
            batches.push(std::mem::take(&mut lines));
            bytes = 0;
        }
    }
    if !lines.is_empty() {
        batches.push(lines);
    }
    batches
}

#[derive(Debug, Deserialize)]
struct Written {
    errors: bool,
    #[serde(default)]
    items: Vec<Outcome>,
}

/// One of these, by the name of the action.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Index(ItemOutcome),
    Delete(ItemOutcome),
}

#[derive(Debug, Deserialize)]
struct ItemOutcome {
    status: u16,
    error: Option<Reason>,
}

async fn write(index: &RemoteIndex, lines: Vec<Value>) -> Result<(), OpenSearchError> {
    let request = Request::new(Method::POST, format!("/{}/_bulk", index.alias), Body::Lines(lines))
        .with("require_alias", "true")
        .with("filter_path", "errors,items.*.status,items.*.error.type,items.*.error.reason");
    let written: Written = index.ask(request).await?;
    if !written.errors {
        return Ok(());
    }
    for outcome in written.items {
        let (Outcome::Index(item) | Outcome::Delete(item)) = outcome;
        let status = StatusCode::from_u16(item.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A newer version is there, or what is to go is not there: both are what we want.
        if let Some(error) = item.error.filter(|_| !matches!(status, StatusCode::CONFLICT | StatusCode::NOT_FOUND)) {
            return Err(OpenSearchError::Refused { status, reason: error.words().unwrap_or_default() });
        }
    }
    Ok(())
}

async fn move_to(index: &RemoteIndex, seat: Seat, to: Position) -> Result<(), OpenSearchError> {
    let request = Request::new(Method::PUT, format!("/{}/_doc/{POSITION}", index.alias), Body::Json(stamp(index, to)))
        .with("require_alias", "true")
        .with("if_seq_no", seat.sequence_number.to_string())
        .with("if_primary_term", seat.primary_term.to_string());
    let answer = index.cluster.send(request).await?;
    if answer.status == StatusCode::CONFLICT {
        info!(index = %index.name, "another node was faster in bringing the index up to date");
        return Ok(());
    }
    answer.read::<Value>().map(drop)
}

fn stamp(index: &RemoteIndex, position: Position) -> Value {
    let Position { revision, id } = position;
    json!({POSITION: Stamp { version: schema::VERSION, epoch: index.epoch.clone(), revision, id }})
}

async fn read(index: &RemoteIndex) -> Result<There, OpenSearchError> {
    let request = Request::new(Method::GET, format!("/{}/_doc/{POSITION}", index.name), Body::Nothing);
    let answer = index.cluster.send(request).await?;
    if answer.status == StatusCode::NOT_FOUND {
        return Ok(There::Nothing);
    }
    let Stored { sequence_number, primary_term, source } = answer.read()?;
    let Stamp { version, epoch, revision, id } = source.position;
    if epoch != index.epoch {
        return Err(OpenSearchError::Foreign(index.name.clone()));
    }
    if version != schema::VERSION {
        return Ok(There::Outdated);
    }
    Ok(There::Index(Seat { position: Position { revision, id }, sequence_number, primary_term }))
}

async fn remove(index: &RemoteIndex) -> Result<(), OpenSearchError> {
    let gone = index.cluster.send(Request::new(Method::DELETE, format!("/{}", index.name), Body::Nothing)).await?;
    if gone.status.is_success() || gone.status == StatusCode::NOT_FOUND { Ok(()) } else { Err(gone.refusal()) }
}

#[derive(Debug, Deserialize)]
struct About {
    version: Version,
}

#[derive(Debug, Deserialize)]
struct Version {
    number: String,
    distribution: Option<String>,
}

impl Version {
    /// The first number of an OpenSearch that has all that we use: the scores of named queries came with 2.12. Services
    /// that pass for an old Elasticsearch towards old clients say 7.10 and are OpenSearch.
    fn major(&self) -> Option<u32> {
        let mut numbers = self.number.split(['.', '-']).map(str::parse::<u32>);
        let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        if self.distribution.as_deref() != Some("opensearch") {
            return (major == 7 && minor == 10).then_some(2);
        }
        ((major, minor) >= (2, 12)).then_some(major)
    }
}

/// Makes an index where there is none, and lets it begin. Another node may do the same at the same time.
async fn make(index: &RemoteIndex) -> Result<(), OpenSearchError> {
    let about: About = index.ask(Request::new(Method::GET, "/".to_owned(), Body::Nothing)).await?;
    let major = about.version.major().ok_or_else(|| OpenSearchError::TooOld(about.version.number.clone()))?;
    let creation = Body::Json(index.layout.creation(index.size, major, &index.alias));
    let made = index.cluster.send(Request::new(Method::PUT, format!("/{}", index.name), creation)).await?;
    if !made.status.is_success() && !made.says_exists() {
        return Err(made.refusal());
    }
    let stamp = Body::Json(stamp(index, Position::default()));
    let request = Request::new(Method::PUT, format!("/{}/_doc/{POSITION}", index.alias), stamp)
        .with("op_type", "create")
        .with("require_alias", "true");
    let begun = index.cluster.send(request).await?;
    match begun.status {
        status if status.is_success() => {
            info!(index = %index.name, "made an index in the search cluster");
            Ok(())
        }
        StatusCode::CONFLICT => Ok(()),
        // Whoever has made the index that is there, it was not us.
        StatusCode::NOT_FOUND => Err(OpenSearchError::Foreign(index.name.clone())),
        _ => Err(begun.refusal()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_that_lacks_something_is_told_from_one_that_does_not() {
        for (number, distribution, expected) in [
            ("2.11.1", Some("opensearch"), None),
            ("2.12.0", Some("opensearch"), Some(2)),
            ("3.0.0-beta1", Some("opensearch"), Some(3)),
            ("7.10.2", None, Some(2)),
            ("8.14.0", None, None),
            ("soon", Some("opensearch"), None),
        ] {
            let version = Version { number: number.to_owned(), distribution: distribution.map(str::to_owned) };
            assert_eq!(version.major(), expected, "{number}");
        }
    }
}
