use chrono::TimeDelta;
use platform::db::{Connection, DbError, Tx};

use super::{
    Abuse, AbuseId, AbuseState, federate,
    model::{ReportedComment, is_predefined_reason},
    store::{self, AbuseDraft},
};
use crate::{
    App,
    accounts::{self, Account, AccountId},
    comments::{self, CommentId},
    moderation,
    users::User,
    videos::{self, Video},
};

const LONGEST_TEXT: usize = 3_000;
/// Of what is reported so much is kept, so that moderators know what it was when it is gone.
const KEPT_TEXT: usize = 500;
const MAX_PER_HOUR: i64 = 30;
const MAX_MESSAGES: i64 = 500;

/// Why a report is not taken or changed.
#[derive(Debug, thiserror::Error)]
pub enum AbuseError {
    /// A text is too short or too long.
    #[error("the text has 2 to {LONGEST_TEXT} characters")]
    BadText,
    /// A reason is none of those that there are.
    #[error("{0:?} is no predefined reason")]
    BadReason(String),
    /// There is nothing to report.
    #[error("there is no such video, comment or account")]
    NoSubject,
    /// There is no such report, or it is somebody else's.
    #[error("there is no such report")]
    NotFound,
    /// Somebody reports much.
    #[error("you have sent {MAX_PER_HOUR} reports within an hour: try again later")]
    TooMany,
    /// More is said about one report than can be read.
    #[error("a report has at most {MAX_MESSAGES} messages")]
    TooManyMessages,
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What is reported.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A video, from one second to another.
    Video(Box<Video>, Option<i64>, Option<i64>),
    /// A comment, as [`find_comment`] gives it.
    Comment(Box<ReportedComment>),
    /// An account.
    Account(AccountId),
}

/// A report.
#[derive(Debug, Clone)]
pub struct NewAbuse {
    /// What is reported.
    pub subject: Subject,
    /// Why, in the reporter's words.
    pub reason: String,
    /// Why, in PeerTube's.
    pub predefined_reasons: Vec<String>,
}

