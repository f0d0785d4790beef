use serde_json::{Value, json};

use super::*;

fn recorded() -> Value {
    let text = include_str!("../../../fixtures/peertube-6.3/ap/video-web+hls.json");
    serde_json::from_str::<Value>(text).unwrap()["url"].clone()
}

#[test]
fn each_file_keeps_its_own_torrent_in_whatever_order_the_links_come() {
    let in_order: VideoUrls = serde_json::from_value(recorded()).unwrap();
    let mut links = recorded().as_array().unwrap().clone();
    links.sort_by_key(|link| link["mediaType"].as_str().map(str::to_owned));
    let shuffled: VideoUrls = serde_json::from_value(Value::from(links)).unwrap();
    assert_eq!(shuffled.web_files, in_order.web_files);
    let torrents = in_order.web_files.iter().map(|file| file.torrent_url.as_ref().unwrap().path().to_owned());
    assert!(torrents.zip([720, 480, 240]).all(|(path, height)| path.ends_with(&format!("-{height}.torrent"))));
}

#[test]
fn links_that_lead_nowhere_sensible_are_left_out() {
    let urls: VideoUrls = serde_json::from_value(json!([
        {"type": "Link", "mediaType": "text/html", "href": "javascript:alert(1)"},
        {"type": "Link", "mediaType": "video/mp4", "height": 720},
        {"type": "Link", "mediaType": HLS_MEDIA_TYPE, "href": "https://a.test/m.m3u8",
         "tag": [{"type": "Infohash", "name": "short"}, {"type": "Infohash", "name": "g".repeat(40)}]},
        {"type": "Link", "rel": ["tracker", "websocket"], "href": "https://a.test/not-a-socket"},
        17
    ]))
    .unwrap();
    assert_eq!(urls.pages, []);
    assert_eq!(urls.web_files, []);
    assert_eq!(urls.trackers, []);
    assert_eq!(urls.hls.unwrap().infohashes, [""; 0]);
}
