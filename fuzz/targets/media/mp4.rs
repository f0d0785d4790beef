//! Boxes of MP4 files, before FFmpeg sees them: codecs have the names that players expect.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use media::mp4::{codecs_of_init, is_cut_short};

fuzz_target!(|bytes: &[u8]| {
    is_cut_short(&mut Cursor::new(bytes)).expect("memory can be read");
    let codecs = codecs_of_init(bytes);
    if let Some(name) = &codecs.video {
        let digits = name.strip_prefix("avc1.").expect("the only codec that is named");
        assert!(digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    }
    assert!(codecs.joined().len() <= "avc1.64001f,mp4a.40.2".len());
});
