//! Bringing single things here, and leading people to where they can follow.

use http::{Method, StatusCode};
use shoal_tests::{World, form::Form};

use super::{page, submit};

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_address_brings_a_video_here_for_users() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.app().seed_videos(2).await.unwrap();
    let video = world.alpha.get_json("/api/v1/videos").await["data"][0].clone();
    let short = format!("http://alpha.test/w/{}", video["shortUUID"].as_str().unwrap());
    let search = format!("/api/v1/search/videos?search={short}");
    assert_eq!(world.beta.get_json(&search).await["total"], 0, "strangers may not have others asked");
    let found = world.beta.admin().get_json(&search).await;
    assert_eq!((&found["total"], &found["data"][0]["uuid"]), (&1.into(), &video["uuid"]));
    world.beta.get(&format!("/api/v1/videos/{}", video["uuid"].as_str().unwrap())).await.assert_success();
    let url = video["url"].as_str().unwrap();
    let known = world.beta.get_json(&format!("/api/v1/search/videos?search={url}")).await;
    assert_eq!(known["total"], 1, "what is known here, everybody finds");

    let pasted = page(&world.beta, &format!("/search?search={url}")).await;
    assert_eq!(pasted.header("location"), Some(format!("/w/{}", video["shortUUID"].as_str().unwrap()).as_str()));
    let nothing = page(&world.beta, "/search?search=http://alpha.test/w/nothing").await.success().text();
    assert!(nothing.contains("could not be brought here"), "{nothing}");
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_playlist_is_shown_on_a_page_of_this_server() {
    let world = World::with(["alpha", "beta"]).await;
    let root = world.alpha.admin();
    let channel = root.channel().await.to_string();
    let form = Form::default().text("displayName", "Test cards").text("privacy", "1").text("videoChannelId", &channel);
    let (body, kind) = form.finish();
    let request = world.alpha.request(Method::POST, "/api/v1/video-playlists").header("content-type", kind).body(body);
    let made = root.send(request).await.success().json()["videoPlaylist"].clone();
    let here = format!("/w/p/{}", made["shortUUID"].as_str().unwrap());
    let id = format!("/video-playlists/{}", made["uuid"].as_str().unwrap());
    for address in [&here, &id] {
        let found = page(&world.beta, &format!("/search?search=http://alpha.test{address}")).await;
        assert_eq!(found.header("location"), Some(here.as_str()), "{address}: {}", found.text());
    }
    let shown = world.beta.get_as(&here, "text/html").await.success().text();
    assert!(shown.contains("Test cards"), "{shown}");
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_handle_brings_a_channel_with_its_newest_videos() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.app().seed_videos(5).await.unwrap();
    let channel = world.alpha.admin().get_json("/api/v1/users/me").await["videoChannels"][0].clone();
    let name = channel["name"].as_str().unwrap();
    let search = format!("/api/v1/search/video-channels?search=@{name}@alpha.test");
    let found = world.beta.admin().get_json(&search).await;
    assert_eq!((&found["total"], &found["data"][0]["host"]), (&1.into(), &"alpha.test".into()));
    world.settle().await;
    let videos = world.beta.get_json(&format!("/api/v1/video-channels/{name}@alpha.test/videos")).await;
    assert_eq!(videos["total"], 5);
    let by_name = world.beta.get_json(&format!("/api/v1/search/video-channels?search={name}&host=alpha.test")).await;
    assert_eq!(by_name["total"], 1);
    let account = world.beta.admin().get_json("/api/v1/search/video-channels?search=root@alpha.test").await;
    assert_eq!(account["data"][0]["name"], name, "the channels of an account");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_from_elsewhere_follows_on_their_own_server() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.app().seed_videos(1).await.unwrap();
    let video = world.alpha.get_json("/api/v1/videos").await["data"][0].clone();
    let name = video["channel"]["name"].as_str().unwrap();
    let watch = world.alpha.get_as(&format!("/w/{}", video["shortUUID"].as_str().unwrap()), "text/html").await.text();
    assert!(watch.contains("/follow-from-elsewhere"), "{watch}");

    let path = format!("/follow-from-elsewhere?from=root@beta.test&handle={name}@alpha.test");
    let there = world.alpha.get_as(&path, "text/html").await.success().text();
    let expected = format!("http://beta.test/remote-interaction?uri=http%3A%2F%2Falpha.test%2Fvideo-channels%2F{name}");
    assert!(there.contains(&expected), "{there}");

    let asked = page(&world.beta, expected.strip_prefix("http://beta.test").unwrap()).await.success().text();
    let handle = format!("{name}@alpha.test");
    assert!(asked.contains("action=\"/subscriptions\"") && asked.contains(&handle), "{asked}");
    let done = submit(&world.beta, "/subscriptions", &[("handle", &handle), ("next", "//evil.test/")]).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, Some("/")), "never leads elsewhere");
    world.settle().await;
    assert_eq!(world.beta.admin().get_json("/api/v1/users/me/subscriptions").await["total"], 1);
    let signed_out = world.beta.get_as("/remote-interaction?uri=x@alpha.test", "text/html").await;
    assert!(signed_out.header("location").is_some_and(|to| to.starts_with("/login?next=")), "{signed_out:?}");
}
