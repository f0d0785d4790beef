//! How does p2p-media-loader 2.3 tell streams apart? By what they are instead of where they stand, so that players with
//! other playlist orders meet. Spellings are evened out first: `30.000` is `30`, `en-GB` is `en`, `avc1.66.30` is
//! `avc1.42001e`.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha1::{Digest as _, Sha1};

/// The properties of a stream, as the master playlist writes them; `None` or empty for what it does not say.
#[derive(Debug, Clone, Default)]
pub struct StreamTraits {
    /// `BANDWIDTH` in bits per second. 0 for an audio rendition; a variant without it is told apart by nothing else.
    pub bitrate_bps: u64,
    /// A variant's video codec, a rendition's audio codec.
    pub codecs: String,
    /// Width and height in pixels.
    pub resolution: Option<(u32, u32)>,
    /// `LANGUAGE` of a rendition.
    pub language: String,
    /// `CHANNELS` of a rendition.
    pub channels: String,
    /// `NAME` of a rendition.
    pub name: String,
    /// `FRAME-RATE`.
    pub frame_rate: String,
    /// `VIDEO-RANGE`.
    pub video_range: String,
}

impl StreamTraits {
    /// What stands where version 2.2 has the stream's index.
    pub(super) fn index(&self) -> String {
        let (width, height) = self.resolution.map_or_else(Default::default, |(w, h)| (w.to_string(), h.to_string()));
        let traits = [
            self.bitrate_bps.to_string(),
            codecs(&self.codecs),
            width,
            height,
            language(&self.language),
            self.channels.split('/').next().unwrap_or_default().to_owned(),
            self.name.to_lowercase().trim().to_owned(),
            frame_rate(&self.frame_rate),
            self.video_range.to_uppercase().trim().to_owned(),
        ];
        BASE64_STANDARD.encode(Sha1::digest(traits.join("-")))
    }
}

fn codecs(list: &str) -> String {
    if list.is_empty() {
        return String::new();
    }
    let mut codecs: Vec<String> =
        list.split(',').map(|codec| codec_in_hexadecimal(&codec.trim().to_lowercase())).collect();
    codecs.sort();
    codecs.join(",")
}

/// RFC 4281 wrote AVC's profile and level in decimal.
fn codec_in_hexadecimal(codec: &str) -> String {
    let parts: Vec<&str> = codec.split('.').collect();
    let [family @ ("avc1" | "avc"), profile, level] = parts[..] else { return codec.to_owned() };
    match (decimal(profile), decimal(level)) {
        (Some(profile), Some(level)) => format!("{family}.{profile:02x}00{level:02x}"),
        _ => codec.to_owned(),
    }
}

fn decimal(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| number.to_string() == text)
}

fn language(tag: &str) -> String {
    if tag == "und" { String::new() } else { tag.chars().take(2).collect::<String>().to_lowercase() }
}

fn frame_rate(text: &str) -> String {
    text.trim().parse::<f64>().ok().filter(|rate| rate.is_finite()).map(|rate| rate.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_the_same_thing_are_one() {
        assert_eq!(codecs("mp4a.40.2, AVC1.64001F"), codecs("avc1.64001f,mp4a.40.2"));
        assert_eq!(codecs("avc1.66.30"), "avc1.42001e");
        assert_eq!(codecs("avc1.066.30"), "avc1.066.30");
        assert_eq!(language("und"), "");
        assert_eq!(frame_rate("29.970"), "29.97");
        assert_eq!(frame_rate("variable"), "");
    }
}
