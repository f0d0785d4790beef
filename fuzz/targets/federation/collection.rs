//! Collections and their pages, as a crawl of an outbox meets them: a page stays within its bound.
#![no_main]

use federation::wire::{Collection, CollectionPage, collection::MAX_ITEMS};
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::{assert_settled, document};

fuzz_target!(|bytes: &[u8]| {
    let Some(document) = document(bytes) else { return };
    if let Ok(collection) = Collection::from_value(&document) {
        assert_settled(&collection, Collection::to_document, Collection::from_value);
    }
    let Ok(page) = CollectionPage::from_value(&document) else { return };
    assert_settled(&page, CollectionPage::to_document, CollectionPage::from_value);
    assert!(page.ordered_items.len() <= MAX_ITEMS);
    assert!(page.item_ids().count() <= MAX_ITEMS && page.object_ids().count() <= MAX_ITEMS);
});
