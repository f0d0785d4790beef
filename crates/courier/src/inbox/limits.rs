//! How much one server may ask of us, and how much of what was refused is written into the log.

use federation::{origin::Host, wire::Activity};
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
    /// Lines in the log, about one server and about all.
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
        if self.may_log(host, now).await {
            info!(host, reason = %error, kind = error.label(), "an activity was refused");
        } else {
            counter!("shoal_inbox_refusals_unlogged_total").increment(1);
        }
    }

    /// Writes into the log that only the first object of an activity was read, unless the log has had enough.
    pub(super) async fn report_unread(&self, activity: &Activity, unread: usize, sender: &Host, now: Timestamp) {
        let host = sender.as_str();
        if self.may_log(host, now).await {
            info!(host, unread, kind = activity.kind(), "of the objects of an activity only the first was read");
        }
    }

    /// Writes into the log why something that a server said or serves is left alone, unless the log has had enough.
    pub(super) async fn report_ignored(&self, host: &str, reason: &str, now: Timestamp) {
        if self.may_log(host, now).await {
            info!(host, reason, "something that another server said was ignored");
        }
    }

    async fn may_log(&self, host: &str, now: Timestamp) -> bool {
        self.lines.take(host, now).await.is_ok() && self.all_lines.take("", now).await.is_ok()
    }
}
