use platform::clock::Timestamp;

use crate::videos::VideoId;

/// A blocked video.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct VideoBlock {
    /// Its row.
    pub id: i64,
    /// The video.
    pub video_id: VideoId,
    /// Why, for its owner.
    pub reason: Option<String>,
    /// Whether the federation was told that it is gone.
    pub is_unfederated: bool,
    /// Since when.
    pub created_at: Timestamp,
    /// When the reason last changed.
    pub updated_at: Timestamp,
}
