//! Do all answers have what clients of PeerTube expect, about what is ours and about what is of other servers?

use shoal_tests::{Server, User, form::Form};
use uuid::Uuid;

use super::*;

/// A PNG of some colours.
const PICTURE: &[u8] = include_bytes!("../../fixtures/pictures/gradient.png");
const SUBTITLES: &str = "WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n";
/// The number of the owner's row is nobody's business, and no client reads it.
const OWNER: &str = "userId";
const LEFT_OUT: [&str; 5] = [
    // What this server makes of a video is a stream, without storyboards.
    ".files[]",
    ".storyboards[]",
    // PeerTube adds these for who asks for statistics.
    ".data[].totalViews",
    ".data[].videosCount",
    ".data[].viewsPerDay",
];

struct Told {
    video: Uuid,
    playlist: String,
    thread: String,
}

async fn form(user: &User<'_>, server: &Server, method: http::Method, path: &str, form: Form) -> Value {
    let (body, kind) = form.finish();
    let request = server.request(method, path).header("content-type", kind).body(body);
    let answer = user.send(request).await.success();
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// Gives alpha something of everything.
async fn publish(world: &World) -> Told {
    use http::Method;
    let (alpha, root) = (&world.alpha, world.alpha.admin());
    let channel = root.channel().await.to_string();
    let avatar = || Form::default().file("avatarfile", "me.png", "image/png", PICTURE);
    let banner = Form::default().file("bannerfile", "me.png", "image/png", PICTURE);
    form(&root, alpha, Method::POST, "/api/v1/users/me/avatar/pick", avatar()).await;
    form(&root, alpha, Method::POST, "/api/v1/video-channels/root_channel/avatar/pick", avatar()).await;
    form(&root, alpha, Method::POST, "/api/v1/video-channels/root_channel/banner/pick", banner).await;
    let video = root.upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    let path = format!("/api/v1/videos/{video}");
    let facts =
        [("category", "11"), ("licence", "2"), ("language", "fr"), ("description", "Colours"), ("tags[]", "card")];
    let facts = facts.iter().fold(Form::default(), |form, (name, value)| form.text(name, value));
    form(&root, alpha, Method::PUT, &path, facts.text("originallyPublishedAt", "2020-01-02T03:04:05.000Z")).await;
    let captions = Form::default().file("captionfile", "en.vtt", "text/vtt", SUBTITLES.as_bytes());
    form(&root, alpha, Method::PUT, &format!("{path}/captions/en"), captions).await;
    let chapters = serde_json::json!({ "chapters": [{ "timecode": 0, "title": "All of it" }] });
    let request = alpha.request(Method::PUT, &format!("{path}/chapters")).header("content-type", "application/json");
    root.send(request.body(chapters.to_string())).await.assert_success();
    let text = serde_json::json!({ "text": "Well made" });
    let said = root.post_json(&format!("{path}/comment-threads"), &text).await.success().json();
    let answered = format!("{path}/comments/{}", said["comment"]["id"]);
    root.post_json(&answered, &text).await.assert_success();
    let facts =
        [("displayName", "Cards"), ("description", "All"), ("privacy", "1"), ("videoChannelId", channel.as_str())];
    let facts = facts.iter().fold(Form::default(), |form, (name, value)| form.text(name, value));
    let made = form(&root, alpha, Method::POST, "/api/v1/video-playlists", facts).await;
    let playlist = format!("/api/v1/video-playlists/{}", made["videoPlaylist"]["uuid"].as_str().unwrap());
    let element = serde_json::json!({ "videoId": video, "startTimestamp": 0, "stopTimestamp": 1 });
    root.post_json(&format!("{playlist}/videos"), &element).await.assert_success();
    world.settle().await;
    Told { video, playlist, thread: "Well made".to_owned() }
}

/// Compares what a server says of all that with what a PeerTube says.
async fn compare(server: &Server, told: &Told, handle: &str) {
    let video = format!("/api/v1/videos/{}", told.video);
    let threads = server.get_json(&format!("{video}/comment-threads")).await;
    assert_eq!(threads["data"][0]["text"], told.thread);
    let thread = format!("{video}/comment-threads/{}", threads["data"][0]["id"]);
    let (channel, account) = (format!("root_channel{handle}"), format!("root{handle}"));
    let answers = [
        ("video-detail-remote-on-ref1", video.clone()),
        ("videos-list-federated", "/api/v1/videos".to_owned()),
        ("search-videos", "/api/v1/search/videos?search=card".to_owned()),
        ("video-captions", format!("{video}/captions")),
        ("video-chapters", format!("{video}/chapters")),
        ("video-storyboards", format!("{video}/storyboards")),
        ("video-comment-threads", format!("{video}/comment-threads")),
        ("video-comment-thread-1", thread),
        ("channel-remote-on-ref1", format!("/api/v1/video-channels/{channel}")),
        ("channel-videos", format!("/api/v1/video-channels/{channel}/videos")),
        ("search-channels", "/api/v1/search/video-channels?search=root&host=alpha.test".to_owned()),
        ("account", format!("/api/v1/accounts/{account}")),
        ("account-videos", format!("/api/v1/accounts/{account}/videos")),
        ("account-channels", format!("/api/v1/accounts/{account}/video-channels")),
        ("playlist", told.playlist.clone()),
        ("playlist-videos", format!("{}/videos", told.playlist)),
        ("playlists-list", "/api/v1/video-playlists".to_owned()),
        ("search-playlists", "/api/v1/search/video-playlists?search=cards".to_owned()),
    ];
    let mut all_missing = vec![];
    for (name, path) in answers {
        let answer = server.get_json(&path).await;
        let missing = shape::missing(&sample(name), &answer);
        let is_expected = |path: &String| !path.ends_with(OWNER) && !LEFT_OUT.contains(&path.as_str());
        all_missing.extend(missing.into_iter().filter(is_expected).map(|missing| format!("{path} {missing}")));
    }
    assert!(all_missing.is_empty(), "clients of {} will miss {all_missing:#?}", server.name());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_of_another_server_is_told_in_the_same_shape_as_what_is_ours() {
    let world = World::with(["alpha", "beta"]).await;
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let told = publish(&world).await;
    compare(&world.alpha, &told, "").await;
    compare(&world.beta, &told, "@alpha.test").await;
    assert_shape("server-following", &world.beta.get_json("/api/v1/server/following").await, &[]);
    assert_shape("server-followers", &world.alpha.get_json("/api/v1/server/followers").await, &[]);
    world.settle().await;
}
