use axum::{Json, extract::State, http::StatusCode};
use platform::web::{ApiResult, Problem};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{RemoteLookup, Settings, SettingsError, actions, store};
use crate::{App, moderation::Administrator};

const MAX_HOSTS: usize = 10_000;
/// Lists of servers to follow: each is read every hour.
const MAX_LISTS: usize = 20;

/// `GET /api/v1/config/custom`: what administrators set, as far as this server has what PeerTube has; `federation` is ours.
pub async fn get(State(app): State<App>, _: Administrator) -> ApiResult<Json<Value>> {
    let allowed = store::allowed_servers(&mut app.platform.db.read().await?).await?;
    Ok(Json(to_json(&app.border.settings(), &allowed)))
}

/// `PUT /api/v1/config/custom`: what is named is set; what is left out, or unknown here, is left alone.
pub async fn put(State(app): State<App>, _: Administrator, Json(wanted): Json<CustomConfig>) -> ApiResult<Json<Value>> {
    let settings = wanted.over(&app.border.settings())?;
    if let Some(hosts) = &wanted.federation.allowed_servers {
        if hosts.len() > MAX_HOSTS {
            return Err(Problem::bad_request(format!("At most {MAX_HOSTS} servers can be allowed.")));
        }
        actions::allow_only(&app, hosts).await?;
    }
    actions::change(&app, &settings).await?;
    let allowed = store::allowed_servers(&mut app.platform.db.read().await?).await?;
    Ok(Json(to_json(&settings, &allowed)))
}

