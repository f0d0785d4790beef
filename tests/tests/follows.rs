//! Following servers, accounts and channels; what they published before; bringing single things here.

#![cfg(test)]

use std::time::Duration;

use http::{Method, StatusCode};
use instance::Config;
use serde_json::{Value, json};
use shoal_tests::{Answer, Client, Clip, Server, World, form::Form};

async fn follow(server: &Server, target: &str) {
    let wanted = json!({ "handles": [target] });
    server.admin().post_json("/api/v1/server/following", &wanted).await.assert_success();
}

async fn followers(server: &Server) -> Value {
    server.get_json("/api/v1/server/followers").await
}

async fn following(server: &Server) -> Value {
    server.get_json("/api/v1/server/following").await
}

async fn count_videos(server: &Server) -> i64 {
    server.get_json("/api/v1/videos?count=0").await["total"].as_i64().unwrap()
}

/// Sends a form as a page of the server would, by the cookie of its administrator.
async fn submit(client: &Client, path: &str, form: &[(&str, &str)]) -> Answer {
    let token = client.admin().token().await;
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = client
        .request(Method::POST, path)
        .header("cookie", format!("shoal_session={token}"))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded");
    client.send(request.body(body)).await
}

/// A page as the administrator sees it.
async fn page(client: &Client, path: &str) -> Answer {
    let token = client.admin().token().await;
    let request = client.request(Method::GET, path).header("cookie", format!("shoal_session={token}"));
    client.send(request.header("accept", "text/html")).await
}

