//! The subscribe button, and following from one's own server ("remote interaction").
//!
//! Whoever is logged in follows with their account here. Others name their handle, and are shown the page of their own
//! server on which they can follow. They are shown a link and not sent on: an address of this server never leads elsewhere
//! by itself.

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use federation::{origin::Host, webfinger::Handle};
use platform::{
    db::{Connection, DbError},
    web::{Nonce, Page, PageContext, Problem},
};
use serde::Deserialize;

use super::{FollowState, Target, actions, store};
use crate::{
    App,
    actors::Actor,
    address::ClientAddress,
    lookup::{self, Asker, Found},
    oauth::{Session, SignedIn, local_path},
    pages::{self, sentence},
    problem_pages::{form_again, problem_page},
    users::User,
    videos::{
        Filters,
        pages::{ListWords, PageNumber, list_page},
    },
};

/// What the subscribe button of a channel or account shows. Its template, `follows/subscribe.html`, wants it as `subscribe`.
#[derive(Debug)]
pub struct SubscribeButton {
    /// Whom one would follow: `name@host`.
    pub handle: String,
    /// Where the reader is: they come back here.
    pub back: String,
    /// Whether the reader is logged in.
    pub is_signed_in: bool,
    /// Whether this is the reader's own.
    pub is_own: bool,
    /// How far the reader's follow is, if there is one.
    pub state: Option<FollowState>,
}

impl SubscribeButton {
    /// The button for the channel or account with this name and host, on the page at the path `back`.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn of(
        app: &App,
        connection: &mut Connection,
        user: Option<&User>,
        (name, host): (&str, &str),
        back: &str,
    ) -> Result<Self, DbError> {
        let mut button = Self {
            handle: format!("{name}@{host}"),
            back: back.to_owned(),
            is_signed_in: user.is_some(),
            is_own: false,
            state: None,
        };
        let Some(user) = user else { return Ok(button) };
        let (Ok(me), Some(target)) =
            (actions::actor_of_user(connection, user).await, actions::find_by_handle(connection, name, host).await?)
        else {
            return Ok(button);
        };
        button.is_own = host == app.platform.public_url.host() && me.id == target.id;
        button.state = store::find_pair(connection, me.id, target.id).await?.map(|follow| follow.state());
        Ok(button)
    }

    /// Whether the reader follows.
    pub fn is_followed(&self) -> bool {
        self.state == Some(FollowState::Accepted)
    }

    /// Whether the reader waits for an answer.
    pub fn is_asked(&self) -> bool {
        self.state == Some(FollowState::Pending)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    handle: String,
    next: String,
}

/// `POST /subscriptions`: follows with the reader's account.
pub async fn subscribe(State(app): State<App>, nonce: Nonce, session: SignedIn, Form(form): Form<Wanted>) -> Response {
    change(&app, &nonce, &session.user, &form, Change::Subscribe).await
}

/// `POST /subscriptions/remove`.
pub async fn unsubscribe(
    State(app): State<App>,
    nonce: Nonce,
    session: SignedIn,
    Form(form): Form<Wanted>,
) -> Response {
    change(&app, &nonce, &session.user, &form, Change::Unsubscribe).await
}

#[derive(Clone, Copy)]
enum Change {
    Subscribe,
    Unsubscribe,
}

async fn change(app: &App, nonce: &Nonce, user: &User, form: &Wanted, change: Change) -> Response {
    let outcome = match (form.handle.parse::<Target>(), change) {
        (Err(error), _) => Err(error.into()),
        (Ok(target), Change::Subscribe) => actions::subscribe(app, user, &target).await,
        (Ok(target), Change::Unsubscribe) => actions::unsubscribe(app, user, &target).await,
    };
    match outcome {
        Ok(()) => Redirect::to(&local_path(&form.next)).into_response(),
        Err(error) => problem_page(pages::context(app, nonce, Some(user), ""), &error.into()),
    }
}

/// `GET /subscriptions`: what is new from whom the reader follows.
pub async fn newest(State(app): State<App>, nonce: Nonce, session: Session, query: Query<PageNumber>) -> Response {
    let Some(user) = session.user else { return Redirect::to("/login?next=/subscriptions").into_response() };
    let page = pages::context(&app, &nonce, Some(&user), "subscriptions");
    let me = async { actions::actor_of_user(&mut app.platform.db.read().await?, &user).await };
    match me.await {
        Ok(me) => {
            let filters = Filters { subscriber: Some(me.id), ..Filters::default() };
            let words = ListWords {
                heading: "Subscriptions".to_owned(),
                lead: "New videos of the channels and accounts that you follow.".to_owned(),
                empty: "Nothing yet. Subscribe to channels and accounts, here or on other servers, and their videos appear here.",
                way_on: Some(("/", "Look at new videos")),
                ..ListWords::default()
            };
            list_page(&app, page, words, filters, "/subscriptions", &query).await
        }
        Err(error) => problem_page(page, &error.into()),
    }
}

