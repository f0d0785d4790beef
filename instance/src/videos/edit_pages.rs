//! The page on which the owner of a video changes it, or deletes it. Its form is the one that apps send (`editing`).

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    response::{IntoResponse, Redirect, Response},
};
use platform::web::{ApiResult, Nonce, Page, PageContext, Problem};
use serde_json::{Map, Value};

use super::{
    Privacy, Video, actions, api::find_owned, category_names, editing, language_names, licence_names, pages::edit_path,
    store,
};
use crate::{
    App, channels,
    oauth::{Session, SignedIn},
    pages::{context, sentence},
    users::User,
};

/// Who may see a video, in the order and words of the form.
const PRIVACIES: [(Privacy, &str); 4] = [
    (Privacy::Public, "Everybody"),
    (Privacy::Unlisted, "Those who have the address"),
    (Privacy::Internal, "Those who are logged in here"),
    (Privacy::Private, "Only me"),
];

const COMMENT_POLICIES: [(i64, &str); 3] = [(1, "Everybody"), (3, "Everybody, once I have approved it"), (2, "Nobody")];

pub(super) fn privacy_words(privacy: Privacy) -> &'static str {
    PRIVACIES.iter().find(|(one, _)| *one == privacy).map_or("", |(_, words)| words)
}

#[derive(Template)]
#[template(path = "videos/edit.html")]
struct EditPage {
    page: PageContext,
    base: String,
    show_href: String,
    heading: String,
    title: String,
    description: String,
    support: String,
    tags: String,
    picture: Option<String>,
    channels: Vec<Choice<i64>>,
    categories: Vec<Choice<i64>>,
    licences: Vec<Choice<i64>>,
    languages: Vec<Choice<String>>,
    privacies: Vec<Choice<i64>>,
    comment_policies: Vec<Choice<i64>>,
    download_enabled: bool,
    is_sensitive: bool,
    sensitive_words: String,
    error: Option<String>,
}

/// An option of a select element.
struct Choice<V> {
    value: V,
    label: String,
    is_chosen: bool,
}

fn choices<V: PartialEq, L: Into<String>>(all: impl IntoIterator<Item = (V, L)>, chosen: Option<&V>) -> Vec<Choice<V>> {
    let choice = |(value, label): (V, L)| Choice { is_chosen: chosen == Some(&value), value, label: label.into() };
    all.into_iter().map(choice).collect()
}

impl EditPage {
    /// Puts what was entered into its fields, so that nobody has to enter it again.
    fn show(&mut self, entered: &Map<String, Value>) {
        let text = |name: &str| entered.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |name: &str| entered.get(name).and_then(Value::as_i64);
        let is_on = |name: &str| entered.get(name).and_then(Value::as_bool).unwrap_or_default();
        let tags = entered.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        self.title = text("name");
        self.description = text("description");
        self.support = text("support");
        self.sensitive_words = text("nsfwSummary");
        self.tags = tags.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
        self.download_enabled = is_on("downloadEnabled");
        self.is_sensitive = is_on("nsfw");
        choose(&mut self.channels, number("channelId").as_ref());
        choose(&mut self.categories, number("category").as_ref());
        choose(&mut self.licences, number("licence").as_ref());
        choose(&mut self.privacies, number("privacy").as_ref());
        choose(&mut self.comment_policies, number("commentsPolicy").as_ref());
        choose(&mut self.languages, Some(&text("language")));
    }
}

fn choose<V: PartialEq>(choices: &mut [Choice<V>], chosen: Option<&V>) {
    for choice in choices {
        choice.is_chosen = chosen == Some(&choice.value);
    }
}

/// `GET /my-videos/{id}`.
pub async fn edit_form(
    State(app): State<App>,
    Path(id): Path<String>,
    nonce: Nonce,
    session: Session,
) -> ApiResult<Response> {
    let user = session.user.ok_or_else(|| Problem::unauthorized("Log in to change a video."))?;
    let video = find_owned(&app, &id, &user).await?;
    Ok(Page(read(&app, &nonce, &user, &video).await?).into_response())
}

