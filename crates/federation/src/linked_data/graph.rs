//! What a document says, as RDF: triples of a subject, a predicate and an object, and how they are written (N-Quads).

use std::collections::BTreeSet;

/// More than a video of eight resolutions in thirty languages needs.
const MAX_TRIPLES: usize = 5000;
const MAX_BLANK_NODES: usize = 1000;

pub(super) const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
pub(super) const FIRST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#first";
pub(super) const REST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#rest";
pub(super) const NIL: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#nil";

/// A graph is larger than any honest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLarge;

/// A thing: one that has a name, or one that is only described.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Resource {
    Iri(String),
    Blank(usize),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Object {
    Resource(Resource),
    Literal { text: String, kind: LiteralKind },
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LiteralKind {
    Text,
    Language(String),
    Typed(String),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Triple {
    pub(super) subject: Resource,
    pub(super) predicate: String,
    pub(super) object: Object,
}

/// A set of triples.
#[derive(Debug, Clone, Default)]
pub(super) struct Graph {
    triples: BTreeSet<Triple>,
    blank_nodes: usize,
}

impl Graph {
    pub(super) fn blank_node(&mut self) -> Result<Resource, TooLarge> {
        if self.blank_nodes == MAX_BLANK_NODES {
            return Err(TooLarge);
        }
        self.blank_nodes += 1;
        Ok(Resource::Blank(self.blank_nodes - 1))
    }

    pub(super) fn insert(&mut self, subject: &Resource, predicate: &str, object: Object) -> Result<(), TooLarge> {
        if self.triples.len() == MAX_TRIPLES {
            return Err(TooLarge);
        }
        self.triples.insert(Triple { subject: subject.clone(), predicate: predicate.to_owned(), object });
        Ok(())
    }

    pub(super) fn triples(&self) -> impl Iterator<Item = &Triple> {
        self.triples.iter()
    }

    pub(super) fn blank_nodes(&self) -> usize {
        self.blank_nodes
    }

    /// Whether something is said to be related to this.
    pub(super) fn refers_to(&self, iri: &str) -> bool {
        self.triples().any(|triple| matches!(&triple.object, Object::Resource(Resource::Iri(found)) if found == iri))
    }

    /// Whether the dialects write it differently.
    pub(super) fn differs_between_dialects(&self) -> bool {
        self.triples().any(|triple| match &triple.object {
            Object::Resource(_) => false,
            Object::Literal { text, kind } => {
                text.chars().any(is_control)
                    || matches!(kind, LiteralKind::Language(tag) if tag.bytes().any(|byte| byte.is_ascii_uppercase()))
            }
        })
    }
}

/// Before RDF canonicalisation became a standard, its implementations disagreed in details.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// jsonld.js (PeerTube, Misskey): language tags in lower case, control characters as they are.
    JavaScript,
    /// json-ld for Ruby (Mastodon), and the standard: language tags as they are, control characters escaped.
    Standard,
}

/// Writes triples, with blank nodes named by whoever calls.
pub(super) struct Writer<N> {
    pub(super) dialect: Dialect,
    pub(super) name: N,
}

const STRING: &str = "http://www.w3.org/2001/XMLSchema#string";

impl<N: Fn(usize) -> String> Writer<N> {
    /// One line, with its line feed.
    pub(super) fn line(&self, triple: &Triple) -> String {
        let Triple { subject, predicate, object } = triple;
        format!("{} <{predicate}> {} .\n", self.resource(subject), self.object(object))
    }

    fn resource(&self, resource: &Resource) -> String {
        match resource {
            Resource::Iri(iri) => format!("<{iri}>"),
            Resource::Blank(node) => format!("_:{}", (self.name)(*node)),
        }
    }

    fn object(&self, object: &Object) -> String {
        let (text, kind) = match object {
            Object::Resource(resource) => return self.resource(resource),
            Object::Literal { text, kind } => (self.escape(text), kind),
        };
        match (kind, self.dialect) {
            (LiteralKind::Text, _) => format!("\"{text}\""),
            (LiteralKind::Typed(kind), _) if kind == STRING => format!("\"{text}\""),
            (LiteralKind::Typed(kind), _) => format!("\"{text}\"^^<{kind}>"),
            (LiteralKind::Language(tag), Dialect::Standard) => format!("\"{text}\"@{tag}"),
            (LiteralKind::Language(tag), Dialect::JavaScript) => format!("\"{text}\"@{}", tag.to_ascii_lowercase()),
        }
    }

    fn escape(&self, text: &str) -> String {
        let mut escaped = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '"' => escaped.push_str("\\\""),
                '\\' => escaped.push_str("\\\\"),
                '\n' => escaped.push_str("\\n"),
                '\r' => escaped.push_str("\\r"),
                control if is_control(control) && self.dialect == Dialect::Standard => {
                    escaped.push_str(&escape_control(control));
                }
                other => escaped.push(other),
            }
        }
        escaped
    }
}

/// Those that only one of the dialects escapes.
fn is_control(character: char) -> bool {
    character.is_ascii_control() && !matches!(character, '\n' | '\r')
}

fn escape_control(character: char) -> String {
    match character {
        '\u{8}' => "\\b".to_owned(),
        '\t' => "\\t".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        other => format!("\\u{:04X}", u32::from(other)),
    }
}
