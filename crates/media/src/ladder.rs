//! Which renditions does a video deserve? Never one that is larger than the video itself, and always at least one.
//!
//! A rung is named after the shorter side of the picture ("720"), as PeerTube names it, so that an upright phone video
//! gets the same rungs as the same video lying down.

use serde::{Deserialize, Serialize};

use crate::FrameRate;

/// Every rung that may be enabled, by the shorter side of the picture in pixels.
pub const RESOLUTIONS: [u32; 7] = [240, 360, 480, 720, 1080, 1440, 2160];

/// Rungs below this one show at most [`MAX_SMALL_FRAME_RATE`] pictures per second: motion is not what they are for.
const SMOOTH_FROM_RESOLUTION: u32 = 720;
const MAX_SMALL_FRAME_RATE: u32 = 30;
const MAX_FRAME_RATE: u32 = 60;

/// A video whose shorter side is more than this much larger than the largest rung below it also gets a rendition of its own size.
const ORIGINAL_IS_WORTH_A_RUNG_FROM: f64 = 1.0 / 0.9;

/// A rendition may use this many times the bit rate of its source, since the source may have a thriftier codec.
const OVER_SOURCE_BITRATE: u64 = 2;
const LEAST_BITRATE_BPS: u64 = 100_000;

/// Which rungs the operator wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    enabled: Vec<u32>,
}

impl Default for Ladder {
    /// Every rung up to full HD.
    fn default() -> Self {
        Self::new(RESOLUTIONS.into_iter().filter(|resolution| *resolution <= 1080))
    }
}

/// What of a source decides about its renditions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Source {
    /// Width in pixels as shown: after rotation, with square pixels.
    pub width: u32,
    /// Height in pixels as shown.
    pub height: u32,
    /// Pictures per second.
    pub frame_rate: FrameRate,
    /// Bits per second of the picture stream, where known.
    pub bitrate_bps: Option<u64>,
}

/// One rung: what the encoder is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendition {
    /// The label: the shorter side in pixels.
    pub resolution: u32,
    /// Width in pixels, even.
    pub width: u32,
    /// Height in pixels, even.
    pub height: u32,
    /// Pictures per second.
    pub frame_rate: FrameRate,
    /// Upper bound of the picture's bits per second.
    pub max_bitrate_bps: u64,
    /// Bits per second of the sound.
    pub audio_bitrate_bps: u64,
}

impl Ladder {
    /// A ladder with the given rungs; those not in [`RESOLUTIONS`] are left out.
    pub fn new(enabled: impl IntoIterator<Item = u32>) -> Self {
        let mut enabled: Vec<u32> = enabled.into_iter().filter(|rung| RESOLUTIONS.contains(rung)).collect();
        enabled.sort_unstable();
        enabled.dedup();
        Self { enabled }
    }

    /// The rungs in ascending order.
    pub fn enabled(&self) -> &[u32] {
        &self.enabled
    }

    /// The renditions of a source, in ascending order, at least one.
    ///
    /// These are the enabled rungs that are no larger than the source. The source's own size joins them if it stands
    /// well above the largest of these and the operator enabled something larger still, and if there are none.
    pub fn renditions(&self, source: &Source) -> Vec<Rendition> {
        let shorter = source.width.min(source.height);
        let mut resolutions: Vec<u32> = self.enabled.iter().copied().filter(|rung| *rung <= shorter).collect();
        if self.original_joins(shorter, resolutions.last().copied()) {
            resolutions.push(even(shorter));
        }
        resolutions.dedup();
        resolutions.into_iter().map(|resolution| rendition(resolution, source)).collect()
    }

    fn original_joins(&self, shorter: u32, largest_below: Option<u32>) -> bool {
        let Some(largest_below) = largest_below else { return true };
        let largest_enabled = self.enabled.last().copied().unwrap_or_default();
        shorter <= largest_enabled && f64::from(shorter) / f64::from(largest_below) > ORIGINAL_IS_WORTH_A_RUNG_FROM
    }
}

