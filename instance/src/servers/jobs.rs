use federation::origin::Host;
use platform::jobs::{Job, JobError, JobSet, Lane};
use serde::{Deserialize, Serialize};

use super::store;
use crate::App;

/// Asks a server what software it runs (NodeInfo).
#[derive(Debug, Serialize, Deserialize)]
pub struct AskServer {
    /// Its host.
    pub host: String,
}

impl Job for AskServer {
    const KIND: &'static str = "server_ask";
    const LANE: Lane = Lane::Fetch;
    const PRIORITY: i64 = -1;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.host.clone())
    }

    fn party(&self) -> Option<String> {
        Some(self.host.clone())
    }
}

/// The jobs of this feature.
pub fn job_set(app: &App) -> JobSet {
    let app = app.clone();
    JobSet::new().on::<AskServer, _, _>(move |job, _| ask(app.clone(), job))
}

/// Not every server says it; that is no failure.
async fn ask(app: App, job: AskServer) -> Result<(), JobError> {
    let Ok(host) = job.host.parse::<Host>() else { return Ok(()) };
    match app.courier.fetch_nodeinfo(&host).await {
        Ok(info) => {
            let mut tx = app.platform.db.begin().await?;
            store::set_software(&mut tx, &job.host, &info.software.name, &info.software.version).await?;
            Ok(tx.commit().await?)
        }
        Err(error) => {
            tracing::debug!(%error, "a server does not say what software it runs");
            Ok(())
        }
    }
}
