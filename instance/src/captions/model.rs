use platform::clock::Timestamp;

use super::FOLDER;
use crate::videos;

/// The words of a video in one language.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Caption {
    /// Code of the language.
    pub language: String,
    /// Name of the language.
    pub label: String,
    /// Name of its file here, whether the file is here already or not.
    pub file: String,
    /// Where it is at its origin.
    pub remote_url: Option<String>,
    /// A playlist that contains it, at its origin.
    pub playlist_url: Option<String>,
    /// Whether a machine wrote it.
    pub is_automatic: bool,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Caption {
    /// Path of the file here.
    pub fn path(&self) -> String {
        format!("/lazy-static/{FOLDER}/{}", self.file)
    }

    /// Where the file is kept in storage.
    pub fn storage_key(&self) -> String {
        format!("{FOLDER}/{}", self.file)
    }

    /// What this server calls the language, or else what its origin does.
    pub fn shown_label(&self) -> &str {
        videos::language(&self.language).unwrap_or(&self.label)
    }
}
