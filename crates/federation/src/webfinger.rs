//! Which actor is `bob@example.org`? WebFinger (RFC 7033), as far as ActivityPub uses it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    ACTIVITY_JSON, is_activity_content_type,
    origin::Host,
    wire::lenient::{self, MAX_URL_LENGTH},
};

/// The well-known path of the look-up.
pub const WELL_KNOWN_PATH: &str = "/.well-known/webfinger";

/// The media type of the answer that RFC 7033 asks for.
pub const CONTENT_TYPE: &str = "application/jrd+json; charset=utf-8";

const SUBSCRIBE_RELATION: &str = "http://ostatus.org/schema/1.0/subscribe";
const MAX_LINKS: usize = 30;
const MAX_NAME_LENGTH: usize = 120;

/// An actor by name: `bob@example.org`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Handle {
    /// The name on that server.
    pub name: String,
    /// The server.
    pub host: Host,
}

/// A text that is no handle.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no handle like name@host")]
pub struct HandleError(String);

impl Handle {
    /// Puts a handle together.
    pub fn new(name: impl Into<String>, host: Host) -> Self {
        Self { name: name.into(), host }
    }

    /// The address to ask about this handle, at its own host.
    pub fn lookup_url(&self, scheme: &str) -> Option<Url> {
        let mut url = Url::parse(&format!("{scheme}://{}{WELL_KNOWN_PATH}", self.host)).ok()?;
        url.query_pairs_mut().append_pair("resource", &self.to_uri());
        Some(url)
    }

    /// As the `acct:` URI of RFC 7565.
    pub fn to_uri(&self) -> String {
        format!("acct:{self}")
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.name, self.host)
    }
}

impl FromStr for Handle {
    type Err = HandleError;

    /// Reads `bob@example.org`, `@bob@example.org` and `acct:bob@example.org`.
    fn from_str(text: &str) -> Result<Self, HandleError> {
        let refused = || HandleError(text.chars().take(MAX_NAME_LENGTH).collect());
        let bare = text.strip_prefix("acct:").unwrap_or(text);
        let bare = bare.strip_prefix('@').unwrap_or(bare);
        let (name, host) = bare.split_once('@').ok_or_else(refused)?;
        if !is_name(name) {
            return Err(refused());
        }
        let host = host.parse().map_err(|_| refused())?;
        Ok(Self::new(name, host))
    }
}

fn is_name(name: &str) -> bool {
    let allowed = |character: char| character.is_alphanumeric() || matches!(character, '_' | '.' | '-');
    !name.is_empty() && name.len() <= MAX_NAME_LENGTH && name.chars().all(allowed)
}

/// The answer to a look-up (a "JSON resource descriptor").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor {
    /// What was asked about, in its canonical spelling.
    #[serde(deserialize_with = "lenient::required_text::<MAX_URL_LENGTH, _>")]
    pub subject: String,
    /// Other names of it.
    #[serde(default, deserialize_with = "lenient::texts::<MAX_URL_LENGTH, MAX_LINKS, _>")]
    pub aliases: Vec<String>,
    /// Where to go from here.
    #[serde(default, deserialize_with = "lenient::list::<DescriptorLink, MAX_LINKS, _>")]
    pub links: Vec<DescriptorLink>,
}

/// One link of a [`Descriptor`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescriptorLink {
    /// What is there.
    #[serde(deserialize_with = "lenient::required_text::<MAX_URL_LENGTH, _>")]
    pub rel: String,
    /// Its media type.
    #[serde(
        default,
        rename = "type",
        deserialize_with = "lenient::text::<200, _>",
        skip_serializing_if = "Option::is_none"
    )]
    pub media_type: Option<String>,
    /// Where it is.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub href: Option<Url>,
    /// Where it is, with a place to fill in.
    #[serde(default, deserialize_with = "lenient::text::<MAX_URL_LENGTH, _>", skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

impl Descriptor {
    /// The answer about one of our own actors.
    pub fn of_actor(handle: &Handle, actor: Url, base: &Url) -> Self {
        let site = base.as_str().trim_end_matches('/');
        Self {
            subject: handle.to_uri(),
            aliases: vec![actor.to_string()],
            links: vec![
                DescriptorLink {
                    rel: "self".to_owned(),
                    media_type: Some(ACTIVITY_JSON.to_owned()),
                    href: Some(actor),
                    template: None,
                },
                DescriptorLink {
                    rel: SUBSCRIBE_RELATION.to_owned(),
                    media_type: None,
                    href: None,
                    template: Some(format!("{site}/remote-interaction?uri={{uri}}")),
                },
            ],
        }
    }

