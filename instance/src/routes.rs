//! The whole URL table of the video server.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, header},
    middleware::from_fn_with_state,
    routing::{delete, get, post, put},
};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::{
    App,
    actors::{images::api as images, moves::api as moves, pages as actor_pages},
    captions, channels, chapters, comments, downloads,
    federation::{self, endpoints, well_known},
    follows::{self, admin, button, subscriptions},
    instance_api, lookup, mirrors,
    moderation::{abuses, blocks, video_blocks},
    oauth, player_settings, playlists, problem_pages, rates, settings, storyboards, tracker, uploads, users, videos,
    views,
};

/// Two pictures and some text.
const MAX_EDIT_BYTES: usize = 20_000_000;
/// The captions, and the form around them.
const MAX_CAPTION_BYTES: usize = captions::text::MAX_BYTES + 100_000;

pub(crate) fn router(app: &App) -> Router {
    let while_federating = from_fn_with_state(app.clone(), endpoints::while_federating);
    let for_people = from_fn_with_state(app.clone(), problem_pages::as_pages);
    api()
        .merge(moderation_api())
        .merge(playlist_api())
        .merge(federation_routes().layer(while_federating))
        .merge(notices())
        .merge(files())
        .merge(swarms())
        .merge(pages().merge(moderation_pages()).merge(playlist_pages()).layer(for_people))
        .fallback(problem_pages::not_found)
        .with_state(app.clone())
}

/// A form with a picture; what the picture itself may take, its reader counts.
fn picture_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(images::MAX_UPLOAD_BYTES + 500_000)
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
        .route("/api/v1/users/me", get(instance_api::me).put(users::api::update_me).delete(users::api::delete_me))
        .route("/api/v1/users/me/avatar/pick", post(users::api::pick_avatar).layer(picture_limit()))
        .route("/api/v1/users/me/avatar", delete(users::api::delete_avatar))
        .route("/api/v1/videos", get(videos::list))
        .route("/api/v1/videos/upload", post(uploads::api::upload).layer(upload_limit))
        .route("/api/v1/videos/categories", get(videos::categories))
        .route("/api/v1/videos/licences", get(videos::licences))
        .route("/api/v1/videos/languages", get(videos::languages))
        .route("/api/v1/videos/privacies", get(videos::privacies))
        .route("/api/v1/videos/comments", get(comments::api::all))
        .route("/api/v1/users/me/videos", get(videos::mine::list))
        .route("/api/v1/users/me/videos/comments", get(comments::api::mine))
        .route("/api/v1/videos/{id}/comment-threads", get(comments::api::threads).post(comments::api::create_thread))
        .route("/api/v1/videos/{id}/comment-threads/{thread}", get(comments::api::thread))
        .route(
            "/api/v1/videos/{id}/comments/{comment}",
            post(comments::api::create_reply).delete(comments::api::delete),
        )
        .route("/api/v1/videos/{id}/comments/{comment}/approve", post(comments::api::approve))
        .route("/api/v1/videos/{id}", get(videos::details).delete(videos::delete_video))
        .route("/api/v1/videos/{id}", put(videos::update).layer(DefaultBodyLimit::max(MAX_EDIT_BYTES)))
        .route("/api/v1/videos/{id}/description", get(videos::description))
        .route("/api/v1/videos/{id}/source", get(videos::source))
        .route("/api/v1/videos/{id}/refresh", post(videos::refresh))
        .route("/api/v1/videos/{id}/captions", get(captions::api::list))
        .route(
            "/api/v1/videos/{id}/captions/{language}",
            put(captions::api::put).delete(captions::api::remove).layer(DefaultBodyLimit::max(MAX_CAPTION_BYTES)),
        )
        .route("/api/v1/videos/{id}/chapters", get(chapters::api::list).put(chapters::api::replace))
        .route("/api/v1/videos/{id}/storyboards", get(storyboards::api::list))
        .route("/api/v1/videos/{id}/rate", put(rates::api::rate))
        .route("/api/v1/videos/{id}/views", post(views::api::report))
        .route("/api/v1/users/me/videos/{id}/rating", get(rates::api::mine))
        .route("/api/v1/accounts/{handle}/ratings", get(rates::api::of_account))
        .route("/api/v1/search/videos", get(lookup::api::search_videos))
        .route("/api/v1/search/video-channels", get(lookup::api::search_channels))
        .route("/api/v1/accounts", get(channels::api::accounts))
        .route("/api/v1/accounts/{handle}", get(channels::api::account))
        .route(
            "/api/v1/accounts/{handle}/move",
            get(moves::of_account).post(moves::move_account).delete(moves::keep_account),
        )
        .route("/api/v1/accounts/{handle}/aliases", put(moves::alias_account))
        .route("/api/v1/accounts/{handle}/videos", get(videos::account_videos))
        .route("/api/v1/accounts/{handle}/video-channels", get(channels::api::account_channels))
        .route("/api/v1/video-channels", get(channels::api::channels).post(channels::api::create))
        .route(
            "/api/v1/video-channels/{handle}",
            get(channels::api::channel).put(channels::api::update).delete(channels::api::delete),
        )
        .route("/api/v1/video-channels/{handle}/avatar/pick", post(channels::api::pick_avatar).layer(picture_limit()))
        .route("/api/v1/video-channels/{handle}/avatar", delete(channels::api::delete_avatar))
        .route("/api/v1/video-channels/{handle}/banner/pick", post(channels::api::pick_banner).layer(picture_limit()))
        .route("/api/v1/video-channels/{handle}/banner", delete(channels::api::delete_banner))
        .route(
            "/api/v1/video-channels/{handle}/move",
            get(moves::of_channel).post(moves::move_channel).delete(moves::keep_channel),
        )
        .route("/api/v1/video-channels/{handle}/aliases", put(moves::alias_channel))
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

