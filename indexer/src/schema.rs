//! Which fields the Tantivy index has, and how a document becomes one of its entries.
//!
//! The index holds what searching, filtering and sorting need, and no text to show: results are read from the database by
//! their [`VideoId`]. Change [`VERSION`] with every change here or in [`crate::text`]; an index of another version is
//! rebuilt from the database.

use sha2::{Digest, Sha256};
use tantivy::{
    TantivyDocument,
    schema::{FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, SchemaBuilder, TextFieldIndexing, TextOptions},
    tokenizer::TokenizerManager,
};

use crate::{
    captions::Caption,
    document::{Actor, VideoDocument, VideoId},
    text::{
        canonical, fold, language,
        tokenizer::{Forms, WordTokenizer, marked},
        truncate,
    },
};

/// The layout and the meaning of the fields.
pub const VERSION: u32 = 2;

/// The names under which the forms of words are registered.
const TOKENIZERS: [(&str, Forms); 3] =
    [(WORDS, Forms::Written), (WORDS_AND_STEMS, Forms::WrittenAndStem), (STEMS, Forms::Stem)];
const WORDS: &str = "words";
const WORDS_AND_STEMS: &str = "words_and_stems";
const STEMS: &str = "stems";

/// What stands for "nobody said" among languages, as in PeerTube's filters.
pub const UNKNOWN_LANGUAGE: &str = "_unknown";

const MAX_SORT_KEY_CHARS: usize = 60;
/// A title of fewer characters is no fingerprint without the name of who uploaded it: there are many trailers.
const MIN_TELLING_TITLE_CHARS: usize = 16;

/// Names of the fields that are read column by column.
pub mod column {
    /// [`VideoId`](crate::document::VideoId).
    pub const ID: &str = "id";
    /// The folded title.
    pub const NAME: &str = "name_sort";
    /// The instance.
    pub const HOST: &str = "host";
    /// The language code, as declared.
    pub const LANGUAGE: &str = "language";
    /// The language codes, as declared and as the text shows.
    pub const ANY_LANGUAGE: &str = "any_language";
    /// A number that follows from the instance, which is read faster than its name.
    pub const HOST_NUMBER: &str = "host_number";
    /// What copies of a video have in common.
    pub const FINGERPRINT: &str = "fingerprint";
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
    /// Names and handle of the channel.
    pub channel: Field,
    /// Words of the title.
    pub title: Field,
    /// The whole title as one term.
    pub exact_title: Field,
    /// Words of the tags.
    pub tags: Field,
    /// Whole tags.
    pub tag: Field,
    /// Words of the names of account and channel.
    pub names: Field,
    /// Words of the description, and their stems.
    pub description: Field,
    /// Stems of the words of title and tags.
    pub stems: Field,
    /// Words that are spoken, and their stems.
    pub spoken: Field,
    /// PeerTube's number.
    pub category: Field,
    /// PeerTube's number.
    pub licence: Field,
    /// The declared code, or [`UNKNOWN_LANGUAGE`].
    pub language: Field,
    /// The declared code and the one that the text shows, if any.
    pub any_language: Field,
    /// See [`column::HOST_NUMBER`].
    pub host_number: Field,
    /// See [`column::FINGERPRINT`].
    pub fingerprint: Field,
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
            host: schema.add_text_field(column::HOST, STRING.set_fast("raw")),
            account: schema.add_text_field("account", STRING),
            channel: schema.add_text_field("channel", STRING),
            title: text_field(&mut schema, "title", WORDS, IndexRecordOption::WithFreqsAndPositions),
            exact_title: schema.add_text_field("exact_title", STRING),
            tags: text_field(&mut schema, "tags", WORDS, IndexRecordOption::WithFreqsAndPositions),
            tag: schema.add_text_field("tag", STRING),
            names: text_field(&mut schema, "names", WORDS, IndexRecordOption::WithFreqsAndPositions),
            description: text_field(
                &mut schema,
                "description",
                WORDS_AND_STEMS,
                IndexRecordOption::WithFreqsAndPositions,
            ),
            stems: text_field(&mut schema, "stems", STEMS, IndexRecordOption::WithFreqs),
            spoken: text_field(&mut schema, "spoken", WORDS_AND_STEMS, IndexRecordOption::WithFreqsAndPositions),
            category: schema.add_i64_field("category", INDEXED),
            licence: schema.add_i64_field("licence", INDEXED),
            language: schema.add_text_field(column::LANGUAGE, STRING.set_fast("raw")),
            any_language: schema.add_text_field(column::ANY_LANGUAGE, STRING.set_fast("raw")),
            host_number: schema.add_u64_field(column::HOST_NUMBER, FAST),
            fingerprint: schema.add_u64_field(column::FINGERPRINT, FAST),
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
    pub fn entry(&self, id: VideoId, video: &VideoDocument, captions: &[Caption]) -> TantivyDocument {
        let mut entry = TantivyDocument::default();
        entry.add_u64(self.id, index_number(id));
        entry.add_text(self.uuid, video.uuid.to_string());
        entry.add_text(self.host, &video.host);
        entry.add_u64(self.host_number, host_number(&video.host));
        entry.add_text(self.account, video.account.handle());
        entry.add_bool(self.nsfw, video.nsfw);
        entry.add_bool(self.live, video.is_live);
        let language = self.add_languages(&mut entry, video);
        self.add_texts(&mut entry, video, language);
        self.add_names(&mut entry, video);
        self.add_numbers(&mut entry, video);
        self.add_captions(&mut entry, captions);
        entry
    }

