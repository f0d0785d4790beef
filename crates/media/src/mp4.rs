//! As much of ISO BMFF (ISO/IEC 14496-12) as two questions need: was this upload cut short, and which codecs did we write?

use std::io::{self, Read, Seek, SeekFrom};

/// More top-level boxes than this are not looked at; a day of one-second fragments has 172,800.
const MAX_BOXES: usize = 400_000;

/// Whether a file is an MP4 or `QuickTime` file that ends before its own boxes do, or without an index (`moov`).
///
/// `false` for files of any other kind, and for what cannot be decided.
///
/// # Errors
/// Those of reading and seeking.
pub fn is_cut_short(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let size = file.seek(SeekFrom::End(0))?;
    let mut offset = 0;
    let mut has_index = false;
    for index in 0..MAX_BOXES {
        let Some(header) = read_header(file, offset, size)? else { break };
        if index == 0 && !is_first_box(header.kind) {
            return Ok(false);
        }
        has_index |= header.kind == *b"moov";
        let Some(end) = offset.checked_add(header.size) else { return Ok(true) };
        if end > size {
            return Ok(matches!(&header.kind, b"mdat" | b"moov" | b"moof"));
        }
        offset = end;
        if offset == size {
            break;
        }
    }
    Ok(offset > 0 && !has_index)
}

fn is_first_box(kind: [u8; 4]) -> bool {
    matches!(&kind, b"ftyp" | b"moov" | b"mdat" | b"wide" | b"skip")
}

#[derive(Clone, Copy)]
struct Header {
    kind: [u8; 4],
    /// Of the whole box, header included.
    size: u64,
    /// Of the header alone.
    own_bytes: u64,
}

fn read_header(file: &mut (impl Read + Seek), offset: u64, file_size: u64) -> io::Result<Option<Header>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::with_capacity(16);
    file.by_ref().take(16).read_to_end(&mut bytes)?;
    Ok(parse_header(&bytes, file_size.saturating_sub(offset)))
}

/// Reads a box header; `available` is what a box "up to the end" (size 0) has.
fn parse_header(bytes: &[u8], available: u64) -> Option<Header> {
    let short = u32::from_be_bytes(*bytes.first_chunk()?);
    let kind: [u8; 4] = *bytes.get(4..)?.first_chunk()?;
    let (size, own_bytes) = match short {
        0 => (available, 8),
        1 => (u64::from_be_bytes(*bytes.get(8..)?.first_chunk()?), 16),
        size => (u64::from(size), 8),
    };
    (size >= own_bytes).then_some(Header { kind, size, own_bytes })
}

/// The children of a container box: kind and content of each, until something does not fit.
fn children(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let header = parse_header(rest, rest.len() as u64)?;
        let whole = rest.get(..usize::try_from(header.size).ok()?)?;
        let content = whole.get(usize::try_from(header.own_bytes).ok()?..)?;
        rest = rest.get(whole.len()..)?;
        Some((header.kind, content))
    })
}

fn child(bytes: &[u8], kind: [u8; 4]) -> Option<&[u8]> {
    children(bytes).find(|(found, _)| *found == kind).map(|(_, content)| content)
}

/// Which codecs an initialisation part announces.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Codecs {
    /// RFC 6381 name of the first H.264 stream, such as `avc1.64001f`.
    pub video: Option<String>,
    /// RFC 6381 name of the first AAC-LC stream: `mp4a.40.2`.
    pub audio: Option<String>,
}

impl Codecs {
    /// Comma-separated, as `CODECS` of a master playlist wants it.
    pub fn joined(&self) -> String {
        let names: Vec<&str> = self.video.iter().chain(&self.audio).map(String::as_str).collect();
        names.join(",")
    }
}

/// Reads the codecs from an initialisation part that our own encoder wrote (H.264 and AAC-LC).
pub fn codecs_of_init(init: &[u8]) -> Codecs {
    let mut codecs = Codecs::default();
    let Some(index) = child(init, *b"moov") else { return codecs };
    for (_, track) in children(index).filter(|(kind, _)| kind == b"trak") {
        let Some((kind, entry)) = sample_entry(track) else { continue };
        match &kind {
            b"avc1" => codecs.video = codecs.video.or_else(|| avc_name(entry)),
            b"mp4a" => codecs.audio = codecs.audio.or_else(|| Some("mp4a.40.2".to_owned())),
            _ => {}
        }
    }
    codecs
}

/// The first sample entry of a track.
fn sample_entry(track: &[u8]) -> Option<([u8; 4], &[u8])> {
    let media = child(track, *b"mdia")?;
    let table = child(child(media, *b"minf")?, *b"stbl")?;
    // A full box (version and flags) with an entry count before the entries.
    children(child(table, *b"stsd")?.get(8..)?).next()
}

/// `avc1.` with profile, constraints and level in hexadecimal (RFC 6381, 3.3), from the `avcC` box.
fn avc_name(entry: &[u8]) -> Option<String> {
    /// Fixed fields of a visual sample entry that precede its child boxes.
    const VISUAL_SAMPLE_ENTRY_BYTES: usize = 78;
    let configuration = child(entry.get(VISUAL_SAMPLE_ENTRY_BYTES..)?, *b"avcC")?;
    let name: &[u8; 3] = configuration.get(1..)?.first_chunk()?;
    Some(format!("avc1.{}", hex::encode(name)))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn boxed(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(content.len() + 8).expect("a small box");
        [&size.to_be_bytes(), kind.as_slice(), content].concat()
    }

    fn cut_short(bytes: &[u8]) -> bool {
        is_cut_short(&mut Cursor::new(bytes)).expect("reading memory")
    }

    #[test]
    fn a_whole_file_is_not_cut_short() {
        assert!(!cut_short(&[boxed(*b"ftyp", b"isom"), boxed(*b"moov", b"index"), boxed(*b"mdat", b"media")].concat()));
    }

    #[test]
    fn a_file_without_its_index_is_cut_short() {
        assert!(cut_short(&[boxed(*b"ftyp", b"isom"), boxed(*b"mdat", b"media")].concat()));
    }

    #[test]
    fn a_file_that_ends_inside_its_media_is_cut_short() {
        let whole = [boxed(*b"ftyp", b"isom"), boxed(*b"moov", b"index"), boxed(*b"mdat", b"media")].concat();
        assert!(cut_short(&whole[..whole.len() - 1]));
    }

    #[test]
    fn a_file_of_another_kind_is_never_called_cut_short() {
        assert!(!cut_short(b""));
        assert!(!cut_short(b"just some text, nothing more"));
        assert!(!cut_short(b"\x1a\x45\xdf\xa3 a matroska file"));
    }

    #[test]
    fn codecs_are_read_from_the_index() {
        let configuration = boxed(*b"avcC", &[1, 0x64, 0x00, 0x1f, 0xff]);
        let video = boxed(*b"avc1", &[vec![0; 78], configuration].concat());
        let track = |entry: Vec<u8>| {
            let table = boxed(*b"stbl", &boxed(*b"stsd", &[vec![0; 8], entry].concat()));
            boxed(*b"trak", &boxed(*b"mdia", &boxed(*b"minf", &table)))
        };
        let index = boxed(*b"moov", &[track(video), track(boxed(*b"mp4a", &[0; 28]))].concat());
        let codecs = codecs_of_init(&[boxed(*b"ftyp", b"iso5"), index].concat());
        assert_eq!(codecs.joined(), "avc1.64001f,mp4a.40.2");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            codecs_of_init(&bytes);
            cut_short(&bytes);
            cut_short(&[boxed(*b"ftyp", b"isom"), bytes].concat());
        }
    }
}
