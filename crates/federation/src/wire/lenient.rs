//! How is a member read that every program writes a little differently?
//!
//! Each function fits serde's `deserialize_with` and states in its name what it makes of what it finds. They accept one
//! value where a list is meant and the reverse, an object with an `id` or `href` where a URL is meant, and they drop what
//! is of the wrong shape, so that one odd member does not cost a whole video. Lengths and counts are bounded.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};
use serde_json::Value;
use url::Url;

/// The longest URL that is read, in bytes; PeerTube's own limit.
pub const MAX_URL_LENGTH: usize = 2000;

/// A text of at most `MAX` characters; a longer one is cut there. `None` if it is absent, empty, or no text.
///
/// # Errors
/// None beyond those of JSON.
pub fn text<'de, const MAX: usize, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    Ok(as_text(first(&Value::deserialize(source)?), MAX))
}

/// Like [`text`], but empty where that is `None`.
///
/// # Errors
/// None beyond those of JSON.
pub fn text_or_empty<'de, const MAX: usize, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    text::<MAX, D>(source).map(Option::unwrap_or_default)
}

/// Like [`text`], but an absent one is an error.
///
/// # Errors
/// If there is no text.
pub fn required_text<'de, const MAX: usize, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    text::<MAX, D>(source)?.ok_or_else(|| D::Error::custom("a text is missing"))
}

/// At most `COUNT` texts of at most `MAX` characters each.
///
/// # Errors
/// None beyond those of JSON.
pub fn texts<'de, const MAX: usize, const COUNT: usize, D: Deserializer<'de>>(
    source: D,
) -> Result<Vec<String>, D::Error> {
    let value = Value::deserialize(source)?;
    Ok(items(&value).iter().filter_map(|item| as_text(item, MAX)).take(COUNT).collect())
}

/// At most `COUNT` items; those of the wrong shape are left out.
///
/// # Errors
/// None beyond those of JSON.
pub fn list<'de, T: DeserializeOwned, const COUNT: usize, D: Deserializer<'de>>(source: D) -> Result<Vec<T>, D::Error> {
    let value = Value::deserialize(source)?;
    Ok(items(&value).iter().filter_map(|item| T::deserialize(item).ok()).take(COUNT).collect())
}

/// Whatever it is, or its default if it is of the wrong shape.
///
/// # Errors
/// None beyond those of JSON.
pub fn or_default<'de, T: DeserializeOwned + Default, D: Deserializer<'de>>(source: D) -> Result<T, D::Error> {
    let value = Value::deserialize(source)?;
    Ok(T::deserialize(first(&value)).unwrap_or_default())
}

/// Whatever it is, or `None` if it is of the wrong shape.
///
/// # Errors
/// None beyond those of JSON.
pub fn optional<'de, T: DeserializeOwned, D: Deserializer<'de>>(source: D) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(source)?;
    Ok(T::deserialize(first(&value)).ok())
}

/// Whatever it is, or the first of a list of them.
///
/// # Errors
/// If it is of the wrong shape.
pub fn required<'de, T: DeserializeOwned, D: Deserializer<'de>>(source: D) -> Result<T, D::Error> {
    let value = Value::deserialize(source)?;
    T::deserialize(first(&value)).map_err(D::Error::custom)
}

/// A web address, given as such or as an object that has an `id` or `href`.
///
/// # Errors
/// If there is none.
pub fn url<'de, D: Deserializer<'de>>(source: D) -> Result<Url, D::Error> {
    optional_url(source)?.ok_or_else(|| D::Error::custom("a web address is missing"))
}

/// Like [`url()`], but `None` if there is none.
///
/// # Errors
/// None beyond those of JSON.
pub fn optional_url<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Url>, D::Error> {
    Ok(as_url(&Value::deserialize(source)?))
}

/// At most `COUNT` web addresses.
///
/// # Errors
/// None beyond those of JSON.
pub fn urls<'de, const COUNT: usize, D: Deserializer<'de>>(source: D) -> Result<Vec<Url>, D::Error> {
    let value = Value::deserialize(source)?;
    Ok(items(&value).iter().filter_map(as_url).take(COUNT).collect())
}

/// A number of things, 0 if absent or senseless.
///
/// # Errors
/// None beyond those of JSON.
pub fn count<'de, D: Deserializer<'de>>(source: D) -> Result<u64, D::Error> {
    optional_count(source).map(Option::unwrap_or_default)
}

/// A number of things, `None` if absent or senseless.
///
/// # Errors
/// None beyond those of JSON.
pub fn optional_count<'de, D: Deserializer<'de>>(source: D) -> Result<Option<u64>, D::Error> {
    Ok(as_count(first(&Value::deserialize(source)?)))
}

/// A small number.
///
/// # Errors
/// If there is none.
pub fn small<'de, D: Deserializer<'de>>(source: D) -> Result<u32, D::Error> {
    optional_small(source)?.ok_or_else(|| D::Error::custom("a number is missing"))
}

/// A small number, `None` if absent or senseless.
///
/// # Errors
/// None beyond those of JSON.
pub fn optional_small<'de, D: Deserializer<'de>>(source: D) -> Result<Option<u32>, D::Error> {
    Ok(optional_count(source)?.and_then(|count| u32::try_from(count).ok()))
}

