//! What software is a server, and how large? NodeInfo 2.0 and 2.1, and the well-known document that leads to it.
//!
//! The well-known document also names the server's own actor (FEP-2677). PeerTube asks there first when it wants to
//! follow a host.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::{
    APPLICATION_RELATION,
    wire::lenient::{self, MAX_URL_LENGTH},
};

/// The relation of NodeInfo 2.0.
pub const SCHEMA_2_0: &str = "http://nodeinfo.diaspora.software/ns/schema/2.0";

/// The relation of NodeInfo 2.1, which only adds where the software comes from.
pub const SCHEMA_2_1: &str = "http://nodeinfo.diaspora.software/ns/schema/2.1";

/// The media type of a NodeInfo 2.1 document.
pub const CONTENT_TYPE_2_1: &str = "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.1#\"";

/// The media type of a NodeInfo 2.0 document.
pub const CONTENT_TYPE: &str = "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.0#\"";

/// The well-known path that leads to the document.
pub const WELL_KNOWN_PATH: &str = "/.well-known/nodeinfo";

const MAX_LINKS: usize = 20;
const SCHEMA_PREFIX: &str = "http://nodeinfo.diaspora.software/ns/schema/2.";

/// `/.well-known/nodeinfo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WellKnown {
    /// What the server points to.
    #[serde(default, deserialize_with = "lenient::list::<WellKnownLink, MAX_LINKS, _>")]
    pub links: Vec<WellKnownLink>,
}

/// One pointer of [`WellKnown`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WellKnownLink {
    /// What is there.
    #[serde(deserialize_with = "lenient::required_text::<MAX_URL_LENGTH, _>")]
    pub rel: String,
    /// Where it is.
    #[serde(deserialize_with = "lenient::url")]
    pub href: Url,
}

impl WellKnown {
    /// The document of a server whose NodeInfo and actor are at these addresses.
    pub fn new(nodeinfo: Url, instance_actor: Url) -> Self {
        Self {
            links: vec![
                WellKnownLink { rel: SCHEMA_2_0.to_owned(), href: nodeinfo },
                WellKnownLink { rel: APPLICATION_RELATION.to_owned(), href: instance_actor },
            ],
        }
    }

    /// The same document, which leads to NodeInfo 2.1 too.
    #[must_use]
    pub fn with_2_1(mut self, nodeinfo: Url) -> Self {
        self.links.push(WellKnownLink { rel: SCHEMA_2_1.to_owned(), href: nodeinfo });
        self
    }

    /// Where the NodeInfo document is, in the newest version 2 that there is: each only adds members.
    pub fn nodeinfo(&self) -> Option<&Url> {
        let documents = self.links.iter().filter(|link| link.rel.starts_with(SCHEMA_PREFIX));
        documents.max_by(|one, other| one.rel.cmp(&other.rel)).map(|link| &link.href)
    }

    /// The actor of the server itself, if it names one.
    pub fn instance_actor(&self) -> Option<&Url> {
        self.links.iter().find(|link| link.rel == APPLICATION_RELATION).map(|link| &link.href)
    }
}

/// A NodeInfo document of version 2.0 or 2.1. Only what we use of others is typed; `metadata` is free.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeInfo {
    /// Version of the schema.
    #[serde(default = "version_2_0", deserialize_with = "lenient::required_text::<8, _>")]
    pub version: String,
    /// What the server runs.
    pub software: Software,
    /// The protocols it speaks.
    #[serde(default, deserialize_with = "lenient::texts::<50, 20, _>")]
    pub protocols: Vec<String>,
    /// Other networks it exchanges with.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub services: Services,
    /// Whether people may sign up.
    #[serde(default, deserialize_with = "lenient::flag_or_false")]
    pub open_registrations: bool,
    /// How much it is used.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub usage: Usage,
    /// Anything else, such as PeerTube's `nodeName` and `nodeConfig`.
    #[serde(default)]
    pub metadata: Value,
}

/// The software of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Software {
    /// Canonical name, such as `peertube`.
    #[serde(deserialize_with = "lenient::required_text::<100, _>")]
    pub name: String,
    /// Its version.
    #[serde(default, deserialize_with = "lenient::text_or_empty::<100, _>")]
    pub version: String,
    /// Where its source is (2.1).
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub repository: Option<Url>,
    /// Its page (2.1).
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub homepage: Option<Url>,
}

impl Software {
    /// A software and its version.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { name: name.into(), version: version.into(), repository: None, homepage: None }
    }
}

impl NodeInfo {
    /// The same document in version 2.1, which says where the software comes from.
    #[must_use]
    pub fn into_2_1(mut self, repository: Option<Url>, homepage: Option<Url>) -> Self {
        "2.1".clone_into(&mut self.version);
        self.software = Software { repository, homepage, ..self.software };
        self
    }

