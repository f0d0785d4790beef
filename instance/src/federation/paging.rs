//! Which part of a collection is asked for? Pages count from 1 and have ten items, or as many as `size` asks for, as in
//! PeerTube. The address of a page is its id, so it repeats what was asked for.

use federation::wire::{Collection, CollectionPage};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

/// Items on a page, unless more or fewer are asked for.
pub(super) const PAGE_SIZE: i64 = 10;
const MAX_PAGE_SIZE: i64 = 50;
/// Nobody reads that far; databases need not either.
const MAX_OFFSET: i64 = 1_000_000;

/// What the query of a collection says. Without a page, the collection itself is meant.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Paging {
    /// The page, from 1.
    pub(crate) page: Option<u64>,
    /// Items on each page.
    pub(crate) size: Option<i64>,
}

impl Paging {
    /// Items on a page.
    pub(crate) fn limit(self) -> i64 {
        self.size.unwrap_or(PAGE_SIZE).clamp(1, MAX_PAGE_SIZE)
    }

    /// Items before the page.
    pub(crate) fn offset(self) -> i64 {
        let before = self.page.unwrap_or(1).saturating_sub(1);
        i64::try_from(before).unwrap_or(MAX_OFFSET).saturating_mul(self.limit()).min(MAX_OFFSET)
    }

    /// The page of a collection that is asked for, or the collection: then nobody looks at `items`.
    pub(crate) fn document(self, collection: &Url, total: u64, items: Vec<Value>) -> Value {
        let Some(page) = self.page else { return self.head(collection, total).to_document() };
        let page = page.max(1);
        let ends_at = self.offset().saturating_add(self.limit());
        let has_next = i64::try_from(total).is_ok_and(|total| ends_at < total);
        let page = CollectionPage {
            id: self.page_url(collection, page),
            part_of: Some(collection.clone()),
            next: has_next.then(|| self.page_url(collection, page.saturating_add(1))),
            prev: (page > 1).then(|| self.page_url(collection, page - 1)),
            ordered_items: items,
            total_items: total,
        };
        page.to_document()
    }

    fn head(self, collection: &Url, total: u64) -> Collection {
        let head = Collection::new(collection.clone(), total);
        Collection { first: head.first.as_ref().map(|_| self.page_url(collection, 1)), ..head }
    }

    fn page_url(self, collection: &Url, page: u64) -> Url {
        let mut url = collection.clone();
        let size = if self.limit() == PAGE_SIZE { String::new() } else { format!("&size={}", self.limit()) };
        url.set_query(Some(&format!("page={page}{size}")));
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(page: Option<u64>, size: Option<i64>, total: u64) -> Value {
        let collection = Url::parse("http://alpha.test/accounts/root/followers").unwrap();
        Paging { page, size }.document(&collection, total, vec![])
    }

    #[test]
    fn pages_lead_to_each_other_and_to_nothing_beyond() {
        let at = |query: &str| Value::from(format!("http://alpha.test/accounts/root/followers?{query}"));
        assert_eq!(page(None, None, 11)["first"], at("page=1"));
        assert_eq!(page(None, Some(5), 11)["first"], at("page=1&size=5"));
        assert_eq!(page(None, None, 0).get("first"), None);
        assert_eq!((&page(Some(1), None, 11)["next"], page(Some(1), None, 11).get("prev")), (&at("page=2"), None));
        assert_eq!((page(Some(2), None, 11).get("next"), &page(Some(2), None, 11)["prev"]), (None, &at("page=1")));
        assert_eq!(page(Some(2), Some(5), 11)["next"], at("page=3&size=5"));
        assert_eq!(page(Some(1), None, 10).get("next"), None);
    }

    #[test]
    fn what_is_asked_for_is_bounded() {
        for (page, size, limit, offset) in [
            (None, None, 10, 0),
            (Some(0), None, 10, 0),
            (Some(3), Some(20), 20, 40),
            (Some(2), Some(-1), 1, 1),
            (Some(2), Some(1_000_000), 50, 50),
            (Some(u64::MAX), Some(50), 50, MAX_OFFSET),
        ] {
            let paging = Paging { page, size };
            assert_eq!((paging.limit(), paging.offset()), (limit, offset), "{paging:?}");
        }
        page(Some(u64::MAX), None, u64::MAX);
    }
}
