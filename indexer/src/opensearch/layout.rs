//! How is an index laid out in the cluster?
//!
//! Field by field as [`crate::schema`] says, with these differences: a text arrives as our tokens, those of one place joined
//! by [`TOGETHER`], and the cluster only cuts it ([`analysis`]); and there is a field with all words of titles, tags and
//! names ([`WORDS`]), in which spellings are looked up.

use serde_json::{Map, Value, json};
use tantivy::schema::{Field, FieldEntry, FieldType, IndexRecordOption, Schema};

use crate::schema::Fields;

/// Between tokens of one place.
pub(super) const TOGETHER: char = '|';
/// A place without a token. Neither can be part of one: they are no letters.
pub(super) const NOTHING: &str = "_";
/// All words of titles, tags and names.
pub(super) const WORDS: &str = "words";
/// Whether there are captions.
pub(super) const HAS_SPEECH: &str = "has_speech";
/// How far the index has come, in one document that is no entry, see [`super::follow`].
pub(super) const POSITION: &str = "position";

/// A word and its parts and stem are a few dozen characters each.
const MAX_TOGETHER_CHARS: u32 = 4_096;
/// Versions of deleted entries are remembered for so long, so that a slow node cannot bring one back.
const REMEMBER_DELETED: &str = "10m";

/// The fields of the index, by their names.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub schema: Schema,
    pub fields: Fields,
}

/// What an operator may choose.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub shards: u32,
    pub replicas: u32,
}

impl Layout {
    pub fn new() -> Self {
        let (schema, fields) = Fields::build();
        Self { schema, fields }
    }

    /// The name of a field.
    pub fn name(&self, field: Field) -> &str {
        self.schema.get_field_name(field)
    }

    /// Makes the index. `major` is the version of the cluster, and `alias` the name under which entries are written, so that
    /// writing never makes an index by accident.
    pub fn creation(&self, size: Size, major: u32, alias: &str) -> Value {
        let mut properties: Map<String, Value> =
            self.schema.fields().map(|(_, entry)| (entry.name().to_owned(), mapping(entry))).collect();
        properties.insert(WORDS.to_owned(), json!({"type": "keyword"}));
        properties.insert(HAS_SPEECH.to_owned(), json!({"type": "boolean"}));
        properties.insert(POSITION.to_owned(), json!({"type": "object", "enabled": false}));
        json!({
            "settings": {
                "number_of_shards": size.shards,
                "number_of_replicas": size.replicas,
                "refresh_interval": "1s",
                "gc_deletes": REMEMBER_DELETED,
                "analysis": analysis(),
                "similarity": {"default": similarity(major)},
            },
            // Results are read from the database, so the cluster need not keep what it was told.
            "mappings": {"dynamic": "strict", "_source": {"includes": [POSITION]}, "properties": properties},
            "aliases": {alias: {}},
        })
    }
}

/// Cuts our tokens apart: at spaces from place to place, at [`TOGETHER`] within one.
fn analysis() -> Value {
    json!({
        "tokenizer": {"places": {"type": "whitespace", "max_token_length": MAX_TOGETHER_CHARS}},
        "filter": {
            "together": {"type": "pattern_capture", "preserve_original": false, "patterns": [format!("([^{TOGETHER}]+)")]},
            "nothing": {"type": "stop", "stopwords": [NOTHING]},
        },
        "analyzer": {"tokens": {"type": "custom", "tokenizer": "places", "filter": ["together", "nothing"]}},
    })
}

/// BM25 as Tantivy has it: tokens of one place count as the length of a text each, and a word of average weight in an average
/// text scores its rarity, which from version 3 on is the older variant by name.
fn similarity(major: u32) -> Value {
    let kind = if major >= 3 { "LegacyBM25" } else { "BM25" };
    json!({"type": kind, "k1": 1.2, "b": 0.75, "discount_overlaps": false})
}

fn mapping(entry: &FieldEntry) -> Value {
    match entry.field_type() {
        FieldType::Str(options) => match options.get_indexing_options() {
            None => json!({"type": "keyword", "index": false}),
            Some(indexing) if indexing.tokenizer() == "raw" => json!({"type": "keyword"}),
            Some(indexing) => {
                let recorded = match indexing.index_option() {
                    IndexRecordOption::Basic => "docs",
                    IndexRecordOption::WithFreqs => "freqs",
                    IndexRecordOption::WithFreqsAndPositions => "positions",
                };
                json!({"type": "text", "analyzer": "tokens", "index_options": recorded})
            }
        },
        FieldType::Bool(_) => json!({"type": "boolean"}),
        // The schema has no others: the test below holds that.
        _ => json!({"type": "long"}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_schema_has_a_kind_that_it_can_be_here() {
        let layout = Layout::new();
        for (_, entry) in layout.schema.fields() {
            let is_known = matches!(
                entry.field_type(),
                FieldType::Str(_) | FieldType::Bool(_) | FieldType::U64(_) | FieldType::I64(_)
            );
            assert!(is_known, "{}", entry.name());
            assert!(![WORDS, HAS_SPEECH, POSITION].contains(&entry.name()), "{} is taken", entry.name());
        }
    }

    #[test]
    fn texts_are_cut_at_our_marks_and_scored_as_in_tantivy() {
        let layout = Layout::new();
        let index = layout.creation(Size { shards: 3, replicas: 2 }, 2, "alias");
        assert_eq!(
            (&index["settings"]["number_of_shards"], &index["settings"]["number_of_replicas"]),
            (&json!(3), &json!(2))
        );
        assert_eq!(index["settings"]["similarity"]["default"]["type"], "BM25");
        let later = layout.creation(Size { shards: 1, replicas: 1 }, 3, "alias");
        assert_eq!(later["settings"]["similarity"]["default"]["type"], "LegacyBM25");
        let fields = &index["mappings"]["properties"];
        assert_eq!(fields["title"], json!({"type": "text", "analyzer": "tokens", "index_options": "positions"}));
        assert_eq!(fields["stems"]["index_options"], "freqs");
        assert_eq!(fields["tag"], json!({"type": "keyword"}));
        assert_eq!(fields["published"], json!({"type": "long"}));
        assert_eq!(fields["nsfw"], json!({"type": "boolean"}));
    }
}
