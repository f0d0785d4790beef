//! Which part of a list is asked for: the parameters `start`, `count`, `sort` and `search` that PeerTube's lists share.

use platform::web::{ApiResult, Problem};

/// Entries of a list, unless a request says how many.
pub(crate) const DEFAULT_COUNT: i64 = 15;
/// The most entries that one answer has.
pub(crate) const MAX_COUNT: i64 = 100;
/// The furthest entry that a list goes to.
pub(crate) const MAX_START: i64 = 1_000_000;
/// Characters that are searched for.
const MAX_SEARCH: usize = 100;

/// A number among the parameters of a request.
///
/// # Errors
/// [`Problem`] (400) that names the parameter.
pub(crate) fn number(name: &str, value: &str, least: i64, most: i64) -> ApiResult<i64> {
    value.parse().ok().filter(|number| (least..=most).contains(number)).ok_or_else(|| wrong(name, value))
}

/// A parameter has a value that it cannot have (400).
pub(crate) fn wrong(name: &str, value: &str) -> Problem {
    let shown: String = value.chars().take(50).collect();
    Problem::bad_request(format!("{shown:?} is no value for the parameter {name}"))
}

/// `start` and `count` of a request, or what stands in for them.
///
/// # Errors
/// [`Problem`] (400) if no list goes so far.
pub(crate) fn range(start: Option<i64>, count: Option<i64>) -> ApiResult<(i64, i64)> {
    let (start, count) = (start.unwrap_or(0), count.unwrap_or(DEFAULT_COUNT));
    if (0..=MAX_START).contains(&start) && (0..=MAX_COUNT).contains(&count) {
        return Ok((start, count));
    }
    Err(Problem::bad_request(format!("start is between 0 and {MAX_START}, count between 0 and {MAX_COUNT}.")))
}

/// The pattern for `LIKE … ESCAPE '!'` on text in lower case: `words` anywhere, with the pattern's own characters taken
/// literally.
pub(crate) fn like_pattern(words: &str) -> String {
    let words: String = words.to_lowercase().chars().take(MAX_SEARCH).collect();
    format!("%{}%", words.replace('!', "!!").replace('%', "!%").replace('_', "!_"))
}

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
                "start" => page.start = number(name, value, 0, MAX_START)?,
                "count" => page.count = number(name, value, 0, MAX_COUNT)?,
                "sort" => (page.sort, page.descending) = sort(value)?,
                _ => {}
            }
        }
        Ok(page)
    }
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
    fn patterns_take_their_own_characters_literally() {
        assert_eq!(like_pattern("100%_A!"), "%100!%!_a!!%");
        assert_eq!(like_pattern(&"a".repeat(1_000)).len(), MAX_SEARCH + 2);
    }

    #[test]
    fn a_list_has_bounds() {
        assert_eq!(range(None, None).unwrap(), (0, DEFAULT_COUNT));
        assert_eq!(range(Some(MAX_START), Some(0)).unwrap(), (MAX_START, 0));
        for (start, count) in [(-1, 1), (MAX_START + 1, 1), (0, -1), (0, MAX_COUNT + 1)] {
            assert!(range(Some(start), Some(count)).is_err(), "{start} {count}");
        }
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
