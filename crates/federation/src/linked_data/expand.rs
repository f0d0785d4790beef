//! What does a document say? From JSON-LD to triples, without the detour over an expanded document.
//!
//! Members whose names mean nothing are dropped, as the specification has it, and their names are kept for the caller. A
//! dropped member that holds an object is an error: processors disagree on whether what the object says counts.

use std::{mem, sync::Arc};

use serde_json::{Map, Value};

use super::{
    LinkedDataError,
    context::{Coercion, Container, Context, Language, Term, is_absolute, is_blank},
    definition::{is_safe, language},
    graph::{FIRST, Graph, LiteralKind, NIL, Object, REST, Resource, TYPE},
    number,
};
use crate::wire::document::MAX_DEPTH;

/// PeerTube gives an actor in an `Update` its own.
const MAX_CONTEXTS: usize = 10;

/// A document as triples.
#[derive(Debug, Clone)]
pub(super) struct Expanded {
    pub(super) graph: Graph,
    /// The names of members, types and references that mean nothing and are not part of the graph.
    pub(super) dropped: Vec<String>,
}

/// Reads the outermost object.
pub(super) fn expand(document: &Map<String, Value>, context: Context) -> Result<Expanded, LinkedDataError> {
    let mut expander =
        Expander { context: Arc::new(context), contexts: 0, graph: Graph::default(), dropped: Vec::new() };
    expander.node(document, 0)?;
    Ok(Expanded { graph: expander.graph, dropped: expander.dropped })
}

struct Expander {
    context: Arc<Context>,
    contexts: usize,
    graph: Graph,
    dropped: Vec<String>,
}

impl Expander {
    fn node(&mut self, members: &Map<String, Value>, depth: usize) -> Result<Resource, LinkedDataError> {
        if depth > MAX_DEPTH {
            return Err(LinkedDataError::TooLarge);
        }
        let Some(inner) = members.get("@context") else { return self.members(members, depth) };
        self.contexts += 1;
        if self.contexts > MAX_CONTEXTS {
            return Err(LinkedDataError::TooLarge);
        }
        let inner = Arc::new(self.context.within(inner)?);
        let outer = mem::replace(&mut self.context, inner);
        let subject = self.members(members, depth)?;
        self.context = outer;
        Ok(subject)
    }

    fn members(&mut self, members: &Map<String, Value>, depth: usize) -> Result<Resource, LinkedDataError> {
        let subject = self.subject(members)?;
        let context = self.context.clone();
        for (name, value) in members.iter().filter(|(name, _)| *name != "@context") {
            let iri = context.expand_name(name);
            match iri.as_deref() {
                Some("@id") => {}
                Some("@type") => self.types(&subject, value)?,
                Some(keyword) if keyword.starts_with('@') => return Err(LinkedDataError::Unsupported(name.clone())),
                Some(iri) if is_absolute(iri) && is_safe(iri) => {
                    self.member(&subject, iri, context.term(name), value, depth)?;
                }
                Some(_) => self.drop_member(name, value)?,
                // Explicitly nothing: no processor looks at what is in it.
                None => self.dropped.push(name.clone()),
            }
        }
        Ok(subject)
    }

    /// The thing that an object is about.
    fn subject(&mut self, members: &Map<String, Value>) -> Result<Resource, LinkedDataError> {
        let mut ids = members.iter().filter(|(name, _)| self.context.expand_name(name).as_deref() == Some("@id"));
        let (id, second) = (ids.next(), ids.next());
        match (id, second) {
            (None, _) => Ok(self.graph.blank_node()?),
            (Some((_, Value::String(id))), None) => match self.reference(id)? {
                Some(iri) if !is_blank(&iri) => Ok(Resource::Iri(iri)),
                _ => Err(LinkedDataError::Id(id.chars().take(200).collect())),
            },
            (Some((name, _)), _) => Err(LinkedDataError::Unsupported(name.clone())),
        }
    }

