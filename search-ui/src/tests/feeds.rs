//! What other programs read: feeds of searches, and how to search from the address bar.

use std::collections::BTreeMap;

use quick_xml::{Reader, escape::unescape, events::Event};

use super::*;

/// The texts of each element, in order; the document must be well-formed.
fn elements(document: &str) -> BTreeMap<String, Vec<String>> {
    let mut reader = Reader::from_str(document);
    let (mut found, mut open, mut text) = (BTreeMap::<_, Vec<_>>::new(), Vec::new(), String::new());
    loop {
        match reader.read_event().expect("it is well-formed") {
            Event::Start(start) => {
                open.push(String::from_utf8(start.name().as_ref().to_vec()).unwrap());
                text.clear();
            }
            Event::Text(part) => text.push_str(&part.decode().unwrap()),
            Event::GeneralRef(part) => {
                text.push_str(&unescape(&format!("&{};", part.decode().unwrap())).unwrap());
            }
            Event::End(_) => found.entry(open.pop().expect("it was opened")).or_default().push(text.clone()),
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty());
    found
}

#[tokio::test]
async fn a_search_can_be_followed_as_a_feed() {
    let visit = Visit::over(&fixture(), "/search-index").await;
    let page = visit.page("/search-index/search?search=python&categoryOneOf=13&page=2").await;
    let link = attributes(&page, "href").into_iter().find(|href| href.contains(".rss")).unwrap();
    assert_eq!(link, "/search-index/search.rss?search=python&#38;sort=-publishedAt&#38;categoryOneOf=13");
    let response = visit.ask(Request::get(link.replace("&#38;", "&")).body(Body::empty()).unwrap()).await;
    assert_eq!(header_of(&response, header::CONTENT_TYPE), "application/rss+xml; charset=utf-8");
    let feed = elements(&text(response).await);
    assert_eq!(feed["title"].first().unwrap(), "Results for “python” · Sea Search");
    let mut expected: Vec<_> = fixture().into_iter().filter(|video| feed["link"].contains(&video.url)).collect();
    expected.sort_by_key(|video| std::cmp::Reverse(video.published_at));
    let urls: Vec<_> = expected.iter().map(|video| video.url.clone()).collect();
    assert!(urls.len() > 2 && feed["link"][1..] == urls, "the newest come first: {feed:?}");
    assert_eq!(feed["guid"][0], format!("urn:uuid:{}", expected[0].uuid));
    assert!(feed["pubDate"][0].ends_with("+0000"));
}

#[tokio::test]
async fn what_strangers_write_cannot_break_a_feed() {
    let hostile = VideoDocument { tags: vec![], ..video("</title><script>alert(1)</script> & whales ]]>") };
    let visit = Visit::over(&[hostile], "").await;
    let feed = elements(&visit.page("/search.rss?search=whales+%3C%26%22").await);
    let title = "</title><script>alert(1)</script> & whales ]]>";
    assert_eq!(feed["title"], ["Results for “whales <&\"” · Sea Search", title]);
    assert!(!feed.contains_key("script"));
}

#[tokio::test]
async fn browsers_learn_how_to_search_here() {
    let visit = Visit::over(&[], "/search-index").await;
    let home = visit.page("/search-index").await;
    assert!(attributes(&home, "href").contains(&"/search-index/opensearch.xml"));
    let document = visit.page("/search-index/opensearch.xml").await;
    assert_eq!(elements(&document)["ShortName"], ["Sea Search"]);
    let address = visit.platform.platform.public_url.join("/search-index/search");
    let template = format!("{address}?search={{searchTerms}}&amp;page={{startPage?}}");
    assert!(attributes(&document, "template").contains(&template.as_str()), "{document}");
}

#[tokio::test]
async fn what_is_typed_is_completed_with_channels_and_titles() {
    let videos = [video("Sea otters"), video("sea OTTERS"), video("Mountains")];
    let visit = Visit::over(&videos, "/search-index").await;
    let response = visit.ask(Request::get("/search-index/suggestions?search=se").body(Body::empty()).unwrap()).await;
    assert_eq!(header_of(&response, header::CONTENT_TYPE), "application/x-suggestions+json");
    let answer: serde_json::Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(answer[0], "se");
    assert_eq!(answer[1][0], "Sea films", "a channel");
    let titles = answer[1].as_array().unwrap();
    assert_eq!(titles.len(), 2, "the same words are offered once: {titles:?}");
    assert!(
        answer[3][0].as_str().unwrap().ends_with("/search-index/search?search=Sea+films&resultType=video-channels")
    );
    let nothing = visit.page("/search-index/suggestions?search=+").await;
    assert_eq!(nothing, r#"["",[],[],[]]"#);
}
