//! Objects of activities, of whatever kind: what is passed on says the same, in the same names.
#![no_main]

use federation::wire::Object;
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::{assert_settled, document};

fuzz_target!(|bytes: &[u8]| {
    let Some(document) = document(bytes) else { return };
    let Ok(object) = Object::from_value(&document) else { return };
    let again = assert_settled(&object, Object::to_value, Object::from_value);
    assert!(again.authorities().eq(object.authorities()));
});
