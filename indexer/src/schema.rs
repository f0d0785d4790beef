//! Which fields the Tantivy index has, and how a document becomes one of its entries.
//!
//! The index holds what searching, filtering and sorting need, and no text to show: results are read from the database by
//! their [`VideoId`]. Change [`VERSION`] with every change here or in [`crate::text`]; an index of another version is
//! rebuilt from the database.

use tantivy::{
    TantivyDocument,
    schema::{FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, SchemaBuilder, TextFieldIndexing, TextOptions},
};

use crate::{
    document::{VideoDocument, VideoId},
    text::{canonical, fold, truncate},
};

/// The layout and the meaning of the fields.
pub const VERSION: u32 = 1;

/// The name under which [`crate::text::WordTokenizer`] is registered.
pub const WORDS: &str = "words";

/// What stands for "nobody said" among languages, as in PeerTube's filters.
pub const UNKNOWN_LANGUAGE: &str = "_unknown";

const MAX_SORT_KEY_CHARS: usize = 60;

/// Names of the fields that are read column by column.
pub mod column {
    /// [`VideoId`](crate::document::VideoId).
    pub const ID: &str = "id";
    /// The folded title.
    pub const NAME: &str = "name_sort";
    /// The language code.
    pub const LANGUAGE: &str = "language";
    /// In seconds.
    pub const DURATION: &str = "duration";
    /// Counted by the origin.
    pub const VIEWS: &str = "views";
    /// Counted by the origin.
    pub const LIKES: &str = "likes";
    /// In milliseconds since 1970.
    pub const CREATED: &str = "created";
    /// In milliseconds since 1970.
    pub const PUBLISHED: &str = "published";
    /// In milliseconds since 1970; may be absent.
    pub const ORIGINALLY_PUBLISHED: &str = "originally_published";
}

/// Handles of the fields.
#[derive(Debug, Clone, Copy)]
pub struct Fields {
    /// [`VideoId`].
    pub id: Field,
    /// Hyphenated, lower case.
    pub uuid: Field,
    /// The instance.
    pub host: Field,
    /// `name@host` of the account.
    pub account: Field,
    /// Words of the title, with positions.
    pub title: Field,
    /// The whole title as one term.
    pub exact_title: Field,
    /// Words of the tags.
    pub tags: Field,
    /// Whole tags.
    pub tag: Field,
    /// Words of the names of account and channel.
    pub names: Field,
    /// Words of the description.
    pub description: Field,
    /// PeerTube's number.
    pub category: Field,
    /// PeerTube's number.
    pub licence: Field,
    /// The code, or [`UNKNOWN_LANGUAGE`].
    pub language: Field,
    /// Whether sensitive.
    pub nsfw: Field,
    /// Whether live.
    pub live: Field,
    /// In seconds.
    pub duration: Field,
    /// For sorting and the prior.
    pub views: Field,
    /// For sorting.
    pub likes: Field,
    /// In milliseconds.
    pub created: Field,
    /// In milliseconds.
    pub published: Field,
    /// In milliseconds; may be absent.
    pub originally_published: Field,
    /// The folded title, for sorting.
    pub name_sort: Field,
}

impl Fields {
    /// Lays out the index.
    pub fn build() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let fields = Self {
            id: schema.add_u64_field(column::ID, INDEXED | FAST),
            uuid: schema.add_text_field("uuid", STRING),
            host: schema.add_text_field("host", STRING),
            account: schema.add_text_field("account", STRING),
            title: text_field(&mut schema, "title", IndexRecordOption::WithFreqsAndPositions),
            exact_title: schema.add_text_field("exact_title", STRING),
            tags: text_field(&mut schema, "tags", IndexRecordOption::WithFreqs),
            tag: schema.add_text_field("tag", STRING),
            names: text_field(&mut schema, "names", IndexRecordOption::WithFreqs),
            description: text_field(&mut schema, "description", IndexRecordOption::WithFreqs),
            category: schema.add_i64_field("category", INDEXED),
            licence: schema.add_i64_field("licence", INDEXED),
            language: schema.add_text_field(column::LANGUAGE, STRING.set_fast("raw")),
            nsfw: schema.add_bool_field("nsfw", INDEXED),
            live: schema.add_bool_field("live", INDEXED),
            duration: schema.add_u64_field(column::DURATION, FAST),
            views: schema.add_u64_field(column::VIEWS, FAST),
            likes: schema.add_u64_field(column::LIKES, FAST),
            created: schema.add_i64_field(column::CREATED, FAST),
            published: schema.add_i64_field(column::PUBLISHED, FAST),
            originally_published: schema.add_i64_field(column::ORIGINALLY_PUBLISHED, FAST),
            name_sort: schema.add_text_field(column::NAME, TextOptions::default().set_fast("raw")),
        };
        (schema.build(), fields)
    }

    /// Makes the entry of a video.
    pub fn entry(&self, id: VideoId, video: &VideoDocument) -> TantivyDocument {
        let mut entry = TantivyDocument::default();
        entry.add_u64(self.id, index_number(id));
        entry.add_text(self.uuid, video.uuid.to_string());
        entry.add_text(self.host, &video.host);
        entry.add_text(self.account, video.account.handle());
        entry.add_text(self.language, video.language.id.as_deref().unwrap_or(UNKNOWN_LANGUAGE));
        entry.add_bool(self.nsfw, video.nsfw);
        entry.add_bool(self.live, video.is_live);
        self.add_texts(&mut entry, video);
        self.add_numbers(&mut entry, video);
        entry
    }

    fn add_texts(&self, entry: &mut TantivyDocument, video: &VideoDocument) {
        entry.add_text(self.title, &video.name);
        entry.add_text(self.exact_title, canonical(&video.name));
        entry.add_text(self.name_sort, truncate(&fold(&video.name), MAX_SORT_KEY_CHARS));
        for tag in &video.tags {
            entry.add_text(self.tags, tag);
            entry.add_text(self.tag, fold(tag));
        }
        let (account, channel) = (&video.account, &video.channel);
        for name in [&channel.display_name, &channel.name, &account.display_name, &account.name] {
            entry.add_text(self.names, name);
        }
        if let Some(description) = &video.description {
            entry.add_text(self.description, description);
        }
    }

    fn add_numbers(&self, entry: &mut TantivyDocument, video: &VideoDocument) {
        if let Some(category) = video.category.id {
            entry.add_i64(self.category, category);
        }
        if let Some(licence) = video.licence.id {
            entry.add_i64(self.licence, licence);
        }
        entry.add_u64(self.duration, u64::from(video.duration));
        entry.add_u64(self.views, video.views);
        entry.add_u64(self.likes, video.likes);
        entry.add_i64(self.created, video.created_at.timestamp_millis());
        entry.add_i64(self.published, video.published_at.timestamp_millis());
        if let Some(moment) = video.originally_published_at {
            entry.add_i64(self.originally_published, moment.timestamp_millis());
        }
    }
}

/// A [`VideoId`] as the index writes it. Database ids are positive.
pub fn index_number(id: VideoId) -> u64 {
    id.0.unsigned_abs()
}

fn text_field(schema: &mut SchemaBuilder, name: &str, record: IndexRecordOption) -> Field {
    let indexing = TextFieldIndexing::default().set_tokenizer(WORDS).set_index_option(record);
    schema.add_text_field(name, TextOptions::default().set_indexing_options(indexing))
}
