use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::Problem;
use crate::storage::{Key, Storage};

/// Answers with a stored file: whole, or the one byte range that was asked for (RFC 9110, section 14).
///
/// Several ranges in one request are answered with the whole file, as the RFC allows, and so is a range with a condition
/// (`If-Range`): no validator is ever sent, so none can match. The file can be read from pages of
/// other servers (CORS), since that is what players do.
///
/// # Errors
/// [`Problem`] 404 if there is no such file, 500 if the storage does not give it.
pub async fn object_response(
    storage: &Storage,
    key: &Key,
    method: &Method,
    request: &HeaderMap,
    content_type: &'static str,
    cache_control: &'static str,
) -> Result<Response, Problem> {
    let Some(size) = storage.size(key).await? else { return Err(Problem::not_found("There is no such file.")) };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("content-length, content-range, accept-ranges"),
    );
    let requested = request.get(header::RANGE).filter(|_| !request.contains_key(header::IF_RANGE));
    let requested = requested.and_then(|value| value.to_str().ok());
    let (status, range) = match requested.map_or(Requested::Whole, |text| parse_range(text, size)) {
        Requested::Whole => (StatusCode::OK, None),
        Requested::Part(start, end) => {
            let value = format!("bytes {start}-{}/{size}", end.saturating_sub(1));
            headers.insert(header::CONTENT_RANGE, HeaderValue::from_str(&value).map_err(|e| Problem::internal(&e))?);
            (StatusCode::PARTIAL_CONTENT, Some(start..end))
        }
        Requested::Unsatisfiable => {
            let value = format!("bytes */{size}");
            headers.insert(header::CONTENT_RANGE, HeaderValue::from_str(&value).map_err(|e| Problem::internal(&e))?);
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
        }
    };
    let length = range.as_ref().map_or(size, |range| range.end - range.start);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    if method == Method::HEAD {
        return Ok((status, headers).into_response());
    }
    let reader = storage.read(key, range).await?;
    Ok((status, headers, Body::from_stream(reader.stream)).into_response())
}

#[derive(Debug, PartialEq, Eq)]
enum Requested {
    Whole,
    /// From the first offset up to, not including, the second.
    Part(u64, u64),
    Unsatisfiable,
}

fn parse_range(text: &str, size: u64) -> Requested {
    let Some(spec) = text.trim().strip_prefix("bytes=") else { return Requested::Whole };
    if spec.contains(',') {
        return Requested::Whole;
    }
    let Some((first, last)) = spec.trim().split_once('-') else { return Requested::Whole };
    let part = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.saturating_add(1).min(size)),
        (Ok(first), Err(_)) if last.is_empty() => (first, size),
        (Err(_), Ok(suffix)) if first.is_empty() && suffix > 0 => (size.saturating_sub(suffix), size),
        (Err(_), Ok(_)) if first.is_empty() => return Requested::Unsatisfiable,
        _ => return Requested::Whole,
    };
    if part.0 >= size { Requested::Unsatisfiable } else { Requested::Part(part.0, part.1) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        assert_eq!(parse_range("bytes=0-499", 10_000), Requested::Part(0, 500));
        assert_eq!(parse_range("bytes=500-", 10_000), Requested::Part(500, 10_000));
        assert_eq!(parse_range("bytes=-500", 10_000), Requested::Part(9_500, 10_000));
        assert_eq!(parse_range("bytes=-99999", 10_000), Requested::Part(0, 10_000));
        assert_eq!(parse_range("bytes=9999-20000", 10_000), Requested::Part(9_999, 10_000));
        assert_eq!(parse_range("bytes=10000-", 10_000), Requested::Unsatisfiable);
        assert_eq!(parse_range("bytes=-0", 10_000), Requested::Unsatisfiable);
        for text in ["bytes=5-2", "bytes=a-b", "items=0-1", "bytes=0-1,4-5", "bytes"] {
            assert_eq!(parse_range(text, 10_000), Requested::Whole, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_part_lies_within_the_file(text in "bytes=[0-9]{0,20}-[0-9]{0,20}", size in 0_u64..100) {
            if let Requested::Part(start, end) = parse_range(&text, size) {
                prop_assert!(start < end && end <= size);
            }
        }
    }
}
