//! An entry of the index, as the cluster is told it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use tantivy::{
    TantivyDocument,
    schema::{
        Field, FieldType,
        document::{ReferenceValue, ReferenceValueLeaf, Value as _},
    },
    tokenizer::{TextAnalyzer, TokenizerManager},
};

use super::layout::{HAS_SPEECH, Layout, NOTHING, TOGETHER, WORDS};
use crate::schema;

/// Makes documents for the cluster out of entries.
pub(super) struct Writer<'l> {
    layout: &'l Layout,
    /// What makes tokens of each field's texts; `None` for fields that are one term.
    analyzers: Vec<Option<TextAnalyzer>>,
}

impl<'l> Writer<'l> {
    pub fn new(layout: &'l Layout) -> Self {
        let tokenizers = TokenizerManager::new();
        schema::register_tokenizers(&tokenizers);
        let analyzer = |kind: &FieldType| match kind {
            FieldType::Str(options) => tokenizers.get(options.get_indexing_options()?.tokenizer()),
            _ => None,
        };
        let analyzers = layout.schema.fields().map(|(_, entry)| analyzer(entry.field_type())).collect();
        Self { layout, analyzers }
    }

    /// The document of an entry.
    pub fn document(&mut self, entry: &TantivyDocument) -> Value {
        let mut document: Map<String, Value> = Map::new();
        let mut words = BTreeSet::new();
        for (field, value) in entry.field_values() {
            let ReferenceValue::Leaf(value) = value.as_value() else { continue };
            let Some(value) = self.value(field, &value, &mut words) else { continue };
            let values = document.entry(self.layout.name(field)).or_insert_with(|| json!([]));
            if let Value::Array(values) = values {
                values.push(value);
            }
        }
        let has_speech = document.contains_key(self.layout.name(self.layout.fields.spoken));
        document.insert(HAS_SPEECH.to_owned(), json!(has_speech));
        document.insert(WORDS.to_owned(), json!(words));
        Value::Object(document)
    }

    fn value(&mut self, field: Field, value: &ReferenceValueLeaf<'_>, words: &mut BTreeSet<String>) -> Option<Value> {
        Some(match value {
            ReferenceValueLeaf::Str(text) => json!(self.text(field, text, words)),
            ReferenceValueLeaf::U64(number) => json!(signed(*number)),
            ReferenceValueLeaf::I64(number) => json!(number),
            ReferenceValueLeaf::Bool(is_so) => json!(is_so),
            _ => return None,
        })
    }

    fn text(&mut self, field: Field, text: &str, words: &mut BTreeSet<String>) -> String {
        let Some(analyzer) = self.analyzers.get_mut(field.field_id() as usize).and_then(Option::as_mut) else {
            return text.to_owned();
        };
        let fields = &self.layout.fields;
        let is_short = [fields.title, fields.tags, fields.names].contains(&field);
        let mut tokens = Vec::new();
        let mut stream = analyzer.token_stream(text);
        while let Some(token) = stream.next() {
            if is_short {
                words.insert(token.text.clone());
            }
            tokens.push((token.position, token.text.clone()));
        }
        written(&tokens)
    }
}

/// A number as the cluster keeps it, which knows no more than 63 bits without a sign. What counts something never has more;
/// of the others, it is enough that equal ones stay equal.
pub(super) fn signed(number: u64) -> i64 {
    (number & i64::MAX.unsigned_abs()).cast_signed()
}

/// Tokens in their places, in order, as the cluster cuts them apart again.
pub(super) fn written(tokens: &[(usize, String)]) -> String {
    let mut text = String::new();
    let mut last: Option<usize> = None;
    for (place, token) in tokens {
        match last {
            Some(last) if last == *place => text.push(TOGETHER),
            Some(last) => {
                text.push(' ');
                for _ in last + 1..*place {
                    text.push_str(NOTHING);
                    text.push(' ');
                }
            }
            None => {}
        }
        text.push_str(token);
        last = Some(*place);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::{VideoDocument, VideoId},
        testing::{caption, video},
    };

    fn document(video: &VideoDocument) -> Value {
        let layout = Layout::new();
        let entry = layout.fields.entry(VideoId(7), video, &[caption("There she blows")]);
        Writer::new(&layout).document(&entry)
    }

    #[test]
    fn texts_are_our_tokens_with_those_of_one_place_together() {
        let video = VideoDocument {
            tags: vec!["Free Software".to_owned(), "C++".to_owned()],
            ..video("PeerTube 人工智能!")
        };
        let document = document(&video);
        assert_eq!(document["title"], json!(["peertube|peer|tube 人工|人工智能 工智 智能"]));
        assert_eq!(document["tags"], json!(["free software", "c"]));
        assert_eq!(document["tag"], json!(["free software", "c++"]));
        assert_eq!(document["spoken"], json!(["there she blows|blow"]));
        assert_eq!((&document["id"], &document[HAS_SPEECH]), (&json!([7]), &json!(true)));
        let words = document[WORDS].as_array().unwrap();
        assert!(
            words.contains(&json!("software")) && words.contains(&json!("peer")) && !words.contains(&json!("blows"))
        );
    }

    #[test]
    fn an_empty_place_stays_empty() {
        let tokens = [(3, "a"), (3, "b"), (4, "c"), (7, "d")].map(|(place, token)| (place, token.to_owned()));
        assert_eq!(written(&tokens), "a|b c _ _ d");
        assert_eq!(written(&[]), "");
    }

    #[test]
    fn a_number_keeps_its_value_up_to_63_bits() {
        assert_eq!((signed(0), signed(5), signed(u64::MAX)), (0, 5, i64::MAX));
    }
}
