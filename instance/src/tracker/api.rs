use axum::{
    extract::{
        RawQuery, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use p2p::tracker::Refused;
use platform::web::{ApiResult, Problem};

use super::{Tracker, socket::converse};
use crate::{App, address::ClientAddress};

/// Reserved for each connection; a message that is larger is read in pieces. The default of 128 KiB would be gigabytes for
/// as many viewers as are let in.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// What may wait for a connection that does not take it, beyond the queue of messages.
const MOST_UNWRITTEN_BYTES: usize = 64 * 1024;

/// `GET /tracker/socket`: browsers, in the `WebTorrent` dialect.
pub async fn socket(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> ApiResult<Response> {
    let tracker = tracker_of(&app)?;
    let upgrade = upgrade.map_err(|_| Problem::bad_request("This address is for WebSockets."))?;
    let admission = tracker.open(address).map_err(refusal)?;
    let (tasks, stop) = (app.platform.tasks.clone(), app.platform.stop.clone());
    let upgrade = upgrade
        .max_message_size(tracker.limits().message_bytes)
        .max_frame_size(tracker.limits().message_bytes)
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(MOST_UNWRITTEN_BYTES);
    Ok(upgrade.on_upgrade(move |socket| async move {
        tasks.spawn("tracker-socket", converse(socket, admission, stop));
    }))
}

/// `GET /tracker/announce`: download clients (BEP 3, BEP 23).
pub async fn announce(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    RawQuery(query): RawQuery,
) -> ApiResult<Response> {
    let answer = tracker_of(&app)?.announce(address, query.as_deref().unwrap_or_default()).await;
    answer.map(bencoded).map_err(|error| Problem::internal(&error))
}

/// `GET /tracker/scrape`: how many share these?
pub async fn scrape(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    RawQuery(query): RawQuery,
) -> ApiResult<Response> {
    let answer = tracker_of(&app)?.scrape(address, query.as_deref().unwrap_or_default()).await;
    answer.map(bencoded).map_err(|error| Problem::internal(&error))
}

fn tracker_of(app: &App) -> ApiResult<&Tracker> {
    app.tracker.as_ref().ok_or_else(|| Problem::not_found("This server has no tracker."))
}

fn bencoded(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain"), (header::CACHE_CONTROL, "no-store")], body).into_response()
}

fn refusal(refused: Refused) -> Problem {
    match refused {
        Refused::Blocked => {
            Problem::forbidden("This address asked for swarms that are not of this server. Come back later.")
        }
        Refused::TooManyFromAddress => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Too many connections are open from this address.")
                .retry_after(60)
        }
        Refused::Full => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Too many connections are open.").retry_after(60)
        }
    }
}
