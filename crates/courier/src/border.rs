//! With whom does this server speak?
//!
//! A role hands in a [`Border`]. It is asked before any work is spent on a stranger: when an activity arrives, before its
//! key is looked up; when a document is wanted, before it is asked for; when a delivery is due, before it is sent. It
//! answers from memory.

use std::time::Duration;

use federation::origin::Host;
use url::Url;

use crate::{Courier, FetchError, deliveries::Outcome, inbox::InboxError};

/// While nobody is spoken with, queues are looked at this often.
const CLOSED_FOR: Duration = Duration::from_mins(10);

/// Why somebody is not spoken with. Other servers read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// This server speaks with nobody at the moment.
    #[error("this server does not federate at the moment")]
    Closed,
    /// This server speaks with those on a list, and this is not one of them.
    #[error("this server speaks only with servers of its choice")]
    NotAllowed,
    /// The server is blocked.
    #[error("this server is blocked here")]
    ServerBlocked,
    /// The actor is blocked.
    #[error("this actor is blocked here")]
    ActorBlocked,
}

/// Says with whom this server speaks. Answers come from memory: they are given for every request.
pub trait Border: Send + Sync {
    /// Why a server, or one actor on it, is refused. `None` if it is welcome.
    fn refuses(&self, host: &Host, actor: Option<&Url>) -> Option<Refusal>;
}

/// Speaks with everybody.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenBorder;

impl Border for OpenBorder {
    fn refuses(&self, _: &Host, _: Option<&Url>) -> Option<Refusal> {
        None
    }
}

impl Courier {
    /// Turns away an activity by who signed it and who is said to have done it.
    pub(crate) fn admit(&self, signer: &Url, actor: &Url) -> Result<(), InboxError> {
        for url in [signer, actor] {
            self.speaks_with(url).map_err(InboxError::Refused)?;
        }
        Ok(())
    }

    /// Turns away a document by where it lives.
    pub(crate) fn may_fetch(&self, url: &Url) -> Result<(), FetchError> {
        self.speaks_with(url).map_err(|refusal| FetchError::Refused { url: url.clone(), refusal })
    }

    /// What becomes of a delivery to a server that is not spoken with: while nobody is, it waits; otherwise it is dropped.
    pub(crate) fn stop_delivery(&self, inbox: &Url) -> Option<Outcome> {
        let refusal = self.speaks_with(inbox).err()?;
        Some(match refusal {
            Refusal::Closed => Outcome::Later { reason: refusal.to_string(), after: None, by_failure: false },
            _ => Outcome::refused(refusal.to_string()),
        })
    }

    /// How long a queue rests because nobody is spoken with.
    pub(crate) fn rest_while_closed(&self, host: &Host) -> Option<Duration> {
        (self.inner.border.refuses(host, None) == Some(Refusal::Closed)).then_some(CLOSED_FOR)
    }

    fn speaks_with(&self, url: &Url) -> Result<(), Refusal> {
        let Some(host) = Host::of(url) else { return Ok(()) };
        self.inner.border.refuses(&host, Some(url)).map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::testing::{Fence, World, url};

    async fn fenced_world() -> (World, Arc<Fence>) {
        let fence = Arc::new(Fence::default());
        (World::behind(fence.clone()).await, fence)
    }

    #[tokio::test]
    async fn a_refused_server_is_not_asked_for_anything() {
        let (world, fence) = fenced_world().await;
        let bob = world.beta.serve_actor("bob");
        fence.set(Some(("beta.test", Refusal::ServerBlocked)));
        let error = world.courier.fetch_actor(&bob.id).await.unwrap_err();
        assert!(matches!(error, FetchError::Refused { refusal: Refusal::ServerBlocked, .. }), "{error:?}");
        assert!(error.is_permanent() && world.beta.requests().is_empty());
        fence.set(Some(("beta.test", Refusal::Closed)));
        assert!(!world.courier.fetch_actor(&bob.id).await.unwrap_err().is_permanent(), "the switch may be turned back");
        fence.set(None);
        world.courier.fetch_actor(&bob.id).await.unwrap();
    }

    #[tokio::test]
    async fn a_refused_actor_is_told_from_its_neighbours() {
        let (world, fence) = fenced_world().await;
        let (bob, eve) = (url("http://beta.test/accounts/bob"), url("http://beta.test/accounts/eve"));
        fence.set(Some(("http://beta.test/accounts/eve", Refusal::ActorBlocked)));
        world.courier.admit(&bob, &bob).unwrap();
        for (signer, actor) in [(&eve, &bob), (&bob, &eve)] {
            let refused = world.courier.admit(signer, actor);
            assert!(matches!(refused, Err(InboxError::Refused(Refusal::ActorBlocked))), "{refused:?}");
        }
    }
}
