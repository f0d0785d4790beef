//! Activities, as they arrive in an inbox: what is passed on says the same, and speaks for the same host.
#![no_main]

use federation::wire::Activity;
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::{assert_settled, document};

fuzz_target!(|bytes: &[u8]| {
    let Some(document) = document(bytes) else { return };
    let Ok(activity) = Activity::from_value(&document) else { return };
    let again = assert_settled(&activity, Activity::to_document, Activity::from_value);
    assert_eq!(again.check_origin(), activity.check_origin());
    assert_eq!(again.object_id(), activity.object_id());
});
