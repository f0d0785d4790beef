use proptest::prelude::*;

use super::*;

const VARIANT: &str = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n\
    #EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MAP:URI=\"a-480-fragmented.mp4\",BYTERANGE=\"1357@0\"\n\
    #EXTINF:4.000000,\n#EXT-X-BYTERANGE:380263@1357\na-480-fragmented.mp4\n\
    #EXTINF:4.000000,\n#EXT-X-BYTERANGE:1000\na-480-fragmented.mp4\n#EXT-X-ENDLIST\n";

fn names(master: &str) -> Result<Vec<String>, PlaylistError> {
    parse_master(master.as_bytes()).map(|names| names.iter().map(ToString::to_string).collect())
}

#[test]
fn a_master_playlist_names_its_variants_and_its_separate_audio() {
    let master = "#EXTM3U\r\n#EXT-X-VERSION:6\r\n\r\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"group, of Audio\",NAME=\"audio\",DEFAULT=YES,URI=\"0.m3u8\"\r\n\
        #EXT-X-STREAM-INF:BANDWIDTH=1089000,RESOLUTION=640x480,CODECS=\"avc1.64001e,mp4a.40.2\",AUDIO=\"g\"\r\n1.m3u8\r\n\
        #EXT-X-STREAM-INF:BANDWIDTH=434500\r\n2.m3u8\r\n";
    assert_eq!(names(master).unwrap(), ["0.m3u8", "1.m3u8", "2.m3u8"]);
}

#[test]
fn a_variant_is_consecutive_ranges_of_one_file() {
    let variant = parse_variant(VARIANT.as_bytes()).unwrap();
    assert_eq!(variant.media.as_str(), "a-480-fragmented.mp4");
    assert_eq!(variant.init, 0..1357);
    assert_eq!(variant.segments, [1357..381_620, 381_620..382_620]);
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in [
        "../../../etc/passwd",
        "/a.m3u8",
        "https://evil.test/a.m3u8",
        "//evil.test/a",
        "a.m3u8?x",
        "{$x}",
        "..",
        "a%2f",
    ] {
        let master = format!("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{name}\n");
        assert_eq!(names(&master), Err(PlaylistError::ForeignName(name.to_owned())), "{name}");
        let audio = format!("#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI=\"{name}\"\n1.m3u8\n");
        assert_eq!(names(&audio), Err(PlaylistError::ForeignName(name.to_owned())), "{name}");
        let variant = VARIANT.replace("a-480-fragmented.mp4", name);
        assert_eq!(parse_variant(variant.as_bytes()), Err(PlaylistError::ForeignName(name.to_owned())), "{name}");
    }
}

#[test]
fn tags_that_lead_elsewhere_are_refused() {
    for tag in [
        "EXT-X-KEY:METHOD=AES-128,URI=\"key.bin\"",
        "EXT-X-SESSION-DATA:DATA-ID=\"a\",URI=\"https://evil.test/\"",
        "EXT-X-CONTENT-STEERING:SERVER-URI=\"https://evil.test/\"",
        "EXT-X-DATERANGE:ID=\"a\",X-ASSET-URI=\"https://evil.test/\"",
        "EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"",
        "EXT-X-KEY:METHOD=AES-128,URI =\"https://evil.test/\"",
    ] {
        let name = tag.split(':').next().unwrap().to_owned();
        let variant = VARIANT.replace("#EXT-X-VERSION:7", &format!("#{tag}"));
        assert_eq!(parse_variant(variant.as_bytes()), Err(PlaylistError::Unsupported(name.clone())));
        assert_eq!(names(&format!("#EXTM3U\n#{tag}\n1.m3u8\n")), Err(PlaylistError::Unsupported(name)));
    }
}

#[test]
fn what_players_could_read_in_another_way_is_refused() {
    for line_end in ['\r', '\u{2028}'] {
        let hidden = format!("#EXT-X-STREAM-INF:BANDWIDTH=1{line_end}https://evil.test/1.m3u8\n1.m3u8\n");
        assert_eq!(names(&format!("#EXTM3U\n{hidden}")), Err(PlaylistError::NotAPlaylist));
        let variant = VARIANT.replace("#EXT-X-VERSION:7", &format!("# a comment{line_end}https://evil.test/1.mp4"));
        assert_eq!(parse_variant(variant.as_bytes()), Err(PlaylistError::NotAPlaylist));
    }
    let second = ",URI=\"https://evil.test/\"";
    let audio = format!("#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI=\"0.m3u8\"{second}\n1.m3u8\n");
    assert_eq!(names(&audio), Err(PlaylistError::Unsupported("EXT-X-MEDIA".to_owned())));
    let variant = VARIANT.replace("\"1357@0\"", &format!("\"1357@0\"{second}"));
    assert_eq!(parse_variant(variant.as_bytes()), Err(PlaylistError::Unsupported("EXT-X-MAP".to_owned())));
}

#[test]
fn gaps_other_files_and_missing_ends_are_refused() {
    let broken = |from: &str, to: &str| parse_variant(VARIANT.replacen(from, to, 1).as_bytes()).unwrap_err();
    assert_eq!(broken("380263@1357", "380263@1400"), PlaylistError::NotOneFile);
    assert_eq!(broken("1357@0", "1357@1"), PlaylistError::NotOneFile);
    assert_eq!(broken("a-480-fragmented.mp4\n#EXT-X-ENDLIST", "b.mp4\n#EXT-X-ENDLIST"), PlaylistError::NotOneFile);
    assert_eq!(broken("#EXT-X-BYTERANGE:1000\n", ""), PlaylistError::NotOneFile);
    assert_eq!(broken("#EXT-X-ENDLIST\n", ""), PlaylistError::Unfinished);
    assert_eq!(broken("380263@1357", "99999999999@1357"), PlaylistError::SegmentSize(99_999_999_999));
    assert_eq!(broken("#EXTM3U", "<html>"), PlaylistError::NotAPlaylist);
    assert_eq!(names("#EXTM3U\n"), Err(PlaylistError::Empty));
    assert_eq!(parse_master(b"\xff\xfe"), Err(PlaylistError::NotAPlaylist));
}

#[test]
fn an_endless_list_is_cut_off() {
    let playlists: Vec<String> = (0..100).map(|number| format!("{number}.m3u8")).collect();
    assert_eq!(names(&format!("#EXTM3U\n{}", playlists.join("\n"))), Err(PlaylistError::TooLong));
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in "(#EXTM3U\n)?((#EXT[-A-Z]{0,20}:)?[-A-Z=\",@0-9a-z./]{0,30}\n){0,8}") {
        let _ = parse_master(text.as_bytes());
        let _ = parse_variant(text.as_bytes());
    }

    #[test]
    fn an_accepted_variant_covers_its_file_without_gaps(ranges in prop::collection::vec((0_u64..99, prop::option::of(0_u64..300)), 0..6)) {
        let mut text = String::from("#EXTM3U\n");
        for (length, offset) in ranges {
            let offset = offset.map(|offset| format!("@{offset}")).unwrap_or_default();
            text.extend([format!("#EXT-X-BYTERANGE:{length}{offset}\n"), "a.mp4\n".to_owned()]);
        }
        text += "#EXT-X-ENDLIST\n";
        if let Ok(variant) = parse_variant(text.as_bytes()) {
            let mut end = variant.init.end;
            for segment in variant.segments {
                prop_assert_eq!(segment.start, end);
                prop_assert!(segment.end > segment.start);
                end = segment.end;
            }
        }
    }
}
