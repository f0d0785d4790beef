//! The tracker of download clients: whatever they ask, the answer is bencode, and silence empties the swarms.
//!
//! Each line is the query of a request; announcements and scrapes take turns, from four addresses.
#![no_main]

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use libfuzzer_sys::fuzz_target;
use p2p::{
    InfoHash,
    tracker::{HttpTracker, Limits},
};
use shoal_fuzz::is_bencode;

const NOW: SystemTime = SystemTime::UNIX_EPOCH;
const ADDRESSES: [&str; 4] = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "::ffff:192.0.2.1"];

fuzz_target!(|queries: &str| {
    let mut tracker = HttpTracker::new(Limits::default(), 1);
    for (query, address) in queries.lines().zip(ADDRESSES.iter().cycle()) {
        let address: IpAddr = address.parse().expect("an address");
        assert!(is_bencode(&tracker.announce(NOW, address, query, &is_known)));
        assert!(is_bencode(&tracker.scrape(NOW, address, query, &is_known)));
        assert!(HttpTracker::info_hashes(query).len() <= query.len() / 20);
    }
    tracker.tick(NOW + Duration::from_secs(3600));
    assert_eq!(tracker.size(), (0, 0));
});

fn is_known(info_hash: &InfoHash) -> bool {
    info_hash.as_bytes()[0] < 200
}
