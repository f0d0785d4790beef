//! How is a file cut for a torrent?

use sha1::{Digest as _, Sha1};

/// The least piece that PeerTube's torrents have.
const SMALLEST_PIECE_BYTES: u64 = 16 * 1024;
/// The largest piece that PeerTube's torrents have.
const LARGEST_PIECE_BYTES: u64 = 4 * 1024 * 1024;

/// The piece length for a file: the power of two nearest to a 1024th of the file (on a logarithmic scale), between
/// 16 KiB and 4 MiB.
pub fn piece_length(length_bytes: u64) -> u64 {
    // 2^floor(log2(length / 1024) + 1/2), without floating point: half of the integer logarithm of the square.
    let square = u128::from(length_bytes) * u128::from(length_bytes) / (1 << 19);
    let exponent = square.checked_ilog2().unwrap_or(0) / 2;
    1_u64.checked_shl(exponent).unwrap_or(LARGEST_PIECE_BYTES).clamp(SMALLEST_PIECE_BYTES, LARGEST_PIECE_BYTES)
}

/// The hashes of a file's pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pieces {
    piece_length: u64,
    hashes: Vec<[u8; 20]>,
}

impl Pieces {
    /// The length of all pieces but the last.
    pub fn piece_length_bytes(&self) -> u64 {
        self.piece_length
    }

    /// The hashes one after the other, as a torrent holds them.
    pub fn concatenated(&self) -> Vec<u8> {
        self.hashes.concat()
    }
}

/// Hashes a file piece by piece while its bytes pass by, in slices of any size.
#[derive(Clone)]
pub struct PieceHasher {
    piece_length: u64,
    current: Sha1,
    current_bytes: u64,
    hashes: Vec<[u8; 20]>,
}

impl PieceHasher {
    /// A hasher for a file of this length.
    pub fn for_length(length_bytes: u64) -> Self {
        Self { piece_length: piece_length(length_bytes), current: Sha1::new(), current_bytes: 0, hashes: Vec::new() }
    }

    /// Takes the next bytes of the file.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = usize::try_from(self.piece_length - self.current_bytes).unwrap_or(usize::MAX);
            let (head, tail) = bytes.split_at(room.min(bytes.len()));
            self.current.update(head);
            self.current_bytes += head.len() as u64;
            if self.current_bytes == self.piece_length {
                self.close_piece();
            }
            bytes = tail;
        }
    }

    /// Ends the file; the last piece may be shorter.
    pub fn finish(mut self) -> Pieces {
        if self.current_bytes > 0 {
            self.close_piece();
        }
        Pieces { piece_length: self.piece_length, hashes: self.hashes }
    }

    fn close_piece(&mut self) {
        self.hashes.push(std::mem::take(&mut self.current).finalize().into());
        self.current_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pieces_grow_with_the_file() {
        assert_eq!(piece_length(0), 16 * 1024);
        assert_eq!(piece_length(2_942_359), 16 * 1024);
        assert_eq!(piece_length(100 * 1024 * 1024), 128 * 1024);
        assert_eq!(piece_length(u64::MAX), 4 * 1024 * 1024);
    }

    proptest! {
        #[test]
        fn the_piece_length_follows_the_rule(length in 1_u64..(1 << 40)) {
            let exact = (length as f64 / 1024.0).log2() + 0.5;
            // Too near to a step, floating point cannot tell which side is right.
            prop_assume!((exact - exact.round()).abs() > 1e-6);
            let expected = exact.floor().max(0.0).exp2() as u64;
            prop_assert_eq!(piece_length(length), expected.clamp(16 * 1024, 4 * 1024 * 1024));
        }

    }

    proptest! {
        // Hashing is slow without optimisation.
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn slices_do_not_matter_to_the_pieces(content: Vec<u8>, cut in 1_usize..5000) {
            let content = content.repeat(700);
            let mut whole = PieceHasher::for_length(content.len() as u64);
            whole.update(&content);
            let mut sliced = PieceHasher::for_length(content.len() as u64);
            content.chunks(cut).for_each(|slice| sliced.update(slice));
            let pieces = whole.finish();
            prop_assert_eq!(pieces.hashes.len(), content.len().div_ceil(16 * 1024));
            prop_assert_eq!(sliced.finish(), pieces);
        }
    }
}
