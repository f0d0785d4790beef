use askama::Template;
use axum::{
    Extension,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use platform::{
    Platform,
    clock::Timestamp,
    db::DbError,
    web::{Embeddable, Nonce, Page, PageContext, Pagination, Problem, VideoCard},
};
use serde::Deserialize;

use super::{
    ListQuery, Video, VideoState, api,
    around::{self, Around},
    edit_pages, labels,
    listing::Filters,
    player::{Player, Sources},
    representation::iso,
    store,
};
use crate::{
    App,
    actors::images::model::best_path,
    address::ClientAddress,
    channels, comments,
    follows::SubscribeButton,
    lookup,
    oauth::Session,
    pages::{context, initial, markdown, plain_text},
    playlists::pages::{Beside, SaveForm, save_form},
    problem_pages::{of_address, problem_page},
    rates::pages::RateButtons,
};

const PAGE_SIZE: i64 = 24;
const NEXT_COUNT: i64 = 8;
const AVATAR_WIDTH: i64 = 120;
/// A description of this many characters is not folded.
const SHORT_TEXT: usize = 240;

#[derive(Template)]
#[template(path = "videos/list.html")]
struct ListPage {
    page: PageContext,
    words: ListWords,
    videos: Vec<VideoCard>,
    pagination: Pagination,
}

/// What stands above a list of videos, and in its place while there are none.
#[derive(Debug, Default)]
pub(crate) struct ListWords {
    pub(crate) heading: String,
    pub(crate) lead: String,
    /// What did not work.
    pub(crate) problem: Option<String>,
    pub(crate) empty: &'static str,
    /// Where somebody goes on from an empty list: an address, and its words.
    pub(crate) way_on: Option<(&'static str, &'static str)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageNumber {
    page: Option<u64>,
    search: String,
}

/// `GET /`: what is new, here and on the servers that this one follows.
pub async fn home(State(app): State<App>, nonce: Nonce, session: Session, query: Query<PageNumber>) -> Response {
    let page = context(&app, &nonce, session.user.as_ref(), "home");
    let words = ListWords {
        heading: "New videos".to_owned(),
        lead: app.platform.operator.description.clone(),
        empty: "There are no videos here yet.",
        way_on: session.user.is_some().then_some(("/videos/upload", "Publish the first one")),
        ..ListWords::default()
    };
    let filters = Filters { reader: session.account(&app).await.unwrap_or_default(), ..Filters::default() };
    list_page(&app, page, words, filters, "/", &query).await
}

/// `GET /videos/local`: what was published here.
pub async fn local(State(app): State<App>, nonce: Nonce, session: Session, query: Query<PageNumber>) -> Response {
    let page = context(&app, &nonce, session.user.as_ref(), "local");
    let reader = session.account(&app).await.unwrap_or_default();
    let filters = Filters { is_local: Some(true), reader, ..Filters::default() };
    let words = ListWords {
        heading: "On this server".to_owned(),
        lead: format!("Published on {}.", app.platform.public_url.host()),
        empty: "Nothing has been published here yet.",
        way_on: session.user.is_some().then_some(("/videos/upload", "Publish the first one")),
        ..ListWords::default()
    };
    list_page(&app, page, words, filters, "/videos/local", &query).await
}

/// `GET /search`: this server's own search.
///
/// A pasted address or handle leads to what it names, which is brought here if need be.
pub async fn search(
    State(app): State<App>,
    address: Result<ClientAddress, Problem>,
    nonce: Nonce,
    session: Session,
    query: Query<PageNumber>,
) -> Response {
    let mut page = context(&app, &nonce, session.user.as_ref(), "search");
    page.search_query.clone_from(&query.search);
    let reader = session.account(&app).await.unwrap_or_default();
    let mut words = search_words(&query.search);
    if let (true, Ok(ClientAddress(address))) = (lookup::Reference::read(&query.search).is_some(), address) {
        match lookup::look_up(&app, &lookup::Asker { user: session.user, address }, &query.search).await {
            Ok(Some(found)) => return Redirect::to(&found.path()).into_response(),
            Ok(None) => {}
            Err(error) => words.problem = Some(format!("That could not be brought here: {error}.")),
        }
    }
    let wanted = query.search.split_whitespace().take(10).map(str::to_owned).collect();
    let filters = Filters { words: wanted, reader, ..Filters::default() };
    list_page(&app, page, words, filters, "/search", &query).await
}

fn search_words(search: &str) -> ListWords {
    let lead = "What this server knows. To bring something from another server, paste its address or name@server.";
    let heading = match search.trim() {
        "" => "All videos".to_owned(),
        search => format!("Results for “{search}”"),
    };
    let empty = "No video was found. Try fewer words, or other ones.";
    ListWords { heading, lead: lead.to_owned(), empty, ..ListWords::default() }
}

pub(crate) async fn list_page(
    app: &App,
    page: PageContext,
    words: ListWords,
    filters: Filters,
    path: &str,
    query: &PageNumber,
) -> Response {
    match read_page(app, filters, path, query).await {
        Ok((videos, pagination)) => Page(ListPage { page, words, videos, pagination }).into_response(),
        Err(error) => problem_page(page, &error.into()),
    }
}

async fn read_page(
    app: &App,
    filters: Filters,
    path: &str,
    query: &PageNumber,
) -> Result<(Vec<VideoCard>, Pagination), DbError> {
    let number = query.page.unwrap_or(1).clamp(1, 10_000);
    let mut connection = app.platform.db.read().await?;
    let total = store::count(&mut connection, &filters).await?;
    let start = i64::try_from(number - 1).unwrap_or_default() * PAGE_SIZE;
    let list = ListQuery { filters, start, count: PAGE_SIZE, ..ListQuery::default() };
    let videos = store::list(&mut connection, &list).await?;
    let pages = u64::try_from(total).unwrap_or_default().div_ceil(PAGE_SIZE.unsigned_abs());
    let pagination = Pagination::new(number, pages, |number| {
        let mut query_string = url::form_urlencoded::Serializer::new(String::new());
        if !query.search.is_empty() {
            query_string.append_pair("search", &query.search);
        }
        format!("{path}?{}", query_string.append_pair("page", &number.to_string()).finish())
    });
    Ok((videos.iter().map(|video| card(&app.platform, video)).collect(), pagination))
}

/// A video as lists show it.
pub(crate) fn card(platform: &Platform, video: &Video) -> VideoCard {
    VideoCard {
        href: video.watch_path(),
        title: video.name.clone(),
        thumbnail_url: video.preview_path().or_else(|| video.thumbnail_path()),
        duration_label: VideoCard::duration_label(video.duration_s),
        duration_iso: format!("PT{}S", video.duration_s),
        channel_name: video.channel_display_name.clone(),
        channel_href: Some(channel_path(video)),
        host: video.host.clone(),
        age_label: VideoCard::age_label(video.published_at, platform.clock.now()),
        published_iso: iso(video.published_at).to_string(),
        views_label: VideoCard::views_label(video.views),
        badge: video.live_badge().map(str::to_owned),
        blurred: video.is_nsfw,
        moment: None,
    }
}

fn channel_path(video: &Video) -> String {
    crate::actors::page_path(true, &video.channel_username, &video.host, video.is_local)
}

/// This server's own copy of another server's video, as the banner tells it.
struct Copy {
    checked_label: Option<String>,
}

impl Copy {
    fn new(verified_at: Option<Timestamp>, now: Timestamp) -> Self {
        Self { checked_label: verified_at.map(|then| VideoCard::age_label(then, now)) }
    }
}

#[derive(Template)]
#[template(path = "videos/watch.html")]
struct WatchPage {
    page: PageContext,
    uuid: String,
    title: String,
    player: Option<Player>,
    around: Around,
    waiting: Option<String>,
    copy: Option<Copy>,
    origin_url: Option<String>,
    channel_name: String,
    channel_handle: String,
    channel_href: String,
    channel_avatar: Option<String>,
    channel_initial: String,
    /// Where the reader changes it, if they may.
    edit_href: Option<String>,
    subscribe: SubscribeButton,
    host: String,
    views_label: String,
    age_label: String,
    published_iso: String,
    description_html: String,
    description_preview: Option<String>,
    tags: Vec<String>,
    category: Option<&'static str>,
    licence: Option<&'static str>,
    language: Option<&'static str>,
    next: Vec<VideoCard>,
    beside: Option<Beside>,
    save: Option<SaveForm>,
    thumbnail_url: Option<String>,
    embed_url: String,
    canonical_url: String,
    duration_s: i64,
    /// Of the watch page; an embedded player has none.
    comments: String,
    rates: RateButtons,
}

/// `GET /w/{id}` and `GET /videos/watch/{id}` for people.
pub async fn watch(app: App, nonce: Nonce, session: Session, id: String, shown: comments::pages::Shown) -> Response {
    let page = context(&app, &nonce, session.user.as_ref(), "watch");
    let watch = async {
        let mut watch = read_watch_page(&app, page.clone(), &session, &id).await?;
        watch.comments = comments::pages::section(&app, &page, session.user.as_ref(), &id, &shown).await?;
        Ok(watch)
    };
    match watch.await {
        Ok(watch) => Page(watch).into_response(),
        Err(problem) => problem_page(page, &of_address(problem, "No video has this address.")),
    }
}

/// The page of a video in a playlist; `times` is the end of an address that says from when to when it plays.
pub(crate) async fn watch_beside(
    app: App,
    nonce: Nonce,
    session: Session,
    video: &Video,
    times: String,
    beside: Beside,
) -> Response {
    let page = context(&app, &nonce, session.user.as_ref(), "watch");
    match read_watch_page(&app, page.clone(), &session, &video.uuid.to_string()).await {
        Ok(mut watch) => {
            if let Some(player) = &mut watch.player {
                player.plain_url.push_str(&times);
            }
            watch.beside = Some(beside);
            let shown = comments::pages::Shown::default();
            let id = video.uuid.to_string();
            watch.comments =
                comments::pages::section(&app, &page, session.user.as_ref(), &id, &shown).await.unwrap_or_default();
            Page(watch).into_response()
        }
        Err(problem) => problem_page(page, &problem),
    }
}

async fn read_watch_page(app: &App, page: PageContext, session: &Session, id: &str) -> Result<WatchPage, Problem> {
    let reader = session.account(app).await?;
    let mut connection = app.platform.db.read().await?;
    let video = api::find_visible(&mut connection, id, session.user.as_ref()).await?;
    let now = app.platform.clock.now();
    let playlist = store::playlist(&mut connection, video.id).await?;
    let files = match &playlist {
        Some(playlist) => store::files(&mut connection, playlist.id).await?,
        None => vec![],
    };
    let around = Around::read(&mut connection, &video, &files).await?;
    let redundancies = store::redundancies(&mut connection, video.id, now).await?;
    let local_copy = redundancy::copies_of(&mut connection, video.uuid).await?;
    let tags = store::tags(&mut connection, video.id).await?;
    let filters = Filters { except: Some(video.id), reader, ..Filters::default() };
    let others = ListQuery { filters, count: NEXT_COUNT, ..ListQuery::default() };
    let next = store::list(&mut connection, &others).await?;
    let waiting = waiting_words(&mut connection, &video).await?;
    let channel = (video.channel_username.as_str(), video.host.as_str());
    let user = session.user.as_ref();
    let subscribe = SubscribeButton::of(app, &mut connection, user, channel, &video.watch_path()).await?;
    let channel = channels::store::find(&mut connection, video.channel_id).await?;
    let may_edit =
        video.is_local && user.is_some() && store::owner(&mut connection, video.id).await? == user.map(|user| user.id);
    let rates = RateButtons::read(&mut connection, &video, user).await?;
    let save = save_form(&mut connection, user, &video).await?;
    drop(connection);
    api::look_after(app, &video).await;

    let sources = Sources { playlist, files, redundancies, copy: local_copy.as_ref(), around: &around };
    let player = if waiting.is_none() { Player::of(app, &video, sources) } else { None };
    let absolute = |path: &str| app.platform.public_url.join(path).to_string();
    Ok(WatchPage {
        uuid: video.uuid.to_string(),
        rates,
        player,
        around,
        waiting,
        copy: local_copy.filter(|_| !video.is_local).map(|copy| Copy::new(copy.verified_at, now)),
        subscribe,
        origin_url: (!video.is_local).then(|| video.url.clone()),
        channel_href: channel_path(&video),
        channel_avatar: channel.and_then(|channel| best_path(&channel.avatars, AVATAR_WIDTH)),
        channel_initial: initial(&video.channel_display_name),
        edit_href: may_edit.then(|| edit_path(&video)),
        channel_handle: format!("@{}@{}", video.channel_username, video.host),
        views_label: VideoCard::views_label(video.views),
        age_label: VideoCard::age_label(video.published_at, now),
        published_iso: iso(video.published_at).to_string(),
        description_html: video.description.as_deref().map(markdown).unwrap_or_default(),
        description_preview: preview_of(&video),
        tags,
        category: video.category.and_then(labels::category),
        licence: video.licence.and_then(labels::licence),
        language: video.language.as_deref().and_then(labels::language),
        next: next.iter().map(|video| card(&app.platform, video)).collect(),
        beside: None,
        save,
        thumbnail_url: video.preview_path().map(|path| absolute(&path)),
        embed_url: absolute(&format!("/videos/embed/{}", video.uuid)),
        duration_s: video.duration_s,
        comments: String::new(),
        canonical_url: video.facts.url,
        title: video.facts.name,
        channel_name: video.channel_display_name,
        host: video.host,
        page,
    })
}

/// The beginning of a description that is long enough to be folded.
fn preview_of(video: &Video) -> Option<String> {
    video.description.as_deref().map(plain_text).filter(|text| text.chars().count() > SHORT_TEXT)
}

/// Where its owner changes a video.
pub(super) fn edit_path(video: &Video) -> String {
    format!("/my-videos/{}", platform::ids::short_uuid(video.uuid))
}

/// What stands in the player's place while there is nothing to play.
async fn waiting_words(connection: &mut platform::db::Connection, video: &Video) -> Result<Option<String>, DbError> {
    Ok(match video.state {
        VideoState::Published => None,
        VideoState::WaitingForLive | VideoState::LiveEnded => Some(around::live_words(video)),
        VideoState::TranscodingFailed => {
            let reason = video.failure.as_deref().unwrap_or("The file could not be read.");
            Some(format!("This video could not be prepared. {reason}"))
        }
        VideoState::ToTranscode => {
            let key = video.id.0.to_string();
            let progress = platform::jobs::progress_of::<crate::transcoding::Transcode>(connection, &key).await?;
            let percent = progress.filter(|progress| progress.total > 0).map(|p| 100 * p.done / p.total);
            Some(match percent {
                Some(percent) => {
                    format!("This video is being prepared: {percent} % done. Reload to see how far it is.")
                }
                None => "This video is waiting to be prepared.".to_owned(),
            })
        }
    })
}

#[derive(Template)]
#[template(path = "videos/embed.html")]
struct EmbedPage {
    watch: WatchPage,
}

/// `GET /videos/embed/{id}`: the player alone, for pages of other sites.
pub async fn embed(State(app): State<App>, nonce: Nonce, Path(id): Path<String>) -> Response {
    let page = context(&app, &nonce, None, "embed");
    match read_watch_page(&app, page.clone(), &Session::default(), &id).await {
        Ok(watch) => (Extension(Embeddable), Page(EmbedPage { watch })).into_response(),
        Err(problem) => problem_page(page, &of_address(problem, "No video has this address.")),
    }
}

#[derive(Template)]
#[template(path = "videos/mine.html")]
struct MinePage {
    page: PageContext,
    videos: Vec<OwnVideo>,
}

struct OwnVideo {
    href: String,
    edit_href: String,
    thumbnail_url: Option<String>,
    age_label: String,
    title: String,
    state: &'static str,
    detail: String,
    privacy: &'static str,
    views: i64,
}

/// `GET /my-videos`: what the reader has published, and how far it is.
pub async fn mine(State(app): State<App>, nonce: Nonce, session: Session) -> Response {
    let Some(user) = session.user else { return Redirect::to("/login?next=/my-videos").into_response() };
    let page = context(&app, &nonce, Some(&user), "mine");
    let videos = async {
        let mut connection = app.platform.db.read().await?;
        let mut rows = vec![];
        for video in store::of_user(&mut connection, user.id).await? {
            let detail = waiting_words(&mut connection, &video).await?.unwrap_or_default();
            rows.push(OwnVideo {
                href: video.watch_path(),
                edit_href: edit_path(&video),
                thumbnail_url: video.thumbnail_path(),
                age_label: VideoCard::age_label(video.published_at, app.platform.clock.now()),
                state: video.state.label(),
                detail,
                privacy: edit_pages::privacy_words(video.privacy),
                views: video.views,
                title: video.facts.name,
            });
        }
        Ok::<_, DbError>(rows)
    };
    match videos.await {
        Ok(videos) => Page(MinePage { page, videos }).into_response(),
        Err(error) => problem_page(page, &error.into()),
    }
}
