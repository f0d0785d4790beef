use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use platform::web::{ApiResult, Nonce, Page, PageContext, Problem};
use serde::Deserialize;
use url::Url;

use super::{RemoteLookup, Settings, actions, api::read_lists, store};
use crate::{
    App,
    moderation::administrator,
    oauth::Session,
    pages::{context, sentence},
    problem_pages::{form_again, problem_page},
};

const PATH: &str = "/admin/federation";

#[derive(Template)]
#[template(path = "settings/federation.html")]
struct FederationPage {
    page: PageContext,
    federates: bool,
    is_allow_list: bool,
    accepts_followers: bool,
    approves_followers: bool,
    follows_back: bool,
    accepts_remote_comments: bool,
    /// One in each line.
    follow_lists: String,
    lookups: Vec<(&'static str, &'static str, bool)>,
    allowed: Vec<String>,
    /// Servers to be allowed that were not, one in each line.
    hosts: String,
    failed: Option<Failed>,
}

/// What went wrong with a form, which is shown again as it was filled in.
struct Failed {
    action: String,
    words: String,
}

impl FederationPage {
    fn problem_at(&self, action: &str) -> Option<&str> {
        self.failed.as_ref().filter(|failed| failed.action == action).map(|failed| failed.words.as_str())
    }

    /// As it was filled in.
    fn filled_in(self, change: &Change, problem: &Problem) -> Self {
        let failed = Some(Failed { action: change.action.clone(), words: sentence(problem.detail()) });
        if change.action != "settings" {
            return Self { hosts: change.hosts.clone(), failed, ..self };
        }
        Self {
            federates: change.federates.is_some(),
            is_allow_list: change.is_allow_list.is_some(),
            accepts_followers: change.accepts_followers.is_some(),
            approves_followers: change.approves_followers.is_some(),
            follows_back: change.follows_back.is_some(),
            accepts_remote_comments: change.accepts_remote_comments.is_some(),
            follow_lists: change.follow_lists.clone(),
            lookups: lookups(change.lookup()),
            failed,
            ..self
        }
    }
}

fn lookups(chosen: RemoteLookup) -> Vec<(&'static str, &'static str, bool)> {
    let lookup = |value, label, policy| (value, label, chosen == policy);
    vec![
        lookup("nobody", "Nobody", RemoteLookup::Nobody),
        lookup("users", "Those who are logged in", RemoteLookup::Users),
        lookup("everybody", "Everybody", RemoteLookup::Everybody),
    ]
}

/// `GET /admin/federation`.
pub async fn show(State(app): State<App>, nonce: Nonce, session: Session) -> Response {
    let user = match administrator(&app, &nonce, session, PATH) {
        Ok(user) => user,
        Err(response) => return response,
    };
    let page = context(&app, &nonce, Some(&user), "federation");
    match read(&app, page.clone()).await {
        Ok(settings) => Page(settings).into_response(),
        Err(problem) => problem_page(page, &problem),
    }
}

async fn read(app: &App, page: PageContext) -> ApiResult<FederationPage> {
    let allowed = store::allowed_servers(&mut app.platform.db.read().await?).await?;
    let settings = app.border.settings();
    Ok(FederationPage {
        page,
        federates: settings.federates,
        is_allow_list: settings.is_allow_list,
        accepts_followers: settings.accepts_followers,
        approves_followers: settings.approves_followers,
        follows_back: settings.follows_back,
        accepts_remote_comments: settings.accepts_remote_comments,
        follow_lists: settings.follow_lists.iter().map(Url::as_str).collect::<Vec<_>>().join("\n"),
        lookups: lookups(settings.remote_lookup),
        allowed,
        hosts: String::new(),
        failed: None,
    })
}

/// What the forms of the page say. A box that is not ticked is not there.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Change {
    /// `settings`, `allow` or `disallow`.
    action: String,
    federates: Option<String>,
    is_allow_list: Option<String>,
    accepts_followers: Option<String>,
    approves_followers: Option<String>,
    follows_back: Option<String>,
    accepts_remote_comments: Option<String>,
    follow_lists: String,
    remote_lookup: String,
    hosts: String,
    host: String,
}

/// `POST /admin/federation`.
pub async fn change(State(app): State<App>, nonce: Nonce, session: Session, Form(change): Form<Change>) -> Response {
    let user = match administrator(&app, &nonce, session, PATH) {
        Ok(user) => user,
        Err(response) => return response,
    };
    let Err(problem) = apply(&app, &change).await else { return Redirect::to(PATH).into_response() };
    let page = context(&app, &nonce, Some(&user), "federation");
    match read(&app, page.clone()).await {
        Ok(form) if matches!(change.action.as_str(), "settings" | "allow") => {
            form_again(form.filled_in(&change, &problem), &problem)
        }
        _ => problem_page(page, &problem),
    }
}

async fn apply(app: &App, change: &Change) -> ApiResult<()> {
    match change.action.as_str() {
        "allow" => {
            let hosts: Vec<String> =
                change.hosts.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
            Ok(actions::allow_servers(app, &hosts).await?)
        }
        "disallow" => Ok(actions::disallow_server(app, &change.host).await?),
        "settings" => Ok(actions::change(app, &change.settings()?).await?),
        _ => Err(Problem::bad_request("The form does not say what to do.")),
    }
}

impl Change {
    fn settings(&self) -> ApiResult<Settings> {
        Ok(Settings {
            federates: self.federates.is_some(),
            is_allow_list: self.is_allow_list.is_some(),
            accepts_followers: self.accepts_followers.is_some(),
            approves_followers: self.approves_followers.is_some(),
            follows_back: self.follows_back.is_some(),
            follow_lists: read_lists(self.follow_lists.lines())?,
            accepts_remote_comments: self.accepts_remote_comments.is_some(),
            remote_lookup: self.lookup(),
        })
    }

    fn lookup(&self) -> RemoteLookup {
        match self.remote_lookup.as_str() {
            "nobody" => RemoteLookup::Nobody,
            "everybody" => RemoteLookup::Everybody,
            _ => RemoteLookup::Users,
        }
    }
}
