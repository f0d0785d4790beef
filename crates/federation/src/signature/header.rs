//! The `Signature` header: `keyId="…",algorithm="rsa-sha256",headers="(request-target) host date",signature="…"`.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use url::Url;

use super::Algorithm;
use crate::{
    origin::{self, Host},
    webfinger::Handle,
    wire::lenient::parse_web_url,
};

const MAX_HEADER_BYTES: usize = 8192;
const MAX_COVERED: usize = 30;
const MAX_SHOWN: usize = 100;

/// The name of a key: a URL. PeerTube sends its actor's URL; others add `#main-key`, or name a document of its own. Some old
/// programs name the account instead, as `acct:bob@example.org`, and leave it to us to ask where that is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyId(Url);

impl KeyId {
    /// A key by its URL.
    pub fn new(url: Url) -> Self {
        Self(url)
    }

    /// Reads the name of a key.
    ///
    /// # Errors
    /// [`HeaderError`] if it is neither a web address nor an account.
    pub fn parse(text: &str) -> Result<Self, HeaderError> {
        let url = if text.starts_with("acct:") {
            let handle = text.parse::<Handle>().ok();
            handle.and_then(|handle| Url::parse(&handle.to_uri()).ok())
        } else {
            parse_web_url(text)
        };
        url.map(Self).ok_or(HeaderError::Parameter("keyId"))
    }

    /// The account, if it names one.
    pub fn account(&self) -> Option<Handle> {
        (self.0.scheme() == "acct").then(|| self.0.as_str().parse().ok())?
    }

    /// The server that is to say what key that is.
    pub fn host(&self) -> Option<Host> {
        Host::of(&self.0).or_else(|| self.account().map(|handle| handle.host))
    }

    /// As it stands in the header.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The document that holds the key: the URL without its fragment. For PeerTube and most others, that is the actor.
    pub fn document(&self) -> Url {
        origin::without_fragment(&self.0)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The header, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureHeader {
    /// With which key it was made.
    pub key_id: KeyId,
    /// What it covers, in order, in lower case.
    pub covered: Vec<String>,
    /// How it was made. `None` if it does not say, or says `hs2019`: then it is up to the key.
    pub algorithm: Option<Algorithm>,
    /// When it was made, in seconds since 1970, if it says so.
    pub created: Option<i64>,
    /// Until when it holds, in seconds since 1970, if it says so.
    pub expires: Option<i64>,
    /// The signature itself.
    pub signature: Vec<u8>,
}

/// A header that cannot be taken apart.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum HeaderError {
    /// It is too long, or its quotes do not pair.
    #[error("the signature header cannot be read")]
    Syntax,
    /// A parameter is missing or malformed.
    #[error("the signature header has no usable {0}")]
    Parameter(&'static str),
    /// It was made in a way that we do not know.
    #[error("the signature algorithm {0:?} is not known")]
    Algorithm(String),
}

impl SignatureHeader {
    /// Takes a header apart. A leading `Signature ` is skipped, as older programs put it there.
    ///
    /// # Errors
    /// [`HeaderError`] if it is malformed.
    pub fn parse(text: &str) -> Result<Self, HeaderError> {
        if text.len() > MAX_HEADER_BYTES {
            return Err(HeaderError::Syntax);
        }
        let text = text.trim();
        let parameters = parameters(text.strip_prefix("Signature ").unwrap_or(text))?;
        let find = |name: &str| parameters.iter().find(|(found, _)| *found == name).map(|(_, value)| *value);
        let algorithm = algorithm(find("algorithm"))?;
        let key_id = KeyId::parse(find("keyId").unwrap_or_default())?;
        let signature = find("signature").and_then(|value| STANDARD.decode(value).ok());
        Ok(Self {
            key_id,
            algorithm,
            covered: covered(find("headers"))?,
            created: number(find("created"), "created")?,
            expires: number(find("expires"), "expires")?,
            signature: signature.filter(|bytes| !bytes.is_empty()).ok_or(HeaderError::Parameter("signature"))?,
        })
    }

    /// Whether the signature covers this header or pseudo-header.
    pub fn covers(&self, name: &str) -> bool {
        self.covered.iter().any(|covered| covered == name)
    }
}

fn algorithm(name: Option<&str>) -> Result<Option<Algorithm>, HeaderError> {
    match name.map(str::to_ascii_lowercase).as_deref() {
        None | Some("hs2019") => Ok(None),
        Some("rsa-sha256") => Ok(Some(Algorithm::RsaPkcs1Sha256)),
        Some(other) => Err(HeaderError::Algorithm(other.chars().take(MAX_SHOWN).collect())),
    }
}

/// The draft's default, when nothing is named, is the `Date` header alone.
fn covered(headers: Option<&str>) -> Result<Vec<String>, HeaderError> {
    let names: Vec<String> = headers.unwrap_or("date").split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
    let distinct =
        names.iter().enumerate().all(|(position, name)| !names.iter().take(position).any(|other| other == name));
    if names.is_empty() || names.len() > MAX_COVERED || !distinct {
        return Err(HeaderError::Parameter("headers"));
    }
    Ok(names)
}

fn number(value: Option<&str>, name: &'static str) -> Result<Option<i64>, HeaderError> {
    value.map(|value| value.parse().map_err(|_| HeaderError::Parameter(name))).transpose()
}

/// Splits `name="value",other=1` at the commas outside of quotes.
fn parameters(mut text: &str) -> Result<Vec<(&str, &str)>, HeaderError> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once('=').ok_or(HeaderError::Syntax)?;
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or(HeaderError::Syntax)?,
            None => rest.find(',').and_then(|comma| rest.split_at_checked(comma)).unwrap_or((rest, "")),
        };
        let name = name.trim();
        if found.iter().any(|(other, _)| *other == name) {
            return Err(HeaderError::Syntax);
        }
        found.push((name, value.trim()));
        text = match rest.trim_start() {
            "" => "",
            rest => rest.strip_prefix(',').ok_or(HeaderError::Syntax)?.trim_start(),
        };
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_header_is_taken_apart() {
        let header = SignatureHeader::parse(
            r#"Signature keyId="https://a.test/u#main-key", algorithm="hs2019", created=1700000000, headers="(Created) Host",signature="AAE=""#,
        )
        .unwrap();
        assert_eq!(header.key_id.url().fragment(), Some("main-key"));
        assert_eq!(header.key_id.document().as_str(), "https://a.test/u");
        assert_eq!(header.covered, ["(created)", "host"]);
        assert_eq!(header.created, Some(1_700_000_000));
        assert_eq!(header.signature, [0, 1]);
        assert_eq!(header.algorithm, None);
    }

