//! The whole URL table of the video server.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, header},
    routing::{delete, get, post},
};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::{
    App,
    federation::{self, endpoints, well_known},
    follows::{self, admin, button, subscriptions},
    instance_api, lookup, mirrors, oauth, tracker, uploads, videos,
};

pub(crate) fn router(app: &App) -> Router {
    api()
        .merge(federation_routes())
        .merge(files())
        .merge(swarms())
        .merge(pages())
        .fallback(videos::pages::not_found)
        .with_state(app.clone())
}

/// PeerTube's REST API. Apps and pages of other servers may read it (CORS).
fn api() -> Router<App> {
    let upload_limit = DefaultBodyLimit::disable(); // `uploads` counts the bytes itself
    Router::new()
        .route("/api/v1/ping", get(instance_api::ping))
        .route("/api/v1/config", get(instance_api::config))
        .route("/api/v1/config/about", get(instance_api::about))
        .route("/api/v1/oauth-clients/local", get(oauth::local_client))
        .route("/api/v1/users/token", post(oauth::token))
        .route("/api/v1/users/revoke-token", post(oauth::revoke))
        .route("/api/v1/users/me", get(instance_api::me))
        .route("/api/v1/videos", get(videos::list))
        .route("/api/v1/videos/upload", post(uploads::api::upload).layer(upload_limit))
        .route("/api/v1/videos/categories", get(videos::categories))
        .route("/api/v1/videos/licences", get(videos::licences))
        .route("/api/v1/videos/languages", get(videos::languages))
        .route("/api/v1/videos/privacies", get(videos::privacies))
        .route("/api/v1/videos/{id}", get(videos::details).delete(videos::delete_video))
        .route("/api/v1/videos/{id}/description", get(videos::description))
        .route("/api/v1/search/videos", get(lookup::api::search_videos))
        .route("/api/v1/search/video-channels", get(lookup::api::search_channels))
        .route("/api/v1/accounts/{handle}", get(instance_api::account))
        .route("/api/v1/accounts/{handle}/videos", get(videos::account_videos))
        .route("/api/v1/accounts/{handle}/video-channels", get(instance_api::account_channels))
        .route("/api/v1/video-channels/{handle}", get(instance_api::channel))
        .route("/api/v1/video-channels/{handle}/videos", get(videos::channel_videos))
        .route("/api/v1/server/following", get(follows::api::following).post(follows::api::follow))
        .route("/api/v1/server/following/{target}", delete(follows::api::unfollow))
        .route("/api/v1/server/followers", get(follows::api::followers))
        .route("/api/v1/server/followers/{handle}", delete(follows::api::remove))
        .route("/api/v1/server/followers/{handle}/accept", post(follows::api::accept))
        .route("/api/v1/server/followers/{handle}/reject", post(follows::api::reject))
        .route("/api/v1/accounts/{handle}/followers", get(follows::api::account_followers))
        .route("/api/v1/video-channels/{handle}/followers", get(follows::api::channel_followers))
        .route("/api/v1/users/me/subscriptions", get(subscriptions::list).post(subscriptions::add))
        .route("/api/v1/users/me/subscriptions/exist", get(subscriptions::exist))
        .route("/api/v1/users/me/subscriptions/videos", get(subscriptions::list_videos))
        .route("/api/v1/users/me/subscriptions/{handle}", get(subscriptions::show).delete(subscriptions::remove))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        ))
}

/// Actors, objects, inboxes, and how to find them.
fn federation_routes() -> Router<App> {
    Router::new()
        .route("/.well-known/webfinger", get(well_known::webfinger))
        .route("/.well-known/nodeinfo", get(well_known::nodeinfo_links))
        .route("/.well-known/host-meta", get(well_known::host_meta_document))
        .route("/nodeinfo/2.0.json", get(well_known::nodeinfo))
        .route("/inbox", post(federation::inbox))
        .route("/accounts/{name}", get(endpoints::account))
        .route("/accounts/{name}/inbox", post(federation::inbox))
        .route("/accounts/{name}/outbox", get(endpoints::account_outbox))
        .route("/accounts/{name}/followers", get(endpoints::account_followers))
        .route("/accounts/{name}/following", get(endpoints::account_following))
        .route("/video-channels/{name}", get(endpoints::channel))
        .route("/video-channels/{name}/inbox", post(federation::inbox))
        .route("/video-channels/{name}/outbox", get(endpoints::channel_outbox))
        .route("/video-channels/{name}/followers", get(endpoints::channel_followers))
        .route("/video-channels/{name}/following", get(endpoints::channel_following))
        .route("/videos/watch/{id}", get(endpoints::video))
        .route("/videos/watch/{id}/{collection}", get(endpoints::video_collection))
        .route("/redundancy/streaming-playlists/hls/{uuid}", get(mirrors::federate::hls_mirror))
}

/// Pictures and streams. Copies of other servers' streams are the mirror manager's.
fn files() -> Router<App> {
    Router::new()
        .route("/lazy-static/thumbnails/{file}", get(videos::thumbnail_file))
        .route("/lazy-static/previews/{file}", get(videos::preview_file))
        .route("/static/streaming-playlists/hls/{uuid}/{file}", get(videos::streaming_file))
}

/// Where viewers of the same stream meet.
fn swarms() -> Router<App> {
    Router::new()
        .route("/tracker/socket", get(tracker::socket))
        .route("/tracker/announce", get(tracker::announce))
        .route("/tracker/scrape", get(tracker::scrape))
}

/// Pages for people.
fn pages() -> Router<App> {
    let upload_limit = DefaultBodyLimit::disable();
    Router::new()
        .route("/", get(videos::pages::home))
        .route("/videos/local", get(videos::pages::local))
        .route("/search", get(videos::pages::search))
        .route("/w/{id}", get(endpoints::video))
        .route("/videos/embed/{id}", get(videos::pages::embed))
        .route("/my-videos", get(videos::pages::mine))
        .route("/videos/upload", get(uploads::pages::form).post(uploads::pages::submit).layer(upload_limit))
        .route("/subscriptions", get(button::newest).post(button::subscribe))
        .route("/subscriptions/remove", post(button::unsubscribe))
        .route("/follow-from-elsewhere", get(button::from_elsewhere))
        .route("/remote-interaction", get(button::interaction))
        .route("/admin/following", get(admin::following).post(admin::follow))
        .route("/admin/following/{id}/choices", post(admin::choose))
        .route("/admin/following/{id}/remove", post(admin::unfollow))
        .route("/admin/following/{id}/reading/{action}", post(admin::read))
        .route("/admin/followers", get(admin::followers))
        .route("/admin/followers/{id}/{verdict}", post(admin::judge))
        .route("/login", get(oauth::login_page).post(oauth::log_in))
        .route("/logout", post(oauth::log_out))
}
