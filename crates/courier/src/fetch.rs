//! What does another server say about this URL?
//!
//! **Invariant:** a document that comes out of here was served by the host of its own id, under that id. A document found
//! under another URL (a short link, a redirect, a page with a query) is fetched again under the id that it claims, and
//! must claim the same there. Otherwise anybody who can place a file on a host could speak for its actors.
//!
//! Requests are signed by the instance actor, because servers may refuse others (PeerTube signs its own).

use std::{collections::HashSet, time::Duration};

use federation::{
    ACCEPT_ACTIVITY, is_activity_content_type,
    origin::{ensure_same_host, without_fragment},
    wire::{Actor, CollectionPage, document, lenient, lenient::parse_web_url},
};
use http::StatusCode;
use platform::net::{NetError, Response};
use serde_json::Value;
use url::Url;

use crate::{Courier, FetchError, Signer, dialects::Dialect};

/// How long a server may take to serve one document.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The most pages of one collection that are read; PeerTube's own bound.
const MAX_PAGES: usize = 2000;

impl Courier {
    /// The document with this id, or the one that this URL leads to.
    ///
    /// # Errors
    /// [`FetchError`] if there is none, or none that may be believed.
    pub async fn fetch(&self, url: &Url) -> Result<Value, FetchError> {
        let (served_at, value) = self.get_document(url).await?;
        let id = id_of(&value).ok_or_else(|| FetchError::Unidentified(url.clone()))?;
        ensure_same_host(&id, &served_at)?;
        if id == served_at || id == without_fragment(url) {
            return Ok(value);
        }
        let (served_at, value) = self.get_document(&id).await?;
        ensure_same_host(&id, &served_at)?;
        match id_of(&value) {
            Some(again) if again == id => Ok(value),
            _ => Err(FetchError::Unidentified(url.clone())),
        }
    }

    /// An actor.
    ///
    /// # Errors
    /// [`FetchError`], also if the document is something else.
    pub async fn fetch_actor(&self, url: &Url) -> Result<Actor, FetchError> {
        Ok(Actor::from_value(&self.fetch(url).await?)?)
    }

    /// The first items of a collection, at most `limit` of them, page by page.
    ///
    /// # Errors
    /// [`FetchError`] if a page cannot be read. Pages on another host than the collection are not.
    pub async fn fetch_collection(&self, url: &Url, limit: usize) -> Result<Vec<Value>, FetchError> {
        let (_, collection) = self.get_document(url).await?;
        let mut items = Vec::new();
        let mut next = match collection.get("first") {
            Some(Value::Object(_)) | None => take_page(&collection, &mut items)?,
            Some(first) => lenient::as_url(first),
        };
        let mut read = HashSet::new();
        for _ in 0..MAX_PAGES {
            let Some(page_url) = next.take().filter(|_| items.len() < limit) else { break };
            if !read.insert(page_url.clone()) {
                self.note_ignored(url, "its list leads back to a page that was read").await;
                break;
            }
            ensure_same_host(&page_url, url)?;
            let (_, page) = self.get_document(&page_url).await?;
            let before = items.len();
            next = take_page(&page, &mut items)?.filter(|_| items.len() > before);
        }
        items.truncate(limit);
        Ok(items)
    }

    /// A document and the URL under which it was served at last.
    async fn get_document(&self, url: &Url) -> Result<(Url, Value), FetchError> {
        let response = self.get(url, ACCEPT_ACTIVITY).await?;
        let content_type = response.header("content-type").unwrap_or_default();
        if !is_activity_content_type(content_type) {
            let content_type = content_type.chars().take(100).collect();
            return Err(FetchError::ContentType { url: url.clone(), content_type });
        }
        let value = document::parse(&response.body)?;
        Ok((without_fragment(&response.url), value))
    }

    /// A signed request for anything small.
    pub(crate) async fn get(&self, url: &Url, accept: &str) -> Result<Response, FetchError> {
        let target = without_fragment(url);
        self.may_fetch(&target)?;
        match self.in_known_dialect(&target, |dialect| self.ask(&target, accept, dialect)).await {
            Err(NetError::Status { status: StatusCode::GONE, .. }) => Err(FetchError::Gone(target)),
            Err(NetError::Status { status: StatusCode::NOT_FOUND, .. }) => Err(FetchError::Missing(target)),
            outcome => Ok(outcome?),
        }
    }

    async fn ask(&self, target: &Url, accept: &str, dialect: Dialect) -> Result<Response, NetError> {
        let signer = Signer::new(self.instance_actor().clone(), self.platform().clock.clone()).speaking(dialect);
        let request = self.platform().http.get(target).accept(accept).signer(&signer).timeout(TIMEOUT);
        request.max_body(document::MAX_DOCUMENT_BYTES as u64).send().await?.error_for_status()
    }
}

fn id_of(value: &Value) -> Option<Url> {
    parse_web_url(value.get("id")?.as_str()?)
}

