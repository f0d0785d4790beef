use askama::Template;
use axum::{
    extract::{Multipart, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use platform::{
    ids::short_uuid,
    web::{Nonce, Page, PageContext, Problem, prefers_html},
};

use super::api;
use crate::{
    App,
    oauth::{Session, SignedIn},
    pages,
    videos::{category_names, language_names, licence_names},
};

#[derive(Template)]
#[template(path = "uploads/upload.html")]
struct UploadPage {
    page: PageContext,
    error: Option<String>,
    categories: Vec<(i64, &'static str)>,
    licences: Vec<(i64, &'static str)>,
    languages: Vec<(&'static str, &'static str)>,
}

impl UploadPage {
    fn new(page: PageContext, error: Option<String>) -> Self {
        Self { page, error, categories: category_names(), licences: licence_names(), languages: language_names() }
    }
}

/// `GET /videos/upload`.
pub async fn form(State(app): State<App>, nonce: Nonce, session: Session) -> Response {
    let Some(user) = session.user else { return Redirect::to("/login?next=/videos/upload").into_response() };
    Page(UploadPage::new(pages::context(&app, &nonce, Some(&user), "upload"), None)).into_response()
}

/// `POST /videos/upload`: the same as the API's upload, for a page; leads to the video.
pub async fn submit(
    State(app): State<App>,
    nonce: Nonce,
    session: SignedIn,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    match api::take(&app, &session.user, form).await {
        Ok((_, uuid)) => Redirect::to(&format!("/w/{}", short_uuid(uuid))).into_response(),
        Err(error) => {
            let problem = Problem::from(error);
            if !prefers_html(&headers) {
                return problem.into_response();
            }
            let page = pages::context(&app, &nonce, Some(&session.user), "upload");
            (problem.status(), Page(UploadPage::new(page, Some(problem.detail().to_owned())))).into_response()
        }
    }
}