async fn read(app: &App, nonce: &Nonce, user: &User, video: &Video) -> ApiResult<EditPage> {
    let mut connection = app.platform.db.read().await?;
    let tags = store::tags(&mut connection, video.id).await?;
    let channels = channels::store::of_account(&mut connection, video.account_id).await?;
    let channels = channels.into_iter().map(|channel| (channel.id.0, channel.display_name));
    let facts = &video.facts;
    Ok(EditPage {
        page: context(app, nonce, Some(user), "mine"),
        base: edit_path(video),
        show_href: video.watch_path(),
        heading: facts.name.clone(),
        title: facts.name.clone(),
        description: facts.description.clone().unwrap_or_default(),
        support: facts.support.clone().unwrap_or_default(),
        tags: tags.join(", "),
        picture: video.preview_path().or_else(|| video.thumbnail_path()),
        channels: choices(channels, Some(&facts.channel_id.0)),
        categories: choices(category_names(), facts.category.as_ref()),
        licences: choices(licence_names(), facts.licence.as_ref()),
        languages: choices(
            language_names().into_iter().map(|(code, name)| (code.to_owned(), name)),
            facts.language.as_ref(),
        ),
        privacies: choices(PRIVACIES.map(|(privacy, label)| (privacy.number(), label)), Some(&facts.privacy.number())),
        comment_policies: choices(COMMENT_POLICIES, Some(&facts.comments_policy)),
        download_enabled: facts.download_enabled,
        is_sensitive: facts.is_nsfw,
        sensitive_words: facts.nsfw_summary.clone().unwrap_or_default(),
        error: None,
    })
}

/// `POST /my-videos/{id}`: changes what the form says.
pub async fn edit(
    State(app): State<App>,
    Path(id): Path<String>,
    nonce: Nonce,
    session: SignedIn,
    request: Request,
) -> ApiResult<Response> {
    let video = find_owned(&app, &id, &session.user).await?;
    let form = editing::read_request(request).await?;
    let entered = form.texts.clone();
    let Err(problem) = editing::change(&app, &video, form).await else {
        return Ok(Redirect::to(&video.watch_path()).into_response());
    };
    let mut page = read(&app, &nonce, &session.user, &video).await?;
    page.error = Some(sentence(problem.detail()));
    page.show(&entered);
    Ok((problem.status(), Page(page)).into_response())
}

/// `POST /my-videos/{id}/delete`.
pub async fn delete(State(app): State<App>, Path(id): Path<String>, session: SignedIn) -> ApiResult<Redirect> {
    let video = find_owned(&app, &id, &session.user).await?;
    actions::delete(&app, &video).await?;
    Ok(Redirect::to("/my-videos"))
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::StatusCode};
    use http_body_util::BodyExt;
    use platform::testing::TestPlatform;
    use tower::ServiceExt;

    use super::*;
    use crate::{moderation::video_blocks::tests::token_of, oauth::tests::log_in, routes, users::Role};

    async fn send(app: &App, token: &str, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let part = |(name, value): &(&str, &str)| {
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let body = fields.iter().map(part).collect::<String>() + "--edge--\r\n";
        let request = Request::post(path)
            .header("accept", "text/html")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "multipart/form-data; boundary=edge")
            .body(Body::from(body))
            .unwrap();
        let response = routes::router(app).oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn read_again(app: &App, video: &Video) -> (Video, Vec<String>) {
        let mut connection = app.platform.db.read().await.unwrap();
        let tags = store::tags(&mut connection, video.id).await.unwrap();
        (store::find(&mut connection, video.id).await.unwrap().unwrap(), tags)
    }

    #[tokio::test]
    async fn the_page_of_a_video_changes_what_it_shows() {
        let test = TestPlatform::new().await;
        let (app, video) = App::staged(&test).await;
        let token = log_in(&app, "root", "a long password").await;
        let path = edit_path(&video);
        let fields = [
            ("name", "Another title"),
            ("tagList", "sea, fish ,"),
            ("nsfw", "false"),
            ("nsfw", "true"),
            ("language", ""),
        ];
        assert_eq!(send(&app, &token, &path, &fields).await.0, StatusCode::SEE_OTHER);
        let (changed, tags) = read_again(&app, &video).await;
        assert_eq!((changed.name.as_str(), changed.is_nsfw), ("Another title", true));
        assert_eq!(tags, ["sea", "fish"]);

        let (status, page) = send(&app, &token, &path, &[("name", "x"), ("tagList", "kept, words")]).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(page.contains("Nothing was changed. A title has") && page.contains("kept, words"), "{page}");
    }

    #[tokio::test]
    async fn somebody_elses_video_cannot_be_changed_or_deleted() {
        let test = TestPlatform::new().await;
        let (app, video) = App::staged(&test).await;
        let token = token_of(&app, "uma", Role::User).await;
        for path in [edit_path(&video), format!("{}/delete", edit_path(&video))] {
            assert_eq!(send(&app, &token, &path, &[("name", "Mine now")]).await.0, StatusCode::FORBIDDEN, "{path}");
        }
        assert_eq!(read_again(&app, &video).await.0.name, video.name);
    }
}
