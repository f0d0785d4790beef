use std::{
    fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, Serialize};
use url::Url;

use super::DemoError;

/// A server of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Member {
    /// Publishes.
    Alpha,
    /// Follows alpha and keeps copies.
    Beta,
    /// Finds what both have.
    Search,
}

impl Member {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Alpha, Self::Beta, Self::Search];

    /// Its name, as it is typed and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alpha => "alpha",
            Self::Beta => "beta",
            Self::Search => "search",
        }
    }

    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Member {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// Where the three servers listen on loopback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ports([u16; 3]);

impl FromStr for Ports {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ports: Option<Vec<u16>> =
            text.split(',').map(|port| port.trim().parse().ok().filter(|port| *port > 0)).collect();
        match ports.as_deref() {
            Some([alpha, beta, search]) if alpha != beta && beta != search && alpha != search => {
                Ok(Self([*alpha, *beta, *search]))
            }
            _ => Err(format!("`{text}` must be three different ports, as in 9001,9002,9003")),
        }
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [alpha, beta, search] = self.0;
        write!(formatter, "{alpha},{beta},{search}")
    }
}

/// Where everything of the network is.
#[derive(Debug)]
pub(super) struct Network {
    root: PathBuf,
    ports: Ports,
}

impl Network {
    pub(super) fn new(root: &Path, ports: Ports) -> Self {
        Self { root: root.to_owned(), ports }
    }

    /// Host and port, as handles and the API name a server.
    pub(super) fn host(&self, member: Member) -> String {
        let [alpha, beta, search] = self.ports.0;
        let port = match member {
            Member::Alpha => alpha,
            Member::Beta => beta,
            Member::Search => search,
        };
        format!("127.0.0.1:{port}")
    }

    /// Address of a server, without a slash at its end.
    pub(super) fn url(&self, member: Member) -> String {
        format!("http://{}", self.host(member))
    }

    /// Address of a path of a server. The path begins with `/` and is part of this program.
    #[expect(clippy::expect_used, reason = "made of a port and a path that are part of this program")]
    pub(super) fn join(&self, member: Member, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.url(member))).expect("an address on loopback")
    }

    pub(super) fn configuration(&self, member: Member) -> PathBuf {
        self.root.join(format!("{member}.toml"))
    }

    pub(super) fn log(&self, member: Member) -> PathBuf {
        self.root.join(format!("{member}.log"))
    }

    /// Writes what each server is told; it is theirs to read, and written anew at each start.
    pub(super) fn write_configurations(&self) -> Result<(), DemoError> {
        for member in Member::ALL {
            let path = self.configuration(member);
            let unwritable = |error| DemoError::Folder(format!("{} cannot be written: {error}", path.display()));
            fs::write(&path, self.toml(member)).map_err(unwritable)?;
        }
        Ok(())
    }

    fn toml(&self, member: Member) -> String {
        let data = quoted(&self.root.join(member.name()).to_string_lossy());
        let (listen, url) = (self.host(member), self.url(member));
        let (roles, name, description) = match member {
            Member::Alpha => ("\"instance\", \"redundancy\"", "Alpha", "Publishes the videos of the demo network."),
            Member::Beta => ("\"instance\", \"redundancy\"", "Beta", "Follows Alpha, and keeps copies of its videos."),
            Member::Search => ("\"indexer\", \"search-ui\"", "Search", "Finds the videos of Alpha and Beta."),
        };
        let role = match member {
            Member::Alpha => String::new(),
            Member::Beta => "\n[redundancy]\nenabled = true\n".to_owned(),
            Member::Search => {
                let (alpha, beta) = (self.url(Member::Alpha), self.url(Member::Beta));
                format!(
                    "\n[indexer]\nhosts = [\"{alpha}\", \"{beta}\"]\ncrawl_interval = \"10s\"\nrequests_per_second = 50.0\n"
                )
            }
        };
        format!(
            "# Written by `shoal demo` at each start: changes here are lost.\n\
             [server]\nlisten = \"{listen}\"\npublic_url = \"{url}\"\nroles = [{roles}]\ndata = {data}\ngrace = \"5s\"\n\n\
             [operator]\nname = \"{name}\"\ndescription = \"{description}\"\n\n\
             # The servers of the network are on loopback; on a public server this must stay off.\n\
             [net]\nallow_private_addresses = true\n{role}"
        )
    }
}

/// A text as TOML writes it. What JSON escapes, TOML reads.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, compose::Roles};

    #[test]
    fn ports_are_three_and_different() {
        assert_eq!("9001, 9002,9003".parse(), Ok(Ports([9001, 9002, 9003])));
        for bad in ["", "9001", "1,2,3,4", "9001,9001,9002", "0,1,2", "a,b,c", "1,2,99999"] {
            assert!(bad.parse::<Ports>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn every_server_understands_its_configuration() {
        let folder = tempfile::Builder::new().prefix("a \"quoted\" näme").tempdir().unwrap();
        let network = Network::new(folder.path(), Ports([9001, 9002, 9003]));
        network.write_configurations().unwrap();
        for member in Member::ALL {
            let config: Config = platform::config::load(Some(&network.configuration(member)), []).unwrap();
            assert_eq!(config.server.listen, network.host(member));
            assert_eq!(config.server.data, folder.path().join(member.name()));
            assert!(Roles::parse(&config.server.roles).is_ok());
            assert!(config.net.allow_private_addresses);
        }
    }
}
