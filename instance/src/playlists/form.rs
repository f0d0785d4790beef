//! The form of a playlist, as apps and pages send it: `multipart/form-data` with the names that PeerTube gives the fields.

use axum::{
    body::Bytes,
    extract::{Multipart, multipart::Field as Part},
};

use super::{actions::PlaylistError, pictures};

/// What the texts of a form may take.
const MAX_TEXT_BYTES: usize = 20_000;
const MAX_PARTS: usize = 50;

/// What a form says of something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// Nothing: it stays as it is.
    #[default]
    Kept,
    /// That there is to be none.
    Cleared,
    /// What it is to be.
    Set(T),
}

impl<T> Field<T> {
    /// What it will be if it is `before` now.
    pub(super) fn over(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Kept => before,
            Self::Cleared => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// What somebody wants a playlist to be.
#[derive(Debug, Clone, Default)]
pub struct PlaylistForm {
    /// Title, 1 to 120 characters.
    pub name: Option<String>,
    /// Description, Markdown, at most 1,000 characters.
    pub description: Field<String>,
    /// PeerTube's number of the privacy.
    pub privacy: Option<i64>,
    /// Row of the channel that shows it.
    pub channel: Field<i64>,
    /// A picture in some format.
    pub picture: Option<Bytes>,
}

/// Reads a form.
pub(super) async fn read(form: Multipart) -> Result<PlaylistForm, PlaylistError> {
    let mut read = PlaylistForm::default();
    read_into(form, &mut read).await.map(|()| read)
}

/// Reads a form. What was read before something was wrong is there afterwards.
pub(super) async fn read_into(mut form: Multipart, read: &mut PlaylistForm) -> Result<(), PlaylistError> {
    let mut text_left = MAX_TEXT_BYTES;
    for _ in 0..MAX_PARTS {
        let Some(mut field) = form.next_field().await.map_err(cut_off)? else { return Ok(()) };
        let name = field.name().unwrap_or_default().to_owned();
        if name == "thumbnailfile" {
            let mut left = pictures::MAX_BYTES;
            let picture = receive(&mut field, &mut left).await?;
            read.picture = (!picture.is_empty()).then(|| picture.into());
        } else {
            let text = receive(&mut field, &mut text_left).await?;
            let text = String::from_utf8(text).map_err(|_| invalid(format!("{name} is not UTF-8")))?;
            take(read, &name, text.trim())?;
        }
    }
    Err(invalid("the form has too many fields".to_owned()))
}

fn take(form: &mut PlaylistForm, name: &str, text: &str) -> Result<(), PlaylistError> {
    let number = || text.parse::<i64>().map_err(|_| invalid(format!("{name} is no number")));
    let is_none = text.is_empty() || text == "null";
    match name {
        "displayName" => form.name = Some(text.to_owned()),
        "description" if is_none => form.description = Field::Cleared,
        "description" => form.description = Field::Set(text.to_owned()),
        "privacy" => form.privacy = Some(number()?),
        "videoChannelId" if is_none => form.channel = Field::Cleared,
        "videoChannelId" => form.channel = Field::Set(number()?),
        _ => {}
    }
    Ok(())
}

async fn receive(field: &mut Part<'_>, left: &mut usize) -> Result<Vec<u8>, PlaylistError> {
    let mut bytes = vec![];
    while let Some(chunk) = field.chunk().await.map_err(cut_off)? {
        *left = left.checked_sub(chunk.len()).ok_or_else(|| invalid("a field of the form is too large".to_owned()))?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn invalid(words: String) -> PlaylistError {
    PlaylistError::Invalid(words)
}

#[expect(clippy::needless_pass_by_value, reason = "map_err gives the error away")]
fn cut_off(error: axum::extract::multipart::MultipartError) -> PlaylistError {
    invalid(format!("the form cannot be read: {}", error.body_text()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_does_not_name_stays() {
        assert_eq!(Field::Kept.over(Some(1)), Some(1));
        assert_eq!(Field::Cleared.over(Some(1)), None);
        assert_eq!(Field::Set(2).over(Some(1)), Some(2));
    }

    #[test]
    fn clients_write_nothing_in_two_ways() {
        for nothing in ["", "null"] {
            let mut form = PlaylistForm::default();
            take(&mut form, "videoChannelId", nothing).unwrap();
            take(&mut form, "description", nothing).unwrap();
            assert_eq!((form.channel, form.description), (Field::Cleared, Field::Cleared));
        }
        assert!(take(&mut PlaylistForm::default(), "privacy", "public").is_err());
    }
}