/// `DELETE /api/v1/config/custom`: as the configuration file says.
pub async fn delete(State(app): State<App>, _: Administrator) -> ApiResult<StatusCode> {
    actions::change(&app, &Settings::of_config(&app.config)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn to_json(settings: &Settings, allowed: &[String]) -> Value {
    json!({
        "followers": {
            "instance": { "enabled": settings.accepts_followers, "manualApproval": settings.approves_followers },
        },
        "followings": { "instance": {
            "autoFollowBack": { "enabled": settings.follows_back },
            "autoFollowIndex": {
                "enabled": !settings.follow_lists.is_empty(),
                "indexUrl": settings.follow_lists.first().map_or("", Url::as_str),
            },
        } },
        "search": { "remoteUri": {
            "users": settings.remote_lookup.allows(true),
            "anonymous": settings.remote_lookup.allows(false),
        } },
        "federation": {
            "enabled": settings.federates,
            "allowList": settings.is_allow_list,
            "allowedServers": allowed,
            "remoteComments": settings.accepts_remote_comments,
            "followLists": settings.follow_lists,
        },
    })
}

/// The part of PeerTube's `CustomConfig` that is understood here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CustomConfig {
    followers: Followers,
    followings: Followings,
    search: Search,
    federation: FederationPart,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Followers {
    instance: FollowersOfInstance,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct FollowersOfInstance {
    enabled: Option<bool>,
    manual_approval: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Followings {
    instance: FollowingsOfInstance,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct FollowingsOfInstance {
    auto_follow_back: Switch,
    auto_follow_index: Index,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Switch {
    enabled: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Index {
    enabled: Option<bool>,
    index_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Search {
    remote_uri: RemoteUri,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RemoteUri {
    users: Option<bool>,
    anonymous: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct FederationPart {
    enabled: Option<bool>,
    allow_list: Option<bool>,
    allowed_servers: Option<Vec<String>>,
    remote_comments: Option<bool>,
    follow_lists: Option<Vec<String>>,
}

impl CustomConfig {
    fn over(&self, now: &Settings) -> ApiResult<Settings> {
        let (followers, followings) = (&self.followers.instance, &self.followings.instance);
        let lookup = &self.search.remote_uri;
        Ok(Settings {
            federates: self.federation.enabled.unwrap_or(now.federates),
            is_allow_list: self.federation.allow_list.unwrap_or(now.is_allow_list),
            accepts_followers: followers.enabled.unwrap_or(now.accepts_followers),
            approves_followers: followers.manual_approval.unwrap_or(now.approves_followers),
            follows_back: followings.auto_follow_back.enabled.unwrap_or(now.follows_back),
            follow_lists: match &self.federation.follow_lists {
                Some(lists) => read_lists(lists.iter().map(String::as_str))?,
                None => followings.auto_follow_index.over(&now.follow_lists)?,
            },
            accepts_remote_comments: self.federation.remote_comments.unwrap_or(now.accepts_remote_comments),
            remote_lookup: match (
                lookup.users.unwrap_or(now.remote_lookup.allows(true)),
                lookup.anonymous.unwrap_or(now.remote_lookup.allows(false)),
            ) {
                (_, true) => RemoteLookup::Everybody,
                (true, false) => RemoteLookup::Users,
                (false, false) => RemoteLookup::Nobody,
            },
        })
    }
}

impl Index {
    /// PeerTube knows one list: here, that is the first.
    fn over(&self, now: &[Url]) -> ApiResult<Vec<Url>> {
        if !self.enabled.unwrap_or(!now.is_empty()) {
            return Ok(vec![]);
        }
        let Some(first) = &self.index_url else { return Ok(now.to_vec()) };
        let others = now.iter().skip(1).map(Url::as_str);
        read_lists([first.as_str()].into_iter().chain(others))
    }
}

/// The addresses of lists of servers, each once; empty texts are none.
pub(super) fn read_lists<'a>(texts: impl Iterator<Item = &'a str>) -> ApiResult<Vec<Url>> {
    let mut lists = vec![];
    for text in texts.map(str::trim).filter(|text| !text.is_empty()) {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && text.len() <= 2_000);
        let url = url.ok_or_else(|| {
            let text: String = text.chars().take(100).collect();
            Problem::bad_request(format!("A list of servers must be a web address, and {text:?} is none."))
        })?;
        if !lists.contains(&url) {
            lists.push(url);
        }
    }
    if lists.len() > MAX_LISTS {
        return Err(Problem::bad_request(format!("There can be at most {MAX_LISTS} lists of servers.")));
    }
    Ok(lists)
}

impl From<SettingsError> for Problem {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::BadHost(error) => Problem::bad_request(error.to_string()),
            SettingsError::Db(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InstanceConfig;

    fn over(body: Value) -> ApiResult<Settings> {
        let wanted: CustomConfig = serde_json::from_value(body).unwrap();
        wanted.over(&Settings::of_config(&InstanceConfig::default()))
    }

    #[test]
    fn what_is_left_out_is_left_alone() {
        let defaults = Settings::of_config(&InstanceConfig::default());
        assert_eq!(over(json!({ "instance": { "name": "x" } })).unwrap(), defaults);
        let closed = over(json!({ "followers": { "instance": { "manualApproval": true } } })).unwrap();
        assert_eq!(closed, Settings { approves_followers: true, ..defaults.clone() });
        let asked = over(json!({ "search": { "remoteUri": { "users": false } } })).unwrap();
        assert_eq!(asked.remote_lookup, RemoteLookup::Nobody);
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let settings = Settings {
            federates: false,
            is_allow_list: true,
            accepts_followers: false,
            approves_followers: true,
            follows_back: true,
            follow_lists: ["hosts.json", "more.txt"]
                .map(|file| Url::parse("https://instances.example/").unwrap().join(file).unwrap())
                .to_vec(),
            accepts_remote_comments: false,
            remote_lookup: RemoteLookup::Everybody,
        };
        assert_eq!(over(to_json(&settings, &[])).unwrap(), settings);
    }

    #[test]
    fn a_list_of_servers_is_a_web_address() {
        let lists = |lists: Value| over(json!({ "federation": { "followLists": lists } }));
        assert!(lists(json!(["file:///etc/passwd"])).is_err() && lists(json!(["nonsense"])).is_err());
        assert_eq!(lists(json!(["", " https://a.example/x ", "https://a.example/x"])).unwrap().follow_lists.len(), 1);
        let many: Vec<_> = (0..=MAX_LISTS).map(|number| format!("https://a.example/{number}")).collect();
        assert!(lists(json!(many)).is_err());
    }

    #[test]
    fn what_peertube_calls_its_index_is_the_first_list() {
        let [a, b, c] = ["a", "b", "c"].map(|name| Url::parse(&format!("https://{name}.example/")).unwrap());
        let now = Settings { follow_lists: vec![a, b.clone()], ..Settings::of_config(&InstanceConfig::default()) };
        let set = |index: Value| {
            let body = json!({ "followings": { "instance": { "autoFollowIndex": index } } });
            serde_json::from_value::<CustomConfig>(body).unwrap().over(&now).unwrap().follow_lists
        };
        assert_eq!(set(json!({})), now.follow_lists);
        assert_eq!(set(json!({ "enabled": true, "indexUrl": c })), [c, b]);
        assert_eq!(set(json!({ "enabled": false, "indexUrl": "https://c.example/" })), []);
    }
}
