use platform::db::{DbError, Tx};

use super::{Role, UserId, password, store};
use crate::{
    App, accounts,
    actors::{self, ActorKind, NewActor, is_valid_name},
    channels::{self, store::ChannelTexts},
    oauth,
};

const SHORTEST_PASSWORD: usize = 8;
const LONGEST_PASSWORD: usize = 255;

/// Why a user cannot be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The name has characters that it may not have.
    #[error("{0:?} cannot be a user name: use 1 to 50 of a-z, 0-9, _ and .")]
    BadName(String),
    /// The address has no `@` with something on both sides.
    #[error("{0:?} is no e-mail address")]
    BadEmail(String),
    /// The password is too short or too long.
    #[error("a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")]
    BadPassword,
    /// Somebody has the name or the address already.
    #[error("the name {0:?}, or the e-mail address given with it, is taken")]
    Taken(String),
    /// There is no such user.
    #[error("there is no user {0:?}")]
    Unknown(String),
    /// The password that should prove who asks does not.
    #[error("the current password is wrong")]
    WrongPassword,
    /// A text is too short or too long.
    #[error("{0}")]
    BadText(String),
    /// The administrator that was made first stays.
    #[error("the user root cannot be deleted")]
    RootStays,
    /// No hash or key could be made.
    #[error("{0}")]
    Crypto(String),
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Who is to be able to log in.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// User name, which is also that of the account.
    pub username: String,
    /// E-mail address.
    pub email: String,
    /// Password, in the clear.
    pub password: String,
    /// What the user may do.
    pub role: Role,
}

impl NewUser {
    fn check(&self) -> Result<(), UserError> {
        if !is_valid_name(&self.username) {
            return Err(UserError::BadName(self.username.clone()));
        }
        check_email(&self.email)?;
        check_password(&self.password)
    }
}

pub(super) fn check_email(email: &str) -> Result<(), UserError> {
    let is_address =
        email.len() <= 254 && email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if is_address { Ok(()) } else { Err(UserError::BadEmail(email.to_owned())) }
}

pub(super) fn check_password(password: &str) -> Result<(), UserError> {
    let length = password.chars().count();
    if (SHORTEST_PASSWORD..=LONGEST_PASSWORD).contains(&length) { Ok(()) } else { Err(UserError::BadPassword) }
}

/// Makes a user with an account and the default channel `{name}_channel`.
///
/// # Errors
/// [`UserError`] if something about the user cannot be.
pub async fn create(app: &App, user: NewUser) -> Result<UserId, UserError> {
    user.check()?;
    let hash = password::hash(user.password.clone(), &app.platform.random).await.map_err(UserError::Crypto)?;
    let channel_name = format!("{}_channel", user.username.chars().take(42).collect::<String>());
    let account_actor = new_actor(app, ActorKind::Person, user.username.clone()).await?;
    let channel_actor = new_actor(app, ActorKind::Group, channel_name).await?;
    let mut tx = app.platform.db.begin().await?;
    for actor in [&account_actor, &channel_actor] {
        // An actor is brought up to date if it exists: that must not happen to somebody else's, such as the server's own.
        if actors::store::find_local(&mut tx, &actor.username).await?.is_some() {
            return Err(UserError::Taken(actor.username.clone()));
        }
    }
    let id = insert(app, &mut tx, &user, &hash, &account_actor, &channel_actor).await.map_err(|error| {
        if error.is_unique_violation() { UserError::Taken(user.username.clone()) } else { error.into() }
    })?;
    tx.commit().await?;
    Ok(id)
}

async fn insert(
    app: &App,
    tx: &mut Tx,
    user: &NewUser,
    hash: &str,
    account_actor: &NewActor,
    channel_actor: &NewActor,
) -> Result<UserId, DbError> {
    let now = app.platform.clock.now();
    let id = store::insert(tx, &user.username, &user.email, hash, user.role, now).await?;
    let actor = actors::store::upsert(tx, account_actor, now).await?;
    let account = accounts::store::insert(tx, actor, Some(id), &user.username, now).await?;
    let actor = actors::store::upsert(tx, channel_actor, now).await?;
    let texts = ChannelTexts { display_name: format!("Main {} channel", user.username), ..ChannelTexts::default() };
    channels::store::upsert(tx, actor, account, &texts, now).await?;
    Ok(id)
}

/// Makes an actor with its key in a blocking task.
///
/// # Errors
/// [`UserError::Crypto`] if no key can be made.
pub async fn new_actor(app: &App, kind: ActorKind, name: String) -> Result<NewActor, UserError> {
    let app = app.clone();
    tokio::task::spawn_blocking(move || actors::new_local(&app.platform, &app.ids, kind, &name))
        .await
        .map_err(|error| UserError::Crypto(error.to_string()))?
        .map_err(UserError::Crypto)
}

/// Makes the administrator `root` when there is no user at all. Gives the password back if it had to be made up.
///
/// # Errors
/// [`UserError`] if the given password cannot be used, or the database refuses.
pub async fn ensure_root(app: &App, password: Option<String>) -> Result<Option<String>, UserError> {
    if store::count(&mut app.platform.db.read().await?).await? > 0 {
        return Ok(None);
    }
    let generated = password.is_none().then(|| app.platform.random.hex(10));
    let password = password.or_else(|| generated.clone()).unwrap_or_default();
    let email = format!("root@{}", app.platform.public_url.host());
    create(app, NewUser { username: "root".to_owned(), email, password, role: Role::Administrator }).await?;
    Ok(generated)
}

/// Sets a new password and ends every session of the user.
///
/// # Errors
/// [`UserError`] if there is no such user or the password cannot be used.
pub async fn reset_password(app: &App, login: &str, new_password: String) -> Result<(), UserError> {
    check_password(&new_password)?;
    let user = store::find_by_login(&mut app.platform.db.read().await?, login).await?;
    let user = user.ok_or_else(|| UserError::Unknown(login.to_owned()))?;
    let hash = password::hash(new_password, &app.platform.random).await.map_err(UserError::Crypto)?;
    let mut tx = app.platform.db.begin().await?;
    store::set_password(&mut tx, user.id, &hash, app.platform.clock.now()).await?;
    oauth::store::delete_of_user(&mut tx, user.id).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use platform::testing::TestPlatform;

    use super::*;

    #[tokio::test]
    async fn nobody_takes_the_name_of_the_server_or_of_a_channel() {
        let test = TestPlatform::new().await;
        let (app, _) = App::staged(&test).await;
        let server = actors::store::find_local(&mut app.platform.db.read().await.unwrap(), "peertube").await.unwrap();
        for name in ["peertube", "root_channel", "root"] {
            let user = NewUser {
                username: name.to_owned(),
                email: format!("{name}@a.example"),
                password: "a long password".to_owned(),
                role: Role::User,
            };
            assert!(matches!(create(&app, user).await, Err(UserError::Taken(_))), "{name}");
        }
        let after = actors::store::find_local(&mut app.platform.db.read().await.unwrap(), "peertube").await.unwrap();
        assert_eq!(server.unwrap().public_key_pem, after.unwrap().public_key_pem);
    }
}
