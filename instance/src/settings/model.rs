use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::{InstanceConfig, lookup::RemoteLookup};

/// What administrators set while the server runs. Each member is a row of the table `settings`, under its own name;
/// what has no row is as the configuration says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether this server speaks with others at all.
    pub federates: bool,
    /// Whether it speaks only with the servers of a list.
    pub is_allow_list: bool,
    /// Whether others may follow its actors.
    pub accepts_followers: bool,
    /// Whether an administrator looks at each follow first.
    pub approves_followers: bool,
    /// Whether it follows the servers that follow it.
    pub follows_back: bool,
    /// Lists of servers that it follows, on the web.
    pub follow_lists: Vec<Url>,
    /// Whether comments written on other servers are taken.
    pub accepts_remote_comments: bool,
    /// Who may have it look up what it does not know yet.
    pub remote_lookup: RemoteLookup,
}

/// What becomes of a follow that somebody sends us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowPolicy {
    /// It is granted at once.
    Accept,
    /// It waits for an administrator.
    Ask,
    /// It is refused.
    Refuse,
}

impl Settings {
    /// What holds until somebody sets something.
    pub fn of_config(config: &InstanceConfig) -> Self {
        Self {
            federates: true,
            is_allow_list: false,
            accepts_followers: true,
            approves_followers: !config.accept_followers,
            follows_back: config.follow_back,
            follow_lists: config.follow_lists.clone(),
            accepts_remote_comments: true,
            remote_lookup: config.remote_lookup,
        }
    }

    /// What becomes of a follow that somebody sends us.
    pub fn follow_policy(&self) -> FollowPolicy {
        match (self.accepts_followers, self.approves_followers) {
            (false, _) => FollowPolicy::Refuse,
            (true, true) => FollowPolicy::Ask,
            (true, false) => FollowPolicy::Accept,
        }
    }

    /// With the stored rows in place of what they name. A row that cannot be understood counts as absent.
    #[must_use]
    pub fn with_rows(&self, rows: Vec<(String, Value)>) -> Self {
        let mut settings = self.clone();
        for (name, value) in rows {
            let mut members = settings.members();
            members.insert(name, value);
            settings = serde_json::from_value(Value::Object(members)).unwrap_or(settings);
        }
        settings
    }

    /// Each member by its name.
    pub fn members(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_replace_what_they_name_and_nonsense_changes_nothing() {
        let defaults = Settings::of_config(&InstanceConfig::default());
        let rows = [("federates", json!(false)), ("remote_lookup", json!("everybody")), ("gone", json!(1))];
        let settings = defaults.with_rows(rows.map(|(name, value)| (name.to_owned(), value)).to_vec());
        let expected = Settings { federates: false, remote_lookup: RemoteLookup::Everybody, ..defaults.clone() };
        assert_eq!(settings, expected);
        let nonsense = vec![("federates".to_owned(), json!("perhaps")), ("follow_lists".to_owned(), json!(["x y"]))];
        assert_eq!(defaults.with_rows(nonsense), defaults);
    }

    #[test]
    fn the_configuration_decides_about_followers_until_somebody_sets_it() {
        let policy = |accept_followers| {
            Settings::of_config(&InstanceConfig { accept_followers, ..InstanceConfig::default() }).follow_policy()
        };
        assert_eq!((policy(true), policy(false)), (FollowPolicy::Accept, FollowPolicy::Ask));
        let closed = Settings { accepts_followers: false, ..Settings::of_config(&InstanceConfig::default()) };
        assert_eq!(closed.follow_policy(), FollowPolicy::Refuse);
    }
}
