//! Is this a document that is worth reading? Size, depth and forbidden keywords are checked before any structure is built.

use serde_json::Value;

/// The largest document that is read, as PeerTube's limit for JSON bodies: 500 kB.
pub const MAX_DOCUMENT_BYTES: usize = 500 * 1024;

/// How deep objects and lists may be nested. A video in an activity in an activity takes ten.
pub const MAX_DEPTH: usize = 32;

/// Keywords that change what belongs to what when a document is processed as JSON-LD, so that a checker and a reader of
/// the same bytes could see different things. PeerTube refuses them too.
const FORBIDDEN_KEYWORDS: [&str; 3] = ["@included", "@graph", "@reverse"];

/// A document that is not read at all.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It is larger than [`MAX_DOCUMENT_BYTES`].
    #[error("the document has {0} bytes, more than {MAX_DOCUMENT_BYTES}")]
    TooLarge(usize),
    /// It is nested deeper than [`MAX_DEPTH`].
    #[error("the document is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// It is no JSON.
    #[error("the document is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON, but no object.
    #[error("the document is no object")]
    NotAnObject,
    /// It uses a JSON-LD keyword that we refuse.
    #[error("the document uses {0}")]
    ForbiddenKeyword(&'static str),
}

/// Reads a document.
///
/// # Errors
/// [`DocumentError`] names the first bound it breaks.
pub fn parse(bytes: &[u8]) -> Result<Value, DocumentError> {
    if bytes.len() > MAX_DOCUMENT_BYTES {
        return Err(DocumentError::TooLarge(bytes.len()));
    }
    if depth(bytes) > MAX_DEPTH {
        return Err(DocumentError::TooDeep);
    }
    let value: Value = serde_json::from_slice(bytes)?;
    if !value.is_object() {
        return Err(DocumentError::NotAnObject);
    }
    match find_forbidden(&value) {
        Some(keyword) => Err(DocumentError::ForbiddenKeyword(keyword)),
        None => Ok(value),
    }
}

/// How deep brackets are nested outside of strings.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in bytes {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_string = false,
            (false, b'"') => in_string = true,
            (false, b'{' | b'[') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn find_forbidden(value: &Value) -> Option<&'static str> {
    match value {
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            let forbidden = FORBIDDEN_KEYWORDS.into_iter().find(|keyword| keyword == name);
            forbidden.or_else(|| find_forbidden(member))
        }),
        Value::Array(items) => items.iter().find_map(find_forbidden),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bounds_are_checked_before_anything_is_built() {
        assert!(matches!(parse(&vec![b' '; MAX_DOCUMENT_BYTES + 1]), Err(DocumentError::TooLarge(_))));
        assert!(matches!(parse("[".repeat(100_000).as_bytes()), Err(DocumentError::TooDeep)));
        assert!(matches!(parse(b"[]"), Err(DocumentError::NotAnObject)));
        assert!(matches!(parse(b"{"), Err(DocumentError::Json(_))));
    }

    #[test]
    fn brackets_in_strings_do_not_nest() {
        let text = format!(r#"{{"content": "{}\"[[["}}"#, "[".repeat(1000));
        assert!(parse(text.as_bytes()).is_ok());
    }

    #[test]
    fn keywords_that_hide_objects_are_refused_at_any_depth() {
        let text = br#"{"object": [{"x": {"@graph": []}}]}"#;
        assert!(matches!(parse(text), Err(DocumentError::ForbiddenKeyword("@graph"))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }

        #[test]
        fn what_is_deep_is_refused(levels in MAX_DEPTH..200_usize) {
            let text = format!(r#"{{"a": {}1{}}}"#, "[".repeat(levels), "]".repeat(levels));
            prop_assert!(matches!(parse(text.as_bytes()), Err(DocumentError::TooDeep)));
        }
    }
}
