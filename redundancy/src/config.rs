use std::time::Duration;

use platform::config::{ByteSize, HumanDuration};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Mirrors: complete copies of the videos of followed servers, which play when their origin is down.
///
/// How many videos are copied at the same time is `jobs.mirror`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Copies the public videos of followed servers. Copies that exist are served either way.
    pub enabled: bool,
    /// How much space all copies may take together.
    pub budget: ByteSize,
    /// Videos whose files are larger than this together are not copied.
    pub max_video_size: ByteSize,
    /// How much is downloaded per second at most, over all copies in progress. No limit if not set.
    pub bandwidth: Option<ByteSize>,
    /// How long after its last check the files of a copy are compared with their hashes again.
    pub verify_after: HumanDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: false,
            budget: ByteSize(50_000_000_000),
            max_video_size: ByteSize(20_000_000_000),
            bandwidth: None,
            verify_after: HumanDuration(Duration::from_hours(7 * 24)),
        }
    }
}
