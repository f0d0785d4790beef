use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use platform::web::{ApiResult, Problem};
use serde::Deserialize;

use super::register::Report;
use crate::{App, address::ClientAddress, oauth::Session, videos};

const MAX_SESSION_LENGTH: usize = 100;

/// Where a viewer is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    current_time: f64,
    #[serde(default)]
    view_event: Option<String>,
    #[serde(default)]
    session_id: Option<String>,
}

impl Position {
    fn second(&self) -> Option<u32> {
        let is_second = self.current_time.is_finite() && (0.0..f64::from(u32::MAX)).contains(&self.current_time);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was just compared")]
        is_second.then_some(self.current_time as u32)
    }
}

/// `POST /api/v1/videos/{id}/views`: a viewer is watching.
pub async fn report(
    State(app): State<App>,
    session: Session,
    ClientAddress(address): ClientAddress,
    Path(id): Path<String>,
    Json(position): Json<Position>,
) -> ApiResult<StatusCode> {
    let at = position.second().ok_or_else(|| Problem::bad_request("currentTime must be a moment of the video"))?;
    let jumped = match position.view_event.as_deref() {
        None => false,
        Some("seek") => true,
        Some(_) => return Err(Problem::bad_request("viewEvent must be seek")),
    };
    let told_apart = position.session_id.as_deref().unwrap_or_default();
    if told_apart.len() > MAX_SESSION_LENGTH {
        return Err(Problem::bad_request("sessionId has at most 100 bytes"));
    }
    let video = videos::find_visible(&mut app.platform.db.read().await?, &id, session.user.as_ref()).await?;
    let report = Report {
        video: video.id,
        duration_s: video.duration_s,
        is_live: video.is_live,
        address,
        session: told_apart,
        at,
        jumped,
    };
    app.views.report(&report, app.platform.clock.now());
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_a_second_and_nothing_else() {
        let second = |current_time| Position { current_time, view_event: None, session_id: None }.second();
        assert_eq!(second(12.9), Some(12));
        for bad in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(second(bad), None, "{bad}");
        }
    }
}
