//! Where people and instances say whether they want to be found.

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use indexer::hosts::{
    AddressError,
    consent::{Answer, ConsentError, PATH, Settled, Subject, Tokens},
};
use platform::web::{Nonce, Page, PageContext};
use serde::Deserialize;

use crate::{
    cards::counted,
    site::{Place, Site},
};

const MAX_CHARS: usize = 300;

/// `GET /opt-out`, `POST /opt-out`
#[derive(Debug, Template)]
#[template(path = "search/opt_out.html")]
struct OptOutPage {
    page: PageContext,
    /// How consent files name this site.
    site_host: String,
    accepts_newcomers: bool,
    contact: Option<String>,
    who: String,
    steps: Option<Steps>,
    notice: Option<Notice>,
}

/// What somebody has to do.
#[derive(Debug)]
enum Steps {
    Host { host: String, file: String },
    Actor { handle: String, tokens: Tokens },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Notice {
    class: &'static str,
    icon: &'static str,
    words: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Who {
    who: String,
}

impl Who {
    fn text(&self) -> String {
        self.who.trim().chars().take(MAX_CHARS).collect()
    }
}

pub(crate) async fn opt_out(State(site): State<Site>, Query(query): Query<Who>, nonce: Nonce) -> Response {
    let mut page = OptOutPage::new(&site, &nonce, query.text());
    if page.who.is_empty() {
        return Page(page).into_response();
    }
    let status = match site.consent().subject(&page.who) {
        Ok(subject) => {
            page.steps = Some(steps(&site, &subject));
            StatusCode::OK
        }
        Err(error) => {
            page.notice = Some(unreadable(&error));
            StatusCode::BAD_REQUEST
        }
    };
    (status, Page(page)).into_response()
}

pub(crate) async fn check(State(site): State<Site>, nonce: Nonce, Form(form): Form<Who>) -> Response {
    let mut page = OptOutPage::new(&site, &nonce, form.text());
    page.steps = site.consent().subject(&page.who).ok().map(|subject| steps(&site, &subject));
    let status = match site.consent().check(&page.who).await {
        Ok(answer) => {
            page.notice = Some(told(&answer));
            StatusCode::OK
        }
        Err(ConsentError::Db(error)) => return site.failure(page.page, &error.into()),
        Err(error) => {
            let (status, notice) = refused(&error);
            page.notice = Some(notice);
            status
        }
    };
    (status, Page(page)).into_response()
}

impl OptOutPage {
    fn new(site: &Site, nonce: &Nonce, who: String) -> Self {
        Self {
            page: site.page(nonce, Place::Hosts),
            site_host: site.platform().public_url.host().to_owned(),
            accepts_newcomers: site.consent().accepts_newcomers(),
            contact: site.platform().operator.contact.clone(),
            who,
            steps: None,
            notice: None,
        }
    }
}

fn steps(site: &Site, subject: &Subject) -> Steps {
    match subject {
        Subject::Host(origin) => Steps::Host { host: origin.host().to_owned(), file: origin.join(PATH) },
        Subject::Actor { .. } => Steps::Actor { handle: subject.to_string(), tokens: site.consent().tokens(subject) },
    }
}

fn told(answer: &Answer) -> Notice {
    let who = &answer.subject;
    let words = match (answer.settled, who) {
        (Settled::OptedOut(removed), _) => {
            let videos = counted(removed, "video");
            format!("{who} has opted out. {videos} went from this search just now, and nothing is read any more.")
        }
        (Settled::OptedIn, _) => format!("{who} may be found here. What is not known of it yet is read soon."),
        (Settled::Permitted, _) => {
            format!(
                "{who} may be found again. The people who run this search choose which sites are read: write to them."
            )
        }
        (Settled::Unchanged, Subject::Host(_)) => {
            format!(
                "{who} was asked, and its file is not there or does not say anything to this search. Nothing was changed."
            )
        }
        (Settled::Unchanged, Subject::Actor { .. }) => {
            format!("{who} was looked up, and neither word stands in the description. Nothing was changed.")
        }
    };
    match answer.settled {
        Settled::Unchanged => Notice { class: "notice-warning", icon: "triangle-alert", words },
        _ => Notice { class: "notice-success", icon: "circle-check", words },
    }
}

fn refused(error: &ConsentError) -> (StatusCode, Notice) {
    let (status, advice) = match error {
        ConsentError::Address(error) => return (StatusCode::BAD_REQUEST, unreadable(error)),
        ConsentError::Unknown(_) => (StatusCode::NOT_FOUND, ""),
        ConsentError::TooSoon(_) => (StatusCode::TOO_MANY_REQUESTS, ""),
        ConsentError::Nobody(_) => (StatusCode::NOT_FOUND, " Check how the name is written."),
        ConsentError::Unreachable(_) | ConsentError::Db(_) => {
            (StatusCode::BAD_GATEWAY, " Nothing was changed; try again when the site can be reached.")
        }
    };
    (status, Notice { class: "notice-danger", icon: "circle-alert", words: format!("{}.{advice}", sentence(error)) })
}

fn unreadable(error: &AddressError) -> Notice {
    let words = match error {
        AddressError::TooMuch(_) | AddressError::Scheme(_) => format!("{}.", sentence(error)),
        AddressError::Unreadable(text) => {
            format!(
                "“{text}” names neither a site nor an account or channel. Write tube.example, name@tube.example, or the \
                 address of the page."
            )
        }
    };
    Notice { class: "notice-danger", icon: "circle-alert", words }
}

/// An error with a capital letter.
fn sentence(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    // A name stays as it is written.
    match characters.next() {
        Some(first) if !text.split(' ').next().is_some_and(|word| word.contains(['.', '@', '"'])) => {
            first.to_uppercase().chain(characters).collect()
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_came_of_it_is_said_in_sentences() {
        let (status, notice) = refused(&ConsentError::TooSoon(Duration::from_secs(7)));
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(notice.words, "It was checked a moment ago: try again in 7 seconds.");
        let (_, notice) = refused(&ConsentError::Unknown("tube.example".to_owned()));
        assert_eq!(notice.words, "tube.example is not read by this search site, so nothing of it can be found here.");
    }
}
