//! What do two players of p2p-media-loader 2.x say on their data channel?
//!
//! A [`Message`] is a command byte and named values, wrapped in frames of at most 65,535 bytes. Bytes that are no
//! frame are segment data. No message carries a version: players of other versions never meet, since their infohashes
//! differ.
//!
//! **A block of 256 segment ids is announced as two groups.** The length of a group is one byte, so a full block would
//! count 0, and every 2.x client throws on that and ignores the announcement. We write two groups of 128 with the same
//! upper part, which they read well; when such a 0 comes in, we read it as the 256 that was meant.

mod frame;
mod value;

use std::collections::BTreeSet;

pub use frame::{Assembler, Received};
use value::{Reader, Value};

/// Why bytes from a peer were not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The message ends in the middle of a value.
    #[error("the message ends too early")]
    Truncated,
    /// A command that this version does not know.
    #[error("unknown command {0}")]
    UnknownCommand(u8),
    /// A type of value that this version does not know.
    #[error("unknown value type {0}")]
    UnknownType(u8),
    /// A number that no segment, size or request id can have.
    #[error("a number is out of range")]
    OutOfRange,
    /// A value that the command needs is absent or of the wrong type.
    #[error("the value `{0}` is missing or of the wrong type")]
    Missing(char),
    /// Frames of a split message in the wrong order.
    #[error("a frame continues no message")]
    OutOfOrder,
    /// A split message that grows beyond all measure.
    #[error("the message is too long")]
    TooLong,
}

/// A segment's id: its place in the variant playlist from 0, or its media sequence number in a live stream.
pub type SegmentId = u64;

/// A request as both sides name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// The segment asked for.
    pub segment: SegmentId,
    /// A number from 0 to 999 chosen by the asking side.
    pub request: u64,
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Everything the sender has; replaces what it announced before.
    Announcement {
        /// Segments that it can send.
        loaded: BTreeSet<SegmentId>,
        /// Segments that it is fetching over HTTP.
        loading: BTreeSet<SegmentId>,
    },
    /// Asks for a segment. Cancels the upload in progress on this connection, if any.
    SegmentRequest {
        /// What is asked for.
        request: Request,
        /// The first byte wanted, if the beginning is there already.
        from_byte: Option<u64>,
    },
    /// Segment data follow.
    SegmentData {
        /// What was asked for.
        request: Request,
        /// How many bytes follow.
        size_bytes: u64,
    },
    /// All bytes were sent.
    SendingCompleted(Request),
    /// The sender does not have the segment.
    SegmentAbsent(Request),
    /// The sender no longer wants the segment.
    CancelRequest(Request),
}

impl Message {
    /// The message as frames, to be sent in order. Only a huge announcement needs more than one.
    pub fn encode(&self) -> Vec<Vec<u8>> {
        frame::wrap(&self.payload())
    }

    fn payload(&self) -> Vec<u8> {
        match self {
            Self::Announcement { loaded, loading } => {
                let mut payload = vec![0];
                for (name, ids) in [(b'l', loaded), (b'p', loading)] {
                    if !ids.is_empty() {
                        payload.push(name);
                        value::write_ids(ids, &mut payload);
                    }
                }
                payload
            }
            Self::SegmentRequest { request, from_byte } => {
                let mut payload = named(1, &[(b'i', request.segment), (b'r', request.request)]);
                if let Some(from_byte) = from_byte {
                    payload.push(b'b');
                    value::write_integer(*from_byte, &mut payload);
                }
                payload
            }
            Self::SegmentData { request, size_bytes } => {
                named(2, &[(b'i', request.segment), (b's', *size_bytes), (b'r', request.request)])
            }
            Self::SendingCompleted(request) => request.payload(3),
            Self::SegmentAbsent(request) => request.payload(4),
            Self::CancelRequest(request) => request.payload(5),
        }
    }

    /// Reads the payload of a message, without its frame. Values may stand in any order; unknown ones are skipped.
    fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let (&command, rest) = payload.split_first().ok_or(WireError::Truncated)?;
        let values = Values::read(rest)?;
        match command {
            0 => Ok(Self::Announcement { loaded: values.ids('l')?, loading: values.ids('p')? }),
            1 => Ok(Self::SegmentRequest { request: values.request()?, from_byte: values.integer('b').ok() }),
            2 => Ok(Self::SegmentData { request: values.request()?, size_bytes: values.integer('s')? }),
            3 => Ok(Self::SendingCompleted(values.request()?)),
            4 => Ok(Self::SegmentAbsent(values.request()?)),
            5 => Ok(Self::CancelRequest(values.request()?)),
            unknown => Err(WireError::UnknownCommand(unknown)),
        }
    }
}

impl Request {
    fn payload(self, command: u8) -> Vec<u8> {
        named(command, &[(b'i', self.segment), (b'r', self.request)])
    }
}

fn named(command: u8, values: &[(u8, u64)]) -> Vec<u8> {
    let mut payload = vec![command];
    for (name, number) in values {
        payload.push(*name);
        value::write_integer(*number, &mut payload);
    }
    payload
}

/// The named values of a message.
struct Values(Vec<(u8, Value)>);

impl Values {
    /// More than any command has; a peer that sends more means harm.
    const MOST: usize = 16;

    fn read(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        let mut values = Vec::new();
        while let Some(name) = reader.next_name() {
            if values.len() == Self::MOST {
                return Err(WireError::TooLong);
            }
            values.push((name, reader.value()?));
        }
        Ok(Self(values))
    }

    fn find(&self, name: char) -> Option<&Value> {
        self.0.iter().find(|(candidate, _)| char::from(*candidate) == name).map(|(_, value)| value)
    }

    fn integer(&self, name: char) -> Result<u64, WireError> {
        match self.find(name) {
            Some(Value::Integer(number)) => u64::try_from(*number).map_err(|_| WireError::OutOfRange),
            _ => Err(WireError::Missing(name)),
        }
    }

    fn ids(&self, name: char) -> Result<BTreeSet<SegmentId>, WireError> {
        match self.find(name) {
            Some(Value::Ids(ids)) => Ok(ids.clone()),
            Some(_) => Err(WireError::Missing(name)),
            None => Ok(BTreeSet::new()),
        }
    }

    fn request(&self) -> Result<Request, WireError> {
        Ok(Request { segment: self.integer('i')?, request: self.integer('r')? })
    }
}

#[cfg(test)]
mod tests;