/// Reports something to the moderators, and to those of the server where it lives.
///
/// # Errors
/// [`AbuseError`] if that cannot be.
pub async fn report(app: &App, reporter: &Account, abuse: &NewAbuse) -> Result<AbuseId, AbuseError> {
    let reason = check_text(&abuse.reason)?;
    if let Some(unknown) = abuse.predefined_reasons.iter().find(|name| !is_predefined_reason(name)) {
        return Err(AbuseError::BadReason(unknown.chars().take(50).collect()));
    }
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    if store::count_of_reporter_since(&mut tx, reporter.id, now - TimeDelta::hours(1)).await? >= MAX_PER_HOUR {
        return Err(AbuseError::TooMany);
    }
    let thing = look_up(&mut tx, &abuse.subject).await?;
    let draft = AbuseDraft {
        reporter: Some(reporter.id),
        reason,
        predefined_reasons: &abuse.predefined_reasons,
        ..thing.draft()
    };
    let id = store::insert(&mut tx, &draft, now).await?.ok_or(AbuseError::NotFound)?;
    if !thing.is_local {
        federate::send_flag(app, &mut tx, id, reporter, &thing, &draft).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// A comment that a user may report: one that they are shown. A report says what it is about to whoever writes it.
///
/// # Errors
/// [`AbuseError::NoSubject`] if there is none.
pub async fn find_comment(
    app: &App,
    connection: &mut Connection,
    user: &User,
    id: i64,
) -> Result<ReportedComment, AbuseError> {
    if !comments::may_see(app, connection, user, CommentId(id)).await? {
        return Err(AbuseError::NoSubject);
    }
    let comment = store::find_comment(connection, id).await?.filter(|comment| comment.deleted_at.is_none());
    comment.ok_or(AbuseError::NoSubject)
}

/// Something that is reported, with what is known of it.
#[derive(Debug, Clone)]
pub(super) struct Reported {
    pub(super) url: String,
    pub(super) is_local: bool,
    pub(super) owner: Option<AccountId>,
    video: Option<videos::VideoId>,
    comment: Option<i64>,
    subject: &'static str,
    text: String,
    start_s: Option<i64>,
    end_s: Option<i64>,
}

impl Reported {
    /// A report about it, without reporter and reasons.
    pub(super) fn draft(&self) -> AbuseDraft<'static> {
        AbuseDraft {
            url: None,
            reporter: None,
            flagged: self.owner,
            video: self.video,
            comment: self.comment,
            subject: self.subject,
            subject_text: self.text.chars().take(KEPT_TEXT).collect(),
            reason: "",
            predefined_reasons: &[],
            start_s: self.start_s,
            end_s: self.end_s,
        }
    }

    pub(super) fn is_account(&self) -> bool {
        self.video.is_none() && self.comment.is_none()
    }

    pub(super) fn of_video(video: &Video, start_s: Option<i64>, end_s: Option<i64>) -> Self {
        Self {
            url: video.url.clone(),
            is_local: video.is_local,
            owner: Some(video.account_id),
            video: Some(video.id),
            comment: None,
            subject: "video",
            text: video.name.clone(),
            start_s,
            end_s,
        }
    }

    pub(super) fn of_comment(comment: &ReportedComment) -> Self {
        Self {
            url: comment.url.clone(),
            is_local: comment.is_local,
            owner: comment.account_id,
            video: Some(comment.video_id),
            comment: Some(comment.id),
            subject: "comment",
            text: comment.text.clone(),
            start_s: None,
            end_s: None,
        }
    }

    pub(super) fn of_account(account: &Account) -> Self {
        Self {
            url: account.url.clone(),
            is_local: account.is_local,
            owner: Some(account.id),
            video: None,
            comment: None,
            subject: "account",
            text: format!("{}@{}", account.username, account.host),
            start_s: None,
            end_s: None,
        }
    }
}

async fn look_up(connection: &mut Connection, subject: &Subject) -> Result<Reported, AbuseError> {
    match subject {
        Subject::Video(video, start_s, end_s) => Ok(Reported::of_video(video, *start_s, *end_s)),
        Subject::Comment(comment) => Ok(Reported::of_comment(comment)),
        Subject::Account(id) => {
            let account = find_account(connection, *id).await?.ok_or(AbuseError::NoSubject)?;
            Ok(Reported::of_account(&account))
        }
    }
}

/// The account of a row.
pub(super) async fn find_account(connection: &mut Connection, id: AccountId) -> Result<Option<Account>, DbError> {
    match moderation::store::actor_of(connection, id).await? {
        Some(actor) => accounts::store::find_by_actor(connection, actor).await,
        None => Ok(None),
    }
}

/// Decides about a report, or notes something about it; what is `None` stays.
///
/// # Errors
/// [`AbuseError`] if there is no such report or the note is too long.
pub async fn decide(app: &App, id: AbuseId, state: Option<AbuseState>, note: Option<&str>) -> Result<(), AbuseError> {
    let mut tx = app.platform.db.begin().await?;
    let abuse = store::find(&mut tx, id).await?.ok_or(AbuseError::NotFound)?;
    let note = match note.map(str::trim) {
        Some("") => None,
        Some(note) => Some(check_text(note)?),
        None => abuse.moderation_comment.as_deref(),
    };
    store::update(&mut tx, id, state.unwrap_or(abuse.state()), note, app.platform.clock.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Forgets a report.
///
/// # Errors
/// [`AbuseError::NotFound`] if there is none.
pub async fn delete(app: &App, id: AbuseId) -> Result<(), AbuseError> {
    let mut tx = app.platform.db.begin().await?;
    store::find(&mut tx, id).await?.ok_or(AbuseError::NotFound)?;
    store::delete(&mut tx, id).await?;
    tx.commit().await?;
    Ok(())
}

/// Says something about a report, as its reporter or as a moderator.
///
/// # Errors
/// [`AbuseError`] if the text cannot be said.
pub async fn say(
    app: &App,
    abuse: &Abuse,
    speaker: AccountId,
    by_moderator: bool,
    text: &str,
) -> Result<i64, AbuseError> {
    let text = check_text(text)?;
    if abuse.messages >= MAX_MESSAGES {
        return Err(AbuseError::TooManyMessages);
    }
    let mut tx = app.platform.db.begin().await?;
    let id = store::insert_message(&mut tx, abuse.id, speaker, by_moderator, text, app.platform.clock.now()).await?;
    tx.commit().await?;
    Ok(id)
}

/// Takes back something that one has said.
///
/// # Errors
/// [`AbuseError::NotFound`] if one has not.
pub async fn take_back(app: &App, abuse: &Abuse, message: i64, speaker: AccountId) -> Result<(), AbuseError> {
    let mut tx: Tx = app.platform.db.begin().await?;
    if !store::delete_message(&mut tx, abuse.id, message, speaker).await? {
        return Err(AbuseError::NotFound);
    }
    tx.commit().await?;
    Ok(())
}

fn check_text(text: &str) -> Result<&str, AbuseError> {
    let text = text.trim();
    let length = text.chars().count();
    if (2..=LONGEST_TEXT).contains(&length) { Ok(text) } else { Err(AbuseError::BadText) }
}
