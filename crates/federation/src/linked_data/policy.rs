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
    mem,
    sync::{Arc, LazyLock},
};

use serde_json::{Map, Value};

use super::{
    LinkedDataError,
    context::{ACTIVITY_STREAMS, Coercion, Container, Context, Term},
    graph::Graph,
    holds_object,
};
use crate::context;

struct Known {
    /// A name may have meant different things in different versions.
    terms: HashMap<String, Vec<Term>>,
    meanings: HashSet<String>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    use context::Context as Of;
    let ours = [
        Of::Base,
        Of::Actor,
        Of::Video,
        Of::CacheFile,
        Of::Playlist,
        Of::Comment,
        Of::Chapters,
        Of::Flag,
        Of::WatchAction,
        Of::View,
        Of::Download,
        Of::ApproveReply,
        Of::RejectReply,
        Of::PlayerSettings,
    ];
    let (mut terms, mut meanings) = (HashMap::<String, Vec<Term>>::new(), HashSet::new());
    for value in ours.into_iter().map(Of::value) {
        let context = Context::default().within(&value).expect("our own contexts can be read, as a test shows");
        for (name, term) in context.terms {
            let Some(term) = term else { continue };
            meanings.insert(term.iri.clone());
            terms.entry(name).or_default().push(term);
        }
    }
    Known { terms, meanings }
});

/// The part of a signed document that a reader of plain JSON may see. The document is within the bounds of
/// [`expand`](super::expand::expand).
pub(super) fn readable(document: &Map<String, Value>, graph: &Graph) -> Result<Map<String, Value>, LinkedDataError> {
    let context = document.get("@context").ok_or_else(|| LinkedDataError::Context("@context".to_owned()))?;
    let id = document.get("id").and_then(Value::as_str).ok_or_else(|| LinkedDataError::Id(String::new()))?;
    if graph.refers_to(id) {
        return Err(LinkedDataError::Circular(id.chars().take(200).collect()));
    }
    let mut readable = Reader { context: Arc::default(), described: HashSet::new() }.node(document)?;
    readable.insert("@context".to_owned(), context.clone());
    Ok(readable)
}

struct Reader {
    context: Arc<Context>,
    described: HashSet<String>,
}

impl Reader {
    fn node(&mut self, members: &Map<String, Value>) -> Result<Map<String, Value>, LinkedDataError> {
        let Some(inner) = members.get("@context") else { return self.members(members) };
        let inner = Arc::new(self.context.within(inner)?);
        check_words(&inner)?;
        let outer = mem::replace(&mut self.context, inner);
        let readable = self.members(members)?;
        self.context = outer;
        Ok(readable)
    }

    fn members(&mut self, members: &Map<String, Value>) -> Result<Map<String, Value>, LinkedDataError> {
        let mut readable = Map::new();
        let context = self.context.clone();
        for (name, value) in members.iter().filter(|(name, _)| *name != "@context") {
            let Some(term) = known_term(&context, name)? else {
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
            if known_term(&self.context, name)?.is_some() {
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
            Value::String(_) if is_reference(term) => Ok(self.reference(value)),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(Some(value.clone())),
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

fn check_words(context: &Context) -> Result<(), LinkedDataError> {
    match ACTIVITY_STREAMS.terms.iter().find(|(name, term)| context.terms.get(*name) != Some(term)) {
        Some((name, _)) => Err(LinkedDataError::Redefined(name.clone())),
        None => Ok(()),
    }
}

/// What a member's or type's name means, if it is one of ours and means what we think.
fn known_term<'c>(context: &'c Context, name: &str) -> Result<Option<&'c Term>, LinkedDataError> {
    let found = context.term(name);
    let known = KNOWN.terms.get(name).map_or(&[][..], Vec::as_slice);
    if let Some(term) = found.filter(|term| known.iter().any(|known| is_read_alike(known, term))) {
        return Ok(Some(term));
    }
    match context.expand_name(name) {
        Some(iri) if KNOWN.meanings.contains(&iri) => Err(LinkedDataError::Disguised(name.chars().take(200).collect())),
        _ => Ok(None),
    }
}

fn is_reference(term: &Term) -> bool {
    matches!(term.coercion, Coercion::Iri | Coercion::Vocabulary)
}

/// Types of texts and numbers make no difference to us.
fn is_read_alike(known: &Term, found: &Term) -> bool {
    known.iri == found.iri && known.container == found.container && is_reference(known) == is_reference(found)
}