    /// The same document in version 2.0, whose schema allows nothing more about the software.
    #[must_use]
    pub fn into_2_0(mut self) -> Self {
        "2.0".clone_into(&mut self.version);
        self.software = Software { repository: None, homepage: None, ..self.software };
        self
    }
}

/// Other networks that a server exchanges with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Services {
    /// Where it takes content from.
    #[serde(default, deserialize_with = "lenient::texts::<50, 20, _>")]
    pub inbound: Vec<String>,
    /// Where it publishes to.
    #[serde(default, deserialize_with = "lenient::texts::<50, 20, _>")]
    pub outbound: Vec<String>,
}

/// How much a server is used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// People with an account.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub users: UserCounts,
    /// Videos.
    #[serde(default, deserialize_with = "lenient::count")]
    pub local_posts: u64,
    /// Comments.
    #[serde(default, deserialize_with = "lenient::count")]
    pub local_comments: u64,
}

/// People with an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserCounts {
    /// All of them.
    #[serde(default, deserialize_with = "lenient::count")]
    pub total: u64,
    /// Those seen in the last 30 days.
    #[serde(default, deserialize_with = "lenient::count")]
    pub active_month: u64,
    /// Those seen in the last 180 days.
    #[serde(default, deserialize_with = "lenient::count")]
    pub active_halfyear: u64,
}

fn version_2_0() -> String {
    "2.0".to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_well_known_document_is_the_one_peertube_serves() {
        let recorded: Value =
            serde_json::from_str(include_str!("../fixtures/peertube-6.3/ap/nodeinfo-wellknown-1.json")).unwrap();
        let ours = WellKnown::new(
            Url::parse("http://127.0.0.1:9001/nodeinfo/2.0.json").unwrap(),
            Url::parse("http://127.0.0.1:9001/accounts/peertube").unwrap(),
        );
        assert_eq!(serde_json::to_value(&ours).unwrap(), recorded);
        assert_eq!(serde_json::from_value::<WellKnown>(recorded).unwrap(), ours);
    }

    #[test]
    fn a_recorded_nodeinfo_survives_reading_and_writing() {
        let recorded: Value =
            serde_json::from_str(include_str!("../fixtures/peertube-6.3/ap/nodeinfo-2.0-1.json")).unwrap();
        let read: NodeInfo = serde_json::from_value(recorded.clone()).unwrap();
        assert_eq!(read.software.name, "peertube");
        assert_eq!(read.usage.local_posts, 3);
        assert_eq!(serde_json::to_value(&read).unwrap(), recorded);
    }

    #[test]
    fn version_2_1_says_where_the_software_comes_from_and_version_2_0_does_not() {
        let text = include_str!("../fixtures/peertube-6.3/ap/nodeinfo-2.0-1.json");
        let recorded: NodeInfo = serde_json::from_str(text).unwrap();
        let newer = recorded.clone().into_2_1(Some(Url::parse("https://git.test/shoal").unwrap()), None);
        let document = serde_json::to_value(&newer).unwrap();
        assert_eq!(
            (&document["version"], &document["software"]["repository"]),
            (&json!("2.1"), &json!("https://git.test/shoal"))
        );
        assert_eq!(serde_json::from_value::<NodeInfo>(document).unwrap(), newer);
        assert_eq!(newer.into_2_0(), recorded);
    }

    #[test]
    fn the_newest_version_is_read_whatever_the_order() {
        let url = |text| Url::parse(text).unwrap();
        let well_known = WellKnown::new(url("https://a.test/nodeinfo/2.0"), url("https://a.test/actor"))
            .with_2_1(url("https://a.test/nodeinfo/2.1"));
        assert_eq!(well_known.nodeinfo().unwrap().path(), "/nodeinfo/2.1");
        assert_eq!(well_known.instance_actor().unwrap().path(), "/actor");
    }

    #[test]
    fn a_sloppy_nodeinfo_still_tells_the_software() {
        let read: NodeInfo = serde_json::from_value(json!({
            "software": {"name": "mastodon"}, "usage": {"users": []}, "protocols": "activitypub"
        }))
        .unwrap();
        assert_eq!(read.software.name, "mastodon");
        assert_eq!(read.protocols, ["activitypub"]);
        assert_eq!(read.usage, Usage::default());
    }

    #[test]
    fn links_that_are_no_web_addresses_are_left_out() {
        let read: WellKnown = serde_json::from_value(json!({"links": [
            {"rel": SCHEMA_2_0, "href": "file:///etc/passwd"},
            {"rel": "http://nodeinfo.diaspora.software/ns/schema/2.1", "href": "https://a.test/nodeinfo/2.1"},
            "nonsense"
        ]}))
        .unwrap();
        assert_eq!(read.nodeinfo().unwrap().as_str(), "https://a.test/nodeinfo/2.1");
        assert_eq!(read.instance_actor(), None);
    }
}