fn alpha_asks(name: &str, config: &mut Config) {
    config.instance.accept_followers = name != "alpha";
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_followed_by_handle_and_an_account_by_address() {
    let world = World::with(["alpha", "beta", "gamma"]).await;
    let channel = world.alpha.admin().get_json("/api/v1/users/me").await["videoChannels"][0].clone();
    let handle = format!("@{}@alpha.test", channel["name"].as_str().unwrap());
    world.alpha.app().seed_videos(3).await.unwrap();
    follow(&world.beta, &handle).await;
    follow(&world.gamma, "http://alpha.test/accounts/root").await;
    world.settle().await;
    for server in [&world.beta, &world.gamma] {
        let following = following(server).await;
        assert_eq!(following["data"][0]["state"], "accepted", "{following}");
        assert_eq!(count_videos(server).await, 3, "what was published before the follow is here");
    }
    let uuid = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    for server in [&world.beta, &world.gamma] {
        server.get(&format!("/api/v1/videos/{uuid}")).await.assert_success();
    }
    let path = format!("/api/v1/server/following/{}", handle.trim_start_matches('@'));
    world.beta.admin().delete(&path).await.assert_success();
    world.settle().await;
    assert_eq!(following(&world.beta).await["total"], 0);
    let mine = world.alpha.admin().get_json("/api/v1/accounts/root/followers").await;
    assert_eq!((&mine["total"], &mine["data"][0]["follower"]["host"]), (&1.into(), &"gamma.test".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_waits_for_approval_and_asking_again_takes_nothing_back() {
    let world = World::configured(["alpha", "beta"], alpha_asks).await;
    world.alpha.app().seed_videos(2).await.unwrap();
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    assert_eq!(followers(&world.alpha).await["data"][0]["state"], "pending");
    assert_eq!(following(&world.beta).await["data"][0]["state"], "pending");
    let public = world.alpha.get_as("/accounts/peertube/followers", "application/activity+json").await.json();
    assert_eq!(public["totalItems"], 0, "who waits is not shown");
    let waiting =
        world.alpha.get_json("/api/v1/server/followers?state=pending&search=beta&actorType=Application").await;
    assert_eq!(waiting["total"], 1);
    assert_eq!(world.alpha.get_json("/api/v1/server/followers?search=nobody").await["total"], 0);

    let accept = "/api/v1/server/followers/peertube@beta.test/accept";
    let anonymous = world.alpha.send(world.alpha.request(Method::POST, accept)).await;
    assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED);
    world.alpha.admin().post_json(accept, &json!({})).await.assert_success();
    world.settle().await;
    assert_eq!(following(&world.beta).await["data"][0]["state"], "accepted");
    assert_eq!(count_videos(&world.beta).await, 2);
    let again = world.alpha.admin().post_json(accept, &json!({})).await;
    assert_eq!(again.status, StatusCode::CONFLICT);

    // beta forgets that it was accepted, and asks again.
    let mut tx = world.beta.platform().db.begin().await.unwrap();
    tx.query("DELETE FROM follows").execute().await.unwrap();
    tx.commit().await.unwrap();
    world.clock().advance(Duration::from_secs(1));
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    assert_eq!(followers(&world.alpha).await["data"][0]["state"], "accepted");
    let public = world.alpha.get_as("/accounts/peertube/followers", "application/activity+json").await.json();
    assert_eq!(public["totalItems"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_follower_stays_refused_and_a_removed_one_may_ask_again() {
    let world = World::configured(["alpha", "beta"], alpha_asks).await;
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let follower = "/api/v1/server/followers/peertube@beta.test";
    world.alpha.admin().post_json(&format!("{follower}/reject"), &json!({})).await.assert_success();
    world.settle().await;
    assert_eq!(following(&world.beta).await["data"][0]["state"], "rejected");
    world.beta.admin().delete("/api/v1/server/following/alpha.test").await.assert_success();
    world.settle().await;
    world.clock().advance(Duration::from_secs(1));
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    assert_eq!(followers(&world.alpha).await["data"][0]["state"], "rejected");
    assert_eq!(following(&world.beta).await["data"][0]["state"], "rejected", "the answer is the same again");

    world.alpha.admin().delete(follower).await.assert_success();
    world.settle().await;
    assert_eq!(followers(&world.alpha).await["total"], 0);
    world.beta.admin().delete("/api/v1/server/following/alpha.test").await.assert_success();
    world.settle().await;
    world.clock().advance(Duration::from_secs(1));
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    assert_eq!(followers(&world.alpha).await["data"][0]["state"], "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_follows_leaves_and_follows_again_within_a_second_is_a_follower() {
    let world = World::with(["alpha", "beta"]).await;
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    world.clock().advance(Duration::from_millis(300));
    world.beta.admin().delete("/api/v1/server/following/alpha.test").await.assert_success();
    world.settle().await;
    assert_eq!(followers(&world.alpha).await["total"], 0);
    world.clock().advance(Duration::from_millis(300));
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    assert_eq!(followers(&world.alpha).await["data"][0]["state"], "accepted");
    assert_eq!(following(&world.beta).await["data"][0]["state"], "accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_follows_is_followed_back_if_the_operator_wants_that() {
    let world =
        World::configured(["alpha", "beta"], |name, config| config.instance.follow_back = name == "alpha").await;
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let following = following(&world.alpha).await;
    assert_eq!((&following["total"], &following["data"][0]["state"]), (&1.into(), &"accepted".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_of_a_list_are_followed_once() {
    let list = "http://alpha.test/api/v1/search/video-channels";
    let world = World::configured(["alpha", "beta"], |name, config| {
        if name == "beta" {
            config.instance.follow_lists = vec![list.parse().unwrap()];
        }
    })
    .await;
    world.advance(Duration::from_hours(1)).await;
    assert_eq!(following(&world.beta).await["data"][0]["following"]["host"], "alpha.test");
    world.beta.admin().delete("/api/v1/server/following/alpha.test").await.assert_success();
    world.advance(Duration::from_hours(2)).await;
    assert_eq!(following(&world.beta).await["total"], 0, "who was unfollowed is not followed again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_subscribes_to_channels_here_and_elsewhere() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.app().seed_videos(3).await.unwrap();
    world.beta.app().seed_videos(1).await.unwrap();
    let name = |me: &Value| me["videoChannels"][0]["name"].as_str().unwrap().to_owned();
    let there = format!("{}@alpha.test", name(&world.alpha.admin().get_json("/api/v1/users/me").await));
    let here = format!("{}@beta.test", name(&world.beta.admin().get_json("/api/v1/users/me").await));
    let me = world.beta.admin();
    for handle in [&there, &here] {
        me.post_json("/api/v1/users/me/subscriptions", &json!({ "uri": handle })).await.assert_success();
    }
    world.settle().await;
    let list = me.get_json("/api/v1/users/me/subscriptions").await;
    assert_eq!(list["total"], 2, "{list}");
    let exist = me.get_json(&format!("/api/v1/users/me/subscriptions/exist?uris={there}&uris=x@alpha.test")).await;
    assert_eq!(exist, json!({ there.clone(): true, "x@alpha.test": false }));
    let shown = me.get_json(&format!("/api/v1/users/me/subscriptions/{there}")).await;
    assert_eq!(shown["host"], "alpha.test");
    assert_eq!(me.get_json("/api/v1/users/me/subscriptions/videos").await["total"], 4);
    assert_eq!(world.beta.get("/api/v1/users/me/subscriptions/videos").await.status, StatusCode::UNAUTHORIZED);
    let subscriptions = page(&world.beta, "/subscriptions").await.success().text();
    assert!(subscriptions.contains("Seeded video"), "{subscriptions}");
    let followers = world.alpha.admin().get_json("/api/v1/accounts/root/followers").await;
    assert_eq!(followers["data"][0]["follower"]["name"], "root");

    me.delete(&format!("/api/v1/users/me/subscriptions/{there}")).await.assert_success();
    world.settle().await;
    assert_eq!(me.get_json("/api/v1/users/me/subscriptions/videos").await["total"], 1);
    let gone = me.delete(&format!("/api/v1/users/me/subscriptions/{there}")).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert_eq!(world.alpha.admin().get_json("/api/v1/accounts/root/followers").await["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_videos_of_a_server_of_this_kind_arrive_in_large_pages() {
    let world =
        World::configured(["alpha", "beta"], |_, config| config.server.roles = vec!["instance".to_owned()]).await;
    world.alpha.app().seed_videos(120).await.unwrap();
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    assert_eq!(count_videos(&world.beta).await, 120);
    let page = page(&world.beta, "/admin/following").await.success().text();
    assert!(page.contains("All 120 videos read"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_goes_on_where_it_stopped_and_heals_gaps() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.app().seed_videos(210).await.unwrap();
    world.beta.admin().follow_server("alpha.test").await;
    world.beta.work().await;
    world.alpha.work().await;
    // Gaps: some videos are lost here, and the next reading brings them back.
    world.settle().await;
    assert_eq!(count_videos(&world.beta).await, 210);
    let mut tx = world.beta.platform().db.begin().await.unwrap();
    tx.query("DELETE FROM videos WHERE id % 7 = 0").execute().await.unwrap();
    tx.commit().await.unwrap();
    assert!(count_videos(&world.beta).await < 210);
    world.advance(Duration::from_hours(25)).await;
    world.settle().await;
    assert_eq!(count_videos(&world.beta).await, 210);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_is_asked_again_later() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.app().seed_videos(5).await.unwrap();
    world.beta.admin().follow_server("alpha.test").await;
    world.beta.work().await;
    world.alpha.work().await;
    world.alpha.go_offline().await;
    world.settle().await;
    let text = page(&world.beta, "/admin/following").await.success().text();
    let was_read = count_videos(&world.beta).await == 5;
    assert!(was_read || text.contains("Stopped at") || text.contains("Waiting"), "{text}");
    world.alpha.go_online().await;
    world.advance(Duration::from_hours(3)).await;
    world.advance(Duration::from_mins(10)).await;
    assert_eq!(count_videos(&world.beta).await, 5);
}

/// As a server of another kind would be read.
async fn read_again_from(world: &World, source: &'static str) {
    let mut tx = world.beta.platform().db.begin().await.unwrap();
    tx.query("DELETE FROM videos").execute().await.unwrap();
    tx.query("UPDATE backfills SET state = 'failed', source = $1, cursor = 0, next_url = NULL, done = 0, next_at = started_at")
        .bind(source)
        .execute()
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count_videos(&world.beta).await, 0);
    world.advance(Duration::from_mins(2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listings_and_outboxes_that_only_name_videos_are_read_as_well() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.app().seed_videos(130).await.unwrap();
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    for source in ["rest", "outbox"] {
        read_again_from(&world, source).await;
        assert_eq!(count_videos(&world.beta).await, 130, "{source}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_ends_when_nobody_follows_any_more() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.app().seed_videos(3).await.unwrap();
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    world.beta.admin().delete("/api/v1/server/following/alpha.test").await.assert_success();
    world.settle().await;
    world.alpha.app().seed_videos(3).await.unwrap();
    world.advance(Duration::from_hours(25)).await;
    assert_eq!(count_videos(&world.beta).await, 0, "nobody is shown any more what nobody follows");
    let known = world.beta.get_json("/api/v1/accounts/root@alpha.test/videos").await;
    assert_eq!(known["total"], 3, "what came stays, and nothing more comes");
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_do_all_of_it_on_pages() {
    let world = World::configured(["alpha", "beta"], alpha_asks).await;
    world.alpha.app().seed_videos(4).await.unwrap();
    let refused = submit(&world.beta, "/admin/following", &[("targets", "alpha.test\nnot//ahost")]).await.success();
    assert!(refused.text().contains("names nobody"), "{}", refused.text());
    world.settle().await;
    assert!(page(&world.beta, "/admin/following").await.success().text().contains("Waiting"));
    let text = page(&world.alpha, "/admin/followers").await.success().text();
    assert!(text.contains("peertube@beta.test") && text.contains("/accept"), "{text}");
    let answer = submit(&world.alpha, "/admin/followers/1/accept", &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    world.settle().await;
    let text = page(&world.beta, "/admin/following").await.success().text();
    assert!(text.contains("All 4 videos read"), "{text}");

    // What is not for showing leaves the lists, and nothing else.
    submit(&world.beta, "/admin/following/1/choices", &[("mirrored", "on")]).await;
    assert_eq!(count_videos(&world.beta).await, 0);
    assert_eq!(world.beta.get_json("/api/v1/accounts/root@alpha.test/videos").await["total"], 4);
    submit(&world.beta, "/admin/following/1/choices", &[("listed", "on")]).await;
    assert_eq!(count_videos(&world.beta).await, 4);

    submit(&world.beta, "/admin/following/1/reading/resume", &[]).await;
    submit(&world.beta, "/admin/following/1/reading/pause", &[]).await;
    world.settle().await;
    assert!(page(&world.beta, "/admin/following").await.text().contains("Paused at"));
    submit(&world.beta, "/admin/following/1/remove", &[]).await;
    world.settle().await;
    assert_eq!(following(&world.beta).await["total"], 0);
    assert_eq!(followers(&world.alpha).await["total"], 0);
    let stranger = world.beta.get_as("/admin/following", "text/html").await;
    assert_eq!(stranger.header("location"), Some("/login?next=%2Fadmin%2Ffollowing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_for_days_is_followed_when_it_is_back() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.go_offline().await;
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let text = page(&world.beta, "/admin/following").await.success().text();
    assert!(text.contains("alpha.test") && text.contains("tried once"), "{text}");
    for _ in 0..18 {
        world.clock().advance(Duration::from_hours(8));
        world.settle().await;
    }
    world.alpha.go_online().await;
    world.clock().advance(Duration::from_hours(8));
    world.settle().await;
    world.beta.admin().come_back().await;
    assert_eq!(following(&world.beta).await["data"][0]["state"], "accepted");
    let text = page(&world.beta, "/admin/following").await.success().text();
    assert!(!text.contains("Not found yet"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_for_a_week_is_said_to_be_and_can_be_tried_again() {
    let mut world = World::with(["alpha", "beta"]).await;
    world.expect_failures();
    world.alpha.go_offline().await;
    world.beta.admin().follow_server("alpha.test").await;
    for _ in 0..40 {
        world.settle().await;
        world.clock().advance(Duration::from_hours(8));
    }
    world.beta.admin().come_back().await;
    let text = page(&world.beta, "/admin/following").await.success().text();
    assert!(text.contains("did not answer for seven days"), "{text}");
    world.alpha.go_online().await;
    world.settle().await;
    assert_eq!(following(&world.beta).await["total"], 0, "nothing happens by itself any more");
    let (_, rest) = text.split_once("/admin/following/searches/").unwrap();
    let (id, _) = rest.split_once('/').unwrap();
    let retried = submit(&world.beta, &format!("/admin/following/searches/{id}/retry"), &[]).await;
    assert_eq!(retried.header("location"), Some("/admin/following"));
    world.settle().await;
    assert_eq!(following(&world.beta).await["data"][0]["state"], "accepted");
    let text = page(&world.beta, "/admin/following").await.success().text();
    assert!(!text.contains("Not found yet"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_site_changes_nothing() {
    let world = World::with(["alpha"]).await;
    let token = world.alpha.admin().token().await;
    let request = world
        .alpha
        .request(Method::POST, "/admin/following")
        .header("cookie", format!("shoal_session={token}"))
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(world.alpha.send(request.body("targets=beta.test")).await.status, StatusCode::UNAUTHORIZED);
}

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

#[tokio::test(flavor = "multi_thread")]
async fn an_index_in_the_same_process_reads_the_servers_that_are_followed_for_it() {
    let world = World::configured(["alpha", "beta"], |name, config| {
        if name == "beta" {
            config.server.roles = ["instance", "indexer", "search-ui"].map(str::to_owned).to_vec();
        }
    })
    .await;
    world.alpha.admin().upload("Lighthouses of the north", &Clip::tiny().await).await;
    world.settle().await;
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let found = async || {
        let found = world.beta.get_json("/search-index/api/v1/search/videos?search=lighthouses").await;
        found["total"].as_i64().unwrap()
    };
    assert_eq!(found().await, 1);
    submit(&world.beta, "/admin/following/1/choices", &[("listed", "on"), ("mirrored", "on")]).await;
    world.settle().await;
    assert_eq!(found().await, 0, "a follow that is not for the index");
    submit(&world.beta, "/admin/following/1/choices", &[("indexed", "on")]).await;
    world.settle().await;
    assert_eq!((found().await, count_videos(&world.beta).await), (1, 0), "one that is for nothing else");
    let blocked = json!({ "host": "alpha.test" });
    world.beta.admin().post_json("/api/v1/server/blocklist/servers", &blocked).await.assert_success();
    world.advance(Duration::from_hours(1)).await;
    world.advance(Duration::from_mins(1)).await;
    assert_eq!(found().await, 0, "who is blocked is not found");
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_are_given_back_when_their_server_is_unfollowed() {
    let world = World::configured(["alpha", "beta"], |name, config| config.redundancy.enabled = name == "beta").await;
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let uuid = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    let copies = async || {
        let details = world.alpha.get_json(&format!("/api/v1/videos/{uuid}")).await;
        details["streamingPlaylists"][0]["redundancies"].as_array().unwrap().len()
    };
    assert_eq!(copies().await, 1);
    submit(&world.beta, "/admin/following/1/choices", &[("listed", "on"), ("indexed", "on")]).await;
    world.settle().await;
    assert_eq!(copies().await, 0, "a follow that is not for mirroring keeps no copies");
    submit(&world.beta, "/admin/following/1/choices", &[("listed", "on"), ("mirrored", "on")]).await;
    world.advance(Duration::from_hours(2)).await;
    assert_eq!(copies().await, 1, "the hourly look finds it again");
    world.beta.admin().delete("/api/v1/server/following/alpha.test").await.assert_success();
    world.settle().await;
    assert_eq!(copies().await, 0);
}