    #[test]
    fn nonsense_is_refused() {
        for (text, error) in [
            ("", HeaderError::Parameter("keyId")),
            (r#"keyId="https://a.test/u"#, HeaderError::Syntax),
            (r#"keyId="https://a.test/u"x,signature="AA==""#, HeaderError::Syntax),
            (r#"keyId="https://a.test/u",keyId="https://b.test/u",signature="AA==""#, HeaderError::Syntax),
            (r#"keyId="acct:bob",signature="AA==""#, HeaderError::Parameter("keyId")),
            (r#"keyId="ftp://a.test/u",signature="AA==""#, HeaderError::Parameter("keyId")),
            (r#"keyId="https://a.test/u",signature="""#, HeaderError::Parameter("signature")),
            (r#"keyId="https://a.test/u",signature="AA==",headers="host host""#, HeaderError::Parameter("headers")),
            (r#"keyId="https://a.test/u",signature="AA==",created=now"#, HeaderError::Parameter("created")),
            (
                r#"keyId="https://a.test/u",algorithm="none",signature="AA==""#,
                HeaderError::Algorithm("none".to_owned()),
            ),
        ] {
            assert_eq!(SignatureHeader::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_key_may_be_named_by_its_account() {
        let key_id = KeyId::parse("acct:bob@A.test:8080").unwrap();
        assert_eq!(key_id.account().unwrap().to_string(), "bob@a.test:8080");
        assert_eq!(key_id.host().unwrap().as_str(), "a.test:8080");
        let usual = KeyId::parse("https://a.test/u#main-key").unwrap();
        assert_eq!((usual.account(), usual.host().unwrap().as_str()), (None, "a.test"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,100}") {
            let _ = SignatureHeader::parse(&text);
        }

        #[test]
        fn parameters_are_read_without_panic(text in "(keyId|signature|headers|created)?=?\"?[a-z=,\" ]{0,40}") {
            let _ = SignatureHeader::parse(&text);
        }
    }
}
