use sfv::{BareItem, Dictionary, FieldType, InnerList, Item, List, ListEntry, Parameters, Parser};

use crate::signature::{Algorithm, header::HeaderError};

const MAX_HEADER_BYTES: usize = 8192;
const MAX_COVERED: usize = 30;
/// How many signatures of one request are looked at.
const MAX_SIGNATURES: usize = 3;
const MAX_SHOWN: usize = 100;

/// One signature of a request, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageSignature {
    /// With which key it was made, as it stands there.
    pub key_id: String,
    /// What it covers, in order: derived components (`@method`) and headers.
    pub covered: Vec<String>,
    /// How it was made. `None` if it does not say: then it is up to the key.
    pub algorithm: Option<Algorithm>,
    /// When it was made, in seconds since 1970.
    pub created: i64,
    /// Until when it holds, in seconds since 1970, if it says so.
    pub expires: Option<i64>,
    /// The signature itself.
    pub signature: Vec<u8>,
    /// What it covers and its parameters, as they are signed themselves.
    pub(super) parameters: String,
}

/// Headers of RFC 9421 that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InputError {
    /// They are too long, or no dictionaries of structured fields (RFC 8941).
    #[error("the signature headers cannot be read")]
    Syntax,
    /// There is an input without a signature.
    #[error("the signature {0:?} is missing")]
    NoSignature(String),
    /// A parameter is missing or malformed.
    #[error("the signature input has no usable {0}")]
    Parameter(&'static str),
    /// A component is not known here, has parameters, or stands there twice.
    #[error("the signature covers {0:?}, which is not supported")]
    Component(String),
    /// It was made in a way that we do not know.
    #[error("the signature algorithm {0:?} is not known")]
    Algorithm(String),
    /// The name of the key cannot be used.
    #[error(transparent)]
    KeyId(#[from] HeaderError),
}

impl MessageSignature {
    /// Takes `Signature-Input` and `Signature` apart: the first three signatures, each usable or not.
    ///
    /// # Errors
    /// [`InputError::Syntax`] if the headers cannot be read at all.
    pub fn parse_all(input: &str, signature: &str) -> Result<Vec<Result<Self, InputError>>, InputError> {
        let (inputs, signatures) = (dictionary(input)?, dictionary(signature)?);
        let parse = |(label, entry): (&sfv::Key, &ListEntry)| {
            Self::parse(entry, signatures.get(label.as_str()), label.as_str())
        };
        Ok(inputs.iter().take(MAX_SIGNATURES).map(parse).collect())
    }

    fn parse(input: &ListEntry, signature: Option<&ListEntry>, label: &str) -> Result<Self, InputError> {
        let ListEntry::InnerList(list) = input else { return Err(InputError::Syntax) };
        let covered = covered(list)?;
        Ok(Self {
            covered,
            key_id: string(&list.params, "keyid")?.ok_or(InputError::Parameter("keyid"))?.to_owned(),
            algorithm: string(&list.params, "alg")?.map(algorithm).transpose()?,
            created: integer(&list.params, "created")?.ok_or(InputError::Parameter("created"))?,
            expires: integer(&list.params, "expires")?,
            signature: bytes(signature).ok_or_else(|| InputError::NoSignature(shown(label)))?,
            parameters: serialize(list)?,
        })
    }

    /// Whether the signature covers this component.
    pub fn covers(&self, name: &str) -> bool {
        self.covered.iter().any(|covered| covered == name)
    }

    /// Whether what is signed differs between `https` and `http`.
    pub(super) fn depends_on_scheme(&self) -> bool {
        ["@target-uri", "@scheme", "@authority"].iter().any(|name| self.covers(name))
    }
}

/// As it is signed: in the one way in which structured fields are written, whatever way they were sent in.
pub(super) fn serialize(list: &InnerList) -> Result<String, InputError> {
    let list: List = vec![ListEntry::InnerList(list.clone())];
    list.serialize().ok_or(InputError::Syntax)
}

fn dictionary(text: &str) -> Result<Dictionary, InputError> {
    if text.len() > MAX_HEADER_BYTES {
        return Err(InputError::Syntax);
    }
    Parser::new(text).parse::<Dictionary>().map_err(|_| InputError::Syntax)
}

fn covered(list: &InnerList) -> Result<Vec<String>, InputError> {
    if list.items.len() > MAX_COVERED {
        return Err(InputError::Syntax);
    }
    let mut names: Vec<String> = Vec::new();
    for item in &list.items {
        let name = component(item)?;
        if names.contains(&name) {
            return Err(InputError::Component(name));
        }
        names.push(name);
    }
    Ok(names)
}

/// Parameters of a component choose a part of it, or another way to write it. Nobody in the fediverse uses them.
fn component(item: &Item) -> Result<String, InputError> {
    let BareItem::String(name) = &item.bare_item else { return Err(InputError::Syntax) };
    let name = name.as_str();
    if !item.params.is_empty() || name.is_empty() || name.bytes().any(|byte| byte.is_ascii_uppercase() || byte == b'"')
    {
        return Err(InputError::Component(shown(name)));
    }
    Ok(name.to_owned())
}

fn string<'p>(parameters: &'p Parameters, name: &'static str) -> Result<Option<&'p str>, InputError> {
    match parameters.get(name) {
        None => Ok(None),
        Some(BareItem::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(InputError::Parameter(name)),
    }
}

fn integer(parameters: &Parameters, name: &'static str) -> Result<Option<i64>, InputError> {
    match parameters.get(name) {
        None => Ok(None),
        Some(BareItem::Integer(number)) => Ok(Some(i64::from(*number))),
        Some(_) => Err(InputError::Parameter(name)),
    }
}

fn bytes(signature: Option<&ListEntry>) -> Option<Vec<u8>> {
    match signature? {
        ListEntry::Item(Item { bare_item: BareItem::ByteSequence(bytes), .. }) if !bytes.is_empty() => {
            Some(bytes.clone())
        }
        _ => None,
    }
}

fn algorithm(name: &str) -> Result<Algorithm, InputError> {
    match name {
        "rsa-v1_5-sha256" => Ok(Algorithm::RsaPkcs1Sha256),
        "rsa-pss-sha512" => Ok(Algorithm::RsaPssSha512),
        "ed25519" => Ok(Algorithm::Ed25519),
        other => Err(InputError::Algorithm(shown(other))),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(MAX_SHOWN).collect()
}
