//! What users change about themselves.

use platform::web::{ApiResult, Problem};
use serde::Deserialize;

use super::{
    Role, User, UserError,
    actions::{check_email, check_password},
    password, store,
};
use crate::{
    App,
    accounts::{self, Account},
    actors::{self, Actor, ActorKind, federate, removal},
    channels::{self, Channel},
    oauth,
    patch::Patch,
};

/// Longest name to show, as PeerTube has it.
pub const LONGEST_NAME: usize = 120;
/// Longest description of an account or a channel.
pub const LONGEST_DESCRIPTION: usize = 1_000;

/// What is to be different; what is absent stays.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ProfileChange {
    /// Name to show.
    pub display_name: Option<String>,
    /// What the account says of itself, Markdown; empty for nothing.
    pub description: Patch<String>,
    /// E-mail address; takes the current password.
    pub email: Option<String>,
    /// New password; takes the current one.
    pub password: Option<String>,
    /// What proves who asks.
    pub current_password: Option<String>,
}

/// The user's account.
///
/// # Errors
/// [`Problem`] if the database refuses.
pub async fn own_account(app: &App, user: &User) -> ApiResult<Account> {
    let account = accounts::store::find_by_user(&mut app.platform.db.read().await?, user.id).await?;
    account.ok_or_else(|| Problem::internal(&"a user without an account"))
}

/// The actor of an account of this name, for its user or an administrator.
///
/// # Errors
/// [`Problem`] if there is none, or it is somebody else's.
pub async fn own_account_actor(app: &App, user: &User, name: &str) -> ApiResult<Actor> {
    let (name, host) = app.split_handle(name);
    let missing = || Problem::not_found("Account not found");
    let mut connection = app.platform.db.read().await?;
    let account = accounts::store::find_by_handle(&mut connection, &name, &host).await?.ok_or_else(missing)?;
    if !account.is_local || account.user_id.is_none() {
        return Err(missing());
    }
    if account.user_id != Some(user.id) && user.role() != Role::Administrator {
        return Err(Problem::forbidden("This is somebody else's account."));
    }
    actors::store::find(&mut connection, account.actor_id).await?.ok_or_else(missing)
}

/// A channel of this server, for its owner or an administrator.
///
/// # Errors
/// [`Problem`] if there is none, or it is somebody else's.
pub async fn own_channel(app: &App, user: &User, handle: &str) -> ApiResult<Channel> {
    let (name, host) = app.split_handle(handle);
    let missing = || Problem::not_found("Video channel not found");
    let mut connection = app.platform.db.read().await?;
    let channel = channels::store::find_by_handle(&mut connection, &name, &host).await?.ok_or_else(missing)?;
    if !channel.is_local {
        return Err(missing());
    }
    let owner = accounts::store::find_by_actor(&mut connection, channel.owner_actor_id).await?;
    let owns = owner.is_some_and(|owner| owner.user_id == Some(user.id));
    if owns || user.role() == Role::Administrator {
        Ok(channel)
    } else {
        Err(Problem::forbidden("This is somebody else's channel."))
    }
}

/// The actor of a channel of this server, for its owner or an administrator.
///
/// # Errors
/// As [`own_channel`].
pub async fn own_channel_actor(app: &App, user: &User, handle: &str) -> ApiResult<Actor> {
    let channel = own_channel(app, user, handle).await?;
    let actor = actors::store::find(&mut app.platform.db.read().await?, channel.actor_id).await?;
    let actor = actor.filter(|actor| actor.kind() == ActorKind::Group);
    actor.ok_or_else(|| Problem::not_found("Video channel not found"))
}

/// Checks a name to show.
///
/// # Errors
/// [`UserError::BadText`] if it is too short or too long.
pub fn check_name(name: &str) -> Result<String, UserError> {
    let name = name.trim();
    if (1..=LONGEST_NAME).contains(&name.chars().count()) {
        Ok(name.to_owned())
    } else {
        Err(UserError::BadText(format!("a name to show has 1 to {LONGEST_NAME} characters")))
    }
}

/// Checks a longer text; empty ones are none.
///
/// # Errors
/// [`UserError::BadText`] if it is too long.
pub fn check_text(text: Option<String>, longest: usize) -> Result<Option<String>, UserError> {
    let text = text.filter(|text| !text.trim().is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > longest) {
        return Err(UserError::BadText(format!("this text has at most {longest} characters")));
    }
    Ok(text)
}

