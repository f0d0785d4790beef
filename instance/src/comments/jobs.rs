//! Background work on comments: finding what a comment answers, reading whole threads, telling who is named.
//!
//! Each run is bounded in requests and time; what it does not reach, a later one does. A server that does not answer is
//! left alone for the rest of a run.

use std::collections::{HashMap, HashSet, VecDeque};

use chrono::TimeDelta;
use federation::{
    origin::{Host, same_host, without_fragment},
    webfinger::Handle,
};
use platform::{
    clock::Timestamp,
    db::DbError,
    jobs::{Job, JobContext, JobError, JobSet, Lane, RetryPolicy, enqueue},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{
    CommentId, actions, federate,
    intake::{self, Standing, Taken},
    model::{Incoming, Policy},
    recipients, store, text,
};
use crate::{
    App, actors,
    videos::{self, Video, VideoId},
};

/// Requests of one run.
const MAX_REQUESTS: usize = 200;
/// Comments between a comment and what is known here.
const MAX_PARENTS: usize = 50;
/// Comments of one list that are looked at.
const MAX_LISTED: usize = 500;
/// Comments of other programs that are asked for their answers.
const MAX_ASKED_AGAIN: i64 = 30;
/// Failures of one server in one run.
const MAX_FAILURES: u32 = 3;
/// No run is longer.
const MAX_TIME: TimeDelta = TimeDelta::minutes(3);
/// A video is new, and talked about, for so long.
const IS_NEW_FOR: TimeDelta = TimeDelta::days(7);

/// Looks for what a comment answers, and takes it in with all that stands between.
#[derive(Debug, Serialize, Deserialize)]
pub struct ResolveComment {
    /// Its address.
    pub url: Url,
}

impl Job for ResolveComment {
    const KIND: &'static str = "comment_resolve";
    const LANE: Lane = Lane::Fetch;
    const POLICY: RetryPolicy = RetryPolicy::BRIEF;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.url.to_string())
    }

    fn party(&self) -> Option<String> {
        self.url.host_str().map(str::to_owned)
    }
}

/// Reads all comments of a video that other servers know.
#[derive(Debug, Serialize, Deserialize)]
pub struct FetchComments {
    /// Row of the video.
    pub video_id: i64,
}

impl Job for FetchComments {
    const KIND: &'static str = "comments_fetch";
    const LANE: Lane = Lane::Crawl;
    const POLICY: RetryPolicy = RetryPolicy::BRIEF;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.video_id.to_string())
    }
}

/// Looks up who is named in a comment and not known here, and sends it to them.
#[derive(Debug, Serialize, Deserialize)]
pub struct TellMentioned {
    /// Row of the comment.
    pub comment_id: i64,
}

impl Job for TellMentioned {
    const KIND: &'static str = "comment_tell_mentioned";
    const POLICY: RetryPolicy = RetryPolicy::BRIEF;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.comment_id.to_string())
    }
}

/// The jobs of this feature.
pub fn job_set(app: &App) -> JobSet {
    let (resolver, fetcher, teller) = (app.clone(), app.clone(), app.clone());
    JobSet::new()
        .on::<ResolveComment, _, _>(move |job, context| resolve(resolver.clone(), job, context))
        .on::<FetchComments, _, _>(move |job, context| fetch(fetcher.clone(), job, context))
        .on::<TellMentioned, _, _>(move |job, _| tell_mentioned(teller.clone(), job))
}

/// Has the comments of a video fetched if somebody looks and that was not done lately: new videos every hour, others once
/// a day.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn fetch_when_due(app: &App, video: &Video) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    let is_new = now - video.published_at < IS_NEW_FOR;
    let before = now - if is_new { TimeDelta::hours(1) } else { TimeDelta::hours(24) };
    let mut connection = app.platform.db.read().await?;
    let is_open = Policy::from(video.comments_policy) != Policy::Closed && intake::takes_from_outside(app);
    let is_told = actions::is_told(&mut connection, video).await?;
    if !is_open || !is_told || !store::was_fetched_before(&mut connection, video.id, before).await? {
        return Ok(());
    }
    let is_elsewhere = !video.is_local || !store::remote_urls(&mut connection, video.id, 1).await?.is_empty();
    drop(connection);
    if !is_elsewhere {
        return Ok(());
    }
    let mut tx = app.platform.db.begin().await?;
    if store::claim_fetch(&mut tx, video.id, before, now).await? {
        enqueue(&mut tx, now, &FetchComments { video_id: video.id.0 }).await?;
    }
    tx.commit().await
}

async fn resolve(app: App, job: ResolveComment, context: JobContext) -> Result<(), JobError> {
    if !intake::takes_from_outside(&app) {
        return Ok(());
    }
    let mut crawl = Crawl::new(app, context);
    crawl.bring(&job.url, Standing::Unknown).await
}

