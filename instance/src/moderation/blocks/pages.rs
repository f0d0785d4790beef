use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use platform::web::{ApiResult, Nonce, Page, PageContext, Pagination, Problem, VideoCard};
use serde::Deserialize;

use super::{BlockError, Blocker, actions, store};
use crate::{
    App, accounts,
    moderation::{ListOptions, moderator, page_of, somebody},
    oauth::Session,
    pages::context,
    problem_pages::problem_page,
    users::User,
};

/// Lines of one form that are read at most: blocklists are shared as text.
const MAX_LINES: usize = 1_000;

#[derive(Template)]
#[template(path = "moderation/blocks.html")]
struct BlocksPage {
    page: PageContext,
    /// `/admin/moderation` or `/my-account/blocks`.
    path: &'static str,
    is_server: bool,
    search: String,
    failed: Option<Failed>,
    servers: Vec<Row>,
    servers_total: i64,
    accounts: Vec<Row>,
    accounts_total: i64,
    pagination: Pagination,
}

/// A form that did not work, with what was entered.
struct Failed {
    words: String,
    servers: String,
    accounts: String,
}

struct Row {
    name: String,
    since: String,
}

impl BlocksPage {
    fn entered(&self, field: impl Fn(&Failed) -> &str) -> Option<(&str, &str)> {
        let failed = self.failed.as_ref().filter(|failed| !field(failed).is_empty())?;
        Some((failed.words.as_str(), field(failed)))
    }

    /// What went wrong with the servers that were entered, and what these were.
    fn entered_servers(&self) -> Option<(&str, &str)> {
        self.entered(|failed| &failed.servers)
    }

    /// Likewise for accounts.
    fn entered_accounts(&self) -> Option<(&str, &str)> {
        self.entered(|failed| &failed.accounts)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    page: Option<u64>,
    search: String,
}

/// `GET /admin/moderation`: whom this server blocks.
pub async fn server_blocks(
    State(app): State<App>,
    nonce: Nonce,
    session: Session,
    Query(shown): Query<Shown>,
) -> Response {
    match moderator(&app, &nonce, session, "/admin/moderation") {
        Ok(user) => show(&app, &nonce, &user, Blocker::Server, shown, None).await,
        Err(response) => response,
    }
}

/// `GET /my-account/blocks`: whom the reader blocks.
pub async fn my_blocks(State(app): State<App>, nonce: Nonce, session: Session, Query(shown): Query<Shown>) -> Response {
    let user = match somebody(session, "/my-account/blocks") {
        Ok(user) => user,
        Err(response) => return response,
    };
    match blocker_of(&app, &user).await {
        Ok(blocker) => show(&app, &nonce, &user, blocker, shown, None).await,
        Err(problem) => problem_page(context(&app, &nonce, Some(&user), "blocks"), &problem),
    }
}

/// What a form of these pages says: whom to block, one in each line, or whom to unblock.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Change {
    servers: String,
    accounts: String,
    unblock_server: String,
    unblock_account: String,
}

/// `POST /admin/moderation`.
pub async fn change_server_blocks(
    State(app): State<App>,
    nonce: Nonce,
    session: Session,
    Form(change): Form<Change>,
) -> Response {
    match moderator(&app, &nonce, session, "/admin/moderation") {
        Ok(user) => change_blocks(&app, &nonce, &user, Blocker::Server, &change).await,
        Err(response) => response,
    }
}

/// `POST /my-account/blocks`.
pub async fn change_my_blocks(
    State(app): State<App>,
    nonce: Nonce,
    session: Session,
    Form(change): Form<Change>,
) -> Response {
    let user = match somebody(session, "/my-account/blocks") {
        Ok(user) => user,
        Err(response) => return response,
    };
    match blocker_of(&app, &user).await {
        Ok(blocker) => change_blocks(&app, &nonce, &user, blocker, &change).await,
        Err(problem) => problem_page(context(&app, &nonce, Some(&user), "blocks"), &problem),
    }
}

async fn blocker_of(app: &App, user: &User) -> ApiResult<Blocker> {
    let account = accounts::store::find_by_user(&mut app.platform.db.read().await?, user.id).await?;
    account
        .map(|account| Blocker::User(account.id))
        .ok_or_else(|| BlockError::UnknownAccount(user.username.clone()).into())
}

