//! Collections and their pages: followers, outboxes, announcements.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{
    WireError, kind_of,
    lenient::{self, as_url, items},
    members, read,
};
use crate::context::Context;

/// Items on one page that are read at most; PeerTube writes ten.
pub const MAX_ITEMS: usize = 1000;

/// Items on one of our own pages.
pub const PAGE_SIZE: u64 = 10;

/// A collection: how many items, and where they begin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Collection {
    /// Its URL.
    #[serde(deserialize_with = "lenient::url")]
    pub id: Url,
    /// How many items there are in all.
    #[serde(default, deserialize_with = "lenient::count")]
    pub total_items: u64,
    /// The first page.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub first: Option<Url>,
}

/// One page of a collection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CollectionPage {
    /// Its URL.
    #[serde(deserialize_with = "lenient::url")]
    pub id: Url,
    /// The collection.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub part_of: Option<Url>,
    /// The page after it.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub next: Option<Url>,
    /// The page before it.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub prev: Option<Url>,
    /// What is on it: URLs, or activities about URLs.
    #[serde(default, alias = "items", deserialize_with = "lenient::list::<Value, MAX_ITEMS, _>")]
    pub ordered_items: Vec<Value>,
    /// How many items there are in all.
    #[serde(default, deserialize_with = "lenient::count")]
    pub total_items: u64,
}

impl Collection {
    /// One of our own collections.
    pub fn new(id: Url, total_items: u64) -> Self {
        let first = (total_items > 0).then(|| page_url(&id, 1));
        Self { id, total_items, first }
    }

    /// Reads a collection.
    ///
    /// # Errors
    /// If it is none, or has no id.
    pub fn from_value(value: &Value) -> Result<Self, WireError> {
        match kind_of(value) {
            Some("OrderedCollection" | "Collection") => read("collection", value),
            _ => Err(WireError::kind("a collection", value)),
        }
    }

    /// The complete document.
    pub fn to_document(&self) -> Value {
        document("OrderedCollection", self)
    }
}

impl CollectionPage {
    /// A page of one of our own collections; pages count from 1.
    pub fn new(collection: &Url, page: u64, total_items: u64, ordered_items: Vec<Value>) -> Self {
        let pages = total_items.div_ceil(PAGE_SIZE);
        Self {
            id: page_url(collection, page),
            part_of: Some(collection.clone()),
            next: (page < pages).then(|| page_url(collection, page + 1)),
            prev: (page > 1).then(|| page_url(collection, page - 1)),
            ordered_items,
            total_items,
        }
    }

    /// Reads a page, or a small collection that carries its items itself.
    ///
    /// # Errors
    /// If it is neither, or has no id.
    pub fn from_value(value: &Value) -> Result<Self, WireError> {
        match kind_of(value) {
            Some("OrderedCollectionPage" | "CollectionPage" | "OrderedCollection" | "Collection") => {
                read("collection page", value)
            }
            _ => Err(WireError::kind("a collection page", value)),
        }
    }

    /// The complete document.
    pub fn to_document(&self) -> Value {
        document("OrderedCollectionPage", self)
    }

    /// The items as URLs, or the URLs of the items.
    pub fn item_ids(&self) -> impl Iterator<Item = Url> + '_ {
        self.ordered_items.iter().filter_map(as_url)
    }

    /// The objects of the activities on the page: the videos of an outbox.
    pub fn object_ids(&self) -> impl Iterator<Item = Url> + '_ {
        self.ordered_items.iter().filter_map(|item| items(item.get("object")?).first().and_then(as_url))
    }
}

fn page_url(collection: &Url, page: u64) -> Url {
    let mut url = collection.clone();
    url.set_query(Some(&format!("page={page}")));
    url
}

fn document(kind: &str, value: &impl Serialize) -> Value {
    let mut members = members(value);
    members.insert("type".to_owned(), kind.into());
    Context::Base.document(members)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::wire::any_json::any_json;

    fn followers() -> Url {
        Url::parse("https://alpha.test/accounts/bob/followers").unwrap()
    }

    #[test]
    fn pages_lead_to_each_other_and_end() {
        let first = CollectionPage::new(&followers(), 1, 25, Vec::new());
        assert_eq!(first.next.unwrap().query(), Some("page=2"));
        assert_eq!(first.prev, None);
        let last = CollectionPage::new(&followers(), 3, 25, Vec::new());
        assert_eq!(last.next, None);
        assert_eq!(last.prev.unwrap().query(), Some("page=2"));
    }

    #[test]
    fn an_empty_collection_has_no_page() {
        assert_eq!(Collection::new(followers(), 0).first, None);
    }

    #[test]
    fn the_videos_of_an_outbox_are_found_whether_embedded_or_named() {
        let page = CollectionPage::from_value(&json!({
            "type": "OrderedCollectionPage", "id": "https://a.test/outbox?page=1",
            "orderedItems": [
                {"type": "Create", "object": "https://a.test/videos/watch/1"},
                {"type": "Announce", "object": {"type": "Video", "id": "https://a.test/videos/watch/2"}},
                {"type": "Announce"}, 5
            ]
        }))
        .unwrap();
        let paths: Vec<String> = page.object_ids().map(|url| url.path().to_owned()).collect();
        assert_eq!(paths, ["/videos/watch/1", "/videos/watch/2"]);
    }

    proptest! {
        #[test]
        fn any_json_is_read_without_panic(value in any_json()) {
            let _ = Collection::from_value(&value);
            if let Ok(page) = CollectionPage::from_value(&value) {
                let _ = (page.item_ids().count(), page.object_ids().count());
            }
        }
    }
}
