//! What the targets have in common: how fuzzed bytes become documents, messages and answers that can be checked.
//!
//! A target reads foreign bytes the way Shoal does and then asserts what must hold of whatever was accepted. Bytes that
//! are refused are of no interest, except that refusing them must not panic either.

mod bencode;

use std::fmt::Debug;

use serde_json::Value;

pub use bencode::is_bencode;

/// The document in some bytes, within the bounds that hold for every document from outside.
pub fn document(bytes: &[u8]) -> Option<Value> {
    federation::wire::document::parse(bytes).ok()
}

/// Asserts that what was read is written as something that reads and writes the same again.
///
/// The documents are compared and not the values, because writing may cut what the wire cannot carry, such as fractions
/// of a second.
pub fn assert_settled<T, E: Debug>(value: &T, write: impl Fn(&T) -> Value, read: impl Fn(&Value) -> Result<T, E>) -> T {
    let written = write(value);
    let again = read(&written).unwrap_or_else(|error| panic!("unreadable once written: {error:?}: {written}"));
    assert_eq!(write(&again), written, "changes each time it is passed on");
    again
}

/// Cuts fuzzed bytes into messages: each begins with its length in two bytes, low byte first. The last may be shorter.
pub fn messages(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = bytes.split_first_chunk()?;
        let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
        let (message, rest) = rest.split_at(length);
        bytes = rest;
        Some(message)
    })
}