/// Takes in, or brings up to date, a comment that somebody passes on, as its own server gave it, if it or what it answers
/// is known here. Anything else is dropped: a community of another program talks about much that nobody here knows. That
/// each address which it passes on is asked for once is the price; who wrote it and what it answers is not asked for then.
///
/// # Errors
/// [`JobError`] if its author cannot be asked for now, or the database refuses.
pub async fn take_passed_on(app: App, context: JobContext, document: &Value) -> Result<(), JobError> {
    let Some(incoming) = federate::read(document) else { return Ok(()) };
    let mut connection = app.platform.db.read().await?;
    let is_wanted = intake::is_known(&mut connection, &incoming.url).await?
        || intake::is_known(&mut connection, &incoming.in_reply_to).await?;
    drop(connection);
    if is_wanted {
        Crawl::new(app, context).keep(&incoming, Standing::Unknown).await?;
    }
    Ok(())
}

async fn fetch(app: App, job: FetchComments, context: JobContext) -> Result<(), JobError> {
    if !intake::takes_from_outside(&app) {
        return Ok(());
    }
    let id = VideoId(job.video_id);
    let mut connection = app.platform.db.read().await?;
    let Some(video) = videos::store::find(&mut connection, id).await? else { return Ok(()) };
    let collection = store::collection_url(&mut connection, id).await?;
    let known = store::remote_urls(&mut connection, id, MAX_ASKED_AGAIN).await?;
    drop(connection);
    let mut crawl = Crawl::new(app, context);
    if let (false, Ok(video_url)) = (video.is_local, Url::parse(&video.url)) {
        let listed = collection.and_then(|url| Url::parse(&url).ok()).filter(|url| same_host(url, &video_url));
        let collection = listed.unwrap_or_else(|| federation::ids::under(&video_url, "comments"));
        for url in crawl.list(&collection).await {
            crawl.bring(&url, Standing::ConfirmedByVideo).await?;
        }
    }
    for url in known.iter().filter_map(|url| Url::parse(url).ok()).filter(may_list_answers) {
        crawl.ask_again(&url).await?;
    }
    crawl.follow_answers().await
}

/// PeerTube's comments list no answers of their own; the video lists them all.
fn may_list_answers(url: &Url) -> bool {
    !(url.path().starts_with("/videos/watch/") && url.path().contains("/comments/"))
}

/// One run through other servers' comments.
struct Crawl {
    app: App,
    context: JobContext,
    started: Timestamp,
    requests: usize,
    failures: HashMap<Host, u32>,
    seen: HashSet<Url>,
    /// Lists of answers that have been met and not read.
    answers: VecDeque<Url>,
}

impl Crawl {
    fn new(app: App, context: JobContext) -> Self {
        let started = app.platform.clock.now();
        let (failures, seen, answers) = (HashMap::new(), HashSet::new(), VecDeque::new());
        Self { app, context, started, requests: 0, failures, seen, answers }
    }

    /// Takes one of the requests of this run, if there is one for that server.
    fn may_ask(&mut self, url: &Url) -> bool {
        let Some(host) = Host::of(url).filter(|_| self.app.ids.read(url).is_none()) else { return false };
        let is_over = self.requests >= MAX_REQUESTS
            || self.context.is_cancelled()
            || self.app.platform.clock.now() - self.started > MAX_TIME;
        if is_over || self.failures.get(&host).is_some_and(|failures| *failures >= MAX_FAILURES) {
            return false;
        }
        self.requests += 1;
        true
    }

    fn count_failure(&mut self, url: &Url, error: &courier::FetchError) {
        tracing::debug!(%url, %error, "a comment could not be fetched");
        if let (Some(host), false) = (Host::of(url), error.is_gone()) {
            *self.failures.entry(host).or_default() += 1;
        }
    }

    async fn read(&mut self, url: &Url) -> Option<Incoming> {
        if !self.may_ask(url) {
            return None;
        }
        match self.app.courier.fetch(url).await {
            Ok(document) => federate::read(&document),
            Err(error) => {
                self.count_failure(url, &error);
                None
            }
        }
    }

    /// The addresses in a list, which may only be that of a server for its own things; its items may be anybody's.
    async fn list(&mut self, url: &Url) -> Vec<Url> {
        if !self.may_ask(url) {
            return vec![];
        }
        self.requests += MAX_LISTED / 100;
        match self.app.courier.fetch_collection(url, MAX_LISTED).await {
            Ok(items) => federate::addresses(&items),
            Err(error) => {
                self.count_failure(url, &error);
                vec![]
            }
        }
    }

