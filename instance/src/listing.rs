//! Which part of a list is asked for: the parameters `start`, `count` and `sort` that PeerTube's lists share.

use platform::web::{ApiResult, Problem};

const DEFAULT_COUNT: i64 = 15;
const MAX_COUNT: i64 = 100;
const MAX_START: i64 = 1_000_000;

/// By what accounts and channels are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListSort {
    /// When they were made or first seen.
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
    /// By name.
    Name,
}

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListPage {
    /// How many items are left out.
    pub(crate) start: i64,
    /// How many are wanted at most.
    pub(crate) count: i64,
    /// By what they are sorted.
    pub(crate) sort: ListSort,
    /// Whether the last comes first.
    pub(crate) descending: bool,
}

impl ListPage {
    /// Reads the parameters of a request. Unknown ones are none of this list's business.
    pub(crate) fn parse(parameters: &[(String, String)]) -> ApiResult<Self> {
        let mut page = Self { start: 0, count: DEFAULT_COUNT, sort: ListSort::CreatedAt, descending: true };
        for (name, value) in parameters {
            match name.as_str() {
                "start" => page.start = number(name, value, MAX_START)?,
                "count" => page.count = number(name, value, MAX_COUNT)?,
                "sort" => (page.sort, page.descending) = sort(value)?,
                _ => {}
            }
        }
        Ok(page)
    }
}

fn number(name: &str, value: &str, max: i64) -> ApiResult<i64> {
    let number = value.parse::<i64>().ok().filter(|number| (0..=max).contains(number));
    number.ok_or_else(|| Problem::bad_request(format!("{name} must be a number from 0 to {max}")))
}

fn sort(value: &str) -> ApiResult<(ListSort, bool)> {
    let (descending, name) = value.strip_prefix('-').map_or((false, value), |name| (true, name));
    let sort = match name {
        "createdAt" => ListSort::CreatedAt,
        "updatedAt" => ListSort::UpdatedAt,
        "name" => ListSort::Name,
        _ => {
            return Err(Problem::bad_request(
                "sort must be createdAt, updatedAt or name, with - before it for the reverse",
            ));
        }
    };
    Ok((sort, descending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(parameters: &[(&str, &str)]) -> ApiResult<ListPage> {
        let owned: Vec<_> = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ListPage::parse(&owned)
    }

    #[test]
    fn lists_are_read_with_bounds() {
        let page = parse(&[("start", "5"), ("count", "100"), ("sort", "name"), ("other", "x")]).unwrap();
        assert_eq!(page, ListPage { start: 5, count: 100, sort: ListSort::Name, descending: false });
        assert!(parse(&[("sort", "-createdAt")]).unwrap().descending);
        for wrong in [("count", "101"), ("start", "-1"), ("start", "x"), ("sort", "id"), ("sort", "")] {
            assert!(parse(&[wrong]).is_err(), "{wrong:?}");
        }
    }
}