    /// Where the person behind this answer about `host` can follow `uri` from their own server. Only a page of that server
    /// is one, or of a server below its name: an answer must not lead people elsewhere.
    pub fn subscribe_url(&self, host: &Host, uri: &str) -> Option<Url> {
        let template = self.links.iter().find(|link| link.rel == SUBSCRIBE_RELATION)?.template.as_ref()?;
        let escaped: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        let url = lenient::parse_web_url(&template.replace("{uri}", &escaped))?;
        let page_host = Host::of(&url)?;
        let is_below = page_host.as_str().ends_with(&format!(".{host}"));
        let is_plain = template.contains("{uri}") && url.username().is_empty() && url.password().is_none();
        (is_plain && (page_host == *host || is_below)).then_some(url)
    }

    /// The ActivityPub id of the actor.
    pub fn actor(&self) -> Option<&Url> {
        self.links
            .iter()
            .filter(|link| link.rel == "self")
            .find(|link| link.media_type.as_deref().is_some_and(is_activity_content_type))
            .and_then(|link| link.href.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn our_answer_is_the_one_peertube_gives() {
        let recorded: Value =
            serde_json::from_str(include_str!("../fixtures/peertube-6.3/ap/webfinger-bob.json")).unwrap();
        let handle: Handle = "bob@127.0.0.1:9002".parse().unwrap();
        let base = Url::parse("http://127.0.0.1:9002").unwrap();
        let ours = Descriptor::of_actor(&handle, base.join("/accounts/bob").unwrap(), &base);
        assert_eq!(serde_json::to_value(&ours).unwrap(), recorded);
        assert_eq!(serde_json::from_value::<Descriptor>(recorded).unwrap(), ours);
    }

    #[test]
    fn recorded_answers_lead_to_the_actor() {
        for (recorded, actor) in [
            (include_str!("../fixtures/peertube-6.3/ap/webfinger-channel.json"), "video-channels/bob_main"),
            (include_str!("../fixtures/peertube-6.3/ap/webfinger-instance.json"), "accounts/peertube"),
        ] {
            let answer: Descriptor = serde_json::from_str(recorded).unwrap();
            assert_eq!(answer.actor().unwrap().as_str(), format!("http://127.0.0.1:9002/{actor}"));
        }
    }

    #[test]
    fn a_subscription_leads_to_the_server_of_the_handle_and_nowhere_else() {
        let host: Host = "example.org".parse().unwrap();
        let page = |template: &str| {
            let link = serde_json::json!({ "rel": SUBSCRIBE_RELATION, "template": template });
            let answer = serde_json::json!({ "subject": "acct:bob@example.org", "links": [link] });
            let answer: Descriptor = serde_json::from_value(answer).unwrap();
            answer.subscribe_url(&host, "https://a.test/c/x?y=1&z").map(|url| url.to_string())
        };
        assert_eq!(
            page("https://example.org/authorize_interaction?uri={uri}").unwrap(),
            "https://example.org/authorize_interaction?uri=https%3A%2F%2Fa.test%2Fc%2Fx%3Fy%3D1%26z"
        );
        assert!(page("https://social.example.org/follow?u={uri}").is_some());
        for elsewhere in [
            "https://evil.test/{uri}",
            "https://evilexample.org/{uri}",
            "javascript:alert('{uri}')",
            "https://example.org/nothing-to-fill-in",
            "https://example.org@evil.test/{uri}",
            "https://bob:x@example.org/{uri}",
            "{uri}",
        ] {
            assert_eq!(page(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn handles_are_read_in_every_spelling() {
        for text in ["bob@example.org", "@bob@example.org", "acct:bob@EXAMPLE.org"] {
            assert_eq!(text.parse::<Handle>().unwrap().to_string(), "bob@example.org", "{text}");
        }
        for text in ["", "bob", "@bob", "bob@", "a/b@example.org", "bob@example.org/x", "bob@a@b"] {
            assert!(text.parse::<Handle>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_look_up_goes_to_the_host_of_the_handle() {
        let handle: Handle = "peertube@alpha.test:9000".parse().unwrap();
        assert_eq!(
            handle.lookup_url("https").unwrap().as_str(),
            "https://alpha.test:9000/.well-known/webfinger?resource=acct%3Apeertube%40alpha.test%3A9000"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,80}") {
            let _ = text.parse::<Handle>();
        }

        #[test]
        fn a_handle_is_read_as_it_is_written(name in "[a-z0-9_.]{1,50}", host in "[a-z]{1,10}\\.[a-z]{2,5}") {
            let handle: Handle = format!("{name}@{host}").parse().unwrap();
            prop_assert_eq!(handle.to_uri().parse::<Handle>().unwrap(), handle);
        }
    }
}