/// Takes the items of a page (or of a collection that is its own or embeds its only page), and tells where it goes on.
fn take_page(value: &Value, items: &mut Vec<Value>) -> Result<Option<Url>, FetchError> {
    let page = value.get("first").filter(|first| first.is_object()).unwrap_or(value);
    let page = CollectionPage::from_value(page)?;
    items.extend(page.ordered_items);
    Ok(page.next)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{Remote, World, url};

    fn actor_document(remote: &Remote, name: &str) -> Value {
        remote.actor(name).to_document()
    }

    #[tokio::test]
    async fn a_document_is_fetched_with_a_signed_request() {
        let world = World::new().await;
        let bob = world.beta.serve_actor("bob");
        let fetched = world.courier.fetch_actor(&bob.id).await.unwrap();
        assert_eq!(fetched, bob);
        let request = world.beta.requests().pop().unwrap();
        assert_eq!(request.headers["accept"], ACCEPT_ACTIVITY);
        request.verify(&world.alpha_key(), world.now()).unwrap();
    }

    #[tokio::test]
    async fn a_document_is_fetched_again_under_the_id_that_it_claims() {
        let world = World::new().await;
        let bob = world.beta.serve_actor("bob");
        world.beta.serve("/a/bob", &actor_document(&world.beta, "bob"));
        assert_eq!(world.courier.fetch_actor(&url("http://beta.test/a/bob")).await.unwrap(), bob);
        assert_eq!(world.beta.requests().len(), 2);
    }

    #[tokio::test]
    async fn a_document_that_claims_a_foreign_id_is_not_believed() {
        let world = World::new().await;
        world.beta.serve("/evil", &actor_document(&world.gamma, "bob"));
        let outcome = world.courier.fetch(&url("http://beta.test/evil")).await;
        assert!(matches!(outcome, Err(FetchError::Origin(_))), "{outcome:?}");
    }

    #[tokio::test]
    async fn an_uploaded_file_does_not_speak_for_its_host() {
        let world = World::new().await;
        let mut forged = actor_document(&world.beta, "bob");
        forged["publicKey"]["publicKeyPem"] = world.gamma.actor("mallory").key().pem.clone().into();
        world.beta.serve("/uploads/forged.json", &forged);
        let outcome = world.courier.fetch(&url("http://beta.test/uploads/forged.json")).await;
        assert!(matches!(outcome, Err(FetchError::Missing(_))), "the id was asked for, and is not there: {outcome:?}");
    }

    #[tokio::test]
    async fn a_page_for_people_is_no_document() {
        let world = World::new().await;
        world.beta.serve_text("/page", "text/html", "<html>");
        let outcome = world.courier.fetch(&url("http://beta.test/page")).await;
        assert!(matches!(outcome, Err(FetchError::ContentType { .. })), "{outcome:?}");
    }

    #[tokio::test]
    async fn what_is_gone_is_told_from_what_does_not_answer() {
        let world = World::new().await;
        let gone = world.courier.fetch(&url("http://beta.test/nothing")).await.unwrap_err();
        assert!(gone.is_gone() && gone.is_permanent() && !gone.is_deletion());
        world.beta.answer_with(410);
        assert!(world.courier.fetch(&url("http://beta.test/nothing")).await.unwrap_err().is_deletion());
        world.beta.answer_with(503);
        let busy = world.courier.fetch(&url("http://beta.test/nothing")).await.unwrap_err();
        assert!(!busy.is_gone() && !busy.is_permanent());
    }

    #[tokio::test]
    async fn a_collection_is_read_page_by_page_up_to_the_limit() {
        let world = World::new().await;
        let outbox = url("http://beta.test/outbox");
        world.beta.serve(
            "/outbox",
            &json!({"type": "OrderedCollection", "id": outbox, "totalItems": 6, "first": "http://beta.test/outbox/1"}),
        );
        for page in 1..=3 {
            world.beta.serve(&format!("/outbox/{page}"), &json!({
                "type": "OrderedCollectionPage", "id": format!("http://beta.test/outbox/{page}"),
                "orderedItems": [page * 2 - 1, page * 2], "next": format!("http://beta.test/outbox/{}", page % 3 + 1)
            }));
        }
        assert_eq!(world.courier.fetch_collection(&outbox, 5).await.unwrap(), [1, 2, 3, 4, 5]);
        assert_eq!(world.beta.requests().len(), 4);
    }

    #[tokio::test]
    async fn a_collection_without_end_is_not_followed_in_circles() {
        let world = World::new().await;
        let page = json!({"type": "OrderedCollectionPage", "id": "http://beta.test/p", "orderedItems": [], "next": "http://beta.test/q"});
        world.beta.serve("/p", &page);
        world.beta.serve("/q", &page);
        world
            .beta
            .serve("/c", &json!({"type": "Collection", "id": "http://beta.test/c", "first": "http://beta.test/p"}));
        assert_eq!(world.courier.fetch_collection(&url("http://beta.test/c"), 50).await.unwrap(), [0; 0]);
        assert_eq!(world.beta.requests().len(), 2);
        for (path, next) in [("/p", "/q"), ("/q", "/p")] {
            let id = format!("http://beta.test{path}");
            let page = json!({"type": "OrderedCollectionPage", "id": id, "orderedItems": [path], "next": format!("http://beta.test{next}")});
            world.beta.serve(path, &page);
        }
        assert_eq!(world.courier.fetch_collection(&url("http://beta.test/c"), 50).await.unwrap(), ["/p", "/q"]);
        assert_eq!(world.beta.requests().len(), 3);
    }
}
