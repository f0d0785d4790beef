//! In which of two ways is a request signed?
//!
//! By RFC 9421 where the server is known to speak it, because it signed so itself; else by the draft that everybody
//! understands.
//!
//! What is known is in memory, and on purpose nowhere else. To forget it costs nothing: the draft is understood by all who
//! speak RFC 9421, and after a restart the next thing that a server sends tells it again. To keep it would cost a table with
//! a row for each server (those that there are know only servers that are away, or keys), a write into it in the middle of
//! reading a request, and rules for when a row no longer holds because another program runs there now.

use federation::origin::Host;
use http::StatusCode;
use moka::future::Cache;
use platform::net::NetError;
use url::Url;

use crate::Courier;

const MOST_DIALECTS: u64 = 20_000;

/// In which of two ways a request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// draft-cavage-http-signatures, which everybody understands.
    Draft,
    /// RFC 9421.
    Message,
}

/// The servers that signed by RFC 9421 when they sent us something.
pub(crate) struct Dialects {
    messages: Cache<Host, ()>,
}

impl Default for Dialects {
    fn default() -> Self {
        Self { messages: Cache::new(MOST_DIALECTS) }
    }
}

impl Dialects {
    /// This server signs by RFC 9421, and so understands it.
    pub(crate) async fn note_messages(&self, host: &Host) {
        if !self.messages.contains_key(host) {
            self.messages.insert(host.clone(), ()).await;
        }
    }

    async fn forget(&self, host: &Host) {
        self.messages.invalidate(host).await;
    }

    async fn of(&self, url: &Url) -> Dialect {
        match Host::of(url) {
            Some(host) if self.messages.get(&host).await.is_some() => Dialect::Message,
            _ => Dialect::Draft,
        }
    }
}

impl Courier {
    /// Asks a server in the dialect that it is known to speak; if it does not understand that after all, as everybody
    /// speaks, from then on.
    pub(crate) async fn in_known_dialect<T, F>(&self, url: &Url, ask: impl Fn(Dialect) -> F) -> Result<T, NetError>
    where
        F: Future<Output = Result<T, NetError>>,
    {
        let dialects = &self.inner.dialects;
        if dialects.of(url).await == Dialect::Draft {
            return ask(Dialect::Draft).await;
        }
        match ask(Dialect::Message).await {
            Err(NetError::Status { status: StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED, .. }) => {
                let answer = ask(Dialect::Draft).await;
                if let (Ok(_), Some(host)) = (&answer, Host::of(url)) {
                    dialects.forget(&host).await;
                }
                answer
            }
            answer => answer,
        }
    }
}
