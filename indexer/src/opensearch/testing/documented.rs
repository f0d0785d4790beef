//! Stands for a cluster: takes what the documentation of its interface allows, panics at anything else, and keeps entries and
//! versions as a cluster does. It cannot search: everything is found.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use http::{Method, StatusCode};
use jsonschema::Validator;
use platform::net::NetError;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::opensearch::api::{Answer, Body, Cluster, Request};

const INTERFACE: &str = include_str!("../../../fixtures/opensearch-api.json");

/// A cluster of one index after another.
#[derive(Debug)]
pub(crate) struct Documented {
    operations: Vec<Operation>,
    validators: HashMap<String, Validator>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    indexes: HashMap<String, Index>,
    /// All that was asked, by the names of the operations.
    asked: Vec<(String, Request)>,
    /// What is said instead of an answer.
    outage: Option<StatusCode>,
}

#[derive(Debug, Default)]
struct Index {
    alias: String,
    entries: BTreeMap<String, Entry>,
    position: Option<(Value, u64)>,
}

#[derive(Debug)]
struct Entry {
    version: i64,
    /// `None` if it was deleted.
    document: Option<Value>,
}

#[derive(Debug, Clone, Deserialize)]
struct Operation {
    name: String,
    method: String,
    path: String,
    parameters: HashMap<String, Value>,
    body: Option<String>,
    lines: Option<Lines>,
}

/// Which values follow one another in a body of lines.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Lines {
    Actions { action: String, after: HashMap<String, String> },
    Alternating { alternate: [String; 2] },
}

impl Documented {
    pub fn new() -> Self {
        let interface: Value = serde_json::from_str(INTERFACE).unwrap();
        let operations = serde_json::from_value(interface["operations"].clone()).unwrap();
        let validator = |name: &String| {
            let schema = json!({"$ref": format!("#/$defs/{name}"), "$defs": interface["$defs"].clone()});
            (name.clone(), jsonschema::validator_for(&schema).unwrap())
        };
        let validators = interface["$defs"].as_object().unwrap().keys().map(validator).collect();
        Self { operations, validators, state: Mutex::default() }
    }

    /// Answers everything with a status from now on, or answers again.
    pub fn fail_with(&self, outage: Option<StatusCode>) {
        self.state().outage = outage;
    }

    /// Takes back what was asked so far, by the names of the operations.
    pub fn asked(&self) -> Vec<(String, Request)> {
        std::mem::take(&mut self.state().asked)
    }

    /// The ids of the entries of an index.
    pub fn ids(&self, index: &str) -> Vec<String> {
        let state = self.state();
        let entries = state.indexes.get(index).map(|index| &index.entries);
        let live = entries.into_iter().flatten().filter(|(_, entry)| entry.document.is_some());
        live.map(|(id, _)| id.clone()).collect()
    }

