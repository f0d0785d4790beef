//! Text and paths from strangers, without what could mislead a reader or a page.

/// The longest URL or path that is kept, in bytes.
pub const MAX_PATH: usize = 500;

/// One line of text: control and direction characters gone, white space collapsed, at most so many characters.
pub fn line(text: &str, max_chars: usize) -> String {
    let mut clean = String::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let visible = word.chars().filter(|c| !is_misleading(*c)).collect::<String>();
        if visible.is_empty() {
            continue;
        }
        if length > 0 {
            clean.push(' ');
            length += 1;
        }
        length += visible.chars().count();
        clean.push_str(&visible);
        if length >= max_chars {
            break;
        }
    }
    crate::text::truncate(&clean, max_chars).trim_end().to_owned()
}

/// Text of several lines, which stay; otherwise as [`line`].
pub fn paragraphs(text: &str, max_chars: usize) -> String {
    let clean: String = text
        .chars()
        .filter(|c| (!c.is_control() || matches!(c, '\n' | '\t')) && !is_misleading(*c))
        .take(max_chars)
        .collect();
    clean.trim().to_owned()
}

/// A path at an origin: starts with exactly one slash and holds nothing that would have to be escaped.
pub fn path(text: &str) -> Option<String> {
    let usable = text.starts_with('/') && !text.starts_with("//") && text.len() <= MAX_PATH && is_plain(text);
    usable.then(|| text.to_owned())
}

/// Whether a URL or path is made of visible ASCII without quotes, angle brackets and backslashes.
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'\\' | b'`'))
}

/// Whether a text can be the name in a handle.
pub fn is_handle(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
}

/// Characters that reorder or hide the text around them.
fn is_misleading(c: char) -> bool {
    matches!(c,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_has_no_breaks_controls_or_direction_marks() {
        assert_eq!(line("  two\r\n words\u{0}\u{202e}gnp.exe ", 100), "two words gnp.exe");
        assert_eq!(line("a\u{200b}b", 100), "ab");
        assert_eq!(line(&"x".repeat(1_000_000), 10), "x".repeat(10));
    }

    #[test]
    fn paragraphs_keep_their_breaks() {
        assert_eq!(paragraphs("one\r\n\r\ntwo\u{7}", 100), "one\n\ntwo");
    }

    #[test]
    fn only_a_path_at_the_origin_is_a_path() {
        assert_eq!(path("/lazy-static/a.jpg").as_deref(), Some("/lazy-static/a.jpg"));
        for text in ["", "a.jpg", "//evil.example/a.jpg", "https://evil.example", "/a b", "/a\"onerror=", "/a\\b", "/é"]
        {
            assert_eq!(path(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_line_is_bounded_and_clean(text in ".{0,300}", max in 1_usize..50) {
            let clean = line(&text, max);
            prop_assert!(clean.chars().count() <= max);
            prop_assert!(!clean.chars().any(|c| c.is_control() || is_misleading(c)));
        }
    }
}
