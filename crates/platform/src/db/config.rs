use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::HumanDuration;

/// Where state is kept.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// Address of a PostgreSQL database, as in `postgres://user:password@host/name`. Without it, state is kept in the
    /// SQLite file `shoal.sqlite3` in the data folder.
    pub url: Option<String>,
    /// The most connections that are open at a time: readers on SQLite, all of them on PostgreSQL.
    pub max_connections: u32,
    /// How long a request or a job waits for its turn to write, for a row that another one is changing, or for a free
    /// connection. After that the answer is that the server is busy; jobs are tried again.
    pub longest_wait: HumanDuration,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url: None, max_connections: 8, longest_wait: HumanDuration::from_secs(15) }
    }
}