fn rendition(resolution: u32, source: &Source) -> Rendition {
    let (width, height) = size_with_shorter_side(resolution, source.width, source.height);
    let frame_rate = frame_rate_for(resolution, source.frame_rate);
    let limit = max_bitrate_bps(resolution, width, height, frame_rate);
    let affordable = source.bitrate_bps.map_or(limit, |bitrate| bitrate.saturating_mul(OVER_SOURCE_BITRATE).min(limit));
    Rendition {
        resolution,
        width,
        height,
        frame_rate,
        max_bitrate_bps: affordable.max(LEAST_BITRATE_BPS),
        audio_bitrate_bps: audio_bitrate_bps(resolution),
    }
}

/// The even size with this shorter side that has the source's shape.
fn size_with_shorter_side(shorter: u32, source_width: u32, source_height: u32) -> (u32, u32) {
    let (source_shorter, source_longer) = (source_width.min(source_height).max(1), source_width.max(source_height));
    let longer = (f64::from(source_longer) * f64::from(shorter) / f64::from(source_shorter) / 2.0).round() * 2.0;
    let longer = (longer as u32).min(even(source_longer)).max(even(shorter));
    if source_width >= source_height { (longer, even(shorter)) } else { (even(shorter), longer) }
}

/// Rounds down to an even number, but not below 2: chroma is stored at half the size.
fn even(pixels: u32) -> u32 {
    (pixels & !1).max(2)
}

fn frame_rate_for(resolution: u32, source: FrameRate) -> FrameRate {
    let limit = if resolution < SMOOTH_FROM_RESOLUTION { MAX_SMALL_FRAME_RATE } else { MAX_FRAME_RATE };
    if source.rounded() <= limit {
        return source;
    }
    // Dropping every second picture is smooth; any other fraction stutters.
    let halved = source.halved();
    if halved.rounded() <= limit { halved } else { FrameRate::new(limit, 1) }
}

/// The ceiling of a rendition's bit rate, from its area and rate.
///
/// PeerTube 6.3 was measured to allow 0.17 bits per pixel at 240p, 0.12 at 480p, 0.11 at 720p and 0.10 at 1080p
/// (30 pictures per second); the rungs between and beyond continue that curve. Above 30 pictures per second each
/// further picture costs half, since neighbours resemble each other more.
fn max_bitrate_bps(resolution: u32, width: u32, height: u32, frame_rate: FrameRate) -> u64 {
    let bits_per_pixel = match resolution {
        0..=300 => 0.17,
        301..=420 => 0.14,
        421..=600 => 0.12,
        601..=900 => 0.11,
        901..=1260 => 0.10,
        1261..=1800 => 0.09,
        _ => 0.08,
    };
    let rate = frame_rate.as_f64();
    let effective_rate = if rate > 30.0 { 30.0 + (rate - 30.0) / 2.0 } else { rate.max(24.0) };
    (f64::from(width) * f64::from(height) * bits_per_pixel * effective_rate) as u64
}

