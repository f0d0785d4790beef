use std::{
    fmt,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    clock::SharedClock,
    db::{Db, DbError},
    ids::Random,
    net::{HttpClient, NetError},
    storage::{Storage, StorageError},
    tasks::Tasks,
};

/// Everything that a role may use of the process that it lives in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Platform {
    /// What time it is.
    pub clock: SharedClock,
    /// Randomness.
    pub random: Random,
    /// State.
    pub db: Db,
    /// Files.
    pub storage: Storage,
    /// The one way out to other servers.
    pub http: HttpClient,
    /// Background tasks that shutdown waits for.
    pub tasks: Tasks,
    /// Cancelled when the process is about to stop.
    pub stop: CancellationToken,
    /// How others reach this server.
    pub public_url: PublicUrl,
    /// The data folder.
    pub data: DataDir,
    /// Who runs this server.
    pub operator: Arc<Operator>,
}

/// Who runs this server, as pages and other servers are told.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Operator {
    /// Name of the site, shown on every page.
    pub name: String,
    /// One sentence about the site.
    pub description: String,
    /// A web address or e-mail address where the operator can be reached; told to every server that this one reads.
    pub contact: Option<String>,
}

impl Default for Operator {
    fn default() -> Self {
        Self { name: "Shoal".to_owned(), description: "Videos of the federation.".to_owned(), contact: None }
    }
}

/// Why a role could not be started.
#[derive(Debug, thiserror::Error)]
pub enum MountError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The storage.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The HTTP client.
    #[error(transparent)]
    Net(#[from] NetError),
    /// Anything else, in one sentence.
    #[error("{0}")]
    Other(String),
}

/// The address under which this server is known to the world: scheme, host and port, without a path.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicUrl {
    url: Url,
    host: String,
}

impl PublicUrl {
    /// Checks and normalises the address.
    ///
    /// # Errors
    /// A sentence saying what is wrong with it.
    pub fn new(url: Url) -> Result<Self, String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("the public address {url} must begin with https:// or http://"));
        }
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || has_credentials {
            return Err(format!("the public address {url} must be a scheme, a host and perhaps a port, nothing more"));
        }
        let name = url.host_str().ok_or_else(|| format!("the public address {url} has no host"))?;
        let host = url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        Ok(Self { url, host })
    }

    /// Host, with the port where it is not the scheme's own, as in handles: `example.org`, `127.0.0.1:9001`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is reached over TLS.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The address of a path on this server. The path begins with `/`.
    pub fn join(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(path);
        url.set_query(query);
        url
    }

    /// The same host over WebSocket, with the port always written, as PeerTube does: `wss://example.org:443/path`.
    pub fn websocket(&self, path: &str) -> String {
        let scheme = if self.is_https() { "wss" } else { "ws" };
        let port = self.url.port_or_known_default().unwrap_or_default();
        format!("{scheme}://{}:{port}{path}", self.url.host_str().unwrap_or_default())
    }

    /// Without a slash at its end: `https://example.org`.
    pub fn as_str(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicUrl({self})")
    }
}

/// The folder that holds everything a server must not lose.
#[derive(Debug, Clone)]
pub struct DataDir {
    root: Arc<Path>,
    _lock: Option<Arc<File>>,
}

impl DataDir {
    /// Opens the folder for a server: creates it, makes sure that no other server uses it, and empties its scratch folder.
    ///
    /// # Errors
    /// A sentence saying why it cannot be used.
    pub fn open(root: &Path) -> Result<Self, String> {
        let unusable = |error: std::io::Error| format!("the data folder {} cannot be used: {error}", root.display());
        fs::create_dir_all(root).map_err(unusable)?;
        let root = root.canonicalize().map_err(unusable)?;
        let lock = File::create(root.join("shoal.lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(format!("the data folder {} is in use by another Shoal server", root.display()));
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let data = Self { root: root.into(), _lock: Some(Arc::new(lock)) };
        let scratch = data.tmp();
        if scratch.exists() {
            fs::remove_dir_all(&scratch).map_err(unusable)?;
        }
        fs::create_dir_all(&scratch).map_err(unusable)?;
        Ok(data)
    }

    /// The folder of a server that may be running, for commands beside it.
    ///
    /// # Errors
    /// A sentence saying why it cannot be used.
    pub fn beside(root: &Path) -> Result<Self, String> {
        if !root.is_dir() {
            return Err(format!(
                "there is no data folder at {}: give the one of your server with --data",
                root.display()
            ));
        }
        Ok(Self { root: root.into(), _lock: None })
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Scratch files; emptied whenever the server starts.
    pub fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// A folder of the given name in it; whoever uses it creates it.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(url: &str) -> Result<PublicUrl, String> {
        PublicUrl::new(Url::parse(url).unwrap())
    }

    #[test]
    fn hosts_carry_a_port_only_where_it_is_unusual() {
        assert_eq!(public("https://tube.example").unwrap().host(), "tube.example");
        assert_eq!(public("https://tube.example:443/").unwrap().host(), "tube.example");
        assert_eq!(public("http://127.0.0.1:9001").unwrap().host(), "127.0.0.1:9001");
        assert_eq!(public("http://127.0.0.1:9001").unwrap().as_str(), "http://127.0.0.1:9001");
        assert_eq!(
            public("https://tube.example").unwrap().websocket("/tracker/socket"),
            "wss://tube.example:443/tracker/socket"
        );
    }

    #[test]
    fn an_address_with_more_than_a_host_is_refused() {
        for url in [
            "https://tube.example/videos",
            "ftp://tube.example",
            "https://user@tube.example",
            "https://:secret@tube.example",
            "https://tube.example/?a",
        ] {
            assert!(public(url).is_err(), "{url}");
        }
    }

    #[test]
    fn two_servers_cannot_share_a_data_folder() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDir::open(folder.path()).unwrap();
        assert!(DataDir::open(folder.path()).unwrap_err().contains("in use by another Shoal server"));
        drop(first);
        assert!(DataDir::open(folder.path()).is_ok());
    }

    #[test]
    fn scratch_files_of_an_earlier_run_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        fs::write(data.tmp().join("half-an-upload"), b"x").unwrap();
        drop(data);
        let data = DataDir::open(folder.path()).unwrap();
        assert_eq!(fs::read_dir(data.tmp()).unwrap().count(), 0);
    }
}
