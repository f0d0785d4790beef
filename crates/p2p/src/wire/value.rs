//! How are numbers and sets of segments written?
//!
//! - integer: one byte `0x0n`, then `n` bytes big-endian, sign in the top bit, magnitude in the rest;
//! - ids: `0x10`, the number of groups, and per group an integer whose low byte is the group's length and whose upper
//!   bits are common to its members, followed by the low byte of each member;
//! - string: `0x2h`, a byte `l`, and `h · 256 + l` bytes of UTF-8 (no command uses it).

use std::collections::BTreeSet;

use super::{SegmentId, WireError};

/// One byte counts the groups.
const MAX_GROUPS: usize = 255;
/// What a full block is split into; see the module documentation of [`super`].
const HALF_BLOCK: usize = 128;
const BLOCK: usize = 256;
/// Browsers count exactly up to 2^53 - 1.
const LARGEST: u64 = (1 << 53) - 1;

/// A value of a message.
pub(super) enum Value {
    Integer(i64),
    Ids(BTreeSet<SegmentId>),
    Text,
}

pub(super) fn write_integer(number: u64, output: &mut Vec<u8>) {
    let bits = 64 - number.leading_zeros() as usize;
    // One bit more, for the sign.
    let length = if number == 0 { 1 } else { (bits + 1).div_ceil(8) };
    output.push(length as u8);
    output.extend(number.to_be_bytes().iter().skip(8_usize.saturating_sub(length)));
}

/// Writes as many groups as the format can count, lowest ids first: 255 groups are at least 32,512 segments in a row.
pub(super) fn write_ids(ids: &BTreeSet<SegmentId>, output: &mut Vec<u8>) {
    let mut groups = groups(ids);
    groups.truncate(MAX_GROUPS);
    output.push(0x10);
    output.push(groups.len() as u8);
    for (common, members) in groups {
        write_integer(common | members.len() as u64, output);
        output.extend(members);
    }
}

/// Ids by what they share above the low byte; a full block in two halves.
fn groups(ids: &BTreeSet<SegmentId>) -> Vec<(u64, Vec<u8>)> {
    let mut groups: Vec<(u64, Vec<u8>)> = Vec::new();
    for id in ids {
        let (common, low) = (id & !0xff, (id & 0xff) as u8);
        match groups.last_mut() {
            Some((last, members)) if *last == common => members.push(low),
            _ => groups.push((common, vec![low])),
        }
    }
    groups.into_iter().flat_map(split_full_block).collect()
}

fn split_full_block((common, mut members): (u64, Vec<u8>)) -> Vec<(u64, Vec<u8>)> {
    if members.len() < BLOCK {
        return vec![(common, members)];
    }
    let upper = members.split_off(HALF_BLOCK);
    vec![(common, members), (common, upper)]
}

/// Reads named values one after the other.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The name of the next value; `None` at the end.
    pub(super) fn next_name(&mut self) -> Option<u8> {
        let (name, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*name)
    }

    pub(super) fn value(&mut self) -> Result<Value, WireError> {
        let head = self.byte()?;
        match head >> 4 {
            0 => self.integer(head).map(Value::Integer),
            1 => self.ids().map(Value::Ids),
            2 => {
                let length = usize::from(head & 0xf) << 8 | usize::from(self.byte()?);
                self.take(length).map(|_| Value::Text)
            }
            unknown => Err(WireError::UnknownType(unknown)),
        }
    }

    fn integer(&mut self, head: u8) -> Result<i64, WireError> {
        let bytes = self.take(usize::from(head & 0xf))?;
        let Some((first, tail)) = bytes.split_first() else {
            return Ok(0);
        };
        let mut magnitude = u64::from(first & 0x7f);
        for byte in tail {
            magnitude = magnitude.checked_mul(256).ok_or(WireError::OutOfRange)? | u64::from(*byte);
        }
        if magnitude > LARGEST {
            return Err(WireError::OutOfRange);
        }
        let magnitude = magnitude as i64;
        Ok(if first & 0x80 == 0 { magnitude } else { -magnitude })
    }

    fn ids(&mut self) -> Result<BTreeSet<SegmentId>, WireError> {
        let count = self.byte()?;
        let mut ids = BTreeSet::new();
        for _ in 0..count {
            let head = self.byte()?;
            if head >> 4 != 0 {
                return Err(WireError::UnknownType(head >> 4));
            }
            let both = u64::try_from(self.integer(head)?).map_err(|_| WireError::OutOfRange)?;
            let length = match both & 0xff {
                0 => BLOCK,
                length => length as usize,
            };
            ids.extend(self.take(length)?.iter().map(|low| both & !0xff | u64::from(*low)));
        }
        Ok(ids)
    }

    fn byte(&mut self) -> Result<u8, WireError> {
        self.next_name().ok_or(WireError::Truncated)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }
}
