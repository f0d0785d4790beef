use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use metrics::gauge;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Map, Value, json};

use crate::{Platform, db::Db, jobs, role::HealthCheck};

/// `/healthz`: the process answers. `/readyz`: everything that it needs does, too.
pub(super) fn router(platform: Platform, checks: Vec<HealthCheck>) -> Router {
    Router::new().route("/healthz", get(|| async { "ok" })).route("/readyz", get(ready)).with_state((platform, checks))
}

async fn ready(State((platform, checks)): State<(Platform, Vec<HealthCheck>)>) -> impl IntoResponse {
    let mut report = Map::new();
    let mut ready = !platform.stop.is_cancelled();
    let mut note = |name: &str, outcome: Result<(), String>| {
        ready &= outcome.is_ok();
        report.insert(name.to_owned(), Value::String(outcome.err().unwrap_or_else(|| "ok".to_owned())));
    };
    note("database", platform.db.ping().await.map_err(|_| "the database does not answer".to_owned()));
    for check in checks {
        note(check.name, check.run().await);
    }
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": ready, "checks": report })))
}

pub(super) fn metrics_router(handle: PrometheusHandle, db: Db) -> Router {
    Router::new().route("/metrics", get(render)).with_state((handle, db))
}

async fn render(State((handle, db)): State<(PrometheusHandle, Db)>) -> impl IntoResponse {
    if let Ok(mut connection) = db.read().await
        && let Ok(lanes) = jobs::unfinished(&mut connection).await
    {
        for lane in jobs::Lane::ALL {
            let count = lanes.iter().find(|(name, _)| name == lane.name()).map_or(0, |(_, count)| *count);
            gauge!("shoal_jobs_unfinished", "lane" => lane.name()).set(count as f64);
        }
    }
    handle.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render())
}