    /// Takes in a comment, and first what it answers, up to something that is known.
    async fn bring(&mut self, url: &Url, standing: Standing) -> Result<(), JobError> {
        let (mut chain, mut next) = (vec![], without_fragment(url));
        while chain.len() < MAX_PARENTS {
            if chain.iter().any(|incoming: &Incoming| incoming.url == next) {
                self.app.courier.note_ignored(url, "a comment answers what answers it").await;
                return Ok(());
            }
            let is_known = intake::is_known(&mut self.app.platform.db.read().await?, &next).await?;
            if is_known || !self.seen.insert(next.clone()) {
                break;
            }
            let Some(incoming) = self.read(&next).await else { return Ok(()) };
            next = without_fragment(&incoming.in_reply_to);
            chain.push(incoming);
        }
        let is_far_away = chain.len() == MAX_PARENTS;
        while let Some(incoming) = chain.pop() {
            if !self.keep(&incoming, standing).await? {
                if is_far_away {
                    self.app.courier.note_ignored(url, "a comment is too far away from what it is about").await;
                }
                return Ok(());
            }
        }
        Ok(())
    }

    async fn keep(&mut self, incoming: &Incoming, standing: Standing) -> Result<bool, JobError> {
        let author = match &incoming.author {
            Some(url) => match actors::federate::resolve(&self.app, url).await {
                Ok(author) if author.is_local => return Ok(false),
                Ok(author) => Some(author),
                Err(error) => {
                    tracing::debug!(%url, %error, "the author of a comment cannot be known");
                    return Ok(false);
                }
            },
            None => None,
        };
        let mut taken = self.take(incoming, author.as_ref(), standing).await?;
        if taken == Taken::Unproven && self.is_approved(incoming).await {
            taken = self.take(incoming, author.as_ref(), Standing::ConfirmedByVideo).await?;
        }
        self.answers.extend(incoming.replies.clone());
        Ok(taken == Taken::Kept)
    }

    async fn take(
        &self,
        incoming: &Incoming,
        author: Option<&actors::Actor>,
        standing: Standing,
    ) -> Result<Taken, DbError> {
        let mut tx = self.app.platform.db.begin().await?;
        let taken = intake::take(&self.app, &mut tx, incoming, author, standing).await?;
        tx.commit().await?;
        Ok(taken)
    }

    /// Asks the server of the video whether it has approved a comment that says so.
    async fn is_approved(&mut self, incoming: &Incoming) -> bool {
        let Some(approval) = incoming.approval.clone().filter(|_| self.requests < MAX_REQUESTS) else { return false };
        self.requests += 1;
        let document = self.app.courier.fetch(&approval).await;
        document.is_ok_and(|document| federate::is_approval_of(&document, &incoming.url))
    }

    /// Reads a known comment again: what it says now, and where its answers are.
    async fn ask_again(&mut self, url: &Url) -> Result<(), JobError> {
        if self.seen.insert(url.clone())
            && let Some(incoming) = self.read(url).await
        {
            self.keep(&incoming, Standing::Unknown).await?;
        }
        Ok(())
    }

    async fn follow_answers(&mut self) -> Result<(), JobError> {
        while let Some(list) = self.answers.pop_front() {
            if !self.seen.insert(list.clone()) {
                continue;
            }
            for url in self.list(&list).await {
                self.bring(&url, Standing::Unknown).await?;
            }
        }
        Ok(())
    }
}

async fn tell_mentioned(app: App, job: TellMentioned) -> Result<(), JobError> {
    let id = CommentId(job.comment_id);
    let mut connection = app.platform.db.read().await?;
    let Some(comment) = store::find(&mut connection, id).await? else { return Ok(()) };
    let mut unknown = vec![];
    for mention in text::mentions(&comment.text) {
        let host = mention.host.as_deref().and_then(|host| host.parse::<Host>().ok());
        if let (Some(host), None) = (host, recipients::find_mentioned(&app, &mut connection, &mention).await?) {
            unknown.push(Handle::new(mention.name, host));
        }
    }
    drop(connection);
    let mut inboxes = vec![];
    for handle in &unknown {
        let found =
            async { Ok::<_, JobError>(actors::federate::resolve(&app, &app.courier.look_up(handle).await?).await?) };
        match found.await {
            Ok(actor) => inboxes.extend(actor.delivery_inbox().filter(|_| !actor.is_local)),
            Err(error) => tracing::debug!(%handle, ?error, "somebody who is named cannot be found"),
        }
    }
    inboxes.sort();
    inboxes.dedup();
    let mut tx = app.platform.db.begin().await?;
    // Deleted or held meanwhile: nobody needs to know.
    let comment = store::find(&mut tx, id).await?.filter(|comment| !comment.is_stone() && !comment.is_held);
    let video = match &comment {
        Some(comment) => videos::store::find(&mut tx, comment.video_id).await?,
        None => None,
    };
    if let (Some(comment), Some(video)) = (comment, video) {
        federate::send_create_to(&app, &mut tx, &video, &comment, Some(&inboxes)).await?;
    }
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
#[path = "passed_on_tests.rs"]
mod tests;
