use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Multipart, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use platform::web::{ApiResult, Nonce, Page, PageContext, Problem};
use tempfile::TempPath;

use crate::{
    App,
    actors::{
        self, Actor,
        images::{self, ActorImage, ImageKind, model::best_path},
        moves,
    },
    channels::{self, Channel, ChannelChange, NewChannel},
    oauth::{Session, SignedIn},
    pages::{context, sentence},
    users::{
        User,
        api::{drop_image, set_image},
        own_account, own_account_actor, own_channel, own_channel_actor,
        profile::{self, ProfileChange},
    },
};

const MAX_FIELDS: usize = 20;
const MAX_TEXT_BYTES: usize = 50_000;

#[derive(Template)]
#[template(path = "actors/edit.html")]
struct EditPage {
    page: PageContext,
    /// Where its forms lead.
    base: String,
    is_channel: bool,
    title: String,
    /// What they write who want to delete it.
    name: String,
    handle: String,
    show_href: String,
    display_name: String,
    description: String,
    support: String,
    avatar: Option<String>,
    banner: Option<String>,
    aliases: String,
    moved_to: Option<String>,
    may_be_deleted: bool,
    failed: Option<Failed>,
}

/// A form of the page that did not work.
struct Failed {
    action: String,
    words: String,
}

impl EditPage {
    /// What went wrong with the form of this action; forms without a place of their own have it at the top.
    fn problem_at(&self, action: &str) -> Option<&str> {
        let failed = self.failed.as_ref()?;
        let place = match failed.action.as_str() {
            "no-avatar" => "avatar",
            "no-banner" => "banner",
            "stay" => "move",
            place @ ("avatar" | "banner" | "password" | "aliases" | "move" | "delete") => place,
            _ => "texts",
        };
        (place == action).then_some(failed.words.as_str())
    }
}

#[derive(Template)]
#[template(path = "actors/channels.html")]
struct ChannelsPage {
    page: PageContext,
    channels: Vec<OwnChannel>,
    error: Option<String>,
    /// What was entered, if it did not work.
    new_name: String,
    new_display_name: String,
    new_description: String,
}

struct OwnChannel {
    edit_href: String,
    show_href: String,
    name: String,
    handle: String,
    followers: i64,
}

/// The fields of a form, and the picture in it.
#[derive(Default)]
struct Fields {
    texts: BTreeMap<String, String>,
    picture: Option<TempPath>,
}

impl Fields {
    async fn read(app: &App, mut form: Multipart) -> ApiResult<Self> {
        let unreadable = |_| Problem::bad_request("The form cannot be read.");
        let mut fields = Self::default();
        for _ in 0..MAX_FIELDS {
            let Some(mut field) = form.next_field().await.map_err(unreadable)? else { break };
            let name = field.name().unwrap_or_default().to_owned();
            if name == "picture" {
                fields.picture = images::api::receive_field(app, field).await?;
                continue;
            }
            let mut bytes = vec![];
            while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
                bytes.extend_from_slice(&chunk);
                if bytes.len() > MAX_TEXT_BYTES {
                    return Err(Problem::bad_request("A text of the form is too long."));
                }
            }
            fields.texts.insert(name, String::from_utf8_lossy(&bytes).replace("\r\n", "\n"));
        }
        Ok(fields)
    }

    fn take(&mut self, name: &str) -> Option<String> {
        self.texts.remove(name)
    }

    fn picture(&mut self) -> ApiResult<TempPath> {
        self.picture.take().ok_or_else(|| Problem::bad_request("Choose a picture first."))
    }

    /// Names of others, one on each line.
    fn names(&mut self) -> Vec<String> {
        let text = self.take("aliases").unwrap_or_default();
        text.split_whitespace().map(str::to_owned).collect()
    }
}

/// `GET /my-account`.
pub async fn edit_account(State(app): State<App>, nonce: Nonce, session: Session) -> ApiResult<Response> {
    let Some(user) = session.user else { return Ok(Redirect::to("/login?next=/my-account").into_response()) };
    Ok(Page(account_page(&app, &nonce, &user).await?).into_response())
}

async fn account_page(app: &App, nonce: &Nonce, user: &User) -> ApiResult<EditPage> {
    let account = own_account(app, user).await?;
    let actor = own_account_actor(app, user, &account.username).await?;
    Ok(EditPage {
        page: context(app, nonce, Some(user), "account"),
        base: "/my-account".to_owned(),
        is_channel: false,
        title: "My account".to_owned(),
        name: user.username.clone(),
        handle: format!("{}@{}", account.username, account.host),
        show_href: account.page_path(),
        display_name: account.display_name,
        description: account.description.unwrap_or_default(),
        support: String::new(),
        avatar: shown(&account.avatars),
        banner: None,
        aliases: actor.aliases().join("\n"),
        moved_to: actor.moved_to_url,
        may_be_deleted: user.username != "root",
        failed: None,
    })
}

