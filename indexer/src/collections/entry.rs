use platform::clock::Timestamp;
use tantivy::TantivyDocument;

use crate::{
    document::VideoId,
    schema::{Fields, index_number},
    text::{canonical, fold, language, tokenizer::marked, truncate},
};

const MAX_SORT_KEY_CHARS: usize = 60;

/// What a channel or playlist is found, limited and ordered by.
#[derive(Debug)]
pub struct Findable<'c> {
    /// What clients ask for it by, in lower case.
    pub identity: String,
    /// The instance.
    pub host: &'c str,
    /// `name@host` of the account whose it is.
    pub account: String,
    /// Its name for people.
    pub title: &'c str,
    /// Further names.
    pub names: Vec<String>,
    /// What it is about.
    pub description: Option<&'c str>,
    /// How well known it is: of two that match equally, the weightier comes first.
    pub weight: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Findable<'_> {
    /// An entry of an index that is laid out as that of videos is, so that words are treated the same: the identity stands
    /// where a video has its UUID, the weight where it has its views.
    pub(super) fn entry(&self, fields: &Fields, id: VideoId) -> TantivyDocument {
        let mut entry = TantivyDocument::default();
        entry.add_u64(fields.id, index_number(id));
        entry.add_text(fields.uuid, &self.identity);
        entry.add_text(fields.host, self.host);
        entry.add_text(fields.account, &self.account);
        let language = language::of_texts(self.title, self.description.unwrap_or_default());
        entry.add_text(fields.title, self.title);
        entry.add_text(fields.stems, marked(language, self.title));
        entry.add_text(fields.exact_title, canonical(self.title));
        entry.add_text(fields.name_sort, truncate(&fold(self.title), MAX_SORT_KEY_CHARS));
        for name in &self.names {
            entry.add_text(fields.names, name);
        }
        if let Some(description) = self.description {
            entry.add_text(fields.description, marked(language, description));
        }
        entry.add_u64(fields.views, self.weight);
        entry.add_i64(fields.created, self.created_at.timestamp_millis());
        entry
    }
}
