//! PEM: base64 between two lines that name what it is.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::KeyError;

pub(super) const PRIVATE: &str = "PRIVATE KEY";
pub(super) const PUBLIC: &str = "PUBLIC KEY";
pub(super) const PKCS1_PUBLIC: &str = "RSA PUBLIC KEY";

const MAX_BYTES: usize = 10_000;
const LINE: usize = 64;

/// The first block with one of these labels, in the order of the labels.
pub(super) fn read(text: &str, labels: &[&str]) -> Result<Vec<u8>, KeyError> {
    if text.len() > MAX_BYTES {
        return Err(KeyError::Pem);
    }
    let body = labels.iter().find_map(|label| body(text, label)).ok_or(KeyError::Pem)?;
    let base64: String = body.chars().filter(|character| !character.is_whitespace()).collect();
    STANDARD.decode(base64).map_err(|_| KeyError::Pem)
}

pub(super) fn write(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<String> =
        base64.as_bytes().chunks(LINE).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn body<'t>(text: &'t str, label: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    Some(body)
}