async fn apply(app: &App, blocker: Blocker, change: &Change) -> Result<(), BlockError> {
    let hosts: Vec<&str> = lines(&change.servers).collect();
    if !hosts.is_empty() {
        actions::block_servers(app, blocker, &hosts).await?;
    }
    for handle in lines(&change.accounts) {
        actions::block_account(app, blocker, handle).await?;
    }
    if !change.unblock_server.is_empty() {
        actions::unblock_server(app, blocker, &change.unblock_server).await?;
    }
    if !change.unblock_account.is_empty() {
        actions::unblock_account(app, blocker, &change.unblock_account).await?;
    }
    Ok(())
}

/// Lines with something in them; what follows a comma is the reason in some shared lists.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let first = |line: &'_ str| -> Option<usize> { line.find([',', '#', '\t']) };
    text.lines()
        .map(move |line| first(line).and_then(|end| line.get(..end)).unwrap_or(line).trim())
        .filter(|line| !line.is_empty())
        .take(MAX_LINES)
}

async fn change_blocks(app: &App, nonce: &Nonce, user: &User, blocker: Blocker, change: &Change) -> Response {
    let Err(error) = apply(app, blocker, change).await else { return Redirect::to(path_of(blocker)).into_response() };
    let words = format!("That did not work: {}.", Problem::from(error).detail().trim_end_matches('.'));
    let failed = Failed { words, servers: change.servers.clone(), accounts: change.accounts.clone() };
    show(app, nonce, user, blocker, Shown::default(), Some(failed)).await
}

fn path_of(blocker: Blocker) -> &'static str {
    match blocker {
        Blocker::Server => "/admin/moderation",
        Blocker::User(_) => "/my-account/blocks",
    }
}

async fn show(
    app: &App,
    nonce: &Nonce,
    user: &User,
    blocker: Blocker,
    shown: Shown,
    failed: Option<Failed>,
) -> Response {
    let page = context(app, nonce, Some(user), if blocker == Blocker::Server { "server-blocks" } else { "blocks" });
    match read(app, page.clone(), blocker, shown).await {
        Ok(blocks) => {
            let status = if failed.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            (status, Page(BlocksPage { failed, ..blocks })).into_response()
        }
        Err(problem) => problem_page(page, &problem),
    }
}

async fn read(app: &App, page: PageContext, blocker: Blocker, shown: Shown) -> ApiResult<BlocksPage> {
    let (is_server, path) = (blocker == Blocker::Server, path_of(blocker));
    let number = shown.page.unwrap_or(1);
    let options = ListOptions::page(number, Some(shown.search.clone()));
    let now = app.platform.clock.now();
    let mut connection = app.platform.db.read().await?;
    let by = blocker.account(&mut connection).await?;
    let servers_total = store::count_servers(&mut connection, by, &options).await?;
    let accounts_total = store::count_accounts(&mut connection, by, &options).await?;
    let servers = store::servers(&mut connection, by, &options).await?;
    let servers = servers
        .into_iter()
        .map(|block| Row { name: block.host, since: VideoCard::age_label(block.created_at, now) })
        .collect();
    let mut accounts = vec![];
    for block in store::accounts(&mut connection, by, &options).await? {
        if let Some(account) = accounts::store::find_by_actor(&mut connection, block.actor_id).await? {
            let name = format!("{}@{}", account.username, account.host);
            accounts.push(Row { name, since: VideoCard::age_label(block.created_at, now) });
        }
    }
    let pagination = page_of(number, servers_total.max(accounts_total), |number| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("search", &shown.search).append_pair("page", &number.to_string());
        format!("{path}?{}", query.finish())
    });
    Ok(BlocksPage {
        page,
        path,
        is_server,
        search: shown.search,
        failed: None,
        servers,
        servers_total,
        accounts,
        accounts_total,
        pagination,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_list_is_read_line_by_line() {
        let list = "#domain,severity\nevil.example,suspend,spam\r\n\n  worse.example  \n";
        assert_eq!(lines(list).collect::<Vec<_>>(), ["evil.example", "worse.example"]);
    }
}
