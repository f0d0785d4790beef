//! The administrator's pages about follows.

use http::{Method, StatusCode};
use shoal_tests::World;

use super::{alpha_asks, count_videos, followers, following, page, submit};

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
