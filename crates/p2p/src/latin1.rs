//! How do bytes travel inside JSON text? One character per byte, U+0000 to U+00FF.
//!
//! `WebTorrent` trackers write 20-byte ids like that.

/// Writes each byte as the character with the same number.
pub(crate) fn encode(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Reads exactly 20 bytes back; `None` if the text is of another length or holds a character above U+00FF.
pub(crate) fn decode_20(text: &str) -> Option<[u8; 20]> {
    let mut bytes = [0; 20];
    let mut characters = text.chars();
    for byte in &mut bytes {
        *byte = u8::try_from(characters.next()?).ok()?;
    }
    characters.next().is_none().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_twenty_bytes_survive_the_round_trip(bytes: [u8; 20]) {
            prop_assert_eq!(decode_20(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in ".*") {
            prop_assert_eq!(decode_20(&text).is_some(), text.chars().count() == 20 && text.chars().all(|c| c <= '\u{ff}'));
        }
    }
}
