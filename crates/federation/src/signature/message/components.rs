//! What stands behind the names of components (RFC 9421, section 2), and the text that is signed (section 2.5).

use super::{InputError, MessageSignature};
use crate::signature::{RequestHead, SignatureError};

/// By which scheme the sender came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Https,
    Http,
}

impl Scheme {
    fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    fn default_port(self) -> &'static str {
        match self {
            Self::Https => ":443",
            Self::Http => ":80",
        }
    }
}

/// One line for each component, and one for the parameters of the signature.
pub(super) fn signed_text(
    signature: &MessageSignature,
    head: RequestHead<'_>,
    scheme: Scheme,
) -> Result<String, SignatureError> {
    let mut text = String::new();
    for name in &signature.covered {
        push_line(&mut text, name, &value(name, head, scheme)?);
    }
    Ok(finish(text, &signature.parameters))
}

pub(super) fn push_line(text: &mut String, name: &str, value: &str) {
    text.extend(["\"", name, "\": ", value, "\n"]);
}

/// The last line, which is not ended.
pub(super) fn finish(text: String, parameters: &str) -> String {
    text + "\"@signature-params\": " + parameters
}

fn value(name: &str, head: RequestHead<'_>, scheme: Scheme) -> Result<String, SignatureError> {
    let (path, query) = head.target.split_once('?').unwrap_or((head.target, ""));
    match name {
        "@method" => Ok(head.method.to_owned()),
        "@target-uri" => Ok(format!("{}://{}{}", scheme.as_str(), authority(head, scheme)?, head.target)),
        "@authority" => authority(head, scheme),
        "@scheme" => Ok(scheme.as_str().to_owned()),
        "@request-target" => Ok(head.target.to_owned()),
        "@path" => Ok(path.to_owned()),
        "@query" => Ok(format!("?{query}")),
        name if name.starts_with('@') => Err(InputError::Component(name.to_owned()).into()),
        name => head.header(name),
    }
}

/// The host in lower case, without the scheme's own port (section 2.2.3).
fn authority(head: RequestHead<'_>, scheme: Scheme) -> Result<String, SignatureError> {
    let host = head.header("host")?.to_ascii_lowercase();
    Ok(host.strip_suffix(scheme.default_port()).unwrap_or(&host).to_owned())
}
