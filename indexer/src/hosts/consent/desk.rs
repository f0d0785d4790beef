//! Asks an instance, an account or a channel what it wants, because somebody pressed the button.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::StatusCode;
use platform::{
    Platform,
    db::DbError,
    net::{HttpClient, NetError, Response},
};
use serde::Deserialize;
use url::Url;

use super::{
    Declaration, PATH, Proof, Settled, Subject, Tokens, heed, opt_in, opt_out, rules, settle_host, store, turns::Turns,
};
use crate::hosts::{self, AddressError, HostsError, Origin, words};

/// Where people and instances say whether they want to be found. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ConsentDesk {
    platform: Platform,
    accepts_newcomers: bool,
    turns: Arc<Mutex<Turns>>,
}

/// Why nothing was settled.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// The text names nobody.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Nothing is known of the instance, and it did not opt out.
    #[error("{0} is not read by this search site, so nothing of it can be found here")]
    Unknown(String),
    /// It was asked a moment ago.
    #[error("it was checked a moment ago: try again in {} seconds", .0.as_secs().max(1))]
    TooSoon(Duration),
    /// The other server did not answer as it should.
    #[error("{0}")]
    Unreachable(String),
    /// There is no such account or channel.
    #[error("{0} has neither an account nor a channel of that name")]
    Nobody(String),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<HostsError> for ConsentError {
    fn from(error: HostsError) -> Self {
        match error {
            HostsError::Address(error) => Self::Address(error),
            HostsError::Unknown(host) | HostsError::OptedOut(host) => Self::Unknown(host),
            HostsError::Db(error) => Self::Db(error),
        }
    }
}

/// What a check found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Who was asked.
    pub subject: Subject,
    /// What became of it.
    pub settled: Settled,
}

/// What is read of an account or a channel.
#[derive(Debug, Deserialize)]
struct ActorPage {
    #[serde(default)]
    description: Option<String>,
}

const MAX_FILE_BYTES: u64 = 64 * 1_024;
const MAX_ACTOR_BYTES: u64 = 500_000;
const LONGEST_WAIT: Duration = Duration::from_secs(15);

impl ConsentDesk {
    pub(crate) fn new(platform: &Platform, accepts_newcomers: bool) -> Self {
        Self { platform: platform.clone(), accepts_newcomers, turns: Arc::default() }
    }

    /// Whether an instance that opts in is put on the list.
    pub fn accepts_newcomers(&self) -> bool {
        self.accepts_newcomers
    }

    /// Reads what somebody typed.
    ///
    /// # Errors
    /// [`AddressError`] if it names neither an instance nor an account or channel.
    pub fn subject(&self, text: &str) -> Result<Subject, AddressError> {
        Subject::parse(text, self.platform.http.allows_plain_http())
    }

    /// The words with which an account or a channel opts out and in here.
    pub fn tokens(&self, subject: &Subject) -> Tokens {
        Tokens::new(self.platform.public_url.host(), &subject.to_string())
    }

    /// Asks, and does what the answer says, at once.
    ///
    /// # Errors
    /// [`ConsentError`] if nobody could be asked.
    pub async fn check(&self, text: &str) -> Result<Answer, ConsentError> {
        let subject = self.known(self.subject(text)?).await?;
        let now = self.platform.clock.now();
        let turn = self.turns.lock().unwrap_or_else(PoisonError::into_inner).take(subject.origin().host(), now);
        turn.map_err(ConsentError::TooSoon)?;
        let settled = match &subject {
            Subject::Host(origin) => self.check_host(origin).await?,
            Subject::Actor { name, origin } => self.check_actor(&subject, name, origin).await?,
        };
        Ok(Answer { subject, settled })
    }

