//! Lengths of videos: nothing lasts longer than a year.
#![no_main]

use std::time::Duration;

use federation::wire::duration;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(duration) = duration::parse(text) {
        assert!(duration <= Duration::from_secs(366 * 24 * 3600));
        let seconds = duration.as_secs();
        assert_eq!(duration::parse(&format!("PT{seconds}S")), Some(Duration::from_secs(seconds)));
    }
});
