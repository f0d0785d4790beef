use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    LinkedDataError, canonical,
    context::Context,
    expand::{Expanded, expand},
    graph::Dialect,
    policy,
};
use crate::{
    signature::{Algorithm, KeyId, KeyKind, PublicKey, SigningKey},
    wire::lenient::parse_web_url,
};

const SIGNATURE: &str = "signature";
const TYPE: &str = "RsaSignature2017";
/// Of a signature; not signed themselves.
const UNSIGNED: [&str; 3] = ["type", "id", "signatureValue"];
/// Of a signature; signed, in the words of the security vocabulary.
const SIGNED: [&str; 4] = ["creator", "created", "nonce", "domain"];

/// A document whose signature has been checked as far as that is possible without the key.
#[derive(Debug, Clone)]
pub struct SignedDocument {
    creator: KeyId,
    created: Option<DateTime<Utc>>,
    signature: Vec<u8>,
    options: Expanded,
    content: Expanded,
    readable: Map<String, Value>,
}

impl SignedDocument {
    /// Takes a document apart.
    ///
    /// # Errors
    /// [`LinkedDataError`] if it has no signature of the right type, is beyond the bounds, or could be read in two ways.
    pub fn read(document: &Value) -> Result<Self, LinkedDataError> {
        let mut members = document.as_object().ok_or(LinkedDataError::NotAnObject)?.clone();
        let Some(Value::Object(options)) = members.remove(SIGNATURE) else { return Err(LinkedDataError::Missing) };
        let text =
            |name: &'static str| options.get(name).and_then(Value::as_str).ok_or(LinkedDataError::Parameter(name));
        if text("type")? != TYPE {
            return Err(LinkedDataError::Parameter("type"));
        }
        let signature =
            STANDARD.decode(text("signatureValue")?).map_err(|_| LinkedDataError::Parameter("signatureValue"))?;
        let creator = parse_web_url(text("creator")?).ok_or(LinkedDataError::Parameter("creator"))?;
        let creator = KeyId::new(creator);
        let created = DateTime::parse_from_rfc3339(text("created")?).map(|moment| moment.to_utc()).ok();
        let options = expand(&signed_options(&options)?, Context::security())?;
        let content = expand(&members, Context::default())?;
        let readable = policy::readable(&members, &content.graph)?;
        Ok(Self { creator, created, signature, options, content, readable })
    }

    /// The key that the signature names. It must be the key of the activity's actor.
    pub fn creator(&self) -> &KeyId {
        &self.creator
    }

    /// When the signature was made, if it says so. It does not expire by itself: who hears of an old one should ask the
    /// origin.
    pub fn created(&self) -> Option<DateTime<Utc>> {
        self.created
    }

    /// Checks the signature with the key that it names, and gives what of the document was signed and is known to us.
    /// Read that, and not the document.
    ///
    /// # Errors
    /// [`LinkedDataError::Mismatch`] if it was made with another key, or of another document.
    pub fn verify(self, key: &PublicKey) -> Result<Value, LinkedDataError> {
        let verifies = |text: &str| key.verifies_as(Algorithm::RsaPkcs1Sha256, text.as_bytes(), &self.signature);
        self.check(verifies)?;
        Ok(Value::Object(self.readable))
    }

    fn check(&self, verifies: impl Fn(&str) -> bool) -> Result<(), LinkedDataError> {
        let graph = &self.content.graph;
        if verifies(&self.text(Dialect::JavaScript)?)
            || (graph.differs_between_dialects() && verifies(&self.text(Dialect::Standard)?))
        {
            return Ok(());
        }
        Err(LinkedDataError::Mismatch(self.creator.clone()))
    }

    fn text(&self, dialect: Dialect) -> Result<String, LinkedDataError> {
        signed_text(&self.options, &self.content, dialect)
    }

    #[cfg(test)]
    pub(super) fn verify_with_any_size(self, key: &PublicKey) -> Result<Value, LinkedDataError> {
        self.check(|text| key.verifies_with_any_size(text.as_bytes(), &self.signature))?;
        Ok(Value::Object(self.readable))
    }
}

/// Signs a document: puts `signature` into it. `creator` is named as it is; PeerTube gives the actor's URL.
///
/// # Errors
/// [`LinkedDataError::Meaningless`] if a member or a type is not defined by the document's context: readers of JSON-LD
/// would not see it. [`LinkedDataError::Key`] if the key is none of RSA.
pub fn sign(document: &mut Value, creator: &Url, key: &SigningKey, now: DateTime<Utc>) -> Result<(), LinkedDataError> {
    let members = document.as_object_mut().ok_or(LinkedDataError::NotAnObject)?;
    members.remove(SIGNATURE);
    let content = expand(members, Context::default())?;
    if let Some(name) = content.dropped.first() {
        return Err(LinkedDataError::Meaningless(name.clone()));
    }
    if key.kind() != KeyKind::Rsa {
        return Err(LinkedDataError::Key);
    }
    let created = now.to_rfc3339_opts(SecondsFormat::Millis, true);
    let options = json!({"creator": creator, "created": created});
    let options = expand(options.as_object().unwrap_or(&Map::new()), Context::security())?;
    let text = signed_text(&options, &content, Dialect::JavaScript)?;
    let value = STANDARD.encode(key.sign(text.as_bytes()).map_err(|_| LinkedDataError::Key)?);
    let signature = json!({"type": TYPE, "creator": creator, "created": created, "signatureValue": value});
    members.insert(SIGNATURE.to_owned(), signature);
    Ok(())
}

/// Two hashes, one after the other, in hexadecimal.
fn signed_text(options: &Expanded, content: &Expanded, dialect: Dialect) -> Result<String, LinkedDataError> {
    Ok(canonical::hash(&options.graph, dialect)? + &canonical::hash(&content.graph, dialect)?)
}

/// Old programs write them in the words of `https://w3id.org/identity/v1`, new ones in those of the security vocabulary. To
/// the members that are accepted here, both give the same meaning.
fn signed_options(options: &Map<String, Value>) -> Result<Map<String, Value>, LinkedDataError> {
    let mut signed = Map::new();
    for (name, value) in options.iter().filter(|(name, _)| !UNSIGNED.contains(&name.as_str())) {
        if !SIGNED.contains(&name.as_str()) {
            return Err(LinkedDataError::Unsupported(name.chars().take(200).collect()));
        }
        signed.insert(name.clone(), value.clone());
    }
    Ok(signed)
}
