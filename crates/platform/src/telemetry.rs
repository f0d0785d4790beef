//! Logs and metrics: what an operator sees of a running server.

use std::{io::IsTerminal, sync::OnceLock};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// What is written to the log, and how.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// `human` for people, `json` for programs: one object per line.
    pub format: LogFormat,
    /// What is worth a line: `error`, `warn`, `info`, `debug` or `trace`, also per module, as in `info,platform::net=debug`.
    pub level: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Human, level: "info".to_owned() }
    }
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Human,
    /// For programs.
    Json,
}

/// Where metrics can be read.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsConfig {
    /// Address and port of a listener for Prometheus (`/metrics`), as in `127.0.0.1:9464`. Without it there is none.
    /// Keep it away from the public.
    pub listen: Option<String>,
}

/// Starts the log. The first call in a process wins.
///
/// # Errors
/// A sentence, if `level` cannot be read.
pub fn start_log(config: &LogConfig) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.level)
        .map_err(|error| format!("log.level = {:?} cannot be read: {error}", config.level))?;
    let registry = tracing_subscriber::registry().with(filter);
    // A second start (several servers in one test process) keeps the first log.
    let _ = match config.format {
        LogFormat::Human => {
            // Colours are for people; in a file or a journal they would be noise.
            let layer = fmt::layer().with_target(false).with_ansi(std::io::stderr().is_terminal());
            registry.with(layer.with_writer(std::io::stderr)).try_init()
        }
        LogFormat::Json => {
            registry.with(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)).try_init()
        }
    };
    Ok(())
}

const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 300.0];

/// Starts counting, and gives the handle that renders the counts. Repeated calls give the same handle.
///
/// # Errors
/// A sentence, if another recorder is in place.
pub fn start_metrics() -> Result<PrometheusHandle, String> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| format!("metrics cannot be started: {error}"))?;
    Ok(HANDLE.get_or_init(|| handle).clone())
}
