//! What an instance writes into its consent file, and what an account or a channel writes into its description.
//!
//! The file is plain text at [`PATH`]. A line is `opt-out` or `opt-in`, for every search site or, with a host behind it, for
//! one: `opt-out search.example`. `#` begins a comment, and what is no such line is skipped, so that the page that many
//! servers send instead of a missing file says nothing. Pure.

use sha2::{Digest, Sha256};

/// Where an instance puts its consent file.
pub const PATH: &str = "/.well-known/shoal-index.txt";
const MAX_LINES: usize = 200;
/// Hexadecimal digits of a token: enough to be no word that anybody writes by chance.
const TOKEN_DIGITS: usize = 12;

/// What somebody has declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declaration {
    /// They want to be found.
    OptIn,
    /// They do not want to be found.
    OptOut,
}

impl Declaration {
    /// What a consent file says to the search site at `site`. A line that names it counts more than one for all, and of two
    /// that count the same, the one that objects.
    pub fn of_file(text: &str, site: &str) -> Option<Self> {
        let mut general = None;
        let mut for_us = None;
        for line in text.trim_start_matches('\u{feff}').lines().take(MAX_LINES) {
            let line = line.split('#').next().unwrap_or_default().to_lowercase();
            let mut words = line.split_whitespace();
            let said = match words.next() {
                Some("opt-out") => Self::OptOut,
                Some("opt-in") => Self::OptIn,
                _ => continue,
            };
            match (words.next(), words.next()) {
                (None, _) => general = Some(said.or(general)),
                (Some(host), None) if host == site => for_us = Some(said.or(for_us)),
                _ => {}
            }
        }
        for_us.or(general)
    }

    /// What a description says by one of the tokens of its account or channel.
    pub fn of_description(text: &str, tokens: &Tokens) -> Option<Self> {
        if text.contains(&tokens.opt_out) {
            Some(Self::OptOut)
        } else if text.contains(&tokens.opt_in) {
            Some(Self::OptIn)
        } else {
            None
        }
    }

    fn or(self, other: Option<Self>) -> Self {
        if other == Some(Self::OptOut) { Self::OptOut } else { self }
    }
}

/// The words with which an account or a channel opts out and in. They are no secret: what proves something is that they
/// stand in a description that only its owner can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Ends being found.
    pub opt_out: String,
    /// Permits it again.
    pub opt_in: String,
}

impl Tokens {
    /// The tokens of `handle` at the search site at `site`: others elsewhere, and always the same here.
    pub fn new(site: &str, handle: &str) -> Self {
        let digest = hex::encode(Sha256::digest(format!("{site} {}", handle.to_lowercase())));
        let digits = digest.get(..TOKEN_DIGITS).unwrap_or(&digest);
        Self { opt_out: format!("shoal-opt-out-{digits}"), opt_in: format!("shoal-opt-in-{digits}") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SITE: &str = "search.example";

    fn declared(text: &str) -> Option<Declaration> {
        Declaration::of_file(text, SITE)
    }

    #[test]
    fn a_line_says_it_for_all_or_for_one() {
        assert_eq!(declared("opt-out"), Some(Declaration::OptOut));
        assert_eq!(declared("\u{feff}# our wish\r\n Opt-In # thank you\r\n"), Some(Declaration::OptIn));
        assert_eq!(declared("opt-out search.example"), Some(Declaration::OptOut));
        assert_eq!(declared("opt-out other.example"), None);
    }

    #[test]
    fn the_nearer_line_counts_and_of_equals_the_objection() {
        assert_eq!(declared("opt-in search.example\nopt-out"), Some(Declaration::OptIn));
        assert_eq!(declared("opt-out search.example\nopt-in"), Some(Declaration::OptOut));
        assert_eq!(declared("opt-out\nopt-in"), Some(Declaration::OptOut));
        assert_eq!(declared("opt-in\nopt-out"), Some(Declaration::OptOut));
    }

    #[test]
    fn a_page_that_came_instead_says_nothing() {
        assert_eq!(declared("<!doctype html>\n<title>opt-out</title>\n<p>opt-out of nothing at all"), None);
        assert_eq!(declared("opt-out of nothing"), None);
        assert_eq!(declared(""), None);
    }

    #[test]
    fn tokens_belong_to_one_handle_at_one_site() {
        let tokens = Tokens::new(SITE, "Ada@tube.example");
        assert_eq!(tokens, Tokens::new(SITE, "ada@tube.example"));
        assert_ne!(tokens, Tokens::new("other.example", "ada@tube.example"));
        let said = |text: &str| Declaration::of_description(text, &tokens);
        assert_eq!(said(&format!("Films. {}", tokens.opt_out)), Some(Declaration::OptOut));
        assert_eq!(said(&tokens.opt_in), Some(Declaration::OptIn));
        assert_eq!(said(&format!("{} {}", tokens.opt_in, tokens.opt_out)), Some(Declaration::OptOut));
        assert_eq!(said("shoal-opt-out-000000000000"), None);
    }

    proptest! {
        #[test]
        fn any_file_is_read_without_panic(text in "\\PC{0,300}") {
            let _ = declared(&text);
        }
    }
}
