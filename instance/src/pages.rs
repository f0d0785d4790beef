//! What the pages of this role share: the places of the site, the reader, and text that somebody wrote in Markdown.

use platform::web::{Nonce, PageContext, UserBadge};
use pulldown_cmark::{Event, Options, Parser, TagEnd, html};

use crate::{
    App,
    places::{rail, tabs},
    users::User,
};

/// The context of a page; `current` is its name among the [places](crate::places), if it is one of them.
pub fn context(app: &App, nonce: &Nonce, user: Option<&User>, current: &str) -> PageContext {
    let mut page = PageContext::new(&app.platform, nonce, "");
    page.nav = rail(user, current);
    (page.tabs, page.tabs_label) = tabs(user, current);
    page.user = user.map(|user| UserBadge {
        name: user.username.clone(),
        display_name: user.username.clone(),
        href: "/my-account".to_owned(),
    });
    page
}

/// What stands in the place of a picture that somebody does not have.
pub fn initial(name: &str) -> String {
    name.chars().find(|first| first.is_alphanumeric()).map(|first| first.to_uppercase().collect()).unwrap_or_default()
}

/// What went wrong, as a sentence: it begins with a capital, unless that is a name or an address, and ends with a stop.
pub fn sentence(words: &str) -> String {
    let words = words.trim();
    let first = words.split_whitespace().next().unwrap_or_default();
    let mut letters = words.chars();
    let mut sentence = match letters.next() {
        Some(letter) if first.chars().all(|letter| letter.is_alphabetic() || letter == ',') => {
            letter.to_uppercase().chain(letters).collect()
        }
        _ => words.to_owned(),
    };
    if !sentence.is_empty() && !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

/// Markdown as safe HTML: no scripts, no pictures, links that tell nothing about the reader.
pub fn markdown(text: &str) -> String {
    let mut unsafe_html = String::new();
    html::push_html(&mut unsafe_html, Parser::new_ext(text, Options::empty()));
    ammonia::Builder::default()
        .rm_tags(["img", "figure", "map", "area"])
        .link_rel(Some("noopener noreferrer nofollow ugc"))
        .clean(&unsafe_html)
        .to_string()
}

/// Markdown as plain text on one line, for a preview.
pub fn plain_text(text: &str) -> String {
    let mut plain = String::new();
    for event in Parser::new_ext(text, Options::empty()) {
        match event {
            Event::Text(words) | Event::Code(words) => plain.push_str(&words),
            Event::SoftBreak | Event::HardBreak => plain.push(' '),
            Event::End(end) if !is_inline(end) => plain.push(' '),
            _ => {}
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_inline(end: TagEnd) -> bool {
    matches!(end, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_told_in_a_sentence() {
        assert_eq!(sentence("the name \"sea\" is taken"), "The name \"sea\" is taken.");
        assert_eq!(sentence("bob@sea.example cannot be found"), "bob@sea.example cannot be found.");
        assert_eq!(sentence("Try again."), "Try again.");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn a_preview_has_no_marks() {
        assert_eq!(
            plain_text("# Title\n\n**Bold** [link](https://a.example)\nnext `code`"),
            "Title Bold link next code"
        );
    }

    #[test]
    fn what_somebody_wrote_cannot_act_on_the_page() {
        let html =
            markdown("**bold** <script>alert(1)</script> ![x](https://tracker.example/x.png) [a](javascript:alert(1))");
        assert!(html.contains("<strong>bold</strong>"), "{html}");
        for forbidden in ["script", "img", "javascript:"] {
            assert!(!html.contains(forbidden), "{html}");
        }
    }
}
