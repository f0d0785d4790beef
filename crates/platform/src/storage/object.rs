//! An object that is being read, and the arithmetic of byte ranges.

use std::{fmt, ops::Range, pin::Pin};

use bytes::{Bytes, BytesMut};
use futures::{Stream, TryStreamExt};

use super::{Key, StorageError};

/// The bytes of an object as they come.
pub type ObjectStream = Pin<Box<dyn Stream<Item = Result<Bytes, StorageError>> + Send>>;

/// An open object, or a range of it.
pub struct ObjectReader {
    /// The size of the whole object in bytes.
    pub size: u64,
    /// Which bytes of it the stream yields.
    pub range: Range<u64>,
    /// The bytes.
    pub stream: ObjectStream,
}

impl ObjectReader {
    /// Reads the stream to its end.
    ///
    /// # Errors
    /// The first error of the stream.
    pub async fn collect(mut self) -> Result<Bytes, StorageError> {
        let expected = self.range.end.saturating_sub(self.range.start);
        let mut bytes = BytesMut::with_capacity(usize::try_from(expected).unwrap_or_default());
        while let Some(piece) = self.stream.try_next().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes.freeze())
    }
}

impl fmt::Debug for ObjectReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ObjectReader")
            .field("size", &self.size)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

/// The part of the wanted range that the object has.
pub(super) fn clip(key: &Key, wanted: Option<Range<u64>>, size: u64) -> Result<Range<u64>, StorageError> {
    let Some(wanted) = wanted else { return Ok(0..size) };
    let clipped = wanted.start..wanted.end.min(size);
    if clipped.is_empty() {
        return Err(StorageError::RangeNotSatisfiable { key: key.clone(), size });
    }
    Ok(clipped)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> Key {
        Key::new("a").expect("a key")
    }

    #[test]
    fn no_range_means_everything_even_of_nothing() {
        assert_eq!(clip(&key(), None, 0).expect("a range"), 0..0);
        assert_eq!(clip(&key(), None, 9).expect("a range"), 0..9);
    }

    proptest! {
        #[test]
        fn a_clipped_range_lies_inside_the_object_and_the_wish(start: u64, end: u64, size: u64) {
            match clip(&key(), Some(start..end), size) {
                Ok(range) => prop_assert!(range.start == start && range.end <= end && range.end <= size && !range.is_empty()),
                Err(_) => prop_assert!(start >= size || start >= end),
            }
        }
    }
}