/// Blocks, reports and settings.
fn moderation_api() -> Router<App> {
    use abuses::api as abuse;
    use blocks::api as block;
    Router::new()
        .route("/api/v1/server/blocklist/accounts", get(block::server_accounts).post(block::block_account_here))
        .route("/api/v1/server/blocklist/accounts/{handle}", delete(block::unblock_account_here))
        .route("/api/v1/server/blocklist/servers", get(block::server_servers).post(block::block_server_here))
        .route("/api/v1/server/blocklist/servers/{host}", delete(block::unblock_server_here))
        .route("/api/v1/users/me/blocklist/accounts", get(block::my_accounts).post(block::block_account_for_me))
        .route("/api/v1/users/me/blocklist/accounts/{handle}", delete(block::unblock_account_for_me))
        .route("/api/v1/users/me/blocklist/servers", get(block::my_servers).post(block::block_server_for_me))
        .route("/api/v1/users/me/blocklist/servers/{host}", delete(block::unblock_server_for_me))
        .route("/api/v1/blocklist/status", get(block::status))
        .route("/api/v1/videos/blacklist", get(video_blocks::api::list))
        .route(
            "/api/v1/videos/{id}/blacklist",
            post(video_blocks::api::block).put(video_blocks::api::change).delete(video_blocks::api::unblock),
        )
        .route("/api/v1/abuses", get(abuse::list).post(abuse::report))
        .route("/api/v1/abuses/{id}", put(abuse::decide).delete(abuse::delete))
        .route("/api/v1/abuses/{id}/messages", get(abuse::messages).post(abuse::say))
        .route("/api/v1/abuses/{id}/messages/{message}", delete(abuse::take_back))
        .route("/api/v1/users/me/abuses", get(abuse::mine))
        .route("/api/v1/config/custom", get(settings::api::get).put(settings::api::put).delete(settings::api::delete))
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
        .route("/my-playlists", get(playlists::mine).post(playlists::create))
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
        .route("/nodeinfo/2.1.json", get(well_known::nodeinfo_2_1))
        .route("/inbox", post(federation::inbox))
        .route("/accounts/{name}", get(endpoints::account))
        .route("/accounts/{name}/inbox", post(federation::inbox))
        .route("/accounts/{name}/outbox", get(endpoints::account_outbox))
        .route("/accounts/{name}/followers", get(endpoints::account_followers))
        .route("/accounts/{name}/following", get(endpoints::account_following))
        .route("/accounts/{name}/playlists", get(federation::playlists::of_account))
        .route("/video-channels/{name}", get(endpoints::channel))
        .route("/video-channels/{name}/inbox", post(federation::inbox))
        .route("/video-channels/{name}/outbox", get(endpoints::channel_outbox))
        .route("/video-channels/{name}/followers", get(endpoints::channel_followers))
        .route("/video-channels/{name}/following", get(endpoints::channel_following))
        .route("/video-channels/{name}/playlists", get(federation::playlists::of_channel))
        .route("/videos/watch/{id}", get(endpoints::video))
        .route("/videos/watch/{id}/comments", get(comments::documents::collection).post(comments::pages::write))
        .route("/videos/watch/{id}/comments/{comment}", get(comments::documents::comment))
        .route("/videos/watch/{id}/comments/{comment}/activity", get(comments::documents::activity))
        .route("/videos/watch/{id}/comments/{comment}/approve-reply", get(comments::documents::approval))
        .route("/videos/watch/{id}/comments/{comment}/delete", post(comments::pages::delete))
        .route("/videos/watch/{id}/comments/{comment}/approve", post(comments::pages::approve))
        .route("/videos/watch/{id}/activity", get(endpoints::video_creation))
        .route("/videos/watch/{id}/chapters", get(endpoints::video_chapters))
        .route("/videos/watch/{id}/{collection}", get(endpoints::video_collection))
        .route("/videos/watch/{id}/announces/{actor}", get(endpoints::announcement))
        .route("/accounts/{name}/likes/{video}", get(endpoints::like))
        .route("/accounts/{name}/dislikes/{video}", get(endpoints::dislike))
        .route("/videos/local-viewer/{uuid}", get(endpoints::local_viewer))
        .route("/redundancy/streaming-playlists/hls/{uuid}", get(mirrors::federate::hls_mirror))
        .route("/video-playlists/{id}", get(playlists::playlist))
        .route("/video-playlists/{id}/videos/{element}", get(playlists::element))
        .route("/videos/watch/{id}/player-settings", get(player_settings::api::video_document))
        .route("/video-channels/{name}/player-settings", get(player_settings::api::channel_document))
}

