//! How is a comment's Markdown shown? As a small, safe part of HTML, with addresses, moments and people made into links.
//!
//! Raw HTML stands as text, pictures as their words, and every link says that it is a visitor's (`nofollow ugc`). Then the
//! whole is cleaned once more, so that a mistake here is no hole.

use std::collections::{BTreeSet, HashSet};

use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, TextMergeStream, html};
use url::Url;

/// People named in one comment who are looked up and told; the rest is text.
pub const MAX_MENTIONS: usize = 10;
/// Links on links, lists in lists: what is nested deeper stands flat.
const MAX_NESTING: usize = 24;

/// Somebody as they are named in a text: `@bob@example.org`, or `@bob` for somebody of this server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mention {
    /// The name.
    pub name: String,
    /// The server, if it is named.
    pub host: Option<String>,
}

/// Something in a text that may be a link.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'t> {
    Words(&'t str),
    Address(&'t str),
    Person(&'t str, Mention),
    Moment(&'t str, u64),
}

/// The HTML of a comment. `person` knows where somebody's page is; `watch_path` is that of the video.
pub fn to_html(text: &str, watch_path: &str, person: impl Fn(&Mention) -> Option<String>) -> String {
    let mut events = vec![];
    let mut place = Place::default();
    for event in parse(text) {
        place.enter(&event);
        match event {
            Event::Text(words) if place.is_plain() => link_pieces(&words, watch_path, &person, &mut events),
            Event::Html(raw) | Event::InlineHtml(raw) => events.push(Event::Text(raw)),
            Event::SoftBreak => events.push(Event::HardBreak),
            Event::Start(tag) => start(tag, place.is_too_deep(), &mut place.skipped, &mut events),
            Event::End(tag) => end(tag, &mut place.skipped, &mut events),
            other => events.push(other),
        }
        place.leave();
    }
    let mut unclean = String::new();
    html::push_html(&mut unclean, events.into_iter());
    clean(&unclean)
}

/// Who is named in a text, each once, outside of code and links.
pub fn mentions(text: &str) -> Vec<Mention> {
    let (mut place, mut found) = (Place::default(), BTreeSet::new());
    for event in parse(text) {
        place.enter(&event);
        if let (Event::Text(words), true) = (&event, place.is_plain()) {
            let people = pieces(words).into_iter().filter_map(|piece| match piece {
                Piece::Person(_, mention) => Some(mention),
                _ => None,
            });
            found.extend(people);
        }
        place.leave();
    }
    found.into_iter().take(MAX_MENTIONS).collect()
}

fn parse(text: &str) -> impl Iterator<Item = Event<'_>> {
    TextMergeStream::new(Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH))
}

/// Where in the text the reader is.
#[derive(Debug, Default)]
struct Place {
    links: usize,
    code: usize,
    depth: usize,
    is_leaving: bool,
    /// For each open element, whether it was left out.
    skipped: Vec<bool>,
}

impl Place {
    fn enter(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(tag) => {
                self.depth += 1;
                match tag {
                    Tag::Link { .. } | Tag::Image { .. } => self.links += 1,
                    Tag::CodeBlock(_) => self.code += 1,
                    _ => {}
                }
            }
            Event::End(tag) => {
                self.is_leaving = true;
                match tag {
                    TagEnd::Link | TagEnd::Image => self.links = self.links.saturating_sub(1),
                    TagEnd::CodeBlock => self.code = self.code.saturating_sub(1),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn leave(&mut self) {
        if std::mem::take(&mut self.is_leaving) {
            self.depth = self.depth.saturating_sub(1);
        }
    }

    fn is_plain(&self) -> bool {
        self.links == 0 && self.code == 0
    }

    fn is_too_deep(&self) -> bool {
        self.depth > MAX_NESTING
    }
}

fn start<'t>(tag: Tag<'t>, is_too_deep: bool, skipped: &mut Vec<bool>, events: &mut Vec<Event<'t>>) {
    let kept = match tag {
        Tag::Image { .. } => None,
        Tag::Link { ref dest_url, .. } if !is_web_address(dest_url) => None,
        Tag::BlockQuote(_) | Tag::List(_) | Tag::Item if is_too_deep => None,
        // A comment has no headings: they would stand among those of the page.
        Tag::Heading { .. } => {
            events.push(Event::Start(Tag::Paragraph));
            Some(Tag::Strong)
        }
        Tag::HtmlBlock => Some(Tag::Paragraph),
        tag => Some(tag),
    };
    skipped.push(kept.is_none());
    events.extend(kept.map(Event::Start));
}

fn end(tag: TagEnd, skipped: &mut Vec<bool>, events: &mut Vec<Event<'_>>) {
    if skipped.pop().unwrap_or_default() {
        return;
    }
    match tag {
        TagEnd::Heading(_) => events.extend([Event::End(TagEnd::Strong), Event::End(TagEnd::Paragraph)]),
        TagEnd::HtmlBlock => events.push(Event::End(TagEnd::Paragraph)),
        tag => events.push(Event::End(tag)),
    }
}

fn is_web_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

fn link_pieces(
    words: &str,
    watch_path: &str,
    person: &impl Fn(&Mention) -> Option<String>,
    events: &mut Vec<Event<'_>>,
) {
    for piece in pieces(words) {
        match piece {
            Piece::Words(words) => events.push(Event::Text(words.to_owned().into())),
            Piece::Address(address) => push_link(address, address.to_owned(), events),
            Piece::Person(name, mention) => match person(&mention) {
                Some(href) => push_link(name, href, events),
                None => events.push(Event::Text(name.to_owned().into())),
            },
            // Digits and colons need no escaping.
            Piece::Moment(label, seconds) => events.push(Event::InlineHtml(
                format!("<a href=\"{watch_path}?start={seconds}\" data-time=\"{seconds}\">{label}</a>").into(),
            )),
        }
    }
}

fn push_link(label: &str, href: String, events: &mut Vec<Event<'_>>) {
    let (empty, href) = (CowStr::Borrowed(""), CowStr::from(href));
    events.push(Event::Start(Tag::Link {
        link_type: LinkType::Inline,
        dest_url: href,
        title: empty.clone(),
        id: empty,
    }));
    events.push(Event::Text(label.to_owned().into()));
    events.push(Event::End(TagEnd::Link));
}

fn clean(unclean: &str) -> String {
    let tags = ["p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "a"];
    ammonia::Builder::default()
        .tags(HashSet::from(tags))
        .tag_attributes([("a", HashSet::from(["href", "data-time"])), ("ol", HashSet::from(["start"]))].into())
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https"]))
        .link_rel(Some("noopener noreferrer nofollow ugc"))
        .clean(unclean)
        .to_string()
}

/// Cuts a text where something in it may be a link.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = vec![];
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        let core = bare.trim_start_matches(['(', '[', '{', '"', '\'', '«', '„', '“', '‘']);
        let before = bare.strip_suffix(core).unwrap_or_default();
        let core = trim_end_marks(core);
        let found = read_piece(core);
        let after = found.as_ref().and_then(|_| word.strip_prefix(before)?.strip_prefix(core));
        match (found, after) {
            (Some(piece), Some(after)) => {
                pieces.extend([Piece::Words(before), piece, Piece::Words(after)]);
            }
            _ => pieces.push(Piece::Words(word)),
        }
    }
    pieces.retain(|piece| *piece != Piece::Words(""));
    pieces
}

/// Without the marks that end a sentence; a bracket stays if it was opened inside.
fn trim_end_marks(word: &str) -> &str {
    let is_mark = |c: char| matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '"' | '\'' | '»' | '”' | '’' | ']' | '}');
    let mut word = word;
    loop {
        let shorter = word.trim_end_matches(is_mark);
        let is_unopened = shorter.matches(')').count() > shorter.matches('(').count();
        let shorter = shorter.strip_suffix(')').filter(|_| is_unopened).unwrap_or(shorter);
        if shorter.len() == word.len() {
            return word;
        }
        word = shorter;
    }
}

fn read_piece(word: &str) -> Option<Piece<'_>> {
    if word.starts_with("https://") || word.starts_with("http://") {
        return is_web_address(word).then_some(Piece::Address(word));
    }
    if let Some(mention) = read_mention(word) {
        return Some(Piece::Person(word, mention));
    }
    read_moment(word).map(|seconds| Piece::Moment(word, seconds))
}

