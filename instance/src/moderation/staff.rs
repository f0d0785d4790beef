use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
    response::{IntoResponse, Redirect, Response},
};
use platform::{
    db::{Connection, DbError},
    web::{Nonce, Problem},
};

use super::store;
use crate::{
    App,
    actors::ActorId,
    oauth::{Session, SignedIn},
    pages::context,
    problem_pages::problem_page,
    users::{Role, User},
};

/// A moderator or administrator who asks the API. Others get a 401 or 403.
#[derive(Debug, Clone)]
pub struct Moderator(pub User);

/// An administrator who asks the API. Others get a 401 or 403.
#[derive(Debug, Clone, Copy)]
pub struct Administrator;

impl<S> FromRequestParts<S> for Moderator
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let user = SignedIn::from_request_parts(parts, state).await?.user;
        if user.role() == Role::User { Err(not_moderator()) } else { Ok(Self(user)) }
    }
}

impl<S> FromRequestParts<S> for Administrator
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let user = SignedIn::from_request_parts(parts, state).await?.user;
        if user.role() == Role::Administrator { Ok(Self) } else { Err(not_administrator()) }
    }
}

/// Whether somebody is shown an account or a channel: moderators every one, its owner their own, others what the server
/// does not hide.
pub(crate) async fn may_see_actor(
    connection: &mut Connection,
    actor: ActorId,
    user: Option<&User>,
) -> Result<bool, DbError> {
    if !store::is_actor_hidden(connection, actor).await? {
        return Ok(true);
    }
    match user {
        Some(user) if user.role() == Role::User => store::is_own_actor(connection, actor, user.id).await,
        Some(_) => Ok(true),
        None => Ok(false),
    }
}

fn not_moderator() -> Problem {
    Problem::forbidden("Only moderators and administrators may do that.")
}

fn not_administrator() -> Problem {
    Problem::forbidden("Only administrators may do that.")
}

/// The reader of a page for those who are logged in; others are sent to log in first, and come back to `here`.
#[expect(clippy::result_large_err, reason = "what stands in the way is the answer itself")]
pub(crate) fn somebody(session: Session, here: &str) -> Result<User, Response> {
    session.user.ok_or_else(|| Redirect::to(&format!("/login?next={here}")).into_response())
}

/// The reader of a page for moderators.
#[expect(clippy::result_large_err, reason = "what stands in the way is the answer itself")]
pub(crate) fn moderator(app: &App, nonce: &Nonce, session: Session, here: &str) -> Result<User, Response> {
    let user = somebody(session, here)?;
    if user.role() == Role::User { Err(refuse(app, nonce, &user, &not_moderator())) } else { Ok(user) }
}

/// The reader of a page for administrators.
#[expect(clippy::result_large_err, reason = "what stands in the way is the answer itself")]
pub(crate) fn administrator(app: &App, nonce: &Nonce, session: Session, here: &str) -> Result<User, Response> {
    let user = somebody(session, here)?;
    if user.role() == Role::Administrator { Ok(user) } else { Err(refuse(app, nonce, &user, &not_administrator())) }
}

fn refuse(app: &App, nonce: &Nonce, user: &User, problem: &Problem) -> Response {
    problem_page(context(app, nonce, Some(user), ""), problem)
}
