use platform::clock::Timestamp;
use sqlx::types::Json;
use url::Url;

/// Identity of an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct ActorId(pub i64);

/// What an actor is (Activity Vocabulary, section 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    /// A person's account.
    Person,
    /// A channel.
    Group,
    /// A server.
    Application,
    /// A program.
    Service,
    /// An organisation's account.
    Organization,
}

impl ActorKind {
    /// Its name in the database and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "Person",
            Self::Group => "Group",
            Self::Application => "Application",
            Self::Service => "Service",
            Self::Organization => "Organization",
        }
    }

    /// Reads the name; unknown ones are persons.
    pub fn from_name(name: &str) -> Self {
        match name {
            "Group" => Self::Group,
            "Application" => Self::Application,
            "Service" => Self::Service,
            "Organization" => Self::Organization,
            _ => Self::Person,
        }
    }
}

/// An actor as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Actor {
    /// Its row.
    pub id: ActorId,
    kind: String,
    url: String,
    /// The name in its handle.
    pub username: String,
    /// Host, with port where unusual: the other half of the handle.
    pub host: String,
    /// Whether it lives here.
    pub is_local: bool,
    /// Where activities for it alone go.
    pub inbox_url: String,
    /// Where activities for anyone on its server go.
    pub shared_inbox_url: Option<String>,
    /// What it has said: its published activities.
    pub outbox_url: Option<String>,
    /// Its public key, PEM.
    pub public_key_pem: String,
    /// Its private key, PEM; `None` for remote actors.
    pub private_key_pem: Option<String>,
    /// When it was made (or, remote, first seen).
    pub created_at: Timestamp,
    /// When its server was last asked about it; `None` for local actors.
    pub refreshed_at: Option<Timestamp>,
    /// Collection of its followers.
    pub followers_url: Option<String>,
    /// Collection of whom it follows.
    pub following_url: Option<String>,
    /// Where it lives now, if it moved away.
    pub moved_to_url: Option<String>,
    /// When its move was taken note of here.
    pub moved_at: Option<Timestamp>,
    also_known_as: Option<Json<Vec<String>>>,
    /// Whether what it does may be put into a search index.
    pub is_indexable: bool,
    /// How often its server was asked in vain since it last answered.
    pub refresh_failures: i64,
}

impl Actor {
    /// Who else it says it is.
    pub fn aliases(&self) -> &[String] {
        self.also_known_as.as_ref().map(|list| list.0.as_slice()).unwrap_or_default()
    }

    /// Its path on this server, for people: with the host of a remote one.
    pub fn page_path(&self) -> String {
        page_path(self.kind() == ActorKind::Group, &self.username, &self.host, self.is_local)
    }

    /// What it is.
    pub fn kind(&self) -> ActorKind {
        ActorKind::from_name(&self.kind)
    }

    /// Its address, which is its identity in the federation.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The inbox to use when an activity is for many: the shared one where there is one.
    pub fn delivery_inbox(&self) -> Option<Url> {
        Url::parse(self.shared_inbox_url.as_ref().unwrap_or(&self.inbox_url)).ok()
    }

    /// The inbox to use when an activity is for this actor alone.
    pub fn own_inbox(&self) -> Option<Url> {
        Url::parse(&self.inbox_url).ok()
    }
}

/// An actor before it has a row.
#[derive(Debug, Clone)]
pub struct NewActor {
    /// What it is.
    pub kind: ActorKind,
    /// Its address.
    pub url: Url,
    /// The name in its handle.
    pub username: String,
    /// Its host.
    pub host: String,
    /// Whether it lives here.
    pub is_local: bool,
    /// Where activities for it alone go.
    pub inbox_url: String,
    /// Where activities for anyone on its server go.
    pub shared_inbox_url: Option<String>,
    /// What it has said.
    pub outbox_url: Option<String>,
    /// Collection of its followers.
    pub followers_url: Option<String>,
    /// Collection of whom it follows.
    pub following_url: Option<String>,
    /// PEM.
    pub public_key_pem: String,
    /// PEM; `None` for remote actors.
    pub private_key_pem: Option<String>,
    /// When its server was asked about it; `None` for local actors.
    pub refreshed_at: Option<Timestamp>,
    /// Collection of its playlists.
    pub playlists_url: Option<String>,
    /// Where it lives now, if it moved away.
    pub moved_to_url: Option<String>,
    /// Who else it says it is.
    pub also_known_as: Vec<String>,
    /// When it was made, as its server says.
    pub published_at: Option<Timestamp>,
    /// Whether what it does may be put into a search index.
    pub is_indexable: bool,
}

/// Path of the page of a channel or an account.
pub fn page_path(is_channel: bool, username: &str, host: &str, is_local: bool) -> String {
    let folder = if is_channel { "c" } else { "a" };
    if is_local { format!("/{folder}/{username}") } else { format!("/{folder}/{username}@{host}") }
}

/// The form in which names are compared: SQLite's own `lower()` knows ASCII only.
pub fn fold_name(name: &str) -> String {
    name.to_lowercase()
}

/// Whether a local account or channel may have this name: 1 to 50 of `a-z 0-9 _ .`, as PeerTube allows.
pub fn is_valid_name(name: &str) -> bool {
    (1..=50).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for name in ["root", "alice_films", "a.b", "x1"] {
            assert!(is_valid_name(name), "{name}");
        }
        for name in ["", "Root", "a b", "ä", "a/b", "@a", &"a".repeat(51)] {
            assert!(!is_valid_name(name), "{name}");
        }
    }
}
