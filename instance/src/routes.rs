//! The whole URL table of the video server.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, header},
    routing::{delete, get, post, put},
};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::{
    App, downloads,
    federation::{self, endpoints, well_known},
    follows, instance_api, mirrors, oauth, player_settings, playlists, tracker, uploads, videos,
};

pub(crate) fn router(app: &App) -> Router {
    api()
        .merge(playlist_api())
        .merge(federation_routes())
        .merge(files())
        .merge(swarms())
        .merge(pages())
        .merge(playlist_pages())
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
        .route("/api/v1/search/videos", get(videos::list))
        .route("/api/v1/accounts/{handle}", get(instance_api::account))
        .route("/api/v1/accounts/{handle}/videos", get(videos::account_videos))
        .route("/api/v1/accounts/{handle}/video-channels", get(instance_api::account_channels))
        .route("/api/v1/video-channels/{handle}", get(instance_api::channel))
        .route("/api/v1/video-channels/{handle}/videos", get(videos::channel_videos))
        .route("/api/v1/server/following", get(follows::api::following).post(follows::api::follow))
        .route("/api/v1/server/following/{host}", delete(follows::api::unfollow))
        .route("/api/v1/server/followers", get(follows::api::followers))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        ))
}

/// Playlists and player settings in PeerTube's REST API.
fn playlist_api() -> Router<App> {
    let form_limit = DefaultBodyLimit::max(PLAYLIST_FORM_BYTES);
    Router::new()
        .route("/api/v1/video-playlists", get(playlists::api::list).post(playlists::api::create))
        .route("/api/v1/video-playlists/privacies", get(playlists::api::privacies))
        .route(
            "/api/v1/video-playlists/{id}",
            get(playlists::api::details).put(playlists::api::update).delete(playlists::api::delete),
        )
        .layer(form_limit)
        .route("/api/v1/video-playlists/{id}/videos", get(playlists::elements).post(playlists::add_video))
        .route("/api/v1/video-playlists/{id}/videos/reorder", post(playlists::reorder))
        .route(
            "/api/v1/video-playlists/{id}/videos/{element}",
            put(playlists::change_element).delete(playlists::remove_element),
        )
        .route("/api/v1/users/me/video-playlists/videos-exist", get(playlists::videos_exist))
        .route("/api/v1/accounts/{handle}/video-playlists", get(playlists::api::of_account))
        .route("/api/v1/video-channels/{handle}/video-playlists", get(playlists::api::of_channel))
        .route("/api/v1/video-channels/{handle}/video-playlists/reorder", post(playlists::api::reorder_of_channel))
        .route("/api/v1/search/video-playlists", get(playlists::api::search))
        .route(
            "/api/v1/player-settings/videos/{id}",
            get(player_settings::api::of_video).put(player_settings::api::set_of_video),
        )
        .route(
            "/api/v1/player-settings/video-channels/{handle}",
            get(player_settings::api::of_channel).put(player_settings::api::set_of_channel),
        )
        .layer(SetResponseHeaderLayer::if_not_present(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        ))
}

/// A picture and some texts.
const PLAYLIST_FORM_BYTES: usize = 5_000_000;

/// Playlists for people.
fn playlist_pages() -> Router<App> {
    Router::new()
        .route("/my-playlists", get(playlists::pages::mine).post(playlists::create))
        .route("/my-playlists/{id}", get(playlists::edit_form).post(playlists::edit))
        .layer(DefaultBodyLimit::max(PLAYLIST_FORM_BYTES))
        .route("/w/p/{id}", get(playlists::pages::show))
        .route("/video-playlists/embed/{id}", get(playlists::pages::embed))
        .route("/my-playlists/save", post(playlists::save))
        .route("/my-playlists/{id}/delete", post(playlists::remove))
        .route("/my-playlists/{id}/elements/{element}/move", post(playlists::move_element))
        .route("/my-playlists/{id}/elements/{element}/times", post(playlists::set_times))
        .route("/my-playlists/{id}/elements/{element}/remove", post(playlists::remove_from))
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
        .route("/video-playlists/{id}", get(playlists::playlist))
        .route("/video-playlists/{id}/videos/{element}", get(playlists::element))
        .route("/videos/watch/{id}/player-settings", get(player_settings::api::video_document))
        .route("/video-channels/{name}/player-settings", get(player_settings::api::channel_document))
}

/// Pictures and streams. Copies of other servers' streams are the mirror manager's.
fn files() -> Router<App> {
    Router::new()
        .route("/lazy-static/thumbnails/{file}", get(videos::thumbnail_file))
        .route("/lazy-static/previews/{file}", get(videos::preview_file))
        .route("/static/streaming-playlists/hls/{uuid}/{file}", get(videos::streaming_file))
        .route("/download/streaming-playlists/hls/videos/{file}", get(downloads::file))
        .route("/download/web-videos/{file}", get(downloads::file))
        .route("/download/videos/generate/{id}", get(downloads::generate))
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
        .route("/login", get(oauth::login_page).post(oauth::log_in))
        .route("/logout", post(oauth::log_out))
}
