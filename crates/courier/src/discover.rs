//! Who is `bob@example.org`, and who speaks for the whole of `example.org`?

use federation::{
    ids::INSTANCE_ACTOR_NAME,
    nodeinfo::{self, NodeInfo},
    origin::{Host, ensure_same_host},
    webfinger::{Descriptor, Handle},
};
use serde::de::DeserializeOwned;
use url::Url;

use crate::{Courier, FetchError};

const ACCEPT_DESCRIPTOR: &str = "application/jrd+json, application/json";
const ACCEPT_JSON: &str = "application/json";

impl Courier {
    /// The id of the actor with this handle, by WebFinger.
    ///
    /// # Errors
    /// [`FetchError::UnknownHandle`] if its host knows nobody of that name; [`FetchError::Origin`] if its host points to
    /// an actor on another.
    pub async fn look_up(&self, handle: &Handle) -> Result<Url, FetchError> {
        let unknown = || FetchError::UnknownHandle(handle.clone());
        let (url, descriptor) = self.describe(handle).await?;
        let actor = descriptor.actor().cloned().ok_or_else(unknown)?;
        ensure_same_host(&actor, &url)?;
        Ok(actor)
    }

    /// The page on which the person with this handle can follow `uri` from their own server.
    ///
    /// # Errors
    /// [`FetchError::UnknownHandle`] if there is nobody of that name, or their server has no such page.
    pub async fn subscribe_url(&self, handle: &Handle, uri: &str) -> Result<Url, FetchError> {
        let (_, descriptor) = self.describe(handle).await?;
        descriptor.subscribe_url(&handle.host, uri).ok_or_else(|| FetchError::UnknownHandle(handle.clone()))
    }

    /// What a host says of a handle, and where it says so.
    async fn describe(&self, handle: &Handle) -> Result<(Url, Descriptor), FetchError> {
        let unknown = || FetchError::UnknownHandle(handle.clone());
        let url = handle.lookup_url(self.scheme()).ok_or_else(unknown)?;
        match self.get_json(&url, ACCEPT_DESCRIPTOR).await {
            Err(FetchError::Gone(_) | FetchError::Missing(_)) => Err(unknown()),
            outcome => Ok((url, outcome?)),
        }
    }

    /// The id of the actor that stands for a whole server: the one that its NodeInfo names (FEP-2677), else the one called
    /// `peertube`.
    ///
    /// # Errors
    /// [`FetchError::NoInstanceActor`] if it has none; other errors if it does not answer.
    pub async fn find_instance_actor(&self, host: &Host) -> Result<Url, FetchError> {
        match self.well_known_nodeinfo(host).await {
            Ok(well_known) => {
                if let Some(actor) = well_known.instance_actor() {
                    ensure_same_host(actor, &self.base_of(host)?)?;
                    return Ok(actor.clone());
                }
            }
            Err(error) if !error.is_permanent() => return Err(error),
            Err(_) => {}
        }
        match self.look_up(&Handle::new(INSTANCE_ACTOR_NAME, host.clone())).await {
            Err(error) if error.is_permanent() => Err(FetchError::NoInstanceActor(host.clone())),
            outcome => outcome,
        }
    }

    /// What software a server runs and how much it is used.
    ///
    /// # Errors
    /// [`FetchError`] if it has no NodeInfo or does not answer.
    pub async fn fetch_nodeinfo(&self, host: &Host) -> Result<NodeInfo, FetchError> {
        let base = self.base_of(host)?;
        let well_known = self.well_known_nodeinfo(host).await?;
        let url = well_known.nodeinfo().ok_or_else(|| FetchError::Missing(base.clone()))?;
        ensure_same_host(url, &base)?;
        self.get_json(url, ACCEPT_JSON).await
    }

    async fn well_known_nodeinfo(&self, host: &Host) -> Result<nodeinfo::WellKnown, FetchError> {
        let mut url = self.base_of(host)?;
        url.set_path(nodeinfo::WELL_KNOWN_PATH);
        self.get_json(&url, ACCEPT_JSON).await
    }

