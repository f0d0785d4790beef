//! Collections and their pages: followers, outboxes, announcements.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{
    WireError,
    activity::announced,
    kind_of,
    lenient::{self, as_url, items},
    members, playlist, read,
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
    /// What the document itself carries of its items, as small collections and those of Mastodon do. What is missing
    /// begins at the `next` page of it; `first` leads here again. Not written.
    #[serde(skip)]
    pub embedded: Option<Box<CollectionPage>>,
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
    #[serde(default, deserialize_with = "lenient::list::<Value, MAX_ITEMS, _>")]
    pub ordered_items: Vec<Value>,
    /// How many items there are in all.
    #[serde(default, deserialize_with = "lenient::count")]
    pub total_items: u64,
}

impl Collection {
    /// One of our own collections.
    pub fn new(id: Url, total_items: u64) -> Self {
        let first = (total_items > 0).then(|| page_url(&id, 1));
        Self { id, total_items, first, embedded: None }
    }

    /// Reads a collection.
    ///
    /// # Errors
    /// If it is none, or has no id.
    pub fn from_value(value: &Value) -> Result<Self, WireError> {
        if !matches!(kind_of(value), Some("OrderedCollection" | "Collection")) {
            return Err(WireError::kind("a collection", value));
        }
        let mut collection: Self = read("collection", value)?;
        collection.embedded = read_embedded(value, &collection.id).map(Box::new);
        Ok(collection)
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

    /// Reads a page, a small collection that carries its items itself, or a page of a playlist.
    ///
    /// # Errors
    /// If it is neither, or has no id.
    pub fn from_value(value: &Value) -> Result<Self, WireError> {
        let kinds = ["OrderedCollectionPage", "CollectionPage", "OrderedCollection", "Collection", playlist::KIND];
        if !kind_of(value).is_some_and(|kind| kinds.contains(&kind)) {
            return Err(WireError::kind("a collection page", value));
        }
        let mut page: Self = read("collection page", value)?;
        page.adopt_unordered(value);
        Ok(page)
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
        self.ordered_items.iter().filter_map(|item| announced(item.get("object")?))
    }

    /// Takes the items of a collection without order, which stand under another name.
    fn adopt_unordered(&mut self, value: &Value) {
        if self.ordered_items.is_empty() {
            let unordered = items(value.get("items").unwrap_or(&Value::Null));
            self.ordered_items = unordered.iter().take(MAX_ITEMS).cloned().collect();
        }
    }
}

/// The items that a collection carries, itself or in its first page. Such a page may have no URL of its own; then it
/// goes by the collection's.
fn read_embedded(value: &Value, collection: &Url) -> Option<CollectionPage> {
    let has_items = |value: &&Value| ["orderedItems", "items"].iter().any(|name| value.get(*name).is_some());
    let embedded = Some(value).filter(has_items).or_else(|| value.get("first").filter(|first| first.is_object()))?;
    let page = Page::deserialize(embedded).ok()?;
    let mut page = CollectionPage {
        id: page.id.unwrap_or_else(|| collection.clone()),
        part_of: Some(collection.clone()),
        next: page.next,
        prev: None,
        ordered_items: page.ordered_items,
        total_items: page.total_items,
    };
    page.adopt_unordered(embedded);
    Some(page)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default, deserialize_with = "lenient::optional_url")]
    id: Option<Url>,
    #[serde(default, deserialize_with = "lenient::optional_url")]
    next: Option<Url>,
    #[serde(default, deserialize_with = "lenient::list::<Value, MAX_ITEMS, _>")]
    ordered_items: Vec<Value>,
    #[serde(default, deserialize_with = "lenient::count")]
    total_items: u64,
}

/// The page with this number, from 1.
pub fn page_url(collection: &Url, page: u64) -> Url {
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

    #[test]
    fn items_without_order_or_beside_it_are_found() {
        let page = json!({"type": "CollectionPage", "id": "https://a.test/p", "items": "https://a.test/1"});
        assert_eq!(CollectionPage::from_value(&page).unwrap().item_ids().count(), 1);
        let both = json!({"type": "OrderedCollectionPage", "id": "https://a.test/p",
            "orderedItems": ["https://a.test/1"], "items": ["https://a.test/2"]});
        assert_eq!(CollectionPage::from_value(&both).unwrap().item_ids().next().unwrap().path(), "/1");
    }

    #[test]
    fn a_first_page_inside_its_collection_is_read_with_what_follows() {
        let replies = Collection::from_value(&json!({
            "type": "Collection", "id": "https://m.test/s/1/replies",
            "first": {"type": "CollectionPage", "next": "https://m.test/s/1/replies?page=true",
                "partOf": "https://m.test/s/1/replies", "items": ["https://m.test/s/2"]}
        }))
        .unwrap();
        let embedded = replies.embedded.unwrap();
        assert_eq!(embedded.item_ids().next().unwrap().path(), "/s/2");
        assert_eq!(embedded.next.unwrap().query(), Some("page=true"));
        assert_eq!(
            Collection::from_value(&json!({"type": "Collection", "id": "https://m.test/c"})).unwrap().embedded,
            None
        );
    }

    #[test]
    fn a_collection_that_carries_its_items_needs_no_page() {
        let small =
            json!({"type": "OrderedCollection", "id": "https://a.test/c", "orderedItems": ["https://a.test/1"]});
        let small = Collection::from_value(&small).unwrap();
        assert_eq!(small.first, None);
        assert_eq!(small.embedded.unwrap().item_ids().count(), 1);
    }

    #[test]
    fn a_page_without_end_is_cut() {
        let items = vec![json!("https://a.test/1"); MAX_ITEMS + 1];
        for name in ["items", "orderedItems"] {
            let page = json!({"type": "CollectionPage", "id": "https://a.test/p", name: items});
            assert_eq!(CollectionPage::from_value(&page).unwrap().ordered_items.len(), MAX_ITEMS);
        }
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
