use std::{fmt, path::PathBuf};

use platform::clock::Timestamp;
use url::Url;

/// Where a list of instances is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directory {
    /// A service that answers as JoinPeerTube's directory does, or any address of a list.
    Service(Url),
    /// A file on this machine.
    File(PathBuf),
}

impl Directory {
    /// Reads an entry of `indexer.directories`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn parse(text: &str, allow_http: bool) -> Result<Self, String> {
        let text = text.trim();
        if !text.contains("://") {
            let path = PathBuf::from(text);
            return if path.is_absolute() {
                Ok(Self::File(path))
            } else {
                Err(format!("{text:?} is neither an address (https://…) nor a path that begins with /"))
            };
        }
        let url = Url::parse(text).map_err(|error| format!("{text:?} is no address: {error}"))?;
        match url.scheme() {
            "https" => Ok(Self::Service(url)),
            "http" if allow_http => Ok(Self::Service(url)),
            _ => Err(format!("{text:?} must begin with https://")),
        }
    }
}

/// As the configuration names it.
impl fmt::Display for Directory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(url) => write!(formatter, "{url}"),
            Self::File(path) => write!(formatter, "{}", path.display()),
        }
    }
}

/// How reading a directory goes.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct DirectoryStatus {
    /// Which, as [`Directory`] is written.
    pub address: String,
    /// When it was last read.
    pub read_at: Option<Timestamp>,
    /// When it was last read from beginning to end.
    pub read_completely_at: Option<Timestamp>,
    /// When that was last tried.
    pub tried_at: Option<Timestamp>,
    /// What went wrong the last time, if something did.
    pub last_error: Option<String>,
    /// How many instances it names.
    pub host_count: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_an_address_or_an_absolute_path() {
        let parse = |text| Directory::parse(text, false).map(|directory| directory.to_string());
        assert_eq!(parse("https://list.example/hosts").unwrap(), "https://list.example/hosts");
        assert_eq!(parse("/etc/shoal/hosts.txt").unwrap(), "/etc/shoal/hosts.txt");
        for text in ["hosts.txt", "", "http://list.example/hosts", "ftp://list.example", "https://"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(Directory::parse("http://list.example/hosts", true).is_ok());
    }
}