fn audio_bitrate_bps(resolution: u32) -> u64 {
    match resolution {
        0..=360 => 96_000,
        361..=600 => 128_000,
        _ => 160_000,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn source(width: u32, height: u32) -> Source {
        Source { width, height, frame_rate: FrameRate::new(30, 1), bitrate_bps: None }
    }

    fn sizes(ladder: &Ladder, source: &Source) -> Vec<(u32, u32, u32)> {
        ladder.renditions(source).iter().map(|r| (r.resolution, r.width, r.height)).collect()
    }

    #[test]
    fn full_hd_gets_every_rung_up_to_its_own() {
        let expected = [(240, 426, 240), (360, 640, 360), (480, 854, 480), (720, 1280, 720), (1080, 1920, 1080)];
        assert_eq!(sizes(&Ladder::default(), &source(1920, 1080)), expected);
    }

    #[test]
    fn an_upright_video_gets_upright_renditions() {
        let ladder = Ladder::new([240, 480]);
        assert_eq!(sizes(&ladder, &source(720, 1280)), [(240, 240, 426), (480, 480, 854)]);
    }

    #[test]
    fn a_video_below_every_rung_keeps_its_size() {
        assert_eq!(sizes(&Ladder::default(), &source(199, 101)), [(100, 198, 100)]);
    }

    #[test]
    fn a_size_just_below_a_rung_is_not_thrown_down_to_the_next() {
        let ladder = Ladder::new([240, 480, 720]);
        let resolutions: Vec<u32> = ladder.renditions(&source(1278, 718)).iter().map(|r| r.resolution).collect();
        assert_eq!(resolutions, [240, 480, 718]);
    }

    #[test]
    fn nothing_above_the_largest_enabled_rung_is_made() {
        assert_eq!(sizes(&Ladder::new([240]), &source(1280, 720)), [(240, 426, 240)]);
    }

    #[test]
    fn small_rungs_of_a_fast_video_show_every_second_picture() {
        let fast = Source { frame_rate: FrameRate::new(60_000, 1001), ..source(1280, 720) };
        let rates: Vec<FrameRate> = Ladder::new([480, 720]).renditions(&fast).iter().map(|r| r.frame_rate).collect();
        assert_eq!(rates, [FrameRate::new(30_000, 1001), FrameRate::new(60_000, 1001)]);
    }

    #[test]
    fn bit_rates_stay_close_to_what_peertube_allows() {
        let measured = [(240, 522_246), (480, 1_474_578), (720, 3_041_318), (1080, 6_220_877)];
        let renditions = Ladder::new([240, 480, 720, 1080]).renditions(&source(1920, 1080));
        for (rendition, (resolution, bitrate_bps)) in renditions.iter().zip(measured) {
            assert_eq!(rendition.resolution, resolution);
            let ratio = rendition.max_bitrate_bps as f64 / f64::from(bitrate_bps);
            assert!(
                (0.99..1.01).contains(&ratio),
                "{resolution}p: {} against {bitrate_bps}",
                rendition.max_bitrate_bps
            );
        }
    }

    #[test]
    fn a_thrifty_source_is_not_inflated() {
        let thrifty = Source { bitrate_bps: Some(300_000), ..source(1280, 720) };
        assert_eq!(Ladder::new([720]).renditions(&thrifty)[0].max_bitrate_bps, 600_000);
    }

    proptest! {
        #[test]
        fn a_ladder_never_upscales_and_always_has_a_rung(
            width in 2u32..=16_384, height in 2u32..=16_384, rate in 0.1f64..500.0,
            bitrate_bps in proptest::option::of(0u64..1_000_000_000),
            enabled in proptest::collection::vec(proptest::sample::select(RESOLUTIONS.to_vec()), 0..7),
        ) {
            let frame_rate = FrameRate::measured(rate).expect("a positive rate");
            let renditions = Ladder::new(enabled).renditions(&Source { width, height, frame_rate, bitrate_bps });
            prop_assert!(!renditions.is_empty());
            prop_assert!(renditions.is_sorted_by(|a, b| a.resolution < b.resolution));
            for r in &renditions {
                prop_assert!(r.width <= width && r.height <= height, "{r:?} of {width}x{height}");
                prop_assert!(r.width % 2 == 0 && r.height % 2 == 0 && r.width >= 2 && r.height >= 2);
                prop_assert_eq!(r.resolution, r.width.min(r.height));
                prop_assert!(r.frame_rate.as_f64() <= frame_rate.as_f64() && r.frame_rate.rounded() <= 60);
                prop_assert!(r.max_bitrate_bps >= LEAST_BITRATE_BPS);
            }
        }

        #[test]
        fn a_rendition_has_the_shape_of_its_source(width in 240u32..=8192, height in 240u32..=8192) {
            for r in Ladder::default().renditions(&source(width, height)) {
                let expected = f64::from(width) / f64::from(height) * f64::from(r.height);
                let other = f64::from(height) / f64::from(width) * f64::from(r.width);
                let off = (f64::from(r.width) - expected).abs().min((f64::from(r.height) - other).abs());
                prop_assert!(off <= 2.0, "{r:?} of {width}x{height}");
            }
        }
    }
}
