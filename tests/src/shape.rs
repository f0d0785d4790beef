//! Does an answer have everything that clients of PeerTube expect to find in it?

use serde_json::Value;

/// The paths that the sample has and the answer lacks, or has with another type. Lists are compared by their first
/// elements, and lack them if they have none; `null` stands for any type.
pub fn missing(sample: &Value, answer: &Value) -> Vec<String> {
    let mut found = vec![];
    compare("", sample, answer, &mut found);
    found
}

fn compare(path: &str, sample: &Value, answer: &Value, found: &mut Vec<String>) {
    match (sample, answer) {
        (Value::Null, _) | (_, Value::Null) => {}
        (Value::Object(sample), Value::Object(answer)) => {
            for (key, value) in sample {
                let path = format!("{path}.{key}");
                match answer.get(key) {
                    Some(answer) => compare(&path, value, answer, found),
                    None => found.push(path),
                }
            }
        }
        (Value::Array(sample), Value::Array(answer)) => match (sample.first(), answer.first()) {
            (Some(sample), Some(answer)) => compare(&format!("{path}[]"), sample, answer, found),
            (Some(_), None) => found.push(format!("{path}[]")),
            (None, _) => {}
        },
        (sample, answer) if kind(sample) == kind(answer) => {}
        (sample, answer) => found.push(format!("{path} ({} instead of {})", kind(answer), kind(sample))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missing_or_different_is_named_by_its_path() {
        let sample = json!({ "a": 1, "b": { "c": "x", "d": null }, "e": [{ "f": true }], "g": "x", "h": [1], "i": [] });
        let answer = json!({ "b": { "c": 1, "d": 5 }, "e": [{}], "g": null, "h": [], "i": [1], "more": 1 });
        assert_eq!(missing(&sample, &answer), [".a", ".b.c (number instead of text)", ".e[].f", ".h[]"]);
        assert_eq!(missing(&sample, &sample), Vec::<String>::new());
    }
}
