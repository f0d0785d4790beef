//! Which files does a playlist name?
//!
//! Playlists come from strangers and will be served from our address, so a copy is made only of those that name nothing but
//! flat files beside them: a tag with a URI that is not understood here is refused, not skipped, lest players that read our
//! copy be sent elsewhere. For the same reason nothing may stand in them that a player could read in another way than we
//! do: other ends of lines, or two URIs in one tag. Follows RFC 8216.

use std::ops::Range;

use crate::model::FileName;

/// Variants and renditions of one video.
const MAX_PLAYLISTS: usize = 40;
/// 55 hours in segments of four seconds.
const MAX_SEGMENTS: usize = 50_000;
/// Segments are held in memory until they are checked.
pub(crate) const MAX_SEGMENT_BYTES: u64 = 64 * 1024 * 1024;
/// What ends a line for some players and not for us.
const OTHER_LINE_ENDS: [char; 6] = ['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

/// Why a playlist is not copied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaylistError {
    /// Not text, or without the first line that every playlist has.
    #[error("a playlist of the origin is no playlist")]
    NotAPlaylist,
    /// A name with a folder or a scheme, or with characters that no origin uses.
    #[error("a playlist of the origin names `{0}`, which is no file beside it")]
    ForeignName(String),
    /// A tag with a URI that we would have to copy and cannot, such as an encryption key.
    #[error("a playlist of the origin uses {0}, which is not supported")]
    Unsupported(String),
    /// More playlists or segments than any video has.
    #[error("a playlist of the origin is too long")]
    TooLong,
    /// No entries at all.
    #[error("a playlist of the origin is empty")]
    Empty,
    /// No end: a live stream.
    #[error("a playlist of the origin has no end")]
    Unfinished,
    /// Segments that are not consecutive ranges of one file, beginning with its first byte.
    #[error("a playlist of the origin does not cover one file from its beginning")]
    NotOneFile,
    /// A segment that is empty or larger than we keep in memory.
    #[error("a playlist of the origin has a segment of {0} bytes")]
    SegmentSize(u64),
}

/// The playlists that a master playlist names, variants and audio renditions, in order, each once.
///
/// # Errors
/// [`PlaylistError`] says why the playlist is not copied.
pub fn parse_master(bytes: &[u8]) -> Result<Vec<FileName>, PlaylistError> {
    let mut playlists: Vec<FileName> = Vec::new();
    for line in lines(bytes)? {
        let uri = match line {
            Line::Uri(uri) => Some(uri),
            Line::Tag { name: name @ "EXT-X-MEDIA", attributes } => only_uri(name, attributes)?,
            Line::Tag { name, attributes } => refuse_uri(name, attributes)?,
        };
        if let Some(uri) = uri {
            let name = file_name(uri)?;
            if !playlists.contains(&name) {
                playlists.push(name);
            }
        }
        if playlists.len() > MAX_PLAYLISTS {
            return Err(PlaylistError::TooLong);
        }
    }
    if playlists.is_empty() { Err(PlaylistError::Empty) } else { Ok(playlists) }
}

/// A variant or rendition: consecutive ranges of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// The file.
    pub media: FileName,
    /// What comes before the first segment.
    pub init: Range<u64>,
    /// The segments in order of play, each beginning where the one before it ends; at least one.
    pub segments: Vec<Range<u64>>,
}

/// Reads the playlist of a variant or rendition.
///
/// # Errors
/// [`PlaylistError`] says why the playlist is not copied.
pub fn parse_variant(bytes: &[u8]) -> Result<Variant, PlaylistError> {
    let mut reader = VariantReader::default();
    for line in lines(bytes)? {
        match line {
            Line::Tag { name: name @ "EXT-X-MAP", attributes } => reader.map(name, attributes)?,
            Line::Tag { name: "EXT-X-BYTERANGE", attributes } => reader.next_range = Some(byte_range(attributes)?),
            Line::Tag { name: "EXT-X-ENDLIST", .. } => reader.is_finished = true,
            Line::Tag { name, attributes } => drop(refuse_uri(name, attributes)?),
            Line::Uri(uri) => reader.segment(uri)?,
        }
    }
    reader.finish()
}

#[derive(Default)]
struct VariantReader {
    media: Option<FileName>,
    init: Option<Range<u64>>,
    segments: Vec<Range<u64>>,
    /// Length, and offset unless it follows the previous range.
    next_range: Option<(u64, Option<u64>)>,
    is_finished: bool,
}

impl VariantReader {
    fn map(&mut self, name: &str, attributes: &str) -> Result<(), PlaylistError> {
        let uri = only_uri(name, attributes)?.ok_or(PlaylistError::NotOneFile)?;
        self.claim_media(file_name(uri)?)?;
        let (length, offset) = byte_range(attribute(attributes, "BYTERANGE").ok_or(PlaylistError::NotOneFile)?)?;
        if self.init.is_some() || !self.segments.is_empty() || offset.unwrap_or(0) != 0 {
            return Err(PlaylistError::NotOneFile);
        }
        self.init = Some(0..length);
        Ok(())
    }

