//! One browser's connection, from the upgrade to its end.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use bytes::Bytes;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::shell::Admission;

/// A player announces every two minutes. One that has said nothing for so long shows nothing any more.
const IDLE: Duration = Duration::from_mins(15);
/// Keeps proxies and routers, which forget silent connections after a minute or so, from hanging up.
const PING: Duration = Duration::from_secs(45);
/// How long a connection may take to accept one message.
const SEND: Duration = Duration::from_secs(10);
/// How long a browser may take to say good-bye.
const FAREWELL: Duration = Duration::from_secs(3);

/// Carries messages between a browser and the tracker until one of them has enough, or the server stops.
pub(super) async fn converse(mut socket: WebSocket, mut admission: Admission, stop: CancellationToken) {
    let end = carry(&mut socket, &mut admission, &stop).await;
    drop(admission);
    if let Some(code) = end {
        let _ = timeout(FAREWELL, close(&mut socket, code)).await;
    }
}

/// Gives back how to close the connection; `None` if there is nothing left to close.
async fn carry(socket: &mut WebSocket, admission: &mut Admission, stop: &CancellationToken) -> Option<u16> {
    let mut pings = interval_at(Instant::now() + PING, PING);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    loop {
        let message = tokio::select! {
            () = stop.cancelled() => return Some(close_code::AWAY),
            () = sleep_until(heard + IDLE) => return Some(close_code::NORMAL),
            _ = pings.tick() => Message::Ping(Bytes::new()),
            message = admission.next_message() => match message {
                Some(text) => Message::Text(text),
                None => return Some(close_code::POLICY),
            },
            message = socket.recv() => {
                match message? {
                    Ok(Message::Text(text)) => {
                        heard = Instant::now();
                        admission.receive(&text).await;
                    }
                    Ok(Message::Binary(_)) => admission.receive_unreadable(),
                    // The end of the stream follows a closing frame, once it has been answered.
                    Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_)) => {}
                    Err(_) => return Some(close_code::PROTOCOL),
                }
                continue;
            }
        };
        if !matches!(timeout(SEND, socket.send(message)).await, Ok(Ok(()))) {
            return None;
        }
    }
}

/// Says good-bye and waits for the same, so that what was sent before arrives.
async fn close(socket: &mut WebSocket, code: u16) {
    let frame = CloseFrame { code, reason: Utf8Bytes::default() };
    if socket.send(Message::Close(Some(frame))).await.is_ok() {
        while let Some(Ok(_)) = socket.recv().await {}
    }
}
