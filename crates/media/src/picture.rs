//! How large are the pictures that stand for a video, and how interesting is a candidate?

/// The preview is bounded by this size and keeps the shape of the video.
pub const PREVIEW_BOUNDS: (u32, u32) = (850, 480);

/// The thumbnail has exactly this size; what does not fit is cut off at the sides.
pub const THUMBNAIL_SIZE: (u32, u32) = (280, 157);

/// A picture with at least this spread of brightness is good enough to stop looking.
pub const GOOD_CONTRAST: f64 = 28.0;

/// The largest size of the given shape that fits into the bounds, never larger than the picture itself.
pub fn fit(width: u32, height: u32, bounds: (u32, u32)) -> (u32, u32) {
    let (width, height) = (width.max(1), height.max(1));
    let scale = ratio(bounds.0, width).min(ratio(bounds.1, height)).min(1.0);
    let side = |pixels: u32| ((f64::from(pixels) * scale).round() as u32).max(1);
    (side(width), side(height))
}

/// The smallest size of the given shape that covers the bounds, each side at most 16 times the bounds.
pub fn cover(width: u32, height: u32, bounds: (u32, u32)) -> (u32, u32) {
    let scale = ratio(bounds.0, width.max(1)).max(ratio(bounds.1, height.max(1)));
    let side = |pixels: u32, bound: u32| ((f64::from(pixels) * scale).ceil() as u32).clamp(bound, bound * 16);
    (side(width, bounds.0), side(height, bounds.1))
}

fn ratio(a: u32, b: u32) -> f64 {
    f64::from(a) / f64::from(b)
}

/// The spread of brightness of a picture (standard deviation of its 8-bit grey values): 0 for one flat colour.
///
/// This is what tells a scene from a black lead-in, a fade or a title card's empty background.
pub fn contrast(grey: impl Iterator<Item = u8>) -> f64 {
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for value in grey.map(f64::from) {
        count += 1.0;
        sum += value;
        squares += value * value;
    }
    if count < 1.0 {
        return 0.0;
    }
    let mean = sum / count;
    (squares / count - mean * mean).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_preview_keeps_its_shape() {
        assert_eq!(fit(1920, 1080, PREVIEW_BOUNDS), (850, 478));
        assert_eq!(fit(1080, 1920, PREVIEW_BOUNDS), (270, 480));
        assert_eq!(fit(320, 180, PREVIEW_BOUNDS), (320, 180));
    }

    #[test]
    fn a_flat_picture_has_no_contrast() {
        assert!(contrast([40; 100].into_iter()) < 0.001);
        assert!(contrast([0, 255].into_iter()) > 100.0);
        assert!(contrast(std::iter::empty()) < 0.001);
    }

    proptest! {
        #[test]
        fn fitting_never_exceeds_and_covering_never_falls_short(width in 1u32..20_000, height in 1u32..20_000) {
            let (fit_width, fit_height) = fit(width, height, PREVIEW_BOUNDS);
            prop_assert!((1..=PREVIEW_BOUNDS.0).contains(&fit_width) && (1..=PREVIEW_BOUNDS.1).contains(&fit_height));
            let (cover_width, cover_height) = cover(width, height, THUMBNAIL_SIZE);
            prop_assert!(cover_width >= THUMBNAIL_SIZE.0 && cover_height >= THUMBNAIL_SIZE.1);
        }
    }
}