/// A positive fraction, `None` if absent or senseless.
///
/// # Errors
/// None beyond those of JSON.
pub fn optional_fraction<'de, D: Deserializer<'de>>(source: D) -> Result<Option<f64>, D::Error> {
    let value = Value::deserialize(source)?;
    Ok(value.as_f64().filter(|number| number.is_finite() && *number > 0.0))
}

/// Yes or no, `None` if it is neither.
///
/// # Errors
/// None beyond those of JSON.
pub fn flag<'de, D: Deserializer<'de>>(source: D) -> Result<Option<bool>, D::Error> {
    Ok(first(&Value::deserialize(source)?).as_bool())
}

/// Yes or no; no if it is neither.
///
/// # Errors
/// None beyond those of JSON.
pub fn flag_or_false<'de, D: Deserializer<'de>>(source: D) -> Result<bool, D::Error> {
    flag(source).map(Option::unwrap_or_default)
}

/// Yes or no; yes if it is neither.
///
/// # Errors
/// None beyond those of JSON.
pub fn flag_or_true<'de, D: Deserializer<'de>>(source: D) -> Result<bool, D::Error> {
    Ok(flag(source)?.unwrap_or(true))
}

/// The first of a list, or the value itself.
pub fn first(value: &Value) -> &Value {
    value.as_array().and_then(|items| items.first()).unwrap_or(value)
}

/// The items of a list, or the value itself as the only one; none for `null`.
pub fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        Value::Null => &[],
        single => std::slice::from_ref(single),
    }
}

/// The web address in a value: a text, an object with `id` or `href`, or the first such in a list.
pub fn as_url(value: &Value) -> Option<Url> {
    match first(value) {
        Value::String(text) => parse_web_url(text),
        Value::Object(members) => {
            ["id", "href"].iter().find_map(|name| members.get(*name)?.as_str()).and_then(parse_web_url)
        }
        _ => None,
    }
}

/// Reads an `http` or `https` URL with a host, without a user name or password, of bounded length.
pub fn parse_web_url(text: &str) -> Option<Url> {
    parse_url(text, &["http", "https"])
}

/// Like [`parse_web_url`], for a choice of schemes.
pub fn parse_url(text: &str, schemes: &[&str]) -> Option<Url> {
    if text.len() > MAX_URL_LENGTH {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let plain = url.username().is_empty() && url.password().is_none();
    (schemes.contains(&url.scheme()) && url.has_host() && plain && url.as_str().len() <= MAX_URL_LENGTH).then_some(url)
}

fn as_text(value: &Value, max: usize) -> Option<String> {
    let text = value.as_str()?;
    let cut: String = text.chars().filter(|character| *character != '\0').take(max).collect();
    (!cut.is_empty()).then_some(cut)
}

/// Whole numbers up to what a signed 64-bit column holds; fractions lose their digits, texts of digits count.
fn as_count(value: &Value) -> Option<u64> {
    let count = match value {
        Value::Number(number) => number
            .as_u64()
            .or_else(|| number.as_f64().filter(|float| *float >= 0.0 && *float < 9e18).map(|float| float as u64)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    count.filter(|count| i64::try_from(*count).is_ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::wire::any_json::any_json;

    #[test]
    fn an_address_is_found_in_every_usual_shape() {
        for value in [
            json!("https://a.test/x"),
            json!(["https://a.test/x", "https://b.test"]),
            json!({"type": "Link", "href": "https://a.test/x"}),
            json!([{"id": "https://a.test/x"}]),
        ] {
            assert_eq!(as_url(&value).map(String::from).as_deref(), Some("https://a.test/x"), "{value}");
        }
    }

    #[test]
    fn addresses_that_could_fool_somebody_are_refused() {
        for text in
            ["javascript:alert(1)", "file:///etc/passwd", "https://user:pw@a.test/", "//a.test/x", "ftp://a.test/"]
        {
            assert_eq!(parse_web_url(text), None, "{text}");
        }
        assert_eq!(parse_web_url(&format!("https://a.test/{}", "x".repeat(2000))), None);
    }

    #[test]
    fn texts_are_cut_between_characters_and_lose_nul() {
        assert_eq!(as_text(&json!("äöü\u{0}ß"), 3).as_deref(), Some("äöü"));
        assert_eq!(as_text(&json!("\u{0}"), 3), None);
        assert_eq!(as_text(&json!(3), 3), None);
    }

    #[test]
    fn counts_fit_the_database() {
        assert_eq!(as_count(&json!(i64::MAX)), Some(i64::MAX as u64));
        assert_eq!(as_count(&json!(u64::MAX)), None);
        assert_eq!(as_count(&json!(-1)), None);
        assert_eq!(as_count(&json!(2.9)), Some(2));
        assert_eq!(as_count(&json!("12")), Some(12));
        assert_eq!(as_count(&json!(1e300)), None);
    }

    proptest! {
        #[test]
        fn lists_stay_within_their_count(value in any_json()) {
            let found = texts::<3, 2, _>(value).unwrap();
            prop_assert!(found.len() <= 2 && found.iter().all(|text| text.chars().count() <= 3));
        }
    }
}
