//! The display matrix of an upload: a picture keeps its sides, whichever way it is turned.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media::orientation::Orientation;

fuzz_target!(|bytes: &[u8]| {
    let Some(orientation) = Orientation::from_display_matrix(bytes) else { return };
    let shown = orientation.shown_size(1920, 1080);
    assert!(shown == (1920, 1080) || shown == (1080, 1920));
    assert!([0, 90, 180, 270].contains(&orientation.degrees()));
});
