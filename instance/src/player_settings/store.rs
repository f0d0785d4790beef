//! SQL for player settings.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

use super::{Dressed, Theme};

/// The look that was chosen, or the one that holds without a choice.
pub async fn theme(connection: &mut Connection, of: Dressed) -> Result<Theme, DbError> {
    let name: Option<String> = connection
        .query(sql!("SELECT theme FROM player_settings WHERE video_id = $1 OR channel_id = $2"))
        .bind(of.video())
        .bind(of.channel())
        .fetch_optional_scalar()
        .await?;
    Ok(name.as_deref().and_then(Theme::from_name).unwrap_or_else(|| of.default_theme()))
}

/// Sets the look, in place of an earlier one, and of one that stood at the same address.
pub async fn set(tx: &mut Tx, of: Dressed, url: &str, theme: Theme, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM player_settings WHERE video_id = $1 OR channel_id = $2 OR url = $3"))
        .bind(of.video())
        .bind(of.channel())
        .bind(url.to_owned())
        .execute()
        .await?;
    tx.query(sql!(
        "INSERT INTO player_settings (video_id, channel_id, url, theme, updated_at) VALUES ($1, $2, $3, $4, $5)"
    ))
    .bind(of.video())
    .bind(of.channel())
    .bind(url.to_owned())
    .bind(theme.name())
    .bind(now)
    .execute()
    .await
    .map(drop)
}
