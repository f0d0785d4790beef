use std::fmt::Write as _;

use schemars::JsonSchema;
use serde_json::Value as Json;
use toml::{Table, Value};

use super::ConfigError;

/// What a key takes, as far as reading it from a variable needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    List,
    Other,
}

#[derive(Debug)]
struct Key {
    path: String,
    description: String,
    kind: Kind,
}

#[derive(Debug)]
struct Section {
    path: String,
    description: String,
    keys: Vec<Key>,
}

/// The keys that a configuration struct has, read off its schema.
#[derive(Debug)]
pub(super) struct KnownKeys {
    sections: Vec<Section>,
}

impl KnownKeys {
    pub(super) fn of<T: JsonSchema>() -> Self {
        let schema = Json::from(schemars::schema_for!(T));
        let mut known = Self { sections: vec![] };
        known.collect(&schema, &schema, "", description(&schema));
        known
    }

    fn collect(&mut self, root: &Json, schema: &Json, path: &str, about: String) {
        let Some(properties) = schema.get("properties").and_then(Json::as_object) else { return };
        let mut section = Section { path: path.to_owned(), description: about, keys: vec![] };
        let mut inner = vec![];
        for (name, property) in properties {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let resolved = resolve(root, property);
            let about = if description(property).is_empty() { description(resolved) } else { description(property) };
            if resolved.get("properties").is_some() {
                inner.push((resolved, path, about));
            } else {
                section.keys.push(Key { path, description: about, kind: kind(resolved) });
            }
        }
        self.sections.push(section);
        for (schema, path, about) in inner {
            self.collect(root, schema, &path, about);
        }
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        self.sections.iter().flat_map(|section| &section.keys)
    }

    /// Reads a variable's text as what the key takes.
    pub(super) fn value_for(&self, path: &str, text: &str) -> Value {
        let kind = self.keys().find(|key| key.path == path).map_or(Kind::Text, |key| key.kind);
        match kind {
            Kind::Text => Value::String(text.to_owned()),
            Kind::List if !text.trim_start().starts_with('[') => Value::Array(
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(std::convert::Into::into).collect(),
            ),
            Kind::List | Kind::Other => format!("value = {text}")
                .parse::<Table>()
                .ok()
                .and_then(|mut table| table.remove("value"))
                .unwrap_or_else(|| Value::String(text.to_owned())),
        }
    }

    /// Refuses keys that do not exist.
    pub(super) fn check(&self, table: &Table) -> Result<(), ConfigError> {
        self.check_section(table, "")
    }

    fn check_section(&self, table: &Table, prefix: &str) -> Result<(), ConfigError> {
        for (name, value) in table {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            if self.keys().any(|key| key.path == path) {
                continue;
            }
            match value {
                Value::Table(inner) if self.sections.iter().any(|section| section.path == path) => {
                    self.check_section(inner, &path)?;
                }
                Value::Table(inner) => {
                    let key = inner.keys().next().map_or(path.clone(), |first| format!("{path}.{first}"));
                    return Err(self.unknown(key));
                }
                _ => return Err(self.unknown(path)),
            }
        }
        Ok(())
    }

    fn unknown(&self, key: String) -> ConfigError {
        let nearest = self
            .keys()
            .map(|known| (strsim::jaro_winkler(&known.path, &key), &known.path))
            .max_by(|(a, _), (b, _)| a.total_cmp(b))
            .filter(|(likeness, _)| *likeness > 0.7)
            .map(|(_, path)| path.clone());
        ConfigError::UnknownKey { key, nearest }
    }

    pub(super) fn reference(&self, defaults: &Value) -> String {
        let mut text = String::new();
        for section in &self.sections {
            if section.keys.is_empty() {
                continue;
            }
            write_comment(&mut text, &section.description);
            if !section.path.is_empty() {
                let _ = writeln!(text, "[{}]", section.path);
            }
            for key in &section.keys {
                text.push('\n');
                write_comment(&mut text, &key.description);
                let name = key.path.rsplit('.').next().unwrap_or(&key.path);
                let default = lookup(defaults, &key.path).map(ToString::to_string).unwrap_or_default();
                let _ = writeln!(text, "{}", format!("# {name} = {default}").trim_end());
            }
            text.push('\n');
        }
        text
    }
}

fn resolve<'s>(root: &'s Json, schema: &'s Json) -> &'s Json {
    let target = schema.get("$ref").and_then(Json::as_str).or_else(|| {
        // An optional section: `anyOf: [{$ref}, {type: null}]`.
        schema.get("anyOf")?.as_array()?.iter().find_map(|choice| choice.get("$ref"))?.as_str()
    });
    target.and_then(|target| root.pointer(target.strip_prefix('#')?)).unwrap_or(schema)
}

fn description(schema: &Json) -> String {
    schema.get("description").and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn kind(schema: &Json) -> Kind {
    let is = |wanted: &str| match schema.get("type") {
        Some(Json::String(name)) => name == wanted,
        Some(Json::Array(names)) => names.iter().any(|name| name == wanted),
        _ => false,
    };
    if is("array") {
        Kind::List
    } else if is("string") || schema.get("enum").is_some() || schema.get("oneOf").is_some() {
        Kind::Text
    } else {
        Kind::Other
    }
}

fn lookup<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, name| value.get(name))
}

fn write_comment(text: &mut String, comment: &str) {
    for line in comment.lines() {
        let _ = writeln!(text, "{}", format!("# {line}").trim_end());
    }
}