    async fn get_json<T: DeserializeOwned>(&self, url: &Url, accept: &str) -> Result<T, FetchError> {
        Ok(self.get(url, accept).await?.json()?)
    }

    fn base_of(&self, host: &Host) -> Result<Url, FetchError> {
        let base = Url::parse(&format!("{}://{host}/", self.scheme()));
        base.map_err(|_| FetchError::NoInstanceActor(host.clone()))
    }

    /// Bare host names are asked over TLS, except by a server that has none itself (tests and the demo network).
    fn scheme(&self) -> &'static str {
        let plain = !self.platform().public_url.is_https() && self.platform().http.allows_plain_http();
        if plain { "http" } else { "https" }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{World, url};

    fn handle(text: &str) -> Handle {
        text.parse().unwrap()
    }

    fn host(name: &str) -> Host {
        name.parse().unwrap()
    }

    #[tokio::test]
    async fn a_handle_leads_to_its_actor() {
        let world = World::new().await;
        let bob = url("http://beta.test/accounts/bob");
        let answer = Descriptor::of_actor(&handle("bob@beta.test"), bob.clone(), &url("http://beta.test"));
        world.beta.serve("/.well-known/webfinger", &serde_json::to_value(&answer).unwrap());
        assert_eq!(world.courier.look_up(&handle("bob@beta.test")).await.unwrap(), bob);
        let asked = world.beta.requests().pop().unwrap().target;
        assert_eq!(asked, "/.well-known/webfinger?resource=acct%3Abob%40beta.test");
    }

    #[tokio::test]
    async fn a_handle_that_nobody_has_is_named() {
        let world = World::new().await;
        let outcome = world.courier.look_up(&handle("bob@beta.test")).await;
        assert_eq!(outcome.unwrap_err().to_string(), "there is no actor bob@beta.test");
    }

    #[tokio::test]
    async fn a_host_does_not_hand_out_the_actors_of_another() {
        let world = World::new().await;
        let answer =
            Descriptor::of_actor(&handle("bob@beta.test"), url("http://gamma.test/u"), &url("http://beta.test"));
        world.beta.serve("/.well-known/webfinger", &serde_json::to_value(&answer).unwrap());
        assert!(matches!(world.courier.look_up(&handle("bob@beta.test")).await, Err(FetchError::Origin(_))));
    }

    #[tokio::test]
    async fn the_actor_of_a_server_is_found_through_nodeinfo() {
        let world = World::new().await;
        let actor = url("http://beta.test/application");
        let links = nodeinfo::WellKnown::new(url("http://beta.test/nodeinfo/2.0.json"), actor.clone());
        world.beta.serve("/.well-known/nodeinfo", &serde_json::to_value(&links).unwrap());
        assert_eq!(world.courier.find_instance_actor(&host("beta.test")).await.unwrap(), actor);
        world.beta.serve("/nodeinfo/2.0.json", &json!({"software": {"name": "peertube", "version": "6.3.0"}}));
        assert_eq!(world.courier.fetch_nodeinfo(&host("beta.test")).await.unwrap().software.name, "peertube");
    }

    #[tokio::test]
    async fn the_actor_of_an_older_server_is_found_by_its_name() {
        let world = World::new().await;
        let actor = url("http://beta.test/accounts/peertube");
        let answer = Descriptor::of_actor(&handle("peertube@beta.test"), actor.clone(), &url("http://beta.test"));
        world.beta.serve("/.well-known/webfinger", &serde_json::to_value(&answer).unwrap());
        assert_eq!(world.courier.find_instance_actor(&host("beta.test")).await.unwrap(), actor);
    }

    #[tokio::test]
    async fn a_server_without_an_actor_is_told_from_one_that_is_busy() {
        let world = World::new().await;
        let outcome = world.courier.find_instance_actor(&host("beta.test")).await;
        assert!(matches!(outcome, Err(FetchError::NoInstanceActor(_))), "{outcome:?}");
        world.beta.answer_with(503);
        assert!(!world.courier.find_instance_actor(&host("beta.test")).await.unwrap_err().is_permanent());
    }
}
