use federation::origin::Host;

/// The text is no host.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no host: write it as in tube.example or tube.example:8443")]
pub struct BadHost(String);

/// A host as people write it: a scheme and a path are taken off.
///
/// # Errors
/// [`BadHost`] if there is none in it.
pub fn read_host(text: &str) -> Result<Host, BadHost> {
    let trimmed = text.trim();
    let without_scheme = trimmed.split_once("://").map_or(trimmed, |(_, rest)| rest);
    let authority = without_scheme.split('/').next().unwrap_or_default();
    authority.parse().map_err(|_| BadHost(text.chars().take(100).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_however_people_write_them() {
        for (written, host) in
            [("Tube.Example", "tube.example"), (" https://tube.example:8443/videos ", "tube.example:8443")]
        {
            assert_eq!(read_host(written).unwrap().as_str(), host);
        }
        for written in ["", "https://", "a b", "bob@tube.example"] {
            assert!(read_host(written).is_err(), "{written:?}");
        }
    }
}