fn shown(images: &[ActorImage]) -> Option<String> {
    best_path(images, 600)
}

/// `GET /my-channels`.
pub async fn own_channels(State(app): State<App>, nonce: Nonce, session: Session) -> ApiResult<Response> {
    let Some(user) = session.user else { return Ok(Redirect::to("/login?next=/my-channels").into_response()) };
    Ok(Page(channels_page(&app, &nonce, &user).await?).into_response())
}

async fn channels_page(app: &App, nonce: &Nonce, user: &User) -> ApiResult<ChannelsPage> {
    let account = own_account(app, user).await?;
    let channels = channels::store::of_account(&mut app.platform.db.read().await?, account.id).await?;
    let channels = channels.into_iter().map(|channel| OwnChannel {
        edit_href: format!("/my-channels/{}", channel.username),
        show_href: channel.page_path(),
        handle: format!("@{}@{}", channel.username, channel.host),
        name: channel.display_name,
        followers: channel.followers_count,
    });
    Ok(ChannelsPage {
        page: context(app, nonce, Some(user), "channels"),
        channels: channels.collect(),
        error: None,
        new_name: String::new(),
        new_display_name: String::new(),
        new_description: String::new(),
    })
}

/// `POST /my-channels`: a new channel.
pub async fn create_channel(
    State(app): State<App>,
    nonce: Nonce,
    session: SignedIn,
    form: Multipart,
) -> ApiResult<Response> {
    let mut fields = Fields::read(&app, form).await?;
    let name = fields.take("name").unwrap_or_default().trim().to_owned();
    let new_display_name = fields.take("displayName").unwrap_or_default();
    let new_description = fields.take("description").unwrap_or_default();
    let is_named = !new_display_name.trim().is_empty();
    let channel = NewChannel {
        display_name: if is_named { new_display_name.clone() } else { name.clone() },
        name: name.clone(),
        description: Some(new_description.clone()),
        support: None,
    };
    let owner = own_account(&app, &session.user).await?;
    let path = format!("/my-channels/{}", channel.name);
    match channels::create(&app, &owner, channel).await {
        Ok(_) => Ok(Redirect::to(&path).into_response()),
        Err(error) => {
            let problem = Problem::from(error);
            let error = Some(sentence(problem.detail()));
            let page = channels_page(&app, &nonce, &session.user).await?;
            let page = ChannelsPage { error, new_name: name, new_display_name, new_description, ..page };
            Ok((problem.status(), Page(page)).into_response())
        }
    }
}

/// `GET /my-channels/{name}`.
pub async fn edit_channel(
    State(app): State<App>,
    Path(name): Path<String>,
    nonce: Nonce,
    session: Session,
) -> ApiResult<Response> {
    let Some(user) = session.user else { return Ok(Redirect::to("/login?next=/my-channels").into_response()) };
    let channel = own_channel(&app, &user, &name).await?;
    Ok(Page(channel_page(&app, &nonce, &user, channel).await?).into_response())
}

async fn channel_page(app: &App, nonce: &Nonce, user: &User, channel: Channel) -> ApiResult<EditPage> {
    let actor = own_channel_actor(app, user, &channel.username).await?;
    Ok(EditPage {
        page: context(app, nonce, Some(user), "channels"),
        base: format!("/my-channels/{}", channel.username),
        is_channel: true,
        title: channel.display_name.clone(),
        handle: format!("{}@{}", channel.username, channel.host),
        show_href: channel.page_path(),
        avatar: shown(&channel.avatars),
        banner: shown(&channel.banners),
        display_name: channel.display_name,
        description: channel.description.unwrap_or_default(),
        support: channel.support.unwrap_or_default(),
        name: channel.username,
        aliases: actor.aliases().join("\n"),
        moved_to: actor.moved_to_url,
        may_be_deleted: true,
        failed: None,
    })
}