fn read_mention(word: &str) -> Option<Mention> {
    let handle = word.strip_prefix('@')?;
    let (name, host) = match handle.split_once('@') {
        Some((name, host)) => (name, Some(host)),
        None => (handle, None),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if name.is_empty() || name.len() > 100 || !name.chars().all(is_name) {
        return None;
    }
    let host = match host {
        Some(host) => Some(host.parse::<federation::origin::Host>().ok()?.to_string()),
        None => None,
    };
    Some(Mention { name: name.to_owned(), host })
}

/// `1:23` or `1:02:03` in seconds.
fn read_moment(word: &str) -> Option<u64> {
    let parts: Vec<&str> = word.split(':').collect();
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let is_number = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u64>().ok()).flatten()
    };
    let (hours, minutes, seconds) = match *parts.as_slice() {
        [minutes, seconds] => (0, number(minutes, 1..=3)?, number(seconds, 2..=2)?),
        [hours, minutes, seconds] => {
            (number(hours, 1..=3)?, number(minutes, 2..=2).filter(|m| *m < 60)?, number(seconds, 2..=2)?)
        }
        _ => return None,
    };
    (seconds < 60).then_some(hours * 3600 + minutes * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        to_html(text, "/w/x", |mention| Some(format!("https://{}/@{}", mention.host.as_deref()?, mention.name)))
    }

    #[test]
    fn what_somebody_wrote_cannot_act_on_the_page() {
        let html = shown(
            "**b** <script>alert(1)</script> ![a](https://t.example/x.png) [l](javascript:alert(1)) [m](/logout)",
        );
        assert!(html.contains("<strong>b</strong>") && html.contains("&lt;script&gt;"), "{html}");
        for forbidden in ["<script", "<img", "href=\"javascript", "href=\"/logout"] {
            assert!(!html.contains(forbidden), "{html}");
        }
    }

    #[test]
    fn addresses_are_links_that_lend_no_weight() {
        let html = shown("See (https://a.example/x_(y)_z), ok.");
        assert!(
            html.contains("<a href=\"https://a.example/x_(y)_z\" rel=\"noopener noreferrer nofollow ugc\">"),
            "{html}"
        );
        assert!(html.ends_with("</a>), ok.</p>\n"), "{html}");
    }

    #[test]
    fn moments_lead_into_the_video() {
        let html = shown("Look at 1:23 and 1:02:03, not at 1:75, 12:3 or a:b.");
        assert!(html.contains("<a href=\"/w/x?start=83\" data-time=\"83\""), "{html}");
        assert!(html.contains("?start=3723"), "{html}");
        assert_eq!(html.matches("<a ").count(), 2, "{html}");
    }

    #[test]
    fn people_are_links_where_their_page_is_known() {
        let html = shown("Hello @bob@example.org! And @alice.");
        assert!(html.contains("<a href=\"https://example.org/@bob\""), "{html}");
        assert!(html.contains(" And @alice."), "{html}");
    }

    #[test]
    fn code_and_links_name_nobody() {
        assert_eq!(mentions("`@a@b.example` [@c@d.example](https://e.example)"), []);
        let found = mentions("@bob@b.example, @bob@b.example and @alice");
        let names: Vec<&str> = found.iter().map(|mention| mention.name.as_str()).collect();
        assert_eq!(names, ["alice", "bob"]);
    }

    #[test]
    fn a_heading_is_a_strong_paragraph_and_a_line_is_a_line() {
        assert_eq!(shown("# T"), "<p><strong>T</strong></p>\n");
        assert_eq!(shown("a\nb"), "<p>a<br>\nb</p>\n");
    }

    proptest! {
        #[test]
        fn nothing_that_is_written_makes_other_elements(text in "[\\PC\n]{0,200}") {
            let html = shown(&text);
            for part in html.split('<').skip(1) {
                let name: String = part.trim_start_matches('/').chars().take_while(char::is_ascii_alphabetic).collect();
                let known = ["p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "a"];
                prop_assert!(known.contains(&name.as_str()), "{html}");
            }
        }

        #[test]
        fn cutting_a_text_loses_nothing(text in "\\PC{0,100}") {
            let whole: String = pieces(&text).into_iter().map(|piece| match piece {
                Piece::Words(words) | Piece::Address(words) | Piece::Person(words, _) | Piece::Moment(words, _) => words,
            }).collect();
            prop_assert_eq!(whole, text);
        }

        #[test]
        fn deep_nesting_is_cut(depth in 1_usize..3000) {
            let html = shown(&format!("{}x", ">".repeat(depth)));
            prop_assert!(html.matches("<blockquote>").count() <= MAX_NESTING);
        }
    }
}
