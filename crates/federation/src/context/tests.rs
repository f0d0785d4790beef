use super::*;

fn assert_covers(ours: Context, recorded: &str) {
    let recorded: Value = serde_json::from_str(recorded).unwrap();
    let recorded = recorded["@context"].as_array().unwrap().clone();
    let ours = ours.value();
    let ours = ours.as_array().unwrap();
    assert_eq!(ours[..3], recorded[..3]);
    for (term, meaning) in recorded.get(3).and_then(Value::as_object).into_iter().flatten() {
        assert_eq!(ours[3].get(term), Some(meaning), "{term}");
    }
}

#[test]
fn every_term_that_peertube_defines_means_the_same_in_ours() {
    assert_covers(Context::Base, include_str!("../../fixtures/peertube-6.3/ap/announce-1.json"));
    assert_covers(Context::Actor, include_str!("../../fixtures/peertube-6.3/ap/actor-channel.json"));
    assert_covers(Context::Video, include_str!("../../fixtures/peertube-6.3/ap/video-web+hls.json"));
    assert_covers(Context::Playlist, include_str!("../../fixtures/peertube-6.3/ap/playlist.json"));
    assert_covers(Context::Comment, include_str!("../../fixtures/peertube-6.3/ap/comment.json"));
    assert_covers(Context::Chapters, include_str!("../../fixtures/peertube-6.3/ap/chapters.json"));
    for (context, sent) in [
        (Context::CacheFile, include_str!("../../fixtures/peertube-6.3/wire/Create-CacheFile-HLS.json")),
        (Context::View, include_str!("../../fixtures/peertube-6.3/wire/View-1.json")),
        (Context::Flag, include_str!("../../fixtures/peertube-6.3/wire/Flag-1.json")),
        (Context::ApproveReply, include_str!("../../fixtures/peertube-6.3/wire/ApproveReply-1.json")),
    ] {
        assert_covers(context, &serde_json::from_str::<Value>(sent).unwrap()["body"].to_string());
    }
}

#[test]
fn a_document_without_terms_of_its_own_has_only_the_base() {
    assert_eq!(Context::Base.value().as_array().unwrap().len(), 3);
}
