//! What does a name mean? The part of JSON-LD 1.1 contexts that the fediverse uses.
//!
//! Terms with `@id`, `@type`, `@language` and `@container` (`@list`, `@set`, `@language`), `@vocab` and `@language` for the
//! whole document. Anything else (scoped contexts, `@base`, `@import`, `@nest`, `@reverse`, …) is refused, and so is every
//! context by reference that is not built in: nothing is fetched.

use std::{collections::HashMap, sync::LazyLock};

use serde_json::Value;

use super::{LinkedDataError, definition};

const ACTIVITY_STREAMS_URL: &str = "https://www.w3.org/ns/activitystreams";
const SECURITY_URL: &str = "https://w3id.org/security/v1";
const MAX_PARTS: usize = 20;
const MAX_TERMS: usize = 1000;

/// What a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// An IRI, or a keyword such as `@id`.
    pub(super) iri: String,
    pub(super) coercion: Coercion,
    pub(super) container: Container,
    pub(super) language: Language,
    /// Whether `name:rest` stands for the IRI and the rest.
    pub(super) is_prefix: bool,
}

/// What a text means as the value of a term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Coercion {
    Text,
    Iri,
    Vocabulary,
    Typed(String),
}

/// In which language a text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Language {
    /// In that of the document, if it has one.
    OfDocument,
    /// In none.
    None,
    Tag(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Set,
    List,
    Language,
}

/// All names and their meanings.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    /// `None`: the name explicitly means nothing.
    pub(super) terms: HashMap<String, Option<Term>>,
    pub(super) vocabulary: Option<String>,
    pub(super) language: Option<String>,
}

/// What the specification of Activity Streams 2.0 defines.
pub(super) static ACTIVITY_STREAMS: LazyLock<Context> =
    LazyLock::new(|| built_in(Context::default(), include_str!("contexts/activitystreams.json")));

static ACTIVITY_STREAMS_AND_SECURITY: LazyLock<Context> =
    LazyLock::new(|| built_in(ACTIVITY_STREAMS.clone(), include_str!("contexts/security-v1.json")));

static SECURITY: LazyLock<Context> =
    LazyLock::new(|| built_in(Context::default(), include_str!("contexts/security-v1.json")));

fn built_in(mut context: Context, document: &str) -> Context {
    let document: Value = serde_json::from_str(document).expect("the built-in contexts are JSON, as a test shows");
    let object = document.get("@context").and_then(Value::as_object).expect("the built-in contexts are objects");
    definition::extend(&mut context, object).expect("the built-in contexts can be read, as a test shows");
    context
}

impl Context {
    /// What names mean within an object that has a `@context` of its own.
    pub(super) fn within(&self, value: &Value) -> Result<Self, LinkedDataError> {
        let parts = super::items(value);
        if parts.len() > MAX_PARTS {
            return Err(LinkedDataError::TooLarge);
        }
        let (mut context, known) = match parts {
            [Value::String(first), Value::String(second), ..]
                if self.terms.is_empty() && first == ACTIVITY_STREAMS_URL && second == SECURITY_URL =>
            {
                (ACTIVITY_STREAMS_AND_SECURITY.clone(), 2)
            }
            _ => (self.clone(), 0),
        };
        for part in parts.iter().skip(known) {
            context.extend(part)?;
        }
        Ok(context)
    }

    /// What signatures themselves are written in.
    pub(super) fn security() -> Self {
        SECURITY.clone()
    }

    fn extend(&mut self, part: &Value) -> Result<(), LinkedDataError> {
        match part {
            Value::String(url) if url == ACTIVITY_STREAMS_URL => self.add(&ACTIVITY_STREAMS),
            Value::String(url) if url == SECURITY_URL => self.add(&SECURITY),
            Value::String(url) => return Err(LinkedDataError::RemoteContext(url.chars().take(200).collect())),
            Value::Object(object) => definition::extend(self, object)?,
            _ => return Err(LinkedDataError::Context("a part that is neither URL nor object".to_owned())),
        }
        if self.terms.len() > MAX_TERMS { Err(LinkedDataError::TooLarge) } else { Ok(()) }
    }

    fn add(&mut self, other: &Self) {
        self.terms.extend(other.terms.iter().map(|(name, term)| (name.clone(), term.clone())));
        if other.vocabulary.is_some() {
            self.vocabulary.clone_from(&other.vocabulary);
        }
    }

    /// What a name means, if the contexts say so.
    pub(super) fn term(&self, name: &str) -> Option<&Term> {
        self.terms.get(name)?.as_ref()
    }

    /// The IRI of a member's name or of a type. `None` if it means nothing.
    pub(super) fn expand_name(&self, name: &str) -> Option<String> {
        match self.terms.get(name) {
            Some(term) => return term.as_ref().map(|term| term.iri.clone()),
            None if name.starts_with('@') => return Some(name.to_owned()),
            None => {}
        }
        self.expand_compact(name).or_else(|| Some(format!("{}{name}", self.vocabulary.as_ref()?)))
    }

    /// The IRI of a value that is a reference. `None` if it is relative, and therefore means nothing.
    pub(super) fn expand_reference(&self, text: &str) -> Option<String> {
        self.expand_compact(text).filter(|iri| is_absolute(iri))
    }

    fn expand_compact(&self, text: &str) -> Option<String> {
        let (prefix, rest) = text.split_once(':').filter(|(prefix, _)| !prefix.is_empty())?;
        if prefix == "_" || rest.starts_with("//") {
            return Some(text.to_owned());
        }
        match self.term(prefix) {
            Some(term) if term.is_prefix => Some(format!("{}{rest}", term.iri)),
            _ => is_absolute(text).then(|| text.to_owned()),
        }
    }
}

/// Whether it starts with a scheme and has no white space.
pub(super) fn is_absolute(iri: &str) -> bool {
    let Some((scheme, rest)) = iri.split_once(':') else { return false };
    let mut letters = scheme.chars();
    letters.next().is_some_and(|letter| letter.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.'))
        && !rest.contains(|character: char| character.is_whitespace() || character == '\u{feff}')
}

/// Whether it is the name of an unnamed thing.
pub(super) fn is_blank(iri: &str) -> bool {
    iri.starts_with("_:")
}