    /// A type that means nothing is still something: a thing without a name.
    fn types(&mut self, subject: &Resource, value: &Value) -> Result<(), LinkedDataError> {
        for kind in super::items(value) {
            let Value::String(kind) = kind else { return Err(LinkedDataError::Unsupported("type".to_owned())) };
            let iri = self.context.expand_name(kind).filter(|iri| is_absolute(iri));
            match iri {
                Some(iri) if is_safe(&iri) => {
                    self.graph.insert(subject, TYPE, Object::Resource(Resource::Iri(iri)))?;
                }
                _ => return Err(LinkedDataError::Type(kind.chars().take(200).collect())),
            }
        }
        Ok(())
    }

    fn member(
        &mut self,
        subject: &Resource,
        iri: &str,
        term: Option<&Term>,
        value: &Value,
        depth: usize,
    ) -> Result<(), LinkedDataError> {
        if depth > MAX_DEPTH {
            return Err(LinkedDataError::TooLarge);
        }
        match (term.map(|term| term.container), value) {
            (Some(Container::List), value) if !value.is_null() => {
                let list = self.list(term, super::items(value), depth)?;
                self.graph.insert(subject, iri, Object::Resource(list))?;
            }
            (Some(Container::Language), Value::Object(languages)) => self.languages(subject, iri, languages)?,
            (_, Value::Array(items)) => {
                // Lists in lists are one list, except where their order counts.
                for item in items {
                    self.member(subject, iri, term, item, depth + 1)?;
                }
            }
            (_, value) => {
                if let Some(object) = self.object(term, value, depth)? {
                    self.graph.insert(subject, iri, object)?;
                }
            }
        }
        Ok(())
    }

    /// `None` for what says nothing: `null`, and references that lead nowhere.
    fn object(&mut self, term: Option<&Term>, value: &Value, depth: usize) -> Result<Option<Object>, LinkedDataError> {
        match value {
            Value::Null => Ok(None),
            Value::Bool(_) | Value::Number(_) => Ok(Some(scalar(value, datatype(term))?)),
            Value::String(text) => self.text(term, text),
            Value::Array(_) => Err(LinkedDataError::Unsupported("a list in a list".to_owned())),
            Value::Object(members) => match self.typed_value(members)? {
                Some(object) => Ok(Some(object)),
                None => Ok(Some(Object::Resource(self.node(members, depth + 1)?))),
            },
        }
    }

    fn text(&mut self, term: Option<&Term>, text: &str) -> Result<Option<Object>, LinkedDataError> {
        let coercion = term.map_or(&Coercion::Text, |term| &term.coercion);
        let kind = match coercion {
            Coercion::Iri => {
                let iri = self.reference(text)?;
                return self.reference_object(iri, text);
            }
            Coercion::Vocabulary => {
                let iri = self.context.expand_name(text).filter(|iri| is_absolute(iri) && is_safe(iri));
                return self.reference_object(iri, text);
            }
            Coercion::Typed(kind) => LiteralKind::Typed(kind.clone()),
            Coercion::Text => {
                let tag = match term.map(|term| &term.language) {
                    Some(Language::Tag(tag)) => Some(tag.clone()),
                    Some(Language::None) => None,
                    Some(Language::OfDocument) | None => self.context.language.clone(),
                };
                tag.map_or(LiteralKind::Text, LiteralKind::Language)
            }
        };
        Ok(Some(Object::Literal { text: text.to_owned(), kind }))
    }

    fn reference_object(&mut self, iri: Option<String>, text: &str) -> Result<Option<Object>, LinkedDataError> {
        match iri {
            Some(iri) if is_blank(&iri) => Err(LinkedDataError::Id(iri.chars().take(200).collect())),
            Some(iri) => Ok(Some(Object::Resource(Resource::Iri(iri)))),
            None => {
                self.dropped.push(text.chars().take(200).collect());
                Ok(None)
            }
        }
    }

    fn reference(&self, text: &str) -> Result<Option<String>, LinkedDataError> {
        let refused = || LinkedDataError::Id(text.chars().take(200).collect());
        if text.starts_with('@') || is_blank(text) {
            return Err(refused());
        }
        let iri = self.context.expand_reference(text);
        if iri.as_deref().is_none_or(is_safe) { Ok(iri) } else { Err(refused()) }
    }