#[derive(Template)]
#[template(path = "follows/elsewhere.html")]
struct ElsewherePage {
    page: PageContext,
    handle: String,
    host: String,
    href: String,
}

/// The form again, as it was filled in, when the other server cannot be asked.
#[derive(Template)]
#[template(path = "follows/elsewhere_form.html")]
struct ElsewhereForm {
    page: PageContext,
    handle: String,
    from: String,
    words: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Elsewhere {
    /// Who wants to follow.
    from: String,
    /// Whom.
    handle: String,
}

/// `GET /follow-from-elsewhere`: the page of somebody's own server on which they can follow.
pub async fn from_elsewhere(
    State(app): State<App>,
    address: Result<ClientAddress, Problem>,
    nonce: Nonce,
    session: Session,
    Query(query): Query<Elsewhere>,
) -> Response {
    let page = pages::context(&app, &nonce, session.user.as_ref(), "");
    let asker = match address {
        Ok(ClientAddress(address)) => Asker { user: session.user, address },
        Err(problem) => return problem_page(page, &problem),
    };
    let wanted = match find_wanted(&app, &query.handle).await {
        Ok(wanted) => wanted,
        Err(problem) => return problem_page(page, &problem),
    };
    match find_page(&app, &asker, &query.from, &wanted).await {
        Ok(url) => {
            let host = Host::of(&url).map(String::from).unwrap_or_default();
            Page(ElsewherePage { page, handle: query.handle, host, href: url.to_string() }).into_response()
        }
        Err(problem) => {
            let words = sentence(problem.detail());
            form_again(ElsewhereForm { page, handle: query.handle, from: query.from, words }, &problem)
        }
    }
}

async fn find_wanted(app: &App, handle: &str) -> Result<Actor, Problem> {
    let nobody = || Problem::not_found("Nobody here has that name.");
    let wanted: Handle = handle.trim().parse().map_err(|_| nobody())?;
    let mut connection = app.platform.db.read().await?;
    actions::find_by_handle(&mut connection, &wanted.name, wanted.host.as_str()).await?.ok_or_else(nobody)
}

async fn find_page(app: &App, asker: &Asker, from: &str, wanted: &Actor) -> Result<url::Url, Problem> {
    let bad = || Problem::bad_request("Write your handle as in name@your.server.");
    let from: Handle = from.trim().parse().map_err(|_| bad())?;
    Ok(lookup::subscribe_url(app, asker, &from, wanted.url()).await?)
}

#[derive(Template)]
#[template(path = "follows/interaction.html")]
struct InteractionPage {
    page: PageContext,
    handle: String,
    show_href: String,
    subscribe: SubscribeButton,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Interaction {
    uri: String,
}

/// `GET /remote-interaction?uri=`: somebody of this server, sent here by another one, wants to follow or see something.
pub async fn interaction(
    State(app): State<App>,
    address: Result<ClientAddress, Problem>,
    nonce: Nonce,
    session: Session,
    Query(query): Query<Interaction>,
) -> Response {
    let back = interaction_path(&query.uri);
    let Some(user) = session.user else {
        let next: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
        return Redirect::to(&format!("/login?next={next}")).into_response();
    };
    let page = pages::context(&app, &nonce, Some(&user), "");
    let page_here = async {
        let found = Box::pin(find_interaction(&app, address, &user, &query.uri)).await?;
        let show_href = found.path();
        let (name, host) = match found {
            Found::Channel(name, host) | Found::Account(name, host) => (name, host),
            Found::Video(_) | Found::Playlist(_) => return Ok(Redirect::to(&show_href).into_response()),
        };
        let mut connection = app.platform.db.read().await?;
        let subscribe = SubscribeButton::of(&app, &mut connection, Some(&user), (&name, &host), &back).await?;
        let handle = subscribe.handle.clone();
        Ok(Page(InteractionPage { page: page.clone(), handle, show_href, subscribe }).into_response())
    };
    page_here.await.unwrap_or_else(|problem| problem_page(page, &problem))
}

fn interaction_path(uri: &str) -> String {
    let uri: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
    format!("/remote-interaction?uri={uri}")
}

async fn find_interaction(
    app: &App,
    address: Result<ClientAddress, Problem>,
    user: &User,
    uri: &str,
) -> Result<Found, Problem> {
    let asker = Asker { user: Some(user.clone()), address: address?.0 };
    let found = lookup::look_up(app, &asker, uri).await?;
    found.ok_or_else(|| Problem::bad_request("That is neither an address nor a handle."))
}
