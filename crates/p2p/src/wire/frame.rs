//! Which bytes of the channel are commands?
//!
//! Those that start with `cstr` or `dstr` and end with `cend` or `dend`. A command that fits one frame is
//! `cstr … cend`; a longer one is `cstr … dend`, any number of `dstr … dend`, `dstr … cend`. All else is segment data.

use super::{Message, WireError};

/// The most that a data channel of these players takes at once.
const MAX_FRAME_BYTES: usize = 65_535;
const MARKER_BYTES: usize = 4;
const MAX_SLICE_BYTES: usize = MAX_FRAME_BYTES - 2 * MARKER_BYTES;
/// An announcement of every segment that fits 255 groups is below 70 KB; the double is generous.
const MAX_MESSAGE_BYTES: usize = 2 * MAX_FRAME_BYTES;

/// Wraps a payload in as few frames of equal size as it takes.
pub(super) fn wrap(payload: &[u8]) -> Vec<Vec<u8>> {
    let count = payload.len().div_ceil(MAX_SLICE_BYTES).max(1);
    let slice_bytes = payload.len().div_ceil(count).max(1);
    let last = payload.chunks(slice_bytes).count().saturating_sub(1);
    payload
        .chunks(slice_bytes)
        .enumerate()
        .map(|(index, slice)| {
            let start = if index == 0 { b"cstr" } else { b"dstr" };
            let end = if index == last { b"cend" } else { b"dend" };
            [start, slice, end].concat()
        })
        .collect()
}

/// What a received binary message turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received<'a> {
    /// A whole command.
    Message(Message),
    /// A part of a command; more is to come.
    Part,
    /// Bytes of a segment.
    Data(&'a [u8]),
}

/// Puts split commands together. One per connection.
#[derive(Debug, Default)]
pub struct Assembler {
    pending: Option<Vec<u8>>,
}

impl Assembler {
    /// Takes one binary message from the channel.
    ///
    /// # Errors
    /// Any [`WireError`]; the connection should then be closed, as the players do. The assembler starts afresh.
    pub fn receive<'a>(&mut self, bytes: &'a [u8]) -> Result<Received<'a>, WireError> {
        let Some(frame) = Frame::read(bytes) else {
            return Ok(Received::Data(bytes));
        };
        let mut payload = match (frame.is_first, self.pending.take()) {
            (true, None) => Vec::new(),
            (false, Some(pending)) => pending,
            _ => return Err(WireError::OutOfOrder),
        };
        if payload.len() + frame.slice.len() > MAX_MESSAGE_BYTES {
            return Err(WireError::TooLong);
        }
        payload.extend(frame.slice);
        if frame.is_last {
            return Message::parse(&payload).map(Received::Message);
        }
        self.pending = Some(payload);
        Ok(Received::Part)
    }
}

struct Frame<'a> {
    is_first: bool,
    is_last: bool,
    slice: &'a [u8],
}

impl<'a> Frame<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (start, rest) = bytes.split_first_chunk::<MARKER_BYTES>()?;
        let (slice, end) = rest.split_last_chunk::<MARKER_BYTES>()?;
        let is_first = match start {
            b"cstr" => true,
            b"dstr" => false,
            _ => return None,
        };
        let is_last = match end {
            b"cend" => true,
            b"dend" => false,
            _ => return None,
        };
        Some(Self { is_first, is_last, slice })
    }
}
