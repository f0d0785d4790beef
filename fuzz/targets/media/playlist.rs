//! Media playlists: the segments cover one file from its first byte to its last, also after they were written out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media::playlist::MediaPlaylist;

fuzz_target!(|text: &str| {
    let Ok(playlist) = MediaPlaylist::parse(text) else { return };
    let bytes: u64 = playlist.init.length + playlist.segments.iter().map(|segment| segment.range.length).sum::<u64>();
    assert_eq!(playlist.file_size(), bytes);
    let again = MediaPlaylist::parse(&playlist.render()).expect("what was written by us");
    assert_eq!(
        (&again.file, again.init, again.segments.len()),
        (&playlist.file, playlist.init, playlist.segments.len())
    );
    for (segment, read) in playlist.segments.iter().zip(&again.segments) {
        assert_eq!(segment.range, read.range);
        // Written in microseconds.
        assert!((segment.seconds - read.seconds).abs() < 1e-6);
    }
});