/// What people and their programs look for, whether the server federates or not.
fn notices() -> Router<App> {
    Router::new()
        .route("/.well-known/change-password", get(well_known::change_password))
        .route("/.well-known/security.txt", get(well_known::security_txt))
        .route("/.well-known/dnt", get(well_known::dnt))
        .route("/.well-known/dnt/", get(well_known::dnt))
}

/// Pictures and streams. Copies of other servers' streams are the mirror manager's.
fn files() -> Router<App> {
    Router::new()
        .route("/lazy-static/thumbnails/{file}", get(videos::thumbnail_file))
        .route("/lazy-static/previews/{file}", get(videos::preview_file))
        .route("/lazy-static/avatars/{file}", get(images::avatar_file))
        .route("/lazy-static/banners/{file}", get(images::banner_file))
        .route("/lazy-static/video-captions/{file}", get(captions::api::file))
        .route("/lazy-static/storyboards/{file}", get(storyboards::api::file))
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
        .route("/w/{id}/rate", post(rates::pages::rate))
        .route("/videos/embed/{id}", get(videos::pages::embed))
        .route("/my-videos", get(videos::pages::mine))
        .route(
            "/my-videos/{id}",
            get(videos::edit_pages::edit_form)
                .post(videos::edit_pages::edit)
                .layer(DefaultBodyLimit::max(MAX_EDIT_BYTES)),
        )
        .route("/my-videos/{id}/delete", post(videos::edit_pages::delete))
        .route("/@{handle}", get(actor_pages::at))
        .route("/a/{handle}", get(actor_pages::account))
        .route("/a/{handle}/{*part}", get(actor_pages::account_part))
        .route("/c/{handle}", get(actor_pages::channel))
        .route("/c/{handle}/{*part}", get(actor_pages::channel_part))
        .route("/my-account", get(actor_pages::edit_account))
        .route("/my-account/{action}", post(actor_pages::act_on_account).layer(picture_limit()))
        .route("/my-channels", get(actor_pages::own_channels).post(actor_pages::create_channel))
        .route("/my-channels/{name}", get(actor_pages::edit_channel).post(actor_pages::change_channel))
        .route("/my-channels/{name}/{action}", post(actor_pages::act_on_channel).layer(picture_limit()))
        .route("/videos/upload", get(uploads::pages::form).post(uploads::pages::submit).layer(upload_limit))
        .route("/subscriptions", get(button::newest).post(button::subscribe))
        .route("/subscriptions/remove", post(button::unsubscribe))
        .route("/follow-from-elsewhere", get(button::from_elsewhere))
        .route("/remote-interaction", get(button::interaction))
        .route("/admin/following", get(admin::following).post(admin::follow))
        .route("/admin/following/searches/{id}/{action}", post(admin::search))
        .route("/admin/following/{id}/choices", post(admin::choose))
        .route("/admin/following/{id}/remove", post(admin::unfollow))
        .route("/admin/following/{id}/reading/{action}", post(admin::read))
        .route("/admin/followers", get(admin::followers))
        .route("/admin/followers/{id}/{verdict}", post(admin::judge))
        .route("/login", get(oauth::login_page).post(oauth::log_in))
        .route("/logout", post(oauth::log_out))
}

/// Pages for those who look after the server, and for whoever wants to be rid of somebody.
fn moderation_pages() -> Router<App> {
    Router::new()
        .route("/admin/abuses", get(abuses::pages::list))
        .route("/admin/abuses/{id}", post(abuses::pages::change))
        .route("/admin/moderation", get(blocks::pages::server_blocks).post(blocks::pages::change_server_blocks))
        .route("/admin/video-blocks", get(video_blocks::pages::list).post(video_blocks::pages::change))
        .route("/admin/federation", get(settings::pages::show).post(settings::pages::change))
        .route("/my-account/blocks", get(blocks::pages::my_blocks).post(blocks::pages::change_my_blocks))
        .route("/report", get(abuses::pages::report_form).post(abuses::pages::report))
}
