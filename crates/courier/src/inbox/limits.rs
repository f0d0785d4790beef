//! How much one server may ask of us, and how much of what was refused is written into the log.

use federation::origin::Host;
use metrics::counter;
use platform::clock::Timestamp;
use tracing::info;

use super::InboxError;
use crate::limits::Allowances;

/// What is counted of each server. Only what it has signed is counted against it: else anybody could use up what belongs
/// to another.
pub(crate) struct Limits {
    /// Requests. PeerTube takes 500 in ten seconds from one address.
    pub(super) requests: Allowances,
    /// Activities of others that it brought, and that their origins had to be asked about.
    pub(super) questions: Allowances,
    /// Refusals in the log, of one server and of all.
    lines: Allowances,
    all_lines: Allowances,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: Allowances::new(2_000, 100.0),
            questions: Allowances::new(20, 0.5),
            lines: Allowances::new(5, 0.1),
            all_lines: Allowances::new(100, 5.0),
        }
    }
}

impl Limits {
    /// Writes into the log why something was refused, unless the log has had enough of it.
    pub(super) async fn report(&self, error: &InboxError, claimed_host: Option<&Host>, now: Timestamp) {
        let host = claimed_host.map(Host::as_str).unwrap_or_default();
        if self.lines.take(host, now).await.is_err() || self.all_lines.take("", now).await.is_err() {
            counter!("shoal_inbox_refusals_unlogged_total").increment(1);
            return;
        }
        info!(host, reason = %error, kind = error.label(), "an activity was refused");
    }
}
