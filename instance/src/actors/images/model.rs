use platform::clock::Timestamp;
use serde_json::{Value, json};
use url::Url;

use crate::actors::ActorId;

/// What a picture shows of an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageKind {
    /// The small square beside its name.
    Avatar,
    /// The wide strip above its page.
    Banner,
}

impl ImageKind {
    /// Its name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avatar => "avatar",
            Self::Banner => "banner",
        }
    }

    /// Where it is kept in storage, and under which path it is served.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Avatar => "avatars",
            Self::Banner => "banners",
        }
    }

    /// The sizes that are made of what somebody here gives, as PeerTube has them.
    pub fn sizes(self) -> &'static [(u32, u32)] {
        match self {
            Self::Avatar => &[(48, 48), (120, 120), (600, 600), (1500, 1500)],
            Self::Banner => &[(600, 100), (1920, 317)],
        }
    }
}

/// One size of a picture of an actor.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ActorImage {
    /// Whose.
    pub actor_id: ActorId,
    kind: String,
    /// In pixels, where known.
    pub width: Option<i64>,
    /// In pixels, where known.
    pub height: Option<i64>,
    /// Its file name here.
    pub file: Option<String>,
    /// Where the server of a remote actor has it.
    pub remote_url: Option<String>,
    /// When it was made or first seen.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl ActorImage {
    /// What it shows.
    pub fn kind(&self) -> ImageKind {
        if self.kind == "banner" { ImageKind::Banner } else { ImageKind::Avatar }
    }

    /// Its path here.
    pub fn path(&self) -> Option<String> {
        let folder = self.kind().folder();
        self.file.as_ref().map(|file| format!("/lazy-static/{folder}/{file}"))
    }

    /// Its key in storage.
    pub fn key(&self) -> Option<String> {
        let folder = self.kind().folder();
        self.file.as_ref().map(|file| format!("{folder}/{file}"))
    }
}

/// A picture as the server of a remote actor names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteImage {
    /// Where it is.
    pub url: Url,
    /// In pixels, if it says so.
    pub width: Option<i64>,
    /// In pixels, if it says so.
    pub height: Option<i64>,
}

/// The pictures of one kind as the API shows them; `owner` is the address of the actor.
pub fn images_json(images: &[ActorImage], owner: &str) -> Value {
    let origin = Url::parse(owner).ok();
    let absolute = |path: &str| origin.as_ref().and_then(|origin| origin.join(path).ok()).map(String::from);
    let shown = images.iter().filter_map(|image| {
        let path = image.path()?;
        let file_url = image.remote_url.clone().or_else(|| absolute(&path));
        Some(json!({
            "width": image.width,
            "height": image.height,
            "path": path,
            "fileUrl": file_url,
            "createdAt": iso(image.created_at),
            "updatedAt": iso(image.updated_at),
        }))
    });
    shown.collect()
}

fn iso(moment: Timestamp) -> String {
    moment.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The path of the picture that fits a width best: the smallest that is no smaller, or the largest.
pub fn best_path(images: &[ActorImage], width: i64) -> Option<String> {
    let large = images.iter().filter(|image| image.width.is_some_and(|own| own >= width)).min_by_key(|i| i.width);
    large.or_else(|| images.iter().max_by_key(|image| image.width)).and_then(ActorImage::path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(width: Option<i64>, file: &str) -> ActorImage {
        ActorImage {
            actor_id: ActorId(1),
            kind: "avatar".to_owned(),
            width,
            height: width,
            file: Some(file.to_owned()),
            remote_url: None,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        }
    }

    #[test]
    fn the_picture_that_fits_is_shown() {
        let images = [image(Some(48), "s"), image(Some(120), "m"), image(Some(1500), "l")];
        for (width, file) in [(40, "s"), (48, "s"), (100, "m"), (600, "l"), (2000, "l")] {
            assert_eq!(best_path(&images, width), Some(format!("/lazy-static/avatars/{file}")));
        }
        assert_eq!(best_path(&[image(None, "x")], 120), Some("/lazy-static/avatars/x".to_owned()));
        assert_eq!(best_path(&[], 120), None);
    }

    #[test]
    fn the_address_of_a_local_picture_is_on_the_server_of_its_actor() {
        let shown = images_json(&[image(Some(48), "s.jpg")], "https://a.example/accounts/alice");
        assert_eq!(shown[0]["fileUrl"], "https://a.example/lazy-static/avatars/s.jpg");
    }
}
