//! Reads a directory, page by page.

use std::{collections::HashSet, path::Path};

use chrono::SecondsFormat;
use platform::{
    clock::Timestamp,
    net::{HttpClient, NetError},
};
use url::Url;

use super::{Directory, list};
use crate::hosts::{Origin, words};

/// How much of a directory is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Everything,
    /// What came into it since a moment.
    Since(Timestamp),
}

/// What a directory says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The instances to list: those that are new, or all that are well.
    pub named: Vec<Origin>,
    /// The hosts of all that it knows, well or not, if it was read from beginning to end.
    pub all: Option<HashSet<String>>,
}

/// Why a directory could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// A request failed.
    #[error("{}", words::explain(.0))]
    Net(#[from] NetError),
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    File(#[from] std::io::Error),
    /// It is no list.
    #[error("what it answers is no list of instances")]
    Nonsense,
    /// It does not end.
    #[error("it names more than {} instances, or has no end", MAX_HOSTS)]
    Endless,
}

/// What JoinPeerTube's directory gives at once.
const PAGE: usize = 1_000;
const MAX_PAGES: usize = 200;
const MAX_HOSTS: usize = 20_000;
const MAX_BYTES: u64 = 5_000_000;
/// Where JoinPeerTube's directory keeps the hosts, for those who give its front door.
const HOSTS_PATH: &str = "/api/v1/instances/hosts";

/// Reads a directory; a file always as a whole.
///
/// A service is asked twice for everything: for those that are well, which are listed, and for all, since one that is not
/// well today has not left.
pub async fn read(http: &HttpClient, directory: &Directory, extent: Extent) -> Result<Listing, DirectoryError> {
    match (directory, extent) {
        (Directory::File(path), _) => read_file(path, http.allows_plain_http()).await,
        (Directory::Service(url), Extent::Since(since)) => {
            let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
            let named = read_pages(http, url, &[("healthy", "true"), ("since", since.as_str())]).await?;
            Ok(Listing { named, all: None })
        }
        (Directory::Service(url), Extent::Everything) => {
            let named = read_pages(http, url, &[("healthy", "true")]).await?;
            let all = read_pages(http, url, &[]).await?;
            Ok(Listing { all: Some(hosts_of(&named).chain(hosts_of(&all)).collect()), named })
        }
    }
}

async fn read_file(path: &Path, allow_http: bool) -> Result<Listing, DirectoryError> {
    if tokio::fs::metadata(path).await?.len() > MAX_BYTES {
        return Err(DirectoryError::Endless);
    }
    let text = tokio::fs::read_to_string(path).await?;
    let named = list::read(&text, allow_http).ok_or(DirectoryError::Nonsense)?.origins;
    Ok(Listing { all: Some(hosts_of(&named).collect()), named })
}

async fn read_pages(http: &HttpClient, url: &Url, wish: &[(&str, &str)]) -> Result<Vec<Origin>, DirectoryError> {
    let (mut found, mut seen, mut start) = (Vec::new(), HashSet::new(), 0);
    for _ in 0..MAX_PAGES {
        let page = read_page(http, &page_address(url, wish, start)).await?;
        let before = seen.len();
        found.extend(page.origins.into_iter().filter(|origin| seen.insert(origin.host().to_owned())));
        start += page.entries;
        if found.len() > MAX_HOSTS {
            return Err(DirectoryError::Endless);
        }
        let is_last = match page.total {
            Some(total) => start as u64 >= total,
            None => page.entries < PAGE,
        };
        // A plain list is the same on every page.
        if is_last || seen.len() == before {
            return Ok(found);
        }
    }
    Err(DirectoryError::Endless)
}

async fn read_page(http: &HttpClient, url: &Url) -> Result<list::Page, DirectoryError> {
    let response = http.get(url).accept("application/json, text/plain").max_body(MAX_BYTES).send().await?;
    let body = response.error_for_status()?.body;
    list::read(&String::from_utf8_lossy(&body), http.allows_plain_http()).ok_or(DirectoryError::Nonsense)
}

fn page_address(url: &Url, wish: &[(&str, &str)], start: usize) -> Url {
    let mut url = url.clone();
    if url.path() == "/" {
        url.set_path(HOSTS_PATH);
    }
    url.query_pairs_mut()
        .append_pair("start", &start.to_string())
        .append_pair("count", &PAGE.to_string())
        .append_pair("sort", "createdAt")
        .extend_pairs(wish);
    url
}

fn hosts_of(origins: &[Origin]) -> impl Iterator<Item = String> {
    origins.iter().map(|origin| origin.host().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_door_of_a_directory_is_enough() {
        let url = Url::parse("https://list.example").unwrap();
        let address = page_address(&url, &[("healthy", "true")], 2_000);
        let expected = "https://list.example/api/v1/instances/hosts?start=2000&count=1000&sort=createdAt&healthy=true";
        assert_eq!(address.as_str(), expected);
        let own = Url::parse("https://list.example/hosts.txt?key=1").unwrap();
        assert!(page_address(&own, &[], 0).as_str().starts_with("https://list.example/hosts.txt?key=1&start=0&"));
    }
}
