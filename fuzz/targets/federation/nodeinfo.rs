//! NodeInfo of other servers, and the well-known document that leads to it: only web addresses are followed.
#![no_main]

use federation::nodeinfo::{NodeInfo, WellKnown};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use shoal_fuzz::assert_settled;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(info) = serde_json::from_slice::<NodeInfo>(bytes) {
        assert_settled(&info, |read| serde_json::json!(read), |written| NodeInfo::deserialize(written));
    }
    let Ok(well_known) = serde_json::from_slice::<WellKnown>(bytes) else { return };
    assert_settled(&well_known, |read| serde_json::json!(read), |written| WellKnown::deserialize(written));
    for url in well_known.nodeinfo().into_iter().chain(well_known.instance_actor()) {
        assert!(matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty());
    }
});