    /// `{"@value": …}`, which processors write where a value does not fit its term.
    fn typed_value(&self, members: &Map<String, Value>) -> Result<Option<Object>, LinkedDataError> {
        let find = |keyword: &str| {
            members
                .iter()
                .find(|(name, _)| self.context.expand_name(name).as_deref() == Some(keyword))
                .map(|(_, value)| value)
        };
        let Some(value) = find("@value") else { return Ok(None) };
        let (kind, tag) = (find("@type"), find("@language"));
        if members.len() != 1 + usize::from(kind.is_some()) + usize::from(tag.is_some()) {
            return Err(LinkedDataError::Unsupported("@value".to_owned()));
        }
        match (value, kind, tag) {
            (Value::String(text), None, Some(Value::String(tag))) => {
                Ok(Some(Object::Literal { text: text.clone(), kind: LiteralKind::Language(language(tag)?) }))
            }
            (value, Some(Value::String(kind)), None) => {
                let iri = self.context.expand_name(kind).filter(|iri| is_absolute(iri) && is_safe(iri));
                let iri = iri.ok_or_else(|| LinkedDataError::Type(kind.chars().take(200).collect()))?;
                scalar(value, Some(&iri)).map(Some)
            }
            (value, None, None) => scalar(value, None).map(Some),
            _ => Err(LinkedDataError::Unsupported("@value".to_owned())),
        }
    }

    fn list(&mut self, term: Option<&Term>, items: &[Value], depth: usize) -> Result<Resource, LinkedDataError> {
        let mut rest = Resource::Iri(NIL.to_owned());
        for item in items.iter().rev() {
            if let Some(object) = self.object(term, item, depth)? {
                let link = self.graph.blank_node()?;
                self.graph.insert(&link, FIRST, object)?;
                self.graph.insert(&link, REST, Object::Resource(rest))?;
                rest = link;
            }
        }
        Ok(rest)
    }

    fn languages(
        &mut self,
        subject: &Resource,
        iri: &str,
        languages: &Map<String, Value>,
    ) -> Result<(), LinkedDataError> {
        for (tag, texts) in languages {
            let kind = if tag == "@none" { LiteralKind::Text } else { LiteralKind::Language(language(tag)?) };
            for text in super::items(texts).iter().filter(|text| !text.is_null()) {
                let Value::String(text) = text else { return Err(LinkedDataError::Language(tag.clone())) };
                self.graph.insert(subject, iri, Object::Literal { text: text.clone(), kind: kind.clone() })?;
            }
        }
        Ok(())
    }

    fn drop_member(&mut self, name: &str, value: &Value) -> Result<(), LinkedDataError> {
        if super::holds_object(value) {
            return Err(LinkedDataError::Meaningless(name.chars().take(200).collect()));
        }
        if !value.is_null() {
            self.dropped.push(name.to_owned());
        }
        Ok(())
    }
}

fn datatype(term: Option<&Term>) -> Option<&str> {
    match &term?.coercion {
        Coercion::Typed(kind) => Some(kind),
        _ => None,
    }
}

fn scalar(value: &Value, datatype: Option<&str>) -> Result<Object, LinkedDataError> {
    let (text, usual) = match value {
        Value::Bool(flag) => (flag.to_string(), number::BOOLEAN),
        Value::Number(number) => {
            let number = number.as_f64().ok_or_else(|| LinkedDataError::Unsupported(number.to_string()))?;
            number::lexical(number, datatype)
        }
        Value::String(text) if datatype.is_none() => {
            return Ok(Object::Literal { text: text.clone(), kind: LiteralKind::Text });
        }
        Value::String(text) => (text.clone(), ""),
        _ => return Err(LinkedDataError::Unsupported("@value".to_owned())),
    };
    Ok(Object::Literal { text, kind: LiteralKind::Typed(datatype.unwrap_or(usual).to_owned()) })
}
