//! Playlists of another server, which will be served from our address: none that is copied leads a player elsewhere, even
//! one that reads lines and attributes in another way than we do.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redundancy::playlist::{parse_master, parse_variant};

fuzz_target!(|bytes: &[u8]| {
    let master = parse_master(bytes);
    if let Ok(names) = &master {
        assert!(!names.is_empty());
    }
    let variant = parse_variant(bytes);
    if let Ok(variant) = &variant {
        let mut next = variant.init.end;
        assert_eq!(variant.init.start, 0);
        for segment in &variant.segments {
            assert!(segment.start == next && segment.end > segment.start);
            next = segment.end;
        }
    }
    if master.is_ok() || variant.is_ok() {
        assert_leads_nowhere_else(bytes);
    }
});

/// Reads like JavaScript, to which more characters end a line, and takes the last of two attributes of one name.
fn assert_leads_nowhere_else(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).expect("an accepted playlist is text");
    for line in text.split(['\n', '\r', '\u{2028}', '\u{2029}']).map(str::trim) {
        if line.starts_with("#EXT") {
            let line: String = line.split_whitespace().collect();
            let last_uri = line.rsplit_once("URI=\"").and_then(|(_, rest)| rest.split('"').next());
            assert!(last_uri.is_none_or(is_flat), "{line}");
        } else if !line.starts_with('#') {
            assert!(is_flat(line.trim_start_matches('\u{feff}')), "{line}");
        }
    }
}

fn is_flat(uri: &str) -> bool {
    !uri.contains(['/', '\\', ':', '?', '%'])
}