    fn segment(&mut self, uri: &str) -> Result<(), PlaylistError> {
        self.claim_media(file_name(uri)?)?;
        let (length, offset) = self.next_range.take().ok_or(PlaylistError::NotOneFile)?;
        let end = self.end();
        if offset.unwrap_or(end) != end {
            return Err(PlaylistError::NotOneFile);
        }
        if self.segments.len() == MAX_SEGMENTS {
            return Err(PlaylistError::TooLong);
        }
        self.segments.push(end..end.checked_add(length).ok_or(PlaylistError::SegmentSize(length))?);
        Ok(())
    }

    fn claim_media(&mut self, name: FileName) -> Result<(), PlaylistError> {
        match &self.media {
            Some(media) if *media != name => Err(PlaylistError::NotOneFile),
            _ => {
                self.media = Some(name);
                Ok(())
            }
        }
    }

    fn end(&self) -> u64 {
        self.segments.last().or(self.init.as_ref()).map_or(0, |range| range.end)
    }

    fn finish(self) -> Result<Variant, PlaylistError> {
        let media = self.media.filter(|_| !self.segments.is_empty()).ok_or(PlaylistError::Empty)?;
        if !self.is_finished {
            return Err(PlaylistError::Unfinished);
        }
        Ok(Variant { media, init: self.init.unwrap_or(0..0), segments: self.segments })
    }
}

enum Line<'a> {
    Tag { name: &'a str, attributes: &'a str },
    Uri(&'a str),
}

fn lines(bytes: &[u8]) -> Result<impl Iterator<Item = Line<'_>>, PlaylistError> {
    let text = std::str::from_utf8(bytes).map_err(|_| PlaylistError::NotAPlaylist)?;
    let mut lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines().map(str::trim);
    if lines.next() != Some("#EXTM3U") || lines.clone().any(|line| line.contains(OTHER_LINE_ENDS)) {
        return Err(PlaylistError::NotAPlaylist);
    }
    Ok(lines.filter_map(|line| match line.strip_prefix('#') {
        None => (!line.is_empty()).then_some(Line::Uri(line)),
        Some(comment) if !comment.starts_with("EXT") => None,
        Some(tag) => {
            let (name, attributes) = tag.split_once(':').unwrap_or((tag, ""));
            Some(Line::Tag { name, attributes })
        }
    }))
}

/// Any attribute whose name ends in `URI` leads somewhere, also those of tags that nobody has invented yet.
fn refuse_uri<'a>(name: &str, attributes: &str) -> Result<Option<&'a str>, PlaylistError> {
    let leads_elsewhere = count_uris(attributes) > 0 || name == "EXT-X-DEFINE";
    if leads_elsewhere { Err(unsupported(name)) } else { Ok(None) }
}

/// The URI of a tag that may have one. Of two, a player might follow the other.
fn only_uri<'a>(name: &str, attributes: &'a str) -> Result<Option<&'a str>, PlaylistError> {
    match (count_uris(attributes), attribute(attributes, "URI")) {
        (0, _) => Ok(None),
        (1, Some(uri)) => Ok(Some(uri)),
        _ => Err(unsupported(name)),
    }
}

/// How many attributes may be taken for one whose name ends in `URI`, white space around names notwithstanding.
fn count_uris(attributes: &str) -> usize {
    attributes.split_whitespace().collect::<String>().matches("URI=").count()
}

fn unsupported(name: &str) -> PlaylistError {
    PlaylistError::Unsupported(name.chars().take(40).collect())
}

/// The value of an attribute, without its quotes.
fn attribute<'a>(attributes: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = attributes;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let (value, after) = quoted.split_once('"')?;
                (value, after.strip_prefix(',').unwrap_or(after))
            }
            None => after.split_once(',').unwrap_or((after, "")),
        };
        if name.trim() == wanted {
            return Some(value);
        }
        rest = next;
    }
}

fn file_name(uri: &str) -> Result<FileName, PlaylistError> {
    FileName::new(uri).ok_or_else(|| PlaylistError::ForeignName(uri.chars().take(80).collect()))
}

/// `length` or `length@offset`.
fn byte_range(text: &str) -> Result<(u64, Option<u64>), PlaylistError> {
    let (length, offset) = text.split_once('@').map_or((text, None), |(length, offset)| (length, Some(offset)));
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| PlaylistError::NotOneFile);
    let length = number(length)?;
    if length == 0 || length > MAX_SEGMENT_BYTES {
        return Err(PlaylistError::SegmentSize(length));
    }
    Ok((length, offset.map(number).transpose()?))
}

#[cfg(test)]
mod tests;
