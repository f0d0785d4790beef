use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use platform::web::{ApiResult, Nonce, Page, PageContext, Pagination, Problem, VideoCard};
use serde::Deserialize;

use crate::{
    App,
    accounts::{self, Account},
    actors::{images::model::best_path, moves::actions::handle_of},
    channels::{self, Channel, api::refresh_if_stale},
    federation::endpoints::{self, path_segment, wants_document},
    follows::SubscribeButton,
    moderation::may_see_actor,
    oauth::Session,
    pages::{context, initial, markdown},
    playlists::pages::{PlaylistCard, cards_of_account},
    problem_pages::problem_page,
    users::User,
    videos,
};

const PAGE_SIZE: i64 = 24;
const AVATAR_WIDTH: i64 = 120;
const BANNER_WIDTH: i64 = 1920;

#[derive(Template)]
#[template(path = "actors/show.html")]
struct ActorPage {
    page: PageContext,
    about: About,
    subscribe: SubscribeButton,
    channels: Vec<ChannelLink>,
    videos: Vec<VideoCard>,
    pagination: Pagination,
    playlists: Vec<PlaylistCard>,
}

/// What the head of the page shows.
struct About {
    title: String,
    handle: String,
    initial: String,
    avatar: Option<String>,
    banner: Option<String>,
    description_html: String,
    support_html: String,
    followers: String,
    owner: Option<ChannelLink>,
    moved_to: Option<(String, String)>,
    /// Where a remote one is at home.
    origin: Option<String>,
    host: String,
    edit_href: Option<String>,
    report_href: String,
    canonical_url: String,
}

struct ChannelLink {
    href: String,
    name: String,
    detail: String,
    initial: String,
    avatar: Option<String>,
}

impl ChannelLink {
    fn to_channel(channel: &Channel) -> Self {
        Self {
            href: channel.page_path(),
            name: channel.display_name.clone(),
            detail: followers(channel.followers_count),
            initial: initial(&channel.display_name),
            avatar: best_path(&channel.avatars, AVATAR_WIDTH),
        }
    }

    fn to_account(account: &Account) -> Self {
        Self {
            href: account.page_path(),
            name: account.display_name.clone(),
            detail: format!("@{}@{}", account.username, account.host),
            initial: initial(&account.display_name),
            avatar: best_path(&account.avatars, AVATAR_WIDTH),
        }
    }
}

