//! Which way up? Reads the display matrix of a track and says how to turn its pictures.
//!
//! Phones store what the sensor saw and a matrix that says how to hold it. The matrix maps a stored point to a shown
//! one: `x' = a·x + c·y`, `y' = b·x + d·y`. Only quarter turns and mirrorings are honoured; anything else (a skew, a
//! zero matrix) is shown as the nearest of these.

use serde::{Deserialize, Serialize};

/// How to turn a stored picture so that it is shown upright: first transpose, then flip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Orientation {
    /// Rows become columns.
    pub transposed: bool,
    /// Left and right change places.
    pub flipped_horizontally: bool,
    /// Top and bottom change places.
    pub flipped_vertically: bool,
}

impl Orientation {
    /// Reads a display matrix as FFmpeg stores it: nine native-endian 32-bit numbers, row by row.
    ///
    /// `None` if these are not 36 bytes.
    pub fn from_display_matrix(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != 36 {
            return None;
        }
        let mut numbers = bytes.as_chunks::<4>().0.iter().map(|number| i64::from(i32::from_ne_bytes(*number)));
        let (a, b, _) = (numbers.next()?, numbers.next()?, numbers.next()?);
        let (c, d) = (numbers.next()?, numbers.next()?);
        Some(Self::from_linear_part(a, b, c, d))
    }

    fn from_linear_part(a: i64, b: i64, c: i64, d: i64) -> Self {
        if b.abs() + c.abs() > a.abs() + d.abs() {
            Self { transposed: true, flipped_horizontally: c < 0, flipped_vertically: b < 0 }
        } else {
            Self { transposed: false, flipped_horizontally: a < 0, flipped_vertically: d < 0 }
        }
    }

    /// The size in which a stored picture is shown.
    pub const fn shown_size(self, width: u32, height: u32) -> (u32, u32) {
        if self.transposed { (height, width) } else { (width, height) }
    }

    /// Clockwise degrees by which the stored picture is turned: 0, 90, 180 or 270; mirrorings are not counted.
    pub const fn degrees(self) -> u32 {
        match (self.transposed, self.flipped_horizontally, self.flipped_vertically) {
            (false, true, true) => 180,
            (true, true, _) => 90,
            (true, false, _) => 270,
            _ => 0,
        }
    }

    /// Where a point of the upright picture, which is `shown` large, is in the stored one.
    pub const fn stored_point(self, (x, y): (u32, u32), shown: (u32, u32)) -> (u32, u32) {
        let x = if self.flipped_horizontally { shown.0.saturating_sub(1 + x) } else { x };
        let y = if self.flipped_vertically { shown.1.saturating_sub(1 + y) } else { y };
        if self.transposed { (y, x) } else { (x, y) }
    }

    /// The FFmpeg filters that turn a stored picture upright.
    pub fn filters(self) -> Vec<&'static str> {
        let steps = [
            // What FFmpeg calls "clockwise, then flipped" and the like is a transposition at number 0.
            (self.transposed, "transpose=dir=cclock_flip"),
            (self.flipped_horizontally, "hflip"),
            (self.flipped_vertically, "vflip"),
        ];
        steps.into_iter().filter(|(wanted, _)| *wanted).map(|(_, filter)| filter).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: i64 = 65_536;

    #[test]
    fn a_phone_held_upright_is_turned_by_a_quarter() {
        // x' = -y, y' = x: the stored top edge is shown at the right.
        let orientation = Orientation::from_linear_part(0, ONE, -ONE, 0);
        assert_eq!(orientation.degrees(), 90);
        assert_eq!(orientation.shown_size(1920, 1080), (1080, 1920));
        assert_eq!(orientation.filters(), ["transpose=dir=cclock_flip", "hflip"]);
    }

    #[test]
    fn the_four_turns_are_told_apart() {
        let degrees = |a, b, c, d| Orientation::from_linear_part(a, b, c, d).degrees();
        assert_eq!(degrees(ONE, 0, 0, ONE), 0);
        assert_eq!(degrees(0, ONE, -ONE, 0), 90);
        assert_eq!(degrees(-ONE, 0, 0, -ONE), 180);
        assert_eq!(degrees(0, -ONE, ONE, 0), 270);
    }

    #[test]
    fn a_front_camera_is_mirrored_and_not_turned() {
        let orientation = Orientation::from_linear_part(-ONE, 0, 0, ONE);
        assert_eq!((orientation.degrees(), orientation.filters()), (0, vec!["hflip"]));
    }

    #[test]
    fn only_a_whole_matrix_is_read() {
        assert_eq!(Orientation::from_display_matrix(&[0; 35]), None);
        assert_eq!(Orientation::from_display_matrix(&[0; 36]), Some(Orientation::default()));
        let lowest: Vec<u8> = std::iter::repeat_n(i32::MIN.to_ne_bytes(), 9).flatten().collect();
        assert!(Orientation::from_display_matrix(&lowest).is_some());
    }
}
