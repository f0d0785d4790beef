//! Does somebody who reads plain JSON see what was signed, all of it, and nothing else?
//!
//! A signature covers the meaning of a document, and there are many ways to write one meaning. Whoever passes a signed
//! activity on can exchange its context, and so let `to` and `cc` trade places; add members that mean nothing to JSON-LD,
//! but something to us; call a member by its full name, so that we overlook it; or turn the document inside out, so that
//! what was the object of an `Undo` stands there as an activity. PeerTube rewrites the document in its own words after the
//! check. We read it in its own words if these are ours, and refuse or leave out the rest:
//!
//! - every term of Activity Streams must mean what the specification says;
//! - a member or type that means something we know must be called what we call it;
//! - members, types and references that are not signed, or that we do not know, are left out, and so are `null` and empty
//!   lists, which JSON-LD does not tell from absence;
//! - nothing may refer to the activity itself, so that it is the only place where reading can begin;
//! - nothing may be described in two places.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use serde_json::{Map, Value, json};

use super::{
    LinkedDataError,
    context::{ACTIVITY_STREAMS, Coercion, Container, Context, Term},
    graph::Graph,
    holds_object,
};
use crate::context;

/// Names of others that we read beside those of our own contexts.
static NAMES_OF_OTHERS: LazyLock<Value> = LazyLock::new(|| {
    json!([context::Context::Base.value()[0], context::Context::Base.value()[1], {
        "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
        "movedTo": {"@id": "as:movedTo", "@type": "@id"},
        "sensitive": "as:sensitive",
    }])
});

struct Known {
    /// A name may have meant different things in different versions.
    terms: HashMap<String, Vec<Term>>,
    meanings: HashSet<String>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    use context::Context as Of;
    let ours = [Of::Base, Of::Actor, Of::Video, Of::CacheFile, Of::Playlist, Of::Comment, Of::Chapters, Of::Flag];
    let (mut terms, mut meanings) = (HashMap::<String, Vec<Term>>::new(), HashSet::new());
    for value in ours.into_iter().map(Of::value).chain([NAMES_OF_OTHERS.clone()]) {
        let context = Context::read(&value).expect("our own contexts can be read, as a test shows");
        for (name, term) in context.terms {
            let Some(term) = term else { continue };
            meanings.insert(term.iri.clone());
            terms.entry(name).or_default().push(term);
        }
    }
    Known { terms, meanings }
});

/// The part of a signed document that a reader of plain JSON may see.
pub(super) fn readable(
    document: &Map<String, Value>,
    context: &Context,
    graph: &Graph,
) -> Result<Map<String, Value>, LinkedDataError> {
    for (name, term) in &ACTIVITY_STREAMS.terms {
        if context.terms.get(name) != Some(term) {
            return Err(LinkedDataError::Redefined(name.clone()));
        }
    }
    let id = document.get("id").and_then(Value::as_str).ok_or_else(|| LinkedDataError::Id(String::new()))?;
    if graph.refers_to(id) {
        return Err(LinkedDataError::Circular(id.chars().take(200).collect()));
    }
    let mut readable = Reader { context, described: HashSet::new() }.node(document)?;
    readable.extend(document.get("@context").map(|value| ("@context".to_owned(), value.clone())));
    Ok(readable)
}

struct Reader<'c> {
    context: &'c Context,
    described: HashSet<String>,
}

impl<'c> Reader<'c> {
    fn node(&mut self, members: &Map<String, Value>) -> Result<Map<String, Value>, LinkedDataError> {
        let mut readable = Map::new();
        for (name, value) in members.iter().filter(|(name, _)| *name != "@context") {
            let Some(term) = self.known_term(name)? else {
                self.check_hidden(value)?;
                continue;
            };
            let value = match term.iri.as_str() {
                "@id" => self.reference(value),
                "@type" => self.types(value)?,
                _ => self.value(term, value)?,
            };
            readable.extend(value.map(|value| (name.clone(), value)));
        }
        let id = readable.get("id").and_then(Value::as_str).filter(|_| readable.len() > 1);
        match id {
            Some(id) if !self.described.insert(id.to_owned()) => {
                Err(LinkedDataError::DescribedTwice(id.chars().take(200).collect()))
            }
            _ => Ok(readable),
        }
    }

    /// What a member's name means, if it is one of ours and means what we think.
    fn known_term(&self, name: &str) -> Result<Option<&'c Term>, LinkedDataError> {
        let context: &'c Context = self.context;
        let term = context.term(name);
        let is_known = |term: &&Term| {
            KNOWN.terms.get(name).is_some_and(|known| known.iter().any(|known| is_read_alike(known, term)))
        };
        if let Some(term) = term.filter(is_known) {
            return Ok(Some(term));
        }
        self.check_disguise(name)?;
        Ok(None)
    }

    fn check_disguise(&self, name: &str) -> Result<(), LinkedDataError> {
        match self.context.expand_name(name) {
            Some(iri) if KNOWN.meanings.contains(&iri) => {
                Err(LinkedDataError::Disguised(name.chars().take(200).collect()))
            }
            _ => Ok(()),
        }
    }

    /// What is left out may describe things of its own, but not those that are read.
    fn check_hidden(&mut self, value: &Value) -> Result<(), LinkedDataError> {
        if !holds_object(value) {
            return Ok(());
        }
        for item in super::items(value) {
            match item {
                Value::Object(members) => drop(self.node(members)?),
                item => self.check_hidden(item)?,
            }
        }
        Ok(())
    }

    fn reference(&self, value: &Value) -> Option<Value> {
        value.as_str().filter(|text| self.means_itself(text)).map(Value::from)
    }

    /// `as:` means the same everywhere, because all of Activity Streams does.
    fn means_itself(&self, text: &str) -> bool {
        self.context.expand_reference(text).is_some_and(|iri| iri == text || text.starts_with("as:"))
    }

    fn types(&self, value: &Value) -> Result<Option<Value>, LinkedDataError> {
        let mut known = Vec::new();
        for name in super::items(value).iter().filter_map(Value::as_str) {
            if self.known_term(name)?.is_some() {
                known.push(Value::from(name));
            }
        }
        Ok(match (value, known.len()) {
            (_, 0) => None,
            (Value::Array(_), _) => Some(Value::Array(known)),
            _ => known.pop(),
        })
    }

    fn value(&mut self, term: &Term, value: &Value) -> Result<Option<Value>, LinkedDataError> {
        match value {
            Value::Null => Ok(None),
            Value::Bool(_) | Value::Number(_) => Ok(Some(value.clone())),
            Value::String(_) if is_reference(term) => Ok(self.reference(value)),
            Value::String(_) => Ok(Some(value.clone())),
            Value::Array(items) => {
                let mut readable = Vec::new();
                for item in items {
                    readable.extend(self.value(term, item)?);
                }
                Ok((!readable.is_empty()).then_some(Value::Array(readable)))
            }
            Value::Object(texts) if term.container == Container::Language => Ok(Some(Value::Object(texts.clone()))),
            Value::Object(members) => match members.iter().find(|(name, _)| *name == "@value") {
                Some((_, value)) => Ok((!is_reference(term)).then(|| value.clone())),
                None => Ok(Some(Value::Object(self.node(members)?))),
            },
        }
    }
}

fn is_reference(term: &Term) -> bool {
    matches!(term.coercion, Coercion::Iri | Coercion::Vocabulary)
}

/// Types of texts and numbers make no difference to us.
fn is_read_alike(known: &Term, found: &Term) -> bool {
    known.iri == found.iri && known.container == found.container && is_reference(known) == is_reference(found)
}