    /// An index that somebody else has made.
    pub fn make_foreign(&self, index: &str) {
        self.state().indexes.insert(index.to_owned(), Index::default());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a request is, if the documentation has it.
    fn operation(&self, request: &Request) -> &Operation {
        let fits = |operation: &&Operation| {
            let expected: Vec<&str> = operation.path.split('/').collect();
            let asked: Vec<&str> = request.path.split('/').collect();
            operation.method == request.method.as_str()
                && expected.len() == asked.len()
                && expected.iter().zip(asked).all(|(expected, asked)| *expected == asked || is_name(expected, asked))
        };
        let found = self.operations.iter().find(fits);
        found.unwrap_or_else(|| panic!("no such operation: {} {}", request.method, request.path))
    }

    fn check(&self, operation: &Operation, request: &Request) {
        for (name, value) in &request.parameters {
            let schema = operation.parameters.get(*name);
            let schema = schema.unwrap_or_else(|| panic!("{}: no parameter {name}", operation.name));
            assert!(jsonschema::is_valid(schema, &json!(value)), "{}: {name}={value}", operation.name);
        }
        match (&operation.body, &operation.lines, &request.body) {
            (None, None, Body::Nothing) => {}
            (Some(schema), None, Body::Json(body)) => self.check_value(schema, body),
            (None, Some(Lines::Alternating { alternate: [first, second] }), Body::Lines(lines)) => {
                assert!(lines.len() % 2 == 0, "{}: {} lines", operation.name, lines.len());
                for (place, line) in lines.iter().enumerate() {
                    self.check_value(if place % 2 == 0 { first } else { second }, line);
                }
            }
            (None, Some(Lines::Actions { action, after }), Body::Lines(lines)) => {
                let mut lines = lines.iter();
                while let Some(line) = lines.next() {
                    self.check_value(action, line);
                    let kind = line.as_object().unwrap().keys().next().unwrap();
                    if let Some(schema) = after.get(kind) {
                        self.check_value(schema, lines.next().unwrap());
                    }
                }
            }
            _ => panic!("{}: another body is expected than {:?}", operation.name, request.body),
        }
    }

    fn check_value(&self, schema: &str, value: &Value) {
        if let Some(error) = self.validators[schema].iter_errors(value).next() {
            panic!("this is no {schema}: {error}\n{value:#}");
        }
    }
}

/// Whether a part of a path stands for a name that can be one.
fn is_name(expected: &str, asked: &str) -> bool {
    let is_fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    expected.starts_with('{') && asked.starts_with(|c: char| c.is_ascii_alphanumeric()) && asked.chars().all(is_fine)
}

#[async_trait]
impl Cluster for Documented {
    async fn send(&self, request: Request) -> Result<Answer, NetError> {
        let operation = self.operation(&request).clone();
        self.check(&operation, &request);
        let mut state = self.state();
        state.asked.push((operation.name.clone(), request.clone()));
        let (status, body) = match state.outage {
            Some(status) => (status, json!({"error": {"type": "made_up", "reason": "out of order"}})),
            None => state.answer(&operation.name, &request),
        };
        Ok(Answer { status, body: body.to_string().into() })
    }
}

impl State {
    fn answer(&mut self, operation: &str, request: &Request) -> (StatusCode, Value) {
        let name = request.path.split('/').nth(1).unwrap_or_default().to_owned();
        match operation {
            "about" => (StatusCode::OK, json!({"version": {"number": "2.19.1", "distribution": "opensearch"}})),
            "create index" => self.create(name, &request.body),
            "delete index" => match self.indexes.remove(&name) {
                Some(_) => (StatusCode::OK, json!({"acknowledged": true})),
                None => missing(),
            },
            _ => {
                let is_written = matches!(operation, "write position" | "bulk");
                let known = self.indexes.iter_mut().find(|(known, index)| match is_written {
                    true => index.alias == name,
                    false => **known == name,
                });
                known.map_or_else(missing, |(_, index)| index.answer(operation, request))
            }
        }
    }

    fn create(&mut self, name: String, body: &Body) -> (StatusCode, Value) {
        let Body::Json(body) = body else { return missing() };
        if self.indexes.contains_key(&name) {
            let error = json!({"type": "resource_already_exists_exception", "reason": "it exists"});
            return (StatusCode::BAD_REQUEST, json!({"error": error}));
        }
        let alias = body["aliases"].as_object().unwrap().keys().next().unwrap().clone();
        self.indexes.insert(name, Index { alias, ..Index::default() });
        (StatusCode::OK, json!({"acknowledged": true}))
    }
}

impl Index {
    fn answer(&mut self, operation: &str, request: &Request) -> (StatusCode, Value) {
        let live = || self.entries.iter().filter_map(|(_, entry)| entry.document.as_ref());
        match (operation, &request.body) {
            ("read position", _) => match &self.position {
                Some((source, number)) => {
                    (StatusCode::OK, json!({"_seq_no": number, "_primary_term": 1, "_source": source}))
                }
                None => (StatusCode::NOT_FOUND, json!({"found": false})),
            },
            ("write position", Body::Json(position)) => self.move_to(position, request),
            ("bulk", Body::Lines(lines)) => (StatusCode::OK, self.write(lines)),
            ("refresh", _) => (StatusCode::OK, json!({})),
            ("count", _) => (StatusCode::OK, json!({"count": live().count()})),
            ("search", Body::Json(body)) => (StatusCode::OK, found(live(), body)),
            ("multi search", Body::Lines(lines)) => {
                let searches = lines.iter().skip(1).step_by(2);
                let responses: Vec<Value> = searches.map(|body| counted(live().count(), body)).collect();
                (StatusCode::OK, json!({"responses": responses}))
            }
            _ => missing(),
        }
    }

