/// A video as lists, search results and "what comes next" show it (`components/video_card.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VideoCard {
    /// Where it leads.
    pub href: String,
    /// Title.
    pub title: String,
    /// Its picture.
    pub thumbnail_url: Option<String>,
    /// Duration for people: `1:02:03`.
    pub duration_label: String,
    /// Duration for programs: `PT3723S`.
    pub duration_iso: String,
    /// Name of the channel.
    pub channel_name: String,
    /// Where the channel's name leads.
    pub channel_href: Option<String>,
    /// The server that it comes from.
    pub host: String,
    /// Age for people: `3 days ago`.
    pub age_label: String,
    /// Publication for programs, RFC 3339.
    pub published_iso: String,
    /// Views for people: `1,204 views`.
    pub views_label: String,
    /// A word on the picture where it is true: `live`, `mirror`.
    pub badge: Option<String>,
    /// Whether the picture is blurred, because it is marked as sensitive.
    pub blurred: bool,
    /// The moment in it that was looked for.
    pub moment: Option<Moment>,
}

/// A moment in a video, with what is said there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moment {
    /// Leads into the video at that moment.
    pub href: String,
    /// When it is, for people: `12:03`.
    pub label: String,
    /// What is said, in parts.
    pub parts: Vec<MomentPart>,
}

/// A part of what is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MomentPart {
    /// The words, with the spaces around them.
    pub text: String,
    /// Whether they are what was looked for.
    pub is_marked: bool,
}

impl VideoCard {
    /// `75` seconds as `1:15`, `3723` as `1:02:03`.
    pub fn duration_label(seconds: i64) -> String {
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
    }

    /// `1204` as `1,204 views`.
    pub fn views_label(views: i64) -> String {
        let grouped = grouped(views.unsigned_abs());
        if views == 1 { "1 view".to_owned() } else { format!("{grouped} views") }
    }

    /// The time between two moments, as `just now`, `5 minutes ago`, `3 days ago`, `2 years ago`.
    pub fn age_label(then: crate::clock::Timestamp, now: crate::clock::Timestamp) -> String {
        let seconds = (now - then).num_seconds().max(0);
        let units = [(31_557_600, "year"), (2_629_800, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute")];
        for (size, name) in units {
            let count = seconds / size;
            if count > 0 {
                return if count == 1 { format!("1 {name} ago") } else { format!("{count} {name}s ago") };
            }
        }
        "just now".to_owned()
    }
}

/// `1204` as `1,204`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Ways through a long list (`components/pagination.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pagination {
    /// Where the page before leads; `None` on the first.
    pub previous_href: Option<String>,
    /// Where the page after leads; `None` on the last.
    pub next_href: Option<String>,
    /// Pages around this one; may be empty.
    pub pages: Vec<PageLink>,
}

/// One page of a long list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageLink {
    /// Where it leads.
    pub href: String,
    /// Its number.
    pub label: String,
    /// Whether it is the one being read.
    pub current: bool,
}

impl Pagination {
    /// Links for page `current` (1 or more) of `total`, with up to two neighbours on each side.
    pub fn new(current: u64, total: u64, href: impl Fn(u64) -> String) -> Self {
        let first = current.saturating_sub(2).max(1);
        let last = current.saturating_add(2).min(total);
        let link = |number: u64| PageLink { href: href(number), label: number.to_string(), current: number == current };
        Self {
            previous_href: (current > 1).then(|| href(current - 1)),
            next_href: (current < total).then(|| href(current + 1)),
            pages: (first..=last).map(link).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::{Clock, FakeClock};

    #[test]
    fn pagination_shows_the_neighbours_and_ends_where_the_list_ends() {
        let labels = |current, total| {
            let pagination = Pagination::new(current, total, |number| format!("?page={number}"));
            let pages: Vec<_> = pagination.pages.iter().map(|page| page.label.clone()).collect();
            (pagination.previous_href, pages.join(" "), pagination.next_href)
        };
        assert_eq!(labels(1, 1), (None, "1".into(), None));
        assert_eq!(labels(1, 9), (None, "1 2 3".into(), Some("?page=2".into())));
        assert_eq!(labels(9, 9), (Some("?page=8".into()), "7 8 9".into(), None));
        assert_eq!(labels(1, 0), (None, String::new(), None));
    }

    #[test]
    fn figures_read_as_people_say_them() {
        assert_eq!(VideoCard::duration_label(5), "0:05");
        assert_eq!(VideoCard::duration_label(75), "1:15");
        assert_eq!(VideoCard::duration_label(3723), "1:02:03");
        assert_eq!(VideoCard::views_label(0), "0 views");
        assert_eq!(VideoCard::views_label(1), "1 view");
        assert_eq!(VideoCard::views_label(1_234_567), "1,234,567 views");
        let now = FakeClock::default().now();
        assert_eq!(VideoCard::age_label(now, now), "just now");
        assert_eq!(VideoCard::age_label(now - Duration::from_hours(1), now), "1 hour ago");
        assert_eq!(VideoCard::age_label(now - Duration::from_hours(19200), now), "2 years ago");
    }

    #[test]
    fn large_numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_840, "1,840"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
