//! Reading the definitions of terms (JSON-LD 1.1 API, sections 4.1 and 4.2).

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    LinkedDataError,
    context::{Coercion, Container, Context, Language, Term, is_absolute, is_blank},
};

/// How long a chain of terms that stand for terms may be.
const MAX_CHAIN: usize = 16;
const KEYWORDS: [&str; 5] = ["@id", "@type", "@value", "@language", "@none"];
const DEFINITION_KEYWORDS: [&str; 4] = ["@id", "@type", "@container", "@language"];

/// Adds what an object says to a context.
pub(super) fn extend(context: &mut Context, local: &Map<String, Value>) -> Result<(), LinkedDataError> {
    for (name, value) in local.iter().filter(|(name, _)| name.starts_with('@')) {
        match (name.as_str(), value) {
            ("@version", Value::Number(_)) => {}
            ("@vocab", Value::Null) => context.vocabulary = None,
            ("@vocab", Value::String(iri)) if is_blank(iri) || is_absolute(iri) => {
                context.vocabulary = Some(iri.clone());
            }
            ("@language", Value::Null) => context.language = None,
            ("@language", Value::String(tag)) => context.language = Some(language(tag)?),
            _ => return Err(LinkedDataError::Context(name.clone())),
        }
    }
    let mut definitions = Definitions { context, local, defined: HashSet::new() };
    local.keys().filter(|name| !name.starts_with('@')).try_for_each(|name| definitions.define(name, 0))
}

struct Definitions<'c> {
    context: &'c mut Context,
    local: &'c Map<String, Value>,
    defined: HashSet<String>,
}

impl Definitions<'_> {
    fn define(&mut self, name: &str, depth: usize) -> Result<(), LinkedDataError> {
        let refused = || LinkedDataError::Context(name.to_owned());
        let Some(value) = self.local.get(name).filter(|_| !self.defined.contains(name)) else { return Ok(()) };
        if depth > MAX_CHAIN || name.is_empty() || name.contains([':', '/', '#']) {
            return Err(refused());
        }
        // Removed first, so that a term that stands for itself is an error and not its own past.
        self.context.terms.remove(name);
        let term = match value {
            Value::Null => None,
            Value::String(iri) => Some(self.simple(name, iri, depth)?),
            Value::Object(definition) => self.detailed(name, definition, depth)?,
            _ => return Err(refused()),
        };
        self.defined.insert(name.to_owned());
        self.context.terms.insert(name.to_owned(), term);
        Ok(())
    }

    fn simple(&mut self, name: &str, iri: &str, depth: usize) -> Result<Term, LinkedDataError> {
        let iri = self.iri(name, iri, depth)?;
        let is_prefix = iri.ends_with([':', '/', '?', '#', '[', ']', '@']);
        Ok(Term { iri, coercion: Coercion::Text, container: Container::Set, language: Language::OfDocument, is_prefix })
    }

    fn detailed(
        &mut self,
        name: &str,
        definition: &Map<String, Value>,
        depth: usize,
    ) -> Result<Option<Term>, LinkedDataError> {
        let refused = || LinkedDataError::Context(name.to_owned());
        if definition.keys().any(|key| !DEFINITION_KEYWORDS.contains(&key.as_str())) {
            return Err(refused());
        }
        let iri = match definition.get("@id") {
            Some(Value::Null) => return Ok(None),
            Some(Value::String(iri)) if iri != name => self.iri(name, iri, depth)?,
            Some(Value::String(_)) | None => {
                self.context.vocabulary.as_ref().map(|iri| format!("{iri}{name}")).ok_or_else(refused)?
            }
            Some(_) => return Err(refused()),
        };
        let language = match definition.get("@language") {
            None => Language::OfDocument,
            Some(Value::Null) => Language::None,
            Some(Value::String(tag)) => Language::Tag(language(tag)?),
            Some(_) => return Err(refused()),
        };
        let coercion = self.coercion(name, definition.get("@type"), depth)?;
        let container = container(definition.get("@container")).ok_or_else(refused)?;
        Ok(Some(Term { iri, coercion, container, language, is_prefix: false }))
    }

    fn coercion(&mut self, name: &str, value: Option<&Value>, depth: usize) -> Result<Coercion, LinkedDataError> {
        match value {
            None => Ok(Coercion::Text),
            Some(Value::String(kind)) => match kind.as_str() {
                "@none" => Ok(Coercion::Text),
                "@id" => Ok(Coercion::Iri),
                "@vocab" => Ok(Coercion::Vocabulary),
                kind => {
                    let kind = self.iri(name, kind, depth)?;
                    is_absolute(&kind)
                        .then_some(Coercion::Typed(kind))
                        .ok_or_else(|| LinkedDataError::Context(name.to_owned()))
                }
            },
            Some(_) => Err(LinkedDataError::Context(name.to_owned())),
        }
    }

    /// The IRI that a definition gives, after defining the terms that it uses.
    fn iri(&mut self, name: &str, text: &str, depth: usize) -> Result<String, LinkedDataError> {
        let refused = || LinkedDataError::Context(name.to_owned());
        if text.starts_with('@') {
            return KEYWORDS.contains(&text).then(|| text.to_owned()).ok_or_else(refused);
        }
        self.define(text, depth + 1)?;
        if let Some((prefix, _)) = text.split_once(':') {
            self.define(prefix, depth + 1)?;
        }
        let iri = self.context.expand_name(text).ok_or_else(refused)?;
        let usable = is_absolute(&iri) || is_blank(&iri) || KEYWORDS.contains(&iri.as_str());
        (usable && is_safe(&iri)).then_some(iri).ok_or_else(refused)
    }
}

/// Whether it can be written between angle brackets.
pub(super) fn is_safe(iri: &str) -> bool {
    !iri.contains(|character: char| {
        matches!(character, '<' | '>' | '"') || character.is_control() || character.is_whitespace()
    })
}

pub(super) fn language(tag: &str) -> Result<String, LinkedDataError> {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if tag.is_empty() || tag.len() > 50 || !tag.bytes().all(letters) {
        return Err(LinkedDataError::Language(tag.chars().take(50).collect()));
    }
    Ok(tag.to_owned())
}

fn container(value: Option<&Value>) -> Option<Container> {
    let names: Vec<&str> = match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().map(Value::as_str).collect::<Option<_>>()?,
        Some(_) => return None,
    };
    match names.as_slice() {
        [] | ["@set"] => Some(Container::Set),
        ["@list"] => Some(Container::List),
        ["@language"] | ["@language", "@set"] | ["@set", "@language"] => Some(Container::Language),
        _ => None,
    }
}
