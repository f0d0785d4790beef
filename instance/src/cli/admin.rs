//! `shoal admin`: users, looked after from the machine itself.

use std::io::BufRead;

use clap::{Args, Subcommand, ValueEnum};

use super::{CliError, Place, beside, print};
use crate::{
    App,
    users::{self, NewUser, Role},
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a user with an account and a channel
    CreateUser(CreateUser),
    /// Set a new password and end all sessions of a user
    ResetPassword(ResetPassword),
}

#[derive(Debug, Args)]
pub(super) struct CreateUser {
    /// User name
    name: String,
    /// E-mail address
    #[arg(long)]
    email: String,
    /// What the user may do
    #[arg(long, value_enum, default_value_t = RoleOption::User)]
    role: RoleOption,
    #[command(flatten)]
    password: Password,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct ResetPassword {
    /// User name or e-mail address
    name: String,
    #[command(flatten)]
    password: Password,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
struct Password {
    /// The password; `-` reads it from standard input, which other users of the machine cannot see. Without it, one is
    /// made up and printed
    #[arg(long)]
    password: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RoleOption {
    Administrator,
    Moderator,
    User,
}

impl From<RoleOption> for Role {
    fn from(option: RoleOption) -> Self {
        match option {
            RoleOption::Administrator => Self::Administrator,
            RoleOption::Moderator => Self::Moderator,
            RoleOption::User => Self::User,
        }
    }
}

pub(super) async fn run(command: &Command) -> Result<(), CliError> {
    match command {
        Command::CreateUser(options) => create_user(options).await,
        Command::ResetPassword(options) => reset_password(options).await,
    }
}

async fn create_user(options: &CreateUser) -> Result<(), CliError> {
    let app = beside::open_app(&options.place.load()?).await?;
    let (password, generated) = options.password.choose(&app)?;
    let user = NewUser {
        username: options.name.clone(),
        email: options.email.clone(),
        password: password.clone(),
        role: options.role.into(),
    };
    users::create(&app, user).await?;
    app.platform.db.close().await;
    print(format!("made the user {}", options.name));
    tell_password(&password, generated);
    Ok(())
}

async fn reset_password(options: &ResetPassword) -> Result<(), CliError> {
    let app = beside::open_app(&options.place.load()?).await?;
    let (password, generated) = options.password.choose(&app)?;
    users::reset_password(&app, &options.name, password.clone()).await?;
    app.platform.db.close().await;
    print(format!("{} has a new password, and has to log in again everywhere", options.name));
    tell_password(&password, generated);
    Ok(())
}

impl Password {
    /// The password, and whether it was made up.
    fn choose(&self, app: &App) -> Result<(String, bool), CliError> {
        match self.password.as_deref() {
            None => Ok((app.platform.random.hex(10), true)),
            Some("-") => {
                let mut line = String::new();
                let unreadable = |error| format!("the password cannot be read from standard input: {error}");
                std::io::stdin().lock().read_line(&mut line).map_err(unreadable)?;
                Ok((line.trim_end_matches(['\n', '\r']).to_owned(), false))
            }
            Some(given) => Ok((given.to_owned(), false)),
        }
    }
}

fn tell_password(password: &str, generated: bool) {
    if generated {
        print(format!("password: {password}"));
    }
}
