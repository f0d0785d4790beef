use std::fmt;

use url::Url;

use crate::hosts::{AddressError, Origin};

/// Who wants to be found, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A whole instance.
    Host(Origin),
    /// An account or a channel; on one instance they share their names.
    Actor {
        /// The name in the handle.
        name: String,
        /// The instance.
        origin: Origin,
    },
}

/// An account or a channel whose document may say whether it wants to be found.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Owner {
    /// Its address, which is its id.
    pub url: String,
    /// Its name.
    pub name: String,
}

/// PeerTube's bound is 50 characters.
const MAX_NAME: usize = 100;
/// What stands before the name in the address of an account or a channel.
const ACTOR_FOLDERS: [&str; 4] = ["a", "c", "accounts", "video-channels"];

impl Subject {
    /// Reads a host, a handle (`name@tube.example`, with or without a sign before it), or the address of an instance, an
    /// account or a channel.
    ///
    /// # Errors
    /// [`AddressError`] if it is none of these.
    pub fn parse(text: &str, allow_http: bool) -> Result<Self, AddressError> {
        let text = text.trim().trim_start_matches("acct:").trim_start_matches(['@', '!']);
        let unreadable = || AddressError::Unreadable(text.chars().take(80).collect());
        if text.contains("://") {
            return Self::of_url(text, allow_http).ok_or_else(unreadable)?;
        }
        match text.split_once('@') {
            None => Ok(Self::Host(Origin::parse(text, allow_http)?)),
            Some((name, host)) if is_name(name) && !host.contains('/') => {
                Ok(Self::Actor { name: name.to_lowercase(), origin: Origin::parse(host, allow_http)? })
            }
            Some(_) => Err(unreadable()),
        }
    }

    /// The instance, or that of the account or channel.
    pub fn origin(&self) -> &Origin {
        match self {
            Self::Host(origin) | Self::Actor { origin, .. } => origin,
        }
    }

    fn of_url(text: &str, allow_http: bool) -> Option<Result<Self, AddressError>> {
        let url = Url::parse(text).ok()?;
        let mut parts = url.path_segments()?.filter(|part| !part.is_empty());
        let Some(folder) = parts.next() else { return Some(Origin::parse(text, allow_http).map(Self::Host)) };
        let name = match folder.strip_prefix('@') {
            Some(name) if !name.is_empty() => name,
            _ if ACTOR_FOLDERS.contains(&folder) => parts.next()?,
            _ => return None,
        };
        // Accounts and channels of other instances are shown as `name@host`: then that is who is meant.
        if let Some((name, host)) = name.split_once('@') {
            return Some(Self::parse(&format!("{name}@{host}"), allow_http));
        }
        let name = is_name(name).then(|| name.to_lowercase())?;
        let origin = Origin::parse(&url.origin().ascii_serialization(), allow_http);
        Some(origin.map(|origin| Self::Actor { name, origin }))
    }
}

/// The host, or `name@host`.
impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(origin) => formatter.write_str(origin.host()),
            Self::Actor { name, origin } => write!(formatter, "{name}@{}", origin.host()),
        }
    }
}

fn is_name(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
        && text.len() <= MAX_NAME
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn subject(text: &str) -> Result<String, AddressError> {
        Subject::parse(text, false).map(|subject| subject.to_string())
    }

    #[test]
    fn an_instance_is_named_by_host_or_address() {
        for text in ["tube.example", "https://tube.example", " https://Tube.example/ "] {
            assert_eq!(subject(text).unwrap(), "tube.example", "{text}");
        }
    }

    #[test]
    fn an_account_or_channel_is_named_by_handle_or_address() {
        for text in [
            "ada@tube.example",
            "@Ada@tube.example",
            "!ada@tube.example",
            "acct:ada@tube.example",
            "https://tube.example/a/ada",
            "https://tube.example/c/ada/videos?s=1",
            "https://tube.example/accounts/ada",
            "https://tube.example/video-channels/ada/",
            "https://tube.example/@ada",
            "https://other.example/c/ada@tube.example",
        ] {
            assert_eq!(subject(text).unwrap(), "ada@tube.example", "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "ada",
            "@",
            "a b@tube.example",
            "https://tube.example/w/abc",
            "ada@tube.example/x",
            "ada@",
            "..@tube.example",
        ] {
            assert!(subject(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,80}") {
            let _ = subject(&text);
        }

        #[test]
        fn what_is_shown_is_read_back(name in "[a-z][a-z0-9_.]{0,19}", host in "[a-z]{1,10}\\.[a-z]{2,5}") {
            let handle = format!("{name}@{host}");
            prop_assert_eq!(subject(&handle).unwrap(), handle);
        }
    }
}
