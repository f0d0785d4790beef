use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use sfv::{InnerList, Item, Key, Parameters, String as FieldString};
use url::Url;

use super::{
    components::{finish, push_line},
    input::serialize,
};
use crate::{
    origin::{Host, without_fragment},
    signature::{SignError, SigningKey, digest},
};

const LABEL: &str = "sig1";
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
const SIGNATURE: HeaderName = HeaderName::from_static("signature");

/// Signs a request by RFC 9421: puts `Content-Digest` if there is a body, `Signature-Input` and `Signature` into its
/// headers.
///
/// Covered are `@method`, `@target-uri` and `content-digest`, as Mastodon does. The algorithm is not named; it is the one
/// that is usual for the kind of key.
///
/// # Errors
/// [`SignError`] if the URL has no host or the key is unusable.
pub fn sign_rfc9421(
    key: &SigningKey,
    key_id: &Url,
    method: &Method,
    url: &Url,
    body: Option<&[u8]>,
    now: DateTime<Utc>,
    headers: &mut HeaderMap,
) -> Result<(), SignError> {
    Host::of(url).ok_or_else(|| SignError::NoHost(url.clone()))?;
    let unnameable = || SignError::KeyName(key_id.clone());
    let mut covered = vec![("@method", method.as_str().to_owned()), ("@target-uri", without_fragment(url).to_string())];
    covered.extend(body.map(|body| ("content-digest", digest::content_of(body))));
    let names: Vec<&str> = covered.iter().map(|(name, _)| *name).collect();
    let input = input(&names, key_id, now).ok_or_else(unnameable)?;
    let mut text = String::new();
    for (name, value) in &covered {
        push_line(&mut text, name, value);
    }
    let text = finish(text, &input);
    let signature = STANDARD.encode(key.sign(text.as_bytes())?);
    let insert = |headers: &mut HeaderMap, name: HeaderName, value: String| {
        headers.insert(name, HeaderValue::try_from(value).map_err(|_| unnameable())?);
        Ok::<_, SignError>(())
    };
    if let Some(body) = body {
        insert(headers, CONTENT_DIGEST, digest::content_of(body))?;
    }
    insert(headers, SIGNATURE_INPUT, format!("{LABEL}={input}"))?;
    insert(headers, SIGNATURE, format!("{LABEL}=:{signature}:"))
}

fn input(names: &[&str], key_id: &Url, now: DateTime<Utc>) -> Option<String> {
    let item = |name: &&str| Some(Item::new(FieldString::from_string((*name).to_owned()).ok()?));
    let parameter = |name: &str| Key::from_string(name.to_owned()).ok();
    let mut parameters = Parameters::new();
    parameters.insert(parameter("created")?, sfv::Integer::try_from(now.timestamp()).ok()?.into());
    parameters.insert(parameter("keyid")?, FieldString::from_string(key_id.to_string()).ok()?.into());
    let items: Option<Vec<Item>> = names.iter().map(item).collect();
    serialize(&InnerList::with_params(items?, parameters)).ok()
}
