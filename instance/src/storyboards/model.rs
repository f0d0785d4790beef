/// A picture of many small ones.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Storyboard {
    /// Name of its file here, whether the file is here already or not.
    pub file: String,
    /// Where it is at its origin.
    pub remote_url: Option<String>,
    /// Of the whole picture, in pixels.
    pub total_width: i64,
    /// Of the whole picture, in pixels.
    pub total_height: i64,
    /// Of a small picture, in pixels.
    pub sprite_width: i64,
    /// Of a small picture, in pixels.
    pub sprite_height: i64,
    /// How long a small picture stands for.
    pub sprite_duration_s: i64,
}

impl Storyboard {
    /// Path of the picture here.
    pub fn path(&self) -> String {
        format!("/lazy-static/{}/{}", super::FOLDER, self.file)
    }

    /// Whether small pictures fit into the whole, so that a player can cut them out.
    pub fn is_plausible(&self) -> bool {
        let fits = |part: i64, whole: i64| (1..=whole).contains(&part) && whole <= 20_000;
        fits(self.sprite_width, self.total_width)
            && fits(self.sprite_height, self.total_height)
            && self.sprite_duration_s > 0
    }
}
