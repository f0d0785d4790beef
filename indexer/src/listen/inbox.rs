//! What comes in, and what is done about it.

use axum::{
    extract::{Request, State},
    http::StatusCode,
};
use courier::VerifiedActivity;
use platform::{
    db::{DbError, Tx},
    web::ApiResult,
};
use tracing::debug;

use super::{Listener, actions, news::News, store};

/// `POST /index/actor/inbox`: checks who speaks, then does what follows from it, in the transaction that remembers that it
/// was done. What somebody passes on for others is not needed here.
pub(super) async fn inbox(State(listener): State<Listener>, request: Request) -> ApiResult<StatusCode> {
    let verified = listener.courier.receive(request).await?;
    if verified.forwarded_by.is_none()
        && let Some(news) = News::of(&verified.activity, listener.me.url())
    {
        listener.hear(&verified, news).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

impl Listener {
    /// A transaction for each: what is written concerns one host, whose row is locked first, as everywhere. Several hosts
    /// in one transaction could wait in a circle with those who crawl them.
    async fn hear(&self, verified: &VerifiedActivity, news: News) -> Result<(), DbError> {
        let mut tx = self.platform.db.begin().await?;
        if verified.accept_once(&mut tx, self.platform.clock.now()).await? {
            self.act(&mut tx, verified, news).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn act(&self, tx: &mut Tx, verified: &VerifiedActivity, news: News) -> Result<(), DbError> {
        let (host, now) = (verified.host.as_str(), self.platform.clock.now());
        debug!(activity.kind = verified.activity.kind(), host, ?news, "{host} told something");
        match news {
            News::Answer { is_accepted } => actions::settle(tx, host, verified.actor(), is_accepted, now).await,
            News::FollowsUs => actions::decline(tx, self.me.url(), host, &verified.activity, now).await,
            news if store::is_heard(tx, host).await? => actions::take(tx, host, news, now).await,
            _ => Ok(()),
        }
    }
}
