//! What does a download client ask? Ids are percent-encoded bytes, not text, so the query is read as bytes.

use crate::infohash::InfoHash;

const MAX_QUERY_BYTES: usize = 4_096;

/// The names and values of a query, decoded to bytes.
pub(super) struct Query(Vec<(Vec<u8>, Vec<u8>)>);

impl Query {
    pub(super) fn parse(query: &str) -> Self {
        let query = if query.len() > MAX_QUERY_BYTES { "" } else { query };
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self(pairs.map(|(name, value)| (percent_decode(name), percent_decode(value))).collect())
    }

    pub(super) fn get<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |(candidate, _)| candidate == name.as_bytes()).map(|(_, value)| value.as_slice())
    }

    pub(super) fn number<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        std::str::from_utf8(self.get(name)?).ok()?.parse().ok()
    }

    pub(super) fn info_hashes(&self) -> Vec<InfoHash> {
        self.all("info_hash").filter_map(|bytes| bytes.try_into().ok().map(InfoHash::new)).collect()
    }
}

fn percent_decode(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = match (first, tail) {
            (b'%', [high, low, ..]) => hex_digit(*high).zip(hex_digit(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        decoded.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    decoded
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_survive_percent_encoding(bytes: Vec<u8>) {
            let digits = hex::encode(&bytes);
            let text: String =
                digits.char_indices().flat_map(|(i, digit)| (i % 2 == 0).then_some('%').into_iter().chain([digit])).collect();
            prop_assert_eq!(percent_decode(&text), bytes);
        }
    }
}