    fn move_to(&mut self, position: &Value, request: &Request) -> (StatusCode, Value) {
        let parameter = |name| request.parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
        let expected = parameter("if_seq_no").map(|number| number.parse::<u64>().unwrap());
        let there = self.position.as_ref().map(|(_, number)| *number);
        let is_new = parameter("op_type").is_some();
        if (is_new && there.is_some()) || (!is_new && expected != there) {
            return (StatusCode::CONFLICT, json!({"error": {"type": "version_conflict_engine_exception"}}));
        }
        self.position = Some((position.clone(), there.map_or(0, |number| number + 1)));
        (StatusCode::OK, json!({}))
    }

    fn write(&mut self, lines: &[Value]) -> Value {
        let mut items = vec![];
        let mut lines = lines.iter();
        while let Some(line) = lines.next() {
            let (action, about) = line.as_object().unwrap().iter().next().unwrap();
            let document = (action == "index").then(|| lines.next().unwrap().clone());
            let (id, version) = (about["_id"].as_str().unwrap(), about["version"].as_i64().unwrap());
            let is_older = self.entries.get(id).is_some_and(|entry| entry.version > version);
            if is_older {
                let error = json!({"type": "version_conflict_engine_exception", "reason": "newer"});
                items.push(json!({action: {"status": 409, "error": error}}));
                continue;
            }
            self.entries.insert(id.to_owned(), Entry { version, document });
            items.push(json!({action: {"status": 200}}));
        }
        let errors = items.iter().any(|item| item.as_object().unwrap().values().any(|item| item["status"] == 409));
        json!({"errors": errors, "items": items})
    }
}

/// All documents, as far as they were asked for.
fn found<'d>(documents: impl Iterator<Item = &'d Value>, body: &Value) -> Value {
    let documents: Vec<&Value> = documents.collect();
    let wanted: Vec<&str> = body["docvalue_fields"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let hit = |document: &&Value| {
        let value = |name: &&str| match document.get(*name)? {
            Value::Array(values) => Some(((*name).to_owned(), json!(values))),
            value => Some(((*name).to_owned(), json!([value]))),
        };
        let fields: serde_json::Map<String, Value> = wanted.iter().filter_map(value).collect();
        json!({"_score": 1.0, "fields": fields, "matched_queries": {}})
    };
    let size = body["size"].as_u64().unwrap_or(10) as usize;
    let hits: Vec<Value> = documents.iter().take(size).map(hit).collect();
    json!({"hits": {"total": {"value": documents.len(), "relation": "eq"}, "hits": hits}})
}

/// What a search that counts is told: of all entries how many there are, of any word that nobody knows it.
fn counted(entries: usize, body: &Value) -> Value {
    let total = if body["query"].get("exists").is_some() { entries } else { 0 };
    let mut told = json!({"status": 200, "hits": {"total": {"value": total, "relation": "eq"}, "hits": []}});
    if body.get("aggs").is_some() {
        told["aggregations"] = json!({"sample": {"doc_count": 0, "words": {"buckets": []}}});
    }
    if body.get("suggest").is_some() {
        told["suggest"] = json!({"similar": [{"text": "", "options": []}]});
    }
    told
}

fn missing() -> (StatusCode, Value) {
    (StatusCode::NOT_FOUND, json!({"error": {"type": "index_not_found_exception", "reason": "no such index"}}))
}

/// So that a method that nobody documents is not sent by mistake.
#[test]
fn what_is_not_documented_is_refused() {
    let cluster = Documented::new();
    let refused = |method: Method, path: &str, body: Body| {
        let request = Request::new(method, path.to_owned(), body);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let operation = cluster.operation(&request).clone();
            cluster.check(&operation, &request);
        }))
        .is_err()
    };
    assert!(!refused(Method::POST, "/videos/_count", Body::Json(json!({"query": {"exists": {"field": "id"}}}))));
    assert!(refused(Method::POST, "/videos/_count", Body::Json(json!({"query": {"exist": {"field": "id"}}}))));
    assert!(refused(Method::POST, "/videos/_count", Body::Json(json!({"query": {"exists": {"fields": "id"}}}))));
    assert!(refused(Method::POST, "/Videos/_count", Body::Json(json!({}))));
    assert!(refused(Method::DELETE, "/videos/_count", Body::Nothing));
    assert!(refused(Method::POST, "/videos/_bulk", Body::Lines(vec![json!({"update": {"_id": "1"}})])));
}
