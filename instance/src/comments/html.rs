//! What is the Markdown of somebody else's HTML? Mastodon and its kin send HTML; here, texts are Markdown.
//!
//! The HTML is cleaned first, which also makes it well-formed: every element that is left is one of those below, and ends
//! where it should. What has no counterpart is left out, its words stay.

use std::{collections::HashSet, fmt::Write};

use url::Url;

/// Elements within elements; deeper ones stand flat.
const MAX_NESTING: usize = 24;

/// The Markdown of an HTML text.
pub fn to_markdown(html: &str) -> String {
    let clean = clean(html);
    let mut writer = Writer::default();
    let mut rest = clean.as_str();
    while let Some((text, after)) = rest.split_once('<') {
        writer.text(&decode(text));
        let Some((tag, after)) = after.split_once('>') else { break };
        writer.tag(tag);
        rest = after;
    }
    writer.text(&decode(rest));
    writer.finish()
}

/// Words without mark-up, as Markdown that shows just them.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        if !out.is_empty() {
            out.push('\n');
        }
        escape_line(line.trim_start(), true, &mut out);
    }
    out
}

fn clean(html: &str) -> String {
    let tags = [
        "p",
        "br",
        "a",
        "strong",
        "b",
        "em",
        "i",
        "del",
        "s",
        "code",
        "pre",
        "blockquote",
        "ul",
        "ol",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "div",
    ];
    ammonia::Builder::default()
        .tags(HashSet::from(tags))
        .tag_attributes([("a", HashSet::from(["href"]))].into())
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https"]))
        .link_rel(None)
        .clean(html)
        .to_string()
}

/// The entities that are left in cleaned HTML.
fn decode(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&nbsp;", " ");
    text.replace("&amp;", "&")
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Root,
    Flat,
    Block,
    Heading,
    Wrapped(&'static str),
    Code,
    Preformatted,
    Quote,
    List(Option<u32>),
    Item,
    Link(Option<Url>),
}

#[derive(Debug)]
struct Element {
    kind: Kind,
    text: String,
}

#[derive(Debug)]
struct Writer {
    open: Vec<Element>,
}

impl Default for Writer {
    fn default() -> Self {
        Self { open: vec![Element { kind: Kind::Root, text: String::new() }] }
    }
}

impl Writer {
    fn out(&mut self) -> Option<&mut String> {
        self.open.last_mut().map(|element| &mut element.text)
    }

    fn is_raw(&self) -> bool {
        self.open.iter().any(|element| matches!(element.kind, Kind::Code | Kind::Preformatted))
    }

    fn in_link(&self) -> bool {
        self.open.iter().any(|element| matches!(element.kind, Kind::Link(_)))
    }

    fn text(&mut self, text: &str) {
        let (is_raw, in_link) = (self.is_raw(), self.in_link());
        let Some(out) = self.out() else { return };
        if is_raw || in_link {
            out.push_str(text);
            return;
        }
        let is_at_start = out.is_empty() || out.ends_with('\n');
        if text.starts_with(char::is_whitespace) && !is_at_start && !out.ends_with(' ') {
            out.push(' ');
        }
        escape_line(text, is_at_start, out);
        if text.ends_with(char::is_whitespace) && !text.trim().is_empty() {
            out.push(' ');
        }
    }

    fn tag(&mut self, tag: &str) {
        if tag.starts_with('/') {
            self.close();
            return;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        match name {
            "br" => self.line_break(),
            "hr" => self.block("---"),
            _ => {
                let kind = if self.open.len() > MAX_NESTING { Kind::Flat } else { kind_of(name, attributes) };
                self.open.push(Element { kind, text: String::new() });
            }
        }
    }

    fn line_break(&mut self) {
        if let Some(out) = self.out() {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
        }
    }

    fn block(&mut self, text: &str) {
        let Some(out) = self.out().filter(|_| !text.is_empty()) else { return };
        out.truncate(out.trim_end().len());
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        out.push_str(text);
        out.push_str("\n\n");
    }

    fn close(&mut self) {
        if self.open.len() < 2 {
            return;
        }
        let Some(Element { kind, text }) = self.open.pop() else { return };
        match kind {
            Kind::Root => {}
            Kind::Flat => self.inline(&text),
            Kind::Block | Kind::List(_) => self.block(text.trim()),
            Kind::Heading => self.block(&wrap("**", &text.replace('\n', " "))),
            Kind::Wrapped(mark) => self.inline(&wrap(mark, &text)),
            Kind::Code if self.is_raw() => self.inline(&text),
            Kind::Code => self.inline(&code(&text)),
            Kind::Preformatted => self.block(&fenced(&text)),
            Kind::Quote => self.block(&prefixed(text.trim(), "> ", "> ")),
            Kind::Item => self.item(text.trim()),
            Kind::Link(href) => self.inline(&link(text.trim(), href)),
        }
    }

    fn inline(&mut self, text: &str) {
        if let Some(out) = self.out() {
            out.push_str(text);
        }
    }

    fn item(&mut self, text: &str) {
        let mark = match self.open.last_mut() {
            Some(Element { kind: Kind::List(Some(number)), .. }) => {
                *number = number.saturating_add(1);
                format!("{number}. ")
            }
            _ => "- ".to_owned(),
        };
        let indent = " ".repeat(mark.len());
        let item = prefixed(text, &mark, &indent);
        if let Some(out) = self.out() {
            out.truncate(out.trim_end().len());
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&item);
            out.push('\n');
        }
    }

    fn finish(mut self) -> String {
        while self.open.len() > 1 {
            self.close();
        }
        let text = self.open.pop().map(|element| element.text).unwrap_or_default();
        text.trim().to_owned()
    }
}

fn kind_of(name: &str, attributes: &str) -> Kind {
    match name {
        "p" | "div" => Kind::Block,
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Kind::Heading,
        "strong" | "b" => Kind::Wrapped("**"),
        "em" | "i" => Kind::Wrapped("*"),
        "del" | "s" => Kind::Wrapped("~~"),
        "code" => Kind::Code,
        "pre" => Kind::Preformatted,
        "blockquote" => Kind::Quote,
        "ul" => Kind::List(None),
        "ol" => Kind::List(Some(0)),
        "li" => Kind::Item,
        "a" => Kind::Link(href(attributes)),
        _ => Kind::Flat,
    }
}

fn href(attributes: &str) -> Option<Url> {
    let (_, value) = attributes.split_once("href=\"")?;
    Url::parse(&decode(value.split('"').next()?)).ok()
}

/// Marks around words, not around the spaces beside them.
fn wrap(mark: &str, text: &str) -> String {
    let core = text.trim();
    if core.is_empty() || core.contains("\n\n") {
        return text.to_owned();
    }
    let (before, after) = text.split_once(core).unwrap_or_default();
    format!("{before}{mark}{core}{mark}{after}")
}

fn code(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let mark = "`".repeat(longest_run(text, '`') + 1);
    let space = if text.contains('`') { " " } else { "" };
    format!("{mark}{space}{text}{space}{mark}")
}

fn fenced(text: &str) -> String {
    let mark = "`".repeat(longest_run(text, '`').max(2) + 1);
    format!("{mark}\n{}\n{mark}", text.trim_matches('\n'))
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or_default()
}

fn prefixed(text: &str, first: &str, others: &str) -> String {
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        let prefix = if number == 0 { first } else { others };
        let _ = writeln!(out, "{}", format!("{prefix}{line}").trim_end());
    }
    out.truncate(out.trim_end().len());
    out
}

