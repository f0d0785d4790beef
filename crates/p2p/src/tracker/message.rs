//! What do browsers send, and what do they get? JSON text, with 20-byte ids as 20 characters of one byte each.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Limits, OfferId, PeerId};
use crate::{infohash::InfoHash, latin1};

/// Why a message was refused; the text goes to the client as `failure reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Not JSON, or of the wrong shape.
    #[error("unreadable message")]
    Unreadable,
    /// Bigger than [`Limits::message_bytes`].
    #[error("message too large")]
    TooLarge,
    /// Neither `announce` nor `scrape`.
    #[error("unknown action")]
    UnknownAction,
    /// An event that no client has.
    #[error("unknown event")]
    UnknownEvent,
    /// An id that is not 20 bytes.
    #[error("invalid {0}")]
    InvalidId(&'static str),
    /// More offers than [`Limits::offers`].
    #[error("too many offers")]
    TooManyOffers,
    /// A session description bigger than [`Limits::sdp_bytes`], or not of the type that belongs there.
    #[error("invalid session description")]
    InvalidDescription,
    /// A scrape that names no infohash would list all swarms.
    #[error("scrape needs info_hash")]
    ScrapeAll,
    /// More infohashes than [`Limits::scraped`].
    #[error("too many info_hash in scrape")]
    TooManyScraped,
}

/// What a browser asks of the tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientMessage {
    /// "I watch this; introduce me."
    Announce(Announce),
    /// "Give this to the one who made that offer."
    Answer(Answer),
    /// "How many watch these?"
    Scrape(Vec<InfoHash>),
}

/// See [`ClientMessage::Announce`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announce {
    pub(super) info_hash: InfoHash,
    pub(super) peer_id: PeerId,
    pub(super) event: Event,
    pub(super) is_complete: bool,
    pub(super) offers: Vec<Offer>,
}

/// What an announcement tells besides "still here".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Update,
    Completed,
    Stopped,
}

/// An offer to connect, for whoever the tracker picks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) id: OfferId,
    pub(super) description: Description,
}

/// See [`ClientMessage::Answer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub(super) info_hash: InfoHash,
    pub(super) peer_id: PeerId,
    pub(super) to_peer_id: PeerId,
    pub(super) offer_id: OfferId,
    pub(super) description: Description,
}

/// A WebRTC session description; nothing else of what a client puts beside it is passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Description {
    r#type: String,
    sdp: String,
}

impl ClientMessage {
    /// Reads a message.
    ///
    /// # Errors
    /// Any [`MessageError`].
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, MessageError> {
        if text.len() > limits.message_bytes {
            return Err(MessageError::TooLarge);
        }
        let wire: Wire = serde_json::from_str(text).map_err(|_| MessageError::Unreadable)?;
        match wire.action.as_str() {
            "announce" if wire.answer.is_some() => wire.answer(limits).map(Self::Answer),
            "announce" => wire.announce(limits).map(Self::Announce),
            "scrape" => wire.scrape(limits).map(Self::Scrape),
            _ => Err(MessageError::UnknownAction),
        }
    }

    /// The infohashes that a host may want to look up before it hands the message to the tracker.
    pub fn info_hashes(&self) -> &[InfoHash] {
        match self {
            Self::Announce(announce) => std::slice::from_ref(&announce.info_hash),
            Self::Answer(answer) => std::slice::from_ref(&answer.info_hash),
            Self::Scrape(info_hashes) => info_hashes,
        }
    }
}

#[derive(Deserialize)]
struct Wire {
    action: String,
    info_hash: Option<OneOrMany>,
    peer_id: Option<String>,
    to_peer_id: Option<String>,
    event: Option<String>,
    /// Browsers send no number for "infinite", and may send a fraction.
    left: Option<f64>,
    offers: Option<Vec<WireOffer>>,
    answer: Option<Description>,
    offer_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct WireOffer {
    offer: Description,
    offer_id: String,
}

impl Wire {
    fn announce(self, limits: &Limits) -> Result<Announce, MessageError> {
        let event = match self.event.as_deref() {
            None | Some("" | "started" | "update" | "paused") => Event::Update,
            Some("completed") => Event::Completed,
            Some("stopped") => Event::Stopped,
            Some(_) => return Err(MessageError::UnknownEvent),
        };
        let (info_hash, peer_id) = (self.info_hash()?, peer_id(self.peer_id.as_deref(), "peer_id")?);
        let offers = self.offers.unwrap_or_default();
        if offers.len() > limits.offers {
            return Err(MessageError::TooManyOffers);
        }
        let offers = offers.into_iter().map(|offer| offer.check(limits)).collect::<Result<_, _>>()?;
        let is_complete = event == Event::Completed || self.left == Some(0.0);
        Ok(Announce { info_hash, peer_id, event, is_complete, offers })
    }

