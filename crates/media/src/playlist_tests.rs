use proptest::prelude::*;

use super::*;

const WRITTEN_BY_FFMPEG: &str = "\
#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI=\"x-480-fragmented.mp4\",BYTERANGE=\"1353@0\"
#EXTINF:4.000000,
#EXT-X-BYTERANGE:364847@1353
x-480-fragmented.mp4
#EXTINF:2.000000,
#EXT-X-BYTERANGE:375148@366200
x-480-fragmented.mp4
#EXT-X-ENDLIST
";

#[test]
fn the_encoders_playlist_is_understood() {
    let playlist = MediaPlaylist::parse(WRITTEN_BY_FFMPEG).expect("a playlist of ours");
    assert_eq!(playlist.file, "x-480-fragmented.mp4");
    assert_eq!(playlist.init, ByteRange { start: 0, length: 1353 });
    assert_eq!(playlist.segments.len(), 2);
    assert_eq!(playlist.segments[1].range.inclusive(), "366200-741347");
    assert_eq!(playlist.file_size(), 741_348);
    assert!((playlist.seconds() - 6.0).abs() < 1e-9);
    assert_eq!(playlist.peak_bps(), 375_148 * 8 / 2);
}

#[test]
fn what_we_write_we_read_back() {
    let playlist = MediaPlaylist::parse(WRITTEN_BY_FFMPEG).expect("a playlist of ours");
    assert_eq!(MediaPlaylist::parse(&playlist.render()), Ok(playlist));
}

#[test]
fn a_gap_between_segments_is_refused() {
    let text = WRITTEN_BY_FFMPEG.replace("375148@366200", "375147@366201");
    assert_eq!(MediaPlaylist::parse(&text), Err(PlaylistError::Gap(1)));
}

#[test]
fn a_second_file_is_refused() {
    let text = WRITTEN_BY_FFMPEG.replacen("\nx-480-fragmented.mp4", "\n../../etc/passwd", 1);
    assert_eq!(MediaPlaylist::parse(&text), Err(PlaylistError::SeveralFiles));
}

#[test]
fn a_playlist_cut_short_is_refused() {
    let text = WRITTEN_BY_FFMPEG.replace("#EXT-X-ENDLIST\n", "");
    assert_eq!(MediaPlaylist::parse(&text), Err(PlaylistError::Missing("EXT-X-ENDLIST")));
    assert_eq!(MediaPlaylist::parse("no playlist"), Err(PlaylistError::Line(1)));
    assert_eq!(MediaPlaylist::parse(""), Err(PlaylistError::Missing("EXT-X-MAP")));
}

#[test]
fn a_segment_without_its_byte_range_is_refused() {
    let text = WRITTEN_BY_FFMPEG.replace("#EXT-X-BYTERANGE:364847@1353\n", "");
    assert_eq!(MediaPlaylist::parse(&text), Err(PlaylistError::Line(8)));
}

#[test]
fn a_master_playlist_lists_its_variants_in_the_given_order() {
    let variant = |height, rate| Variant {
        playlist_file: format!("x-{height}.m3u8"),
        peak_bps: 2000,
        average_bps: 1000,
        width: 2 * height,
        height,
        frame_rate: rate,
        codecs: "avc1.64001f,mp4a.40.2".to_owned(),
    };
    let expected = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n\
        #EXT-X-STREAM-INF:BANDWIDTH=2000,AVERAGE-BANDWIDTH=1000,RESOLUTION=480x240,FRAME-RATE=30,CODECS=\"avc1.64001f,mp4a.40.2\"\n\
        x-240.m3u8\n\
        #EXT-X-STREAM-INF:BANDWIDTH=2000,AVERAGE-BANDWIDTH=1000,RESOLUTION=960x480,FRAME-RATE=29.97,CODECS=\"avc1.64001f,mp4a.40.2\"\n\
        x-480.m3u8\n";
    assert_eq!(render_master(&[variant(240, 30.0), variant(480, 30_000.0 / 1001.0)]), expected);
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in "(#EXTM3U\n)?(#EXT-X-(MAP|BYTERANGE|ENDLIST)?:?[ -~]{0,40}\n|#EXTINF:[ -~]{0,12}\n|\\PC{0,20}\n){0,20}") {
        if let Ok(playlist) = MediaPlaylist::parse(&text) {
            prop_assert!(playlist.file_size() > playlist.init.length);
        }
    }

    #[test]
    fn every_playlist_that_can_be_built_survives_writing_and_reading(
        init in 1u64..100_000,
        lengths in proptest::collection::vec((1u64..10_000_000, 1u32..40_000_000), 1..50),
    ) {
        let mut next = init;
        let segments = lengths.into_iter().map(|(length, microseconds)| {
            let range = ByteRange { start: next, length };
            next = range.end();
            Segment { seconds: f64::from(microseconds) / 1e6, range }
        }).collect();
        let playlist = MediaPlaylist { file: "a-240-fragmented.mp4".to_owned(), init: ByteRange { start: 0, length: init }, segments };
        let read = MediaPlaylist::parse(&playlist.render()).expect("it was written by us");
        prop_assert_eq!(read.file_size(), next);
        prop_assert_eq!(read, playlist);
    }
}