/// A link as it reads best: an address alone, somebody's handle in full, a hashtag as it is, or words with an address.
fn link(label: &str, href: Option<Url>) -> String {
    let label = label.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some(href) = href else { return escape(&label) };
    if let Some(name) = label.strip_prefix('@') {
        let host = federation::origin::Host::of(&href).map(|host| host.to_string()).unwrap_or_default();
        return if name.contains('@') || host.is_empty() { label } else { format!("{label}@{host}") };
    }
    if label.starts_with('#') && !label.contains(' ') {
        return format!("\\{label}");
    }
    let is_address = Url::parse(&label).is_ok_and(|url| url == href);
    let is_short_address = label.trim_end_matches('…').len() > 3 && !label.contains(' ') && {
        let without_scheme = href.as_str().trim_start_matches("https://").trim_start_matches("http://");
        without_scheme.trim_start_matches("www.").starts_with(label.trim_end_matches('…').trim_start_matches("www."))
    };
    if label.is_empty() || is_address || is_short_address {
        return href.to_string();
    }
    let target = href.as_str().replace('(', "%28").replace(')', "%29");
    format!("[{}]({target})", escape(&label))
}

/// Collapses spaces, and escapes what Markdown would read as marks. Addresses and handles are left as they are.
fn escape_line(text: &str, is_at_start: bool, out: &mut String) {
    for (number, word) in text.split_whitespace().enumerate() {
        if number > 0 {
            out.push(' ');
        }
        if word.starts_with("http://") || word.starts_with("https://") || word.starts_with('@') {
            out.push_str(word);
            continue;
        }
        escape_word(word, is_at_start && number == 0, out);
    }
}

