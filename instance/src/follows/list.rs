//! Which servers does this list name?
//!
//! Lists are published as plain text (a host on each line, `#` begins a comment) or as JSON: a list of hosts, or of objects
//! with a `host`, itself or under `data` as PeerTube's index of servers answers.

use federation::origin::Host;
use serde_json::Value;

use super::Target;

/// Servers of one list that are looked at at most.
pub const MAX_HOSTS: usize = 5_000;

/// The servers that a list names, each once, in its order.
pub fn read(text: &str) -> Vec<Host> {
    let names: Vec<String> = match serde_json::from_str::<Value>(text) {
        Ok(value) => names(&value),
        Err(_) => text.lines().filter_map(|line| line.split('#').next()).map(str::to_owned).collect(),
    };
    let mut hosts = vec![];
    let mut seen = std::collections::HashSet::new();
    for name in names.iter().take(MAX_HOSTS) {
        if let Ok(Target::Server(host)) = name.trim().parse()
            && seen.insert(host.clone())
        {
            hosts.push(host);
        }
    }
    hosts
}

fn names(value: &Value) -> Vec<String> {
    let items = value.as_array().or_else(|| value.get("data")?.as_array());
    let name = |item: &Value| item.as_str().or_else(|| item.get("host")?.as_str()).map(str::to_owned);
    items.into_iter().flatten().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hosts(text: &str) -> Vec<String> {
        read(text).iter().map(Host::to_string).collect()
    }

    #[test]
    fn lists_are_read_in_every_form_that_is_published() {
        for text in [
            "# servers\na.example\n\n https://b.example/ # the second\na.example\nnot a host\n",
            r#"["a.example", "https://b.example", 3, null]"#,
            r#"[{"host": "a.example"}, {"host": "b.example"}]"#,
            r#"{"total": 2, "data": [{"host": "a.example"}, {"host": "b.example"}]}"#,
        ] {
            assert_eq!(hosts(text), ["a.example", "b.example"], "{text}");
        }
    }

    #[test]
    fn a_list_without_end_is_cut() {
        let text: Vec<String> = (0..MAX_HOSTS + 10).map(|number| format!("s{number}.example")).collect();
        assert_eq!(read(&text.join("\n")).len(), MAX_HOSTS);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,200}") {
            let _ = read(&text);
        }
    }
}
