//! Which instances does this list name?
//!
//! Lists are published as plain text (a host on each line, `#` begins a comment) or as JSON: a list of hosts, or of objects
//! with a `host`, itself or under `data` with a `total`, as JoinPeerTube's directory answers. Pure.

use std::collections::HashSet;

use serde_json::Value;

use crate::hosts::Origin;

/// A list, or a page of one.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Its instances, each once, in its order.
    pub origins: Vec<Origin>,
    /// How many entries it has, whether they can be read or not.
    pub entries: usize,
    /// How many there are on all pages together, if it says so.
    pub total: Option<u64>,
}

/// The most entries of one page that are looked at.
const MAX_ENTRIES: usize = 20_000;

/// Reads a list. `None` if it is neither a list in JSON nor plain text that names anybody.
pub fn read(text: &str, allow_http: bool) -> Option<Page> {
    let (names, total): (Vec<String>, _) = match serde_json::from_str::<Value>(text) {
        Ok(value) => {
            let items = value.as_array().or_else(|| value.get("data")?.as_array())?;
            let name =
                |item: &Value| item.as_str().or_else(|| item.get("host")?.as_str()).unwrap_or_default().to_owned();
            (items.iter().take(MAX_ENTRIES).map(name).collect(), value.get("total").and_then(Value::as_u64))
        }
        Err(_) => (plain_names(text), None),
    };
    let mut seen = HashSet::new();
    let origins: Vec<_> = names
        .iter()
        .filter_map(|name| Origin::parse(name, allow_http).ok())
        .filter(|origin| seen.insert(origin.host().to_owned()))
        .collect();
    let is_json = text.trim_start().starts_with(['[', '{']);
    (is_json || !origins.is_empty()).then_some(Page { entries: names.len(), origins, total })
}

fn plain_names(text: &str) -> Vec<String> {
    text.trim_start_matches('\u{feff}')
        .lines()
        .filter_map(|line| line.split('#').next())
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(MAX_ENTRIES)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hosts(text: &str) -> Vec<String> {
        read(text, false).unwrap_or_default().origins.iter().map(|origin| origin.host().to_owned()).collect()
    }

    #[test]
    fn lists_are_read_in_every_form_that_is_published() {
        for text in [
            "# instances\na.example\n\n https://b.example/ # the second\nA.example\nnot a host\n",
            r#"["a.example", "https://b.example", 3, null]"#,
            r#"[{"host": "a.example"}, {"host": "b.example"}, {"name": "c"}]"#,
            r#"{"total": 2, "data": [{"host": "a.example"}, {"host": "b.example"}]}"#,
        ] {
            assert_eq!(hosts(text), ["a.example", "b.example"], "{text}");
        }
        let page = read(r#"{"total": 7, "data": [{"host": "a.example"}, {"host": 1}]}"#, false).unwrap();
        assert_eq!((page.entries, page.total), (2, Some(7)));
    }

    #[test]
    fn an_error_is_no_empty_list() {
        for text in ["", "<!doctype html>\n<p>maintenance</p>", r#"{"error": "maintenance"}"#, "# nobody"] {
            assert_eq!(read(text, false), None, "{text}");
        }
        assert_eq!(read(r#"{"total": 0, "data": []}"#, false), Some(Page { total: Some(0), ..Page::default() }));
    }

    #[test]
    fn a_list_without_end_is_cut() {
        let text: Vec<String> = (0..MAX_ENTRIES + 10).map(|number| format!("s{number}.example")).collect();
        assert_eq!(read(&text.join("\n"), false).unwrap().entries, MAX_ENTRIES);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,200}") {
            let _ = read(&text, false);
        }
    }
}