    /// The subject at the address by which its instance is read. Nobody can have us ask servers that we have nothing to do
    /// with, except about themselves where newcomers are welcome.
    async fn known(&self, subject: Subject) -> Result<Subject, ConsentError> {
        let mut conn = self.platform.db.read().await?;
        let host = subject.origin().host();
        let Some(address) = hosts::store::origin_of(&mut conn, host).await? else {
            let is_host = matches!(subject, Subject::Host(_));
            if is_host && (self.accepts_newcomers || store::has_host(&mut conn, host).await?) {
                return Ok(subject);
            }
            return Err(ConsentError::Unknown(host.to_owned()));
        };
        let origin = Origin::parse(&address, self.platform.http.allows_plain_http())?;
        Ok(match subject {
            Subject::Host(_) => Subject::Host(origin),
            Subject::Actor { name, .. } => Subject::Actor { name, origin },
        })
    }

    async fn check_host(&self, origin: &Origin) -> Result<Settled, ConsentError> {
        let site = self.platform.public_url.host();
        let declared = read_file(&self.platform.http, origin, site).await.map_err(|error| unreachable(&error))?;
        let mut tx = self.platform.db.begin().await?;
        let settled = settle_host(&mut tx, origin, declared, self.accepts_newcomers, self.platform.clock.now()).await?;
        tx.commit().await?;
        Ok(settled)
    }

    async fn check_actor(&self, subject: &Subject, name: &str, origin: &Origin) -> Result<Settled, ConsentError> {
        let description = self.description(name, origin).await?;
        let declared = Declaration::of_description(&description, &self.tokens(subject));
        let now = self.platform.clock.now();
        let mut tx = self.platform.db.begin().await?;
        let settled = match declared {
            Some(Declaration::OptOut) => Settled::OptedOut(opt_out(&mut tx, subject, Proof::Description, now).await?),
            Some(Declaration::OptIn) => {
                opt_in(&mut tx, subject, now).await?;
                Settled::OptedIn
            }
            None => heed(&mut tx, subject, rules::of_actor(None, Some(&description)), now).await?,
        };
        tx.commit().await?;
        Ok(settled)
    }

    /// What an account or a channel says about itself; an account and a channel do not have the same name.
    async fn description(&self, name: &str, origin: &Origin) -> Result<String, ConsentError> {
        for folder in ["accounts", "video-channels"] {
            let path = format!("/api/v1/{folder}/{name}");
            let response = fetch(&self.platform.http, origin, &path, MAX_ACTOR_BYTES)
                .await
                .map_err(|error| unreachable(&error))?;
            if matches!(response.status, StatusCode::NOT_FOUND | StatusCode::GONE) {
                continue;
            }
            let page = response.error_for_status().and_then(|response| response.json::<ActorPage>());
            return Ok(page.map_err(|error| unreachable(&error))?.description.unwrap_or_default());
        }
        Err(ConsentError::Nobody(origin.host().to_owned()))
    }
}

/// What an instance's consent file says to us; `None` if there is none, or it says nothing.
pub async fn read_file(http: &HttpClient, origin: &Origin, site: &str) -> Result<Option<Declaration>, NetError> {
    let response = fetch(http, origin, PATH, MAX_FILE_BYTES).await?;
    if response.status.is_client_error() && response.status != StatusCode::TOO_MANY_REQUESTS {
        return Ok(None);
    }
    let response = response.error_for_status()?;
    Ok(Declaration::of_file(&String::from_utf8_lossy(&response.body), site))
}

/// Asks the instance itself: an answer from elsewhere proves nothing.
async fn fetch(http: &HttpClient, origin: &Origin, path: &str, max_bytes: u64) -> Result<Response, NetError> {
    let url = Url::parse(&origin.join(path)).map_err(|error| NetError::InvalidUrl(error.to_string()))?;
    let response = http.get(&url).max_body(max_bytes).timeout(LONGEST_WAIT).send().await?;
    if !origin.owns(response.url.as_str()) {
        let elsewhere = response.url.host_str().unwrap_or("another server");
        return Err(NetError::BadRedirect(format!(
            "it leads to {elsewhere}, which cannot speak for {}",
            origin.host()
        )));
    }
    Ok(response)
}

fn unreachable(error: &NetError) -> ConsentError {
    ConsentError::Unreachable(words::explain(error))
}
