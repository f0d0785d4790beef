//! May we? The rules of `robots.txt` (RFC 9309).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::TimeDelta;
use platform::clock::Timestamp;

/// The rules that apply to one agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Robots {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    allow: bool,
    pattern: String,
}

/// The rules of hosts that were asked for them a moment ago: whoever tells of ten videos is not asked ten times.
#[derive(Debug, Default)]
pub struct RecentRobots {
    by_host: Mutex<HashMap<String, (Timestamp, Robots)>>,
}

/// So long rules hold without being asked for; RFC 9309 (section 2.4) allows a day.
const HOLD: TimeDelta = TimeDelta::minutes(10);

impl RecentRobots {
    /// The rules of a host, if they still hold.
    pub fn of(&self, host: &str, now: Timestamp) -> Option<Robots> {
        let by_host = self.by_host.lock().unwrap_or_else(PoisonError::into_inner);
        by_host.get(host).filter(|(read_at, _)| holds(*read_at, now)).map(|(_, robots)| robots.clone())
    }

    /// Keeps the rules of a host for a while.
    pub fn keep(&self, host: &str, robots: Robots, now: Timestamp) {
        let mut by_host = self.by_host.lock().unwrap_or_else(PoisonError::into_inner);
        by_host.retain(|_, (read_at, _)| holds(*read_at, now));
        by_host.insert(host.to_owned(), (now, robots));
    }
}

fn holds(read_at: Timestamp, now: Timestamp) -> bool {
    read_at <= now && now - read_at < HOLD
}

/// Of each kind: those that name the agent, and those for everybody.
const MAX_RULES: usize = 500;

impl Robots {
    /// Picks the rules for an agent: those of the groups that name it, else those for everybody (section 2.2.1).
    pub fn parse(text: &str, agent: &str) -> Self {
        let agent = agent.to_ascii_lowercase();
        let (mut named, mut general) = (Vec::new(), Vec::new());
        let mut has_named_group = false;
        let mut group = Group::default();
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "user-agent" => {
                    group.begin_if_closed();
                    let value = value.to_ascii_lowercase();
                    group.for_all |= value == "*";
                    group.for_us |= value == agent;
                    has_named_group |= value == agent;
                }
                field @ ("allow" | "disallow") => {
                    group.closed = true;
                    let rule = Rule { allow: field == "allow", pattern: value.to_owned() };
                    let rules = match (group.for_us, group.for_all) {
                        (true, _) => &mut named,
                        (false, true) => &mut general,
                        (false, false) => continue,
                    };
                    if !value.is_empty() && rules.len() < MAX_RULES {
                        rules.push(rule);
                    }
                }
                _ => {}
            }
        }
        Self { rules: if has_named_group { named } else { general } }
    }

    /// Whether a path (with its query) may be requested: the longest matching rule decides, and of two the one that
    /// allows (section 2.2.2).
    pub fn allows(&self, path: &str) -> bool {
        self.rules
            .iter()
            .filter(|rule| matches(&rule.pattern, path))
            .max_by_key(|rule| (rule.pattern.len(), rule.allow))
            .is_none_or(|rule| rule.allow)
    }
}

/// Successive `User-agent` lines share the rules that follow them.
#[derive(Default)]
struct Group {
    for_us: bool,
    for_all: bool,
    closed: bool,
}

impl Group {
    fn begin_if_closed(&mut self) {
        if self.closed {
            *self = Self::default();
        }
    }
}

/// `*` stands for any characters, `$` at the end for the end. Linear in the path for each star.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, anchored) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| path.strip_prefix(start)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return !anchored || rest.is_empty() };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    if anchored { rest.ends_with(last) } else { rest.contains(last) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const API: &str = "/api/v1/videos?start=0&count=100";

    fn allows(text: &str, path: &str) -> bool {
        Robots::parse(text, "Shoal").allows(path)
    }

    #[test]
    fn nothing_said_means_yes() {
        assert!(allows("", API));
        assert!(allows("User-agent: *\nDisallow:\n", API));
        assert!(allows("<!doctype html><p>not found", API));
    }

    #[test]
    fn a_rule_for_everybody_is_a_rule_for_us() {
        assert!(!allows("User-agent: *\nDisallow: /", API));
        assert!(!allows("user-agent:*\ndisallow: /api/ # keep out", API));
        assert!(allows("User-agent: *\nDisallow: /admin", API));
        assert!(allows("User-agent: other\nDisallow: /", API));
    }

    #[test]
    fn a_group_that_names_us_takes_the_place_of_the_general_one() {
        assert!(allows("User-agent: *\nDisallow: /\n\nUser-agent: shoal\nAllow: /", API));
        assert!(allows("User-agent: *\nDisallow: /\n\nUser-agent: shoal\nDisallow:", API));
        assert!(!allows("User-agent: *\nAllow: /\n\nUser-agent: a\nUser-agent: SHOAL\nDisallow: /api", API));
    }

    #[test]
    fn our_rules_count_however_many_others_there_are() {
        let general = "Disallow: /x\n".repeat(MAX_RULES + 1);
        assert!(!allows(&format!("User-agent: *\n{general}\nUser-agent: Shoal\nDisallow: /"), API));
        assert!(!allows("\u{feff}User-agent: *\nDisallow: /", API), "a byte order mark is no part of the first line");
    }

    #[test]
    fn the_longest_rule_decides_and_permission_wins_a_tie() {
        assert!(allows("User-agent: *\nDisallow: /\nAllow: /api/v1/videos", API));
        assert!(!allows("User-agent: *\nAllow: /\nDisallow: /api/v1/videos", API));
        assert!(allows("User-agent: *\nAllow: /api\nDisallow: /api", API));
    }

    #[test]
    fn stars_and_the_end_are_understood() {
        assert!(!allows("User-agent: *\nDisallow: /*/videos", API));
        assert!(!allows("User-agent: *\nDisallow: /api/*count=", API));
        assert!(allows("User-agent: *\nDisallow: /api/v1/videos$", API));
        assert!(!allows("User-agent: *\nDisallow: /api/v1/videos$", "/api/v1/videos"));
        assert!(!allows("User-agent: *\nDisallow: /*100$", API));
    }

    proptest! {
        #[test]
        fn any_file_is_read_without_panic(text in "\\PC{0,300}", path in "/\\PC{0,60}") {
            let _ = allows(&text, &path);
        }

        #[test]
        fn a_pattern_without_wildcards_is_a_prefix(pattern in "/[a-z/]{0,8}", path in "/[a-z/]{0,12}") {
            prop_assert_eq!(matches(&pattern, &path), path.starts_with(&pattern));
        }
    }
}