    fn answer(self, limits: &Limits) -> Result<Answer, MessageError> {
        Ok(Answer {
            info_hash: self.info_hash()?,
            peer_id: peer_id(self.peer_id.as_deref(), "peer_id")?,
            to_peer_id: peer_id(self.to_peer_id.as_deref(), "to_peer_id")?,
            offer_id: offer_id(self.offer_id.as_deref())?,
            description: self.answer.ok_or(MessageError::InvalidDescription)?.check("answer", limits)?,
        })
    }

    fn scrape(self, limits: &Limits) -> Result<Vec<InfoHash>, MessageError> {
        let texts = match self.info_hash {
            None => return Err(MessageError::ScrapeAll),
            Some(OneOrMany::One(text)) => vec![text],
            Some(OneOrMany::Many(texts)) if texts.is_empty() => {
                return Err(MessageError::ScrapeAll);
            }
            Some(OneOrMany::Many(texts)) => texts,
        };
        if texts.len() > limits.scraped {
            return Err(MessageError::TooManyScraped);
        }
        texts.iter().map(|text| info_hash(text)).collect()
    }

    fn info_hash(&self) -> Result<InfoHash, MessageError> {
        match &self.info_hash {
            Some(OneOrMany::One(text)) => info_hash(text),
            _ => Err(MessageError::InvalidId("info_hash")),
        }
    }
}

impl WireOffer {
    fn check(self, limits: &Limits) -> Result<Offer, MessageError> {
        let description = self.offer.check("offer", limits)?;
        Ok(Offer { id: offer_id(Some(&self.offer_id))?, description })
    }
}

impl Description {
    fn check(self, expected: &str, limits: &Limits) -> Result<Self, MessageError> {
        let is_valid = self.r#type == expected && self.sdp.len() <= limits.sdp_bytes;
        if is_valid { Ok(self) } else { Err(MessageError::InvalidDescription) }
    }
}

fn info_hash(text: &str) -> Result<InfoHash, MessageError> {
    InfoHash::from_latin1(text).ok_or(MessageError::InvalidId("info_hash"))
}

fn peer_id(text: Option<&str>, name: &'static str) -> Result<PeerId, MessageError> {
    text.and_then(latin1::decode_20).map(PeerId).ok_or(MessageError::InvalidId(name))
}

fn offer_id(text: Option<&str>) -> Result<OfferId, MessageError> {
    text.and_then(latin1::decode_20).map(OfferId).ok_or(MessageError::InvalidId("offer_id"))
}

/// How many peers a swarm has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) complete: usize,
    pub(super) incomplete: usize,
    pub(super) downloaded: u64,
}

/// The answer to an announcement.
pub(super) fn announced(info_hash: &InfoHash, counts: Counts, limits: &Limits) -> String {
    json!({
        "action": "announce",
        "interval": limits.interval.as_secs(),
        "info_hash": info_hash.to_latin1(),
        "complete": counts.complete,
        "incomplete": counts.incomplete,
    })
    .to_string()
}

/// An offer on its way to a peer that the tracker picked.
pub(super) fn relayed_offer(info_hash: &InfoHash, offerer: PeerId, offer: &Offer) -> String {
    json!({
        "action": "announce",
        "offer": offer.description,
        "offer_id": offer.id.to_latin1(),
        "peer_id": offerer.to_latin1(),
        "info_hash": info_hash.to_latin1(),
    })
    .to_string()
}

/// An answer on its way back to the offerer.
pub(super) fn relayed_answer(answer: &Answer) -> String {
    json!({
        "action": "announce",
        "answer": answer.description,
        "offer_id": answer.offer_id.to_latin1(),
        "peer_id": answer.peer_id.to_latin1(),
        "info_hash": answer.info_hash.to_latin1(),
    })
    .to_string()
}

/// The answer to a scrape.
pub(super) fn scraped(swarms: &[(InfoHash, Counts)]) -> String {
    let files: serde_json::Map<String, Value> = swarms
        .iter()
        .map(|(info_hash, counts)| {
            let numbers = json!({
                "complete": counts.complete,
                "incomplete": counts.incomplete,
                "downloaded": counts.downloaded,
            });
            (info_hash.to_latin1(), numbers)
        })
        .collect();
    json!({ "action": "scrape", "files": files, "flags": { "min_request_interval": 600 } }).to_string()
}

/// A refusal; with the infohash if the message was understood that far.
pub(super) fn failure(reason: &str, info_hash: Option<&InfoHash>) -> String {
    let mut message = json!({ "action": "announce", "failure reason": reason });
    if let (Some(info_hash), Some(fields)) = (info_hash, message.as_object_mut()) {
        fields.insert("info_hash".to_owned(), info_hash.to_latin1().into());
    }
    message.to_string()
}