    /// Tells in which language the texts are to be read: the one they show, or else the declared one.
    fn add_languages<'v>(&self, entry: &mut TantivyDocument, video: &'v VideoDocument) -> Option<&'v str> {
        entry.add_text(self.language, video.language.id.as_deref().unwrap_or(UNKNOWN_LANGUAGE));
        let declared = video.language.id.as_deref().map(language::primary);
        let shown = language::of_texts(&video.name, video.description.as_deref().unwrap_or_default());
        entry.add_text(self.any_language, declared.or(shown).unwrap_or(UNKNOWN_LANGUAGE));
        if let Some(shown) = shown.filter(|shown| declared.is_some_and(|declared| declared != *shown)) {
            entry.add_text(self.any_language, shown);
        }
        shown.or(declared)
    }

    fn add_texts(&self, entry: &mut TantivyDocument, video: &VideoDocument, language: Option<&str>) {
        let canonical_title = canonical(&video.name);
        entry.add_u64(self.fingerprint, fingerprint(&canonical_title, &video.account));
        entry.add_text(self.title, &video.name);
        entry.add_text(self.stems, marked(language, &video.name));
        entry.add_text(self.exact_title, canonical_title);
        entry.add_text(self.name_sort, truncate(&fold(&video.name), MAX_SORT_KEY_CHARS));
        for tag in &video.tags {
            entry.add_text(self.tags, tag);
            entry.add_text(self.stems, marked(language, tag));
            entry.add_text(self.tag, fold(tag));
        }
        if let Some(description) = &video.description {
            entry.add_text(self.description, marked(language, description));
        }
    }

    fn add_captions(&self, entry: &mut TantivyDocument, captions: &[Caption]) {
        for caption in captions {
            let lines: Vec<&str> = caption.passages.iter().map(|passage| passage.text.as_str()).collect();
            entry.add_text(self.spoken, marked(Some(language::primary(&caption.language)), &lines.join("\n")));
        }
    }

    fn add_names(&self, entry: &mut TantivyDocument, video: &VideoDocument) {
        let (account, channel) = (&video.account, &video.channel);
        for name in [&channel.display_name, &channel.name, &account.display_name, &account.name] {
            entry.add_text(self.names, name);
        }
        for name in [canonical(&channel.display_name), fold(&channel.name), fold(&channel.handle())] {
            entry.add_text(self.channel, name);
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

/// Tells Tantivy what is a word in each field.
pub fn register_tokenizers(tokenizers: &TokenizerManager) {
    for (name, forms) in TOKENIZERS {
        tokenizers.register(name, WordTokenizer::new(forms));
    }
}

/// The number that follows from an instance, see [`column::HOST_NUMBER`].
pub fn host_number(host: &str) -> u64 {
    number_of(&[host])
}

/// What the copies of a video on several instances have in common, besides their length.
fn fingerprint(canonical_title: &str, account: &Actor) -> u64 {
    if canonical_title.chars().nth(MIN_TELLING_TITLE_CHARS).is_some() {
        return number_of(&[canonical_title]);
    }
    number_of(&[canonical_title, &canonical(&account.display_name)])
}

/// A number that is another for other texts.
fn number_of(texts: &[&str]) -> u64 {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update(text);
        hasher.update([0_u8]);
    }
    hasher.finalize().iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

fn text_field(schema: &mut SchemaBuilder, name: &str, tokenizer: &str, record: IndexRecordOption) -> Field {
    let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(record);
    schema.add_text_field(name, TextOptions::default().set_indexing_options(indexing))
}
