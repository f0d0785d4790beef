use platform::{
    db::DynamicQuery,
    web::{ApiResult, Pagination, Problem},
};
use serde::Deserialize;

use crate::listing::{self, DEFAULT_COUNT, like_pattern};

/// Entries on one page for people.
const PAGE_SIZE: i64 = 50;

/// What the lists of this feature are asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ListOptions {
    start: Option<i64>,
    count: Option<i64>,
    sort: Option<String>,
    pub(crate) search: Option<String>,
}

impl ListOptions {
    /// One page for people, numbered from 1.
    pub(crate) fn page(number: u64, search: Option<String>) -> Self {
        let start = i64::try_from(number.clamp(1, 10_000) - 1).unwrap_or_default() * PAGE_SIZE;
        Self { start: Some(start), count: Some(PAGE_SIZE), sort: None, search }
    }

    /// Refuses ranges and orders that no list has.
    pub(crate) fn check(self, sorts: &[&str]) -> ApiResult<Self> {
        listing::range(self.start, self.count)?;
        match &self.sort {
            Some(sort) if !sorts.contains(&sort.trim_start_matches('-')) => {
                Err(Problem::bad_request(format!("The list can be sorted by {}.", sorts.join(", "))))
            }
            _ => Ok(self),
        }
    }

    /// By what to sort, and whether the highest comes first. Without a wish, the newest does.
    pub(crate) fn order(&self) -> (&str, bool) {
        match self.sort.as_deref() {
            None => ("createdAt", true),
            Some(sort) => sort.strip_prefix('-').map_or((sort, false), |sort| (sort, true)),
        }
    }

    /// The pattern of what is searched for, if something is.
    pub(crate) fn pattern(&self) -> Option<String> {
        let words = self.search.as_deref().map(str::trim).filter(|words| !words.is_empty())?;
        Some(like_pattern(words))
    }

    pub(crate) fn push_range(&self, query: &mut DynamicQuery<'_>) {
        query.push(" LIMIT ").bind(self.count.unwrap_or(DEFAULT_COUNT)).push(" OFFSET ").bind(self.start.unwrap_or(0));
    }
}

/// The way through a list for people.
pub(crate) fn page_of(number: u64, total: i64, href: impl Fn(u64) -> String) -> Pagination {
    let pages = u64::try_from(total).unwrap_or_default().div_ceil(PAGE_SIZE.unsigned_abs());
    Pagination::new(number.max(1), pages, href)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_bounds() {
        let options = |start, count, sort: Option<&str>| ListOptions {
            start: Some(start),
            count: Some(count),
            sort: sort.map(str::to_owned),
            search: None,
        };
        assert!(options(0, 100, Some("-createdAt")).check(&["createdAt"]).is_ok());
        for wrong in [options(-1, 1, None), options(0, 101, None), options(0, 1, Some("password"))] {
            assert!(wrong.clone().check(&["createdAt"]).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_searched_for_is_taken_literally() {
        let options = ListOptions { search: Some(" 100%_A! ".to_owned()), ..ListOptions::default() };
        assert_eq!(options.pattern().as_deref(), Some("%100!%!_a!!%"));
        assert_eq!(ListOptions { search: Some(" ".to_owned()), ..ListOptions::default() }.pattern(), None);
    }
}