/// `POST /my-account/{action}`.
pub async fn act_on_account(
    State(app): State<App>,
    Path(action): Path<String>,
    nonce: Nonce,
    session: SignedIn,
    form: Multipart,
) -> ApiResult<Response> {
    let fields = Fields::read(&app, form).await?;
    let user = session.user;
    match change_account(&app, &user, &action, fields).await {
        Ok(next) => Ok(Redirect::to(next).into_response()),
        Err(problem) => {
            let failed = Some(Failed { action, words: sentence(problem.detail()) });
            let page = account_page(&app, &nonce, &user).await?;
            Ok((problem.status(), Page(EditPage { failed, ..page })).into_response())
        }
    }
}

async fn change_account(app: &App, user: &User, action: &str, mut fields: Fields) -> ApiResult<&'static str> {
    let account = own_account(app, user).await?;
    match action {
        "texts" => {
            let change = ProfileChange {
                display_name: fields.take("displayName"),
                description: fields.take("description").into(),
                ..ProfileChange::default()
            };
            profile::change(app, user, change).await?;
        }
        "password" => {
            let change = ProfileChange {
                password: fields.take("password"),
                current_password: fields.take("currentPassword"),
                ..ProfileChange::default()
            };
            profile::change(app, user, change).await?;
        }
        "delete" => {
            if fields.take("name").is_none_or(|name| name.trim() != user.username) {
                return Err(Problem::bad_request("Write your user name into the field to delete your account."));
            }
            profile::delete(app, user).await?;
            return Ok("/");
        }
        _ => {
            let actor = own_account_actor(app, user, &account.username).await?;
            change_actor(app, &actor, action, fields).await?;
        }
    }
    Ok("/my-account")
}

/// `POST /my-channels/{name}`: names and texts.
pub async fn change_channel(
    state: State<App>,
    Path(name): Path<String>,
    nonce: Nonce,
    session: SignedIn,
    form: Multipart,
) -> ApiResult<Response> {
    act_on_channel(state, Path((name, "texts".to_owned())), nonce, session, form).await
}

/// `POST /my-channels/{name}/{action}`.
pub async fn act_on_channel(
    State(app): State<App>,
    Path((name, action)): Path<(String, String)>,
    nonce: Nonce,
    session: SignedIn,
    form: Multipart,
) -> ApiResult<Response> {
    let user = session.user;
    let channel = own_channel(&app, &user, &name).await?;
    let fields = Fields::read(&app, form).await?;
    match change_own_channel(&app, &user, &channel, &action, fields).await {
        Ok(next) => Ok(Redirect::to(&next).into_response()),
        Err(problem) => {
            let failed = Some(Failed { action, words: sentence(problem.detail()) });
            let page = channel_page(&app, &nonce, &user, channel).await?;
            Ok((problem.status(), Page(EditPage { failed, ..page })).into_response())
        }
    }
}

async fn change_own_channel(
    app: &App,
    user: &User,
    channel: &Channel,
    action: &str,
    mut fields: Fields,
) -> ApiResult<String> {
    match action {
        "texts" => {
            let change = ChannelChange {
                display_name: fields.take("displayName"),
                description: fields.take("description").into(),
                support: fields.take("support").into(),
                bulk_videos_support_update: false,
            };
            channels::change(app, channel, change).await?;
        }
        "delete" => {
            if fields.take("name").is_none_or(|name| name.trim() != channel.username) {
                return Err(Problem::bad_request("Write the name of the channel into the field to delete it."));
            }
            channels::delete(app, channel).await?;
            return Ok("/my-channels".to_owned());
        }
        _ => {
            let actor = own_channel_actor(app, user, &channel.username).await?;
            change_actor(app, &actor, action, fields).await?;
        }
    }
    Ok(format!("/my-channels/{}", channel.username))
}

/// What accounts and channels have in common.
async fn change_actor(app: &App, actor: &Actor, action: &str, mut fields: Fields) -> ApiResult<()> {
    let is_channel = actor.kind() == actors::ActorKind::Group;
    match action {
        "avatar" => set_image(app, actor.id, ImageKind::Avatar, &fields.picture()?).await.map(drop),
        "no-avatar" => drop_image(app, actor.id, ImageKind::Avatar).await,
        "banner" if is_channel => set_image(app, actor.id, ImageKind::Banner, &fields.picture()?).await.map(drop),
        "no-banner" if is_channel => drop_image(app, actor.id, ImageKind::Banner).await,
        "aliases" => Ok(moves::actions::set_aliases(app, actor, &fields.names()).await.map(drop)?),
        "move" => {
            let target = fields.take("target").unwrap_or_default();
            Ok(moves::actions::move_away(app, actor, &target).await.map(drop)?)
        }
        "stay" => Ok(moves::actions::stay(app, actor).await?),
        _ => Err(Problem::not_found("There is no such form.")),
    }
}