fn escape_word(word: &str, is_at_start: bool, out: &mut String) {
    let begins_block = is_at_start
        && (word.starts_with(['#', '>', '~'])
            || word.chars().all(|c| matches!(c, '-' | '+' | '=' | '*' | '_'))
            || word.starts_with('|'));
    if begins_block {
        out.push('\\');
    }
    let (is_number, is_entity) = (is_at_start && is_list_number(word), word.contains(';'));
    let mut before: Option<char> = None;
    let mut characters = word.chars().peekable();
    while let Some(character) = characters.next() {
        let is_first_mark = begins_block && before.is_none();
        let is_inside =
            before.is_some_and(char::is_alphanumeric) && characters.peek().is_some_and(|c| c.is_alphanumeric());
        let is_mark = match character {
            '\\' | '`' | '*' | '[' | ']' | '<' | '~' => true,
            '_' => !is_inside,
            '&' => is_entity,
            '.' | ')' => is_number && characters.peek().is_none(),
            _ => false,
        };
        if is_mark && !is_first_mark {
            out.push('\\');
        }
        out.push(character);
        before = Some(character);
    }
}

fn is_list_number(word: &str) -> bool {
    let digits = word.trim_end_matches(['.', ')']);
    digits.len() + 1 == word.len() && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::comments::text::to_html;

    #[test]
    fn a_toot_reads_as_it_did() {
        let html = r#"<p><span class="h-card"><a href="https://tube.example/accounts/bob" class="u-url mention">@<span>bob</span></a></span> Lovely <strong>shoal</strong>!<br />More at <a href="https://sea.example/fish?a=1&amp;b=2"><span class="invisible">https://</span><span class="ellipsis">sea.example/fish</span><span class="invisible">?a=1&amp;b=2</span></a></p><p><a href="https://m.example/tags/fish" class="mention hashtag">#<span>fish</span></a></p>"#;
        let markdown = "@bob@tube.example Lovely **shoal**!\nMore at https://sea.example/fish?a=1&b=2\n\n\\#fish";
        assert_eq!(to_markdown(html), markdown);
    }

    #[test]
    fn lists_quotes_and_code_keep_their_shape() {
        assert_eq!(to_markdown("<ul><li>a</li><li><p>b</p><p>c</p></li></ul>"), "- a\n- b\n\n  c");
        assert_eq!(to_markdown("<ol><li>a</li><li>b</li></ol>"), "1. a\n2. b");
        assert_eq!(to_markdown("<blockquote><p>a</p><p>b</p></blockquote><p>c</p>"), "> a\n>\n> b\n\nc");
        assert_eq!(to_markdown("<pre><code>x *y*\n z</code></pre>"), "```\nx *y*\n z\n```");
        assert_eq!(to_markdown("a <code>b`c</code>"), "a `` b`c ``");
    }

    #[test]
    fn what_could_act_is_gone() {
        let markdown = to_markdown(
            "<script>alert(1)</script><style>p{}</style><p onclick=x>a<img src=x onerror=y></p><a href='javascript:z'>b</a>",
        );
        assert_eq!(markdown, "a\n\nb");
    }

    #[test]
    fn words_that_look_like_marks_stay_words() {
        assert_eq!(to_markdown("<p># 2 * 3 [x] &lt;b&gt; a_b_c _d_</p>"), "\\# 2 \\* 3 \\[x\\] \\<b> a_b_c \\_d\\_");
        assert_eq!(to_markdown("<p>1. first</p>"), "1\\. first");
    }

    fn words_of(html: &str) -> String {
        let mut text = String::new();
        let mut rest = html;
        while let Some((before, after)) = rest.split_once('<') {
            text.push_str(before);
            rest = after.split_once('>').map_or("", |(tag, rest)| {
                if tag.starts_with("br") || tag.starts_with("/p") {
                    text.push(' ');
                }
                rest
            });
        }
        text.push_str(rest);
        decode(&text).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    proptest! {
        #[test]
        fn any_html_is_read(html in "[\\PC\n]{0,300}") {
            let _ = to_markdown(&html);
        }

        #[test]
        fn nested_elements_are_read(tags in prop::collection::vec(prop::sample::select(vec![
            "<p>", "</p>", "<ul>", "<li>", "</li>", "</ul>", "<b>", "</b>", "<a href=\"https://a.example/\">", "</a>",
            "<blockquote>", "</blockquote>", "<pre>", "</pre>", "<code>", "</code>", "<br>", "x", " ", "*", "@a",
        ]), 0..200)) {
            let _ = to_markdown(&tags.concat());
        }

        #[test]
        fn plain_words_come_out_as_they_went_in(words in "[a-c*_`#>~.!()\\[\\]\\\\<&;1-]{1,8}( [a-c*_`#>~.!()\\[\\]\\\\<&;1-]{1,8}){0,5}") {
            let html = to_html(&escape(&words), "/w/x", |_| None);
            prop_assert_eq!(words_of(&html), words);
        }
    }
}