/// Changes what a user has changed about themselves, and tells the federation where that is its business.
///
/// # Errors
/// [`UserError`] if something of it cannot be, and then nothing is changed.
pub async fn change(app: &App, user: &User, change: ProfileChange) -> Result<(), UserError> {
    if change.email.is_some() || change.password.is_some() {
        let given = change.current_password.clone().unwrap_or_default();
        if !password::verify(given, user.password_hash.clone()).await {
            return Err(UserError::WrongPassword);
        }
    }
    let new_hash = match &change.password {
        Some(new) => {
            check_password(new)?;
            Some(password::hash(new.clone(), &app.platform.random).await.map_err(UserError::Crypto)?)
        }
        None => None,
    };
    let name = change.display_name.as_deref().map(check_name).transpose()?;
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    if let Some(email) = &change.email {
        check_email(email)?;
        store::set_email(&mut tx, user.id, email, now).await.map_err(|error| {
            if error.is_unique_violation() { UserError::Taken(email.clone()) } else { error.into() }
        })?;
    }
    if let Some(hash) = new_hash {
        store::set_password(&mut tx, user.id, &hash, now).await?;
    }
    if name.is_some() || !change.description.is_keep() {
        let account = accounts::store::find_by_user(&mut tx, user.id).await?;
        let account = account.ok_or_else(|| UserError::Unknown(user.username.clone()))?;
        let name = name.unwrap_or(account.display_name);
        let description = check_text(change.description.over(account.description), LONGEST_DESCRIPTION)?;
        accounts::store::set_texts(&mut tx, account.id, &name, description, now).await?;
        federate::send_update(app, &mut tx, account.actor_id).await?;
    }
    Ok(tx.commit().await?)
}

/// Deletes a user with everything that they published and said, here and, as far as it hears of it, in the federation.
///
/// # Errors
/// [`UserError::RootStays`] for the first administrator.
pub async fn delete(app: &App, user: &User) -> Result<(), UserError> {
    if user.username == "root" {
        return Err(UserError::RootStays);
    }
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    let account = accounts::store::find_by_user(&mut tx, user.id).await?;
    let account = account.ok_or_else(|| UserError::Unknown(user.username.clone()))?;
    oauth::store::delete_of_user(&mut tx, user.id).await?;
    store::block(&mut tx, user.id, now).await?;
    removal::begin(&mut tx, account.actor_id, now).await?;
    tx.commit().await?;
    Ok(removal::run(app, account.actor_id).await?)
}

impl From<UserError> for Problem {
    fn from(error: UserError) -> Self {
        match error {
            UserError::Taken(_) => Self::new(http::StatusCode::CONFLICT, error.to_string()),
            UserError::WrongPassword => Self::unauthorized(error.to_string()),
            UserError::Unknown(_) => Self::not_found(error.to_string()),
            UserError::Crypto(error) => Self::internal(&error),
            UserError::Db(error) => error.into(),
            error => Self::bad_request(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use platform::testing::TestPlatform;

    use super::*;
    use crate::{
        users::{NewUser, create},
        videos,
    };

    #[tokio::test]
    async fn a_deleted_user_is_gone_and_their_key_and_name_stay() {
        let test = TestPlatform::new().await;
        let (app, _) = App::staged(&test).await;
        let new = NewUser {
            username: "alice".to_owned(),
            email: "alice@a.example".to_owned(),
            password: "a long password".to_owned(),
            role: Role::User,
        };
        let id = create(&app, new.clone()).await.unwrap();
        let user = store::find(&mut app.platform.db.read().await.unwrap(), id).await.unwrap().unwrap();
        delete(&app, &user).await.unwrap();
        let mut connection = app.platform.db.read().await.unwrap();
        assert!(store::find(&mut connection, id).await.unwrap().is_none());
        for name in ["alice", "alice_channel"] {
            let actor = actors::store::find_local(&mut connection, name).await.unwrap().unwrap();
            assert!(actor.private_key_pem.is_some(), "{name} still signs the news of its end");
            assert!(crate::tombstones::store::deleted_at(&mut connection, actor.url()).await.unwrap().is_some());
            assert!(federate::document(&app, &mut connection, &actor).await.unwrap().is_none());
        }
        let host = app.platform.public_url.host().to_owned();
        assert!(accounts::store::find_by_handle(&mut connection, "alice", &host).await.unwrap().is_none());
        drop(connection);
        assert!(matches!(create(&app, new).await, Err(UserError::Taken(_))));
        // The job that begin() left finds nothing to do.
        test.run_jobs(actors::jobs::job_set(&app)).await;
        let videos =
            videos::store::count(&mut app.platform.db.read().await.unwrap(), &videos::Filters::default()).await;
        assert_eq!(videos.unwrap(), 1, "somebody else's");
    }

    #[tokio::test]
    async fn root_cannot_be_deleted() {
        let test = TestPlatform::new().await;
        let (app, _) = App::staged(&test).await;
        let root = store::find_by_login(&mut app.platform.db.read().await.unwrap(), "root").await.unwrap().unwrap();
        assert!(matches!(delete(&app, &root).await, Err(UserError::RootStays)));
    }
}