fn followers(count: i64) -> String {
    if count == 1 { "1 follower".to_owned() } else { format!("{count} followers") }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageNumber {
    page: Option<u64>,
}

/// `GET /a/{handle}`: an account and its channels, for people; for servers the same document as under its own address.
pub async fn account(
    State(app): State<App>,
    Path(handle): Path<String>,
    query: Query<PageNumber>,
    headers: HeaderMap,
    nonce: Nonce,
    session: Session,
) -> ApiResult<Response> {
    if wants_document(&headers) {
        return endpoints::account(State(app), Path(handle), headers).await;
    }
    let page = context(&app, &nonce, session.user.as_ref(), "");
    let read = read_account(&app, page.clone(), session.user.as_ref(), &handle, &query).await;
    Ok(read.map_or_else(|problem| problem_page(page, &problem), |read| Page(read).into_response()))
}

/// `GET /c/{handle}`: a channel and its videos.
pub async fn channel(
    State(app): State<App>,
    Path(handle): Path<String>,
    query: Query<PageNumber>,
    headers: HeaderMap,
    nonce: Nonce,
    session: Session,
) -> ApiResult<Response> {
    if wants_document(&headers) {
        return endpoints::channel(State(app), Path(handle), headers).await;
    }
    let page = context(&app, &nonce, session.user.as_ref(), "");
    let read = read_channel(&app, page.clone(), session.user.as_ref(), &handle, &query).await;
    Ok(read.map_or_else(|problem| problem_page(page, &problem), |read| Page(read).into_response()))
}

/// `GET /a/{handle}/{part}`: the parts of PeerTube's page of an account, which are one page here.
pub async fn account_part(Path((handle, _)): Path<(String, String)>) -> Redirect {
    Redirect::to(&format!("/a/{}", path_segment(&handle)))
}

/// `GET /c/{handle}/{part}`: likewise for a channel.
pub async fn channel_part(Path((handle, _)): Path<(String, String)>) -> Redirect {
    Redirect::to(&format!("/c/{}", path_segment(&handle)))
}

/// `GET /@{handle}`: whoever has that name.
pub async fn at(State(app): State<App>, Path(handle): Path<String>) -> ApiResult<Response> {
    let (name, host) = app.split_handle(&handle);
    let mut connection = app.platform.db.read().await?;
    if let Some(channel) = channels::store::find_by_handle(&mut connection, &name, &host).await? {
        return Ok(Redirect::to(&channel.page_path()).into_response());
    }
    let account = accounts::store::find_by_handle(&mut connection, &name, &host).await?;
    let account = account.ok_or_else(|| Problem::not_found("Nobody here has that name."))?;
    Ok(Redirect::to(&account.page_path()).into_response())
}

async fn read_account(
    app: &App,
    page: PageContext,
    user: Option<&User>,
    handle: &str,
    query: &PageNumber,
) -> Result<ActorPage, Problem> {
    let (name, host) = app.split_handle(handle);
    let mut connection = app.platform.db.read().await?;
    let account = accounts::store::find_by_handle(&mut connection, &name, &host).await?;
    let account = account.ok_or_else(|| Problem::not_found("There is no such account here."))?;
    if !may_see_actor(&mut connection, account.actor_id, user).await? {
        return Err(Problem::not_found("This server hides this account."));
    }
    let channels = channels::store::of_account(&mut connection, account.id).await?;
    drop(connection);
    refresh_if_stale(app, account.actor_id).await?;
    let filters = videos::Filters { account: Some(account.id), ..videos::Filters::default() };
    let (videos, pagination) = read_videos(app, filters, &account.page_path(), query).await?;
    let (connection, names) = (&mut app.platform.db.read().await?, (account.username.as_str(), account.host.as_str()));
    let subscribe = SubscribeButton::of(app, connection, user, names, &account.page_path()).await?;
    let playlists = cards_of_account(connection, account.id, user).await?;
    let is_own = user.is_some_and(|user| account.user_id == Some(user.id));
    let about = About {
        handle: format!("@{}@{}", account.username, account.host),
        initial: initial(&account.display_name),
        avatar: best_path(&account.avatars, AVATAR_WIDTH),
        banner: best_path(&account.banners, BANNER_WIDTH),
        description_html: account.description.as_deref().map(markdown).unwrap_or_default(),
        support_html: String::new(),
        followers: followers(account.followers_count),
        owner: None,
        moved_to: moved_to(app, account.moved_to_url).await?,
        origin: (!account.is_local).then(|| account.url.clone()),
        edit_href: is_own.then(|| "/my-account".to_owned()),
        report_href: report_path(&account.username, &account.host),
        canonical_url: account.url,
        title: account.display_name,
        host: account.host,
    };
    Ok(ActorPage {
        page,
        about,
        subscribe,
        channels: channels.iter().map(ChannelLink::to_channel).collect(),
        videos,
        pagination,
        playlists,
    })
}

async fn read_channel(
    app: &App,
    page: PageContext,
    user: Option<&User>,
    handle: &str,
    query: &PageNumber,
) -> Result<ActorPage, Problem> {
    let missing = || Problem::not_found("There is no such channel here.");
    let mut connection = app.platform.db.read().await?;
    let channel = channels::api::find_visible(app, &mut connection, handle, user).await?;
    let owner = accounts::store::find_by_actor(&mut connection, channel.owner_actor_id).await?.ok_or_else(missing)?;
    drop(connection);
    refresh_if_stale(app, channel.actor_id).await?;
    let filters = videos::Filters { channel: Some(channel.id), ..videos::Filters::default() };
    let (videos, pagination) = read_videos(app, filters, &channel.page_path(), query).await?;
    let (connection, names) = (&mut app.platform.db.read().await?, (channel.username.as_str(), channel.host.as_str()));
    let subscribe = SubscribeButton::of(app, connection, user, names, &channel.page_path()).await?;
    let is_own = user.is_some_and(|user| owner.user_id == Some(user.id));
    let about = About {
        handle: format!("@{}@{}", channel.username, channel.host),
        initial: initial(&channel.display_name),
        avatar: best_path(&channel.avatars, AVATAR_WIDTH),
        banner: best_path(&channel.banners, BANNER_WIDTH),
        description_html: channel.description.as_deref().map(markdown).unwrap_or_default(),
        support_html: channel.support.as_deref().map(markdown).unwrap_or_default(),
        followers: followers(channel.followers_count),
        owner: Some(ChannelLink::to_account(&owner)),
        moved_to: moved_to(app, channel.moved_to_url).await?,
        origin: (!channel.is_local).then(|| channel.url.clone()),
        edit_href: is_own.then(|| format!("/my-channels/{}", channel.username)),
        report_href: report_path(&owner.username, &owner.host),
        canonical_url: channel.url,
        title: channel.display_name,
        host: channel.host,
    };
    Ok(ActorPage { page, about, subscribe, channels: vec![], videos, pagination, playlists: vec![] })
}

/// Reports are about accounts: that of a channel's owner stands for the channel.
fn report_path(username: &str, host: &str) -> String {
    format!("/report?account={}", path_segment(&format!("{username}@{host}")))
}

async fn moved_to(app: &App, url: Option<String>) -> Result<Option<(String, String)>, Problem> {
    let Some(url) = url else { return Ok(None) };
    let name = handle_of(app, &url).await?;
    Ok(name.map(|name| (url, name)))
}

async fn read_videos(
    app: &App,
    filters: videos::Filters,
    path: &str,
    query: &PageNumber,
) -> Result<(Vec<VideoCard>, Pagination), Problem> {
    let number = query.page.unwrap_or(1).clamp(1, 10_000);
    let mut connection = app.platform.db.read().await?;
    let total = videos::store::count(&mut connection, &filters).await?;
    let start = i64::try_from(number - 1).unwrap_or_default() * PAGE_SIZE;
    let list = videos::ListQuery { filters, start, count: PAGE_SIZE, ..videos::ListQuery::default() };
    let videos = videos::store::list(&mut connection, &list).await?;
    let pages = total.unsigned_abs().div_ceil(PAGE_SIZE.unsigned_abs());
    let pagination = Pagination::new(number, pages, |number| format!("{path}?page={number}"));
    Ok((videos.iter().map(|video| videos::pages::card(&app.platform, video)).collect(), pagination))
}
