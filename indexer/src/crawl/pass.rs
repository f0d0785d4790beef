//! One reading of an instance's whole list.

use std::{collections::HashSet, ops::Deref};

use platform::{clock::Timestamp, db::Tx};
use tracing::{debug, info};
use uuid::Uuid;

use super::{
    CrawlError,
    client::{Detail, PAGE},
    reading::Reading,
};
use crate::{
    document::VideoDocument,
    hosts::{
        absence,
        consent::{self, OptedOut},
        store as hosts,
    },
    ingest::{self, WireDetail, WirePage, WireVideo, Wish},
    store::{self, KnownVideo, NewVideo},
};

/// Videos that a pass missed are asked for by name, if there are not more than this; more is a purge, not a slip.
const MAX_SLIPPED: i64 = 50;
/// A full page without anything new: the list repeats itself.
const MAX_REPEATS: u32 = 3;

/// Reads the list from where the pass stands, then removes what it did not show.
pub(super) async fn run(reading: Reading<'_>) -> Result<(), CrawlError> {
    let mut list = List { reading, rejected: 0, seen: HashSet::new() };
    list.read().await?;
    list.sweep().await
}

struct List<'c> {
    reading: Reading<'c>,
    rejected: i64,
    seen: HashSet<Uuid>,
}

impl<'c> Deref for List<'c> {
    type Target = Reading<'c>;

    fn deref(&self) -> &Reading<'c> {
        &self.reading
    }
}

/// What one page has to say.
#[derive(Default)]
struct Findings {
    unchanged: Vec<Uuid>,
    changed: Vec<Finding>,
    /// What accounts and channels said about themselves on the way.
    wishes: Vec<Wish>,
}

struct Finding {
    document: VideoDocument,
    listing_hash: String,
    content_hash: String,
    detailed_at: Option<Timestamp>,
}

impl Findings {
    fn changed_uuids(&self) -> Vec<Uuid> {
        self.changed.iter().map(|finding| finding.document.uuid).collect()
    }
}

impl List<'_> {
    async fn read(&mut self) -> Result<(), CrawlError> {
        let (mut total, mut repeats) = (None, 0);
        loop {
            self.check_stop()?;
            let start = self.pass.start.unsigned_abs();
            let limit = u64::from(self.crawler.config.max_videos_per_host);
            if start >= limit {
                return Err(CrawlError::Endless(limit));
            }
            let asked_at = self.crawler.platform.clock.now();
            let page = self.client.page(start).await?;
            total = total.or(page.total);
            let length = page.data.len() as u64;
            if length == 0 {
                return ends_at(start, total);
            }
            let is_repeat = self.read_page(page, asked_at).await?;
            repeats = if is_repeat { repeats + 1 } else { 0 };
            if repeats == MAX_REPEATS {
                return Err(CrawlError::Nonsense("the list of videos repeats itself without end".to_owned()));
            }
            let done = start + length;
            self.context.progress(done, total.unwrap_or(0).max(done)).await;
            if length < PAGE && total.is_some_and(|total| done >= total) {
                return Ok(());
            }
        }
    }

    /// Writes what a page says, together with how far the pass is then. Tells whether all of it was seen before.
    async fn read_page(&mut self, page: WirePage, asked_at: Timestamp) -> Result<bool, CrawlError> {
        let length = page.data.len().min(PAGE as usize);
        let mut videos = self.accept(page);
        let is_repeat = videos.iter().all(|video| self.seen.contains(&video.uuid)) && !videos.is_empty();
        self.seen.extend(videos.iter().map(|video| video.uuid));
        let out = consent::opted_out_of(&mut self.crawler.platform.db.read().await?, self.host()).await?;
        videos.retain(|video| may_be_found(video, &out));
        let mut findings = self.compare(videos).await?;
        let next = self.pass.start + length as i64;
        let mut tx = self.begin_at(next).await?;
        // Who has opted out while their videos were read, or says here that they do not want it, is heard at the latest now;
        // and what the instance told of a video meanwhile is newer than the page.
        let now = self.crawler.platform.clock.now();
        let out = consent::heed_all(&mut tx, self.client.origin(), &findings.wishes, now).await?;
        let told = store::written_since(&mut tx, self.host(), &findings.changed_uuids(), asked_at).await?;
        findings
            .changed
            .retain(|finding| may_be_found(&finding.document, &out) && !told.contains(&finding.document.uuid));
        self.write(&mut tx, &findings).await?;
        tx.commit().await?;
        self.reading.pass.start = next;
        if !findings.changed.is_empty() {
            self.crawler.projection.catch_up().await?;
        }
        Ok(is_repeat)
    }

    /// The records of a page that may be indexed, each video once.
    fn accept(&mut self, page: WirePage) -> Vec<VideoDocument> {
        let now = self.crawler.platform.clock.now();
        let mut here = HashSet::new();
        let mut videos = Vec::new();
        for record in page.data.into_iter().take(PAGE as usize) {
            let wire: WireVideo = serde_json::from_str(record.get()).unwrap_or_default();
            match ingest::read(self.client.origin(), &wire, now) {
                Ok(video) if here.insert(video.uuid) => videos.push(video),
                Ok(_) => {}
                Err(rejection) => {
                    debug!(host = self.host(), %rejection, "a record was not indexed");
                    self.rejected += 1;
                }
            }
        }
        videos
    }

    async fn compare(&self, videos: Vec<VideoDocument>) -> Result<Findings, CrawlError> {
        let uuids: Vec<Uuid> = videos.iter().map(|video| video.uuid).collect();
        let mut known = store::known(&mut self.crawler.platform.db.read().await?, self.host(), &uuids).await?;
        let mut findings = Findings::default();
        for video in videos {
            self.check_stop()?;
            let known = known.remove(&video.uuid);
            self.examine(video, known, &mut findings).await?;
        }
        Ok(findings)
    }

    /// Completes a video of the list, from its own page if that may say something new.
    async fn examine(
        &self,
        mut video: VideoDocument,
        known: Option<KnownVideo>,
        findings: &mut Findings,
    ) -> Result<(), CrawlError> {
        let listing_hash = ingest::listing_hash(&video);
        let now = self.crawler.platform.clock.now();
        let detailed_at = match &known {
            Some(known) if !self.needs_detail(&video, &listing_hash, known, now) => {
                keep_details(&mut video, known);
                known.detailed_at
            }
            _ => match self.client.detail::<WireDetail>(video.uuid).await? {
                Detail::Gone => return Ok(()),
                Detail::Unavailable => {
                    if let Some(known) = &known {
                        keep_details(&mut video, known);
                    }
                    None
                }
                Detail::Found(detail) => {
                    findings.wishes.extend(ingest::wishes(&detail));
                    match ingest::complete(&mut video, &detail) {
                        Ok(()) => Some(now),
                        Err(_) => return Ok(()),
                    }
                }
            },
        };
        let content_hash = ingest::content_hash(&video);
        let is_same = known.is_some_and(|known| known.content_hash == content_hash && known.detailed_at == detailed_at);
        if is_same {
            findings.unchanged.push(video.uuid);
        } else {
            findings.changed.push(Finding { document: video, listing_hash, content_hash, detailed_at });
        }
        Ok(())
    }

    /// The time of update moves with every view on some versions, so by itself it counts only after a while.
    fn needs_detail(&self, video: &VideoDocument, listing_hash: &str, known: &KnownVideo, now: Timestamp) -> bool {
        let Some(detailed_at) = known.detailed_at else { return true };
        let moved = video.updated_at != known.document.updated_at;
        let age = (now - detailed_at).to_std().unwrap_or_default();
        let patience = self.crawler.config.reread_details_after.get();
        known.listing_hash != listing_hash
            || age >= patience
            || (moved && age >= self.crawler.config.crawl_interval.get())
    }

    async fn write(&self, tx: &mut Tx, findings: &Findings) -> Result<(), CrawlError> {
        if !findings.unchanged.is_empty() {
            store::mark_seen(tx, self.host(), &findings.unchanged, self.pass.number).await?;
        }
        if findings.changed.is_empty() {
            return Ok(());
        }
        let revision = store::next_revision(tx).await?;
        for finding in &findings.changed {
            let video = NewVideo {
                document: &finding.document,
                listing_hash: &finding.listing_hash,
                content_hash: &finding.content_hash,
                detailed_at: finding.detailed_at,
                pass: self.pass.number,
            };
            store::save(tx, &video, revision).await?;
        }
        Ok(())
    }

    /// Ends the pass. Entries move between pages while a list is read, so a few missing videos are asked for by name; a
    /// video that is still public stays.
    async fn sweep(&self) -> Result<(), CrawlError> {
        let platform = &self.crawler.platform;
        let missing =
            store::unseen(&mut platform.db.read().await?, self.host(), self.pass.number, MAX_SLIPPED + 1).await?;
        let slipped = if missing.len() as i64 > MAX_SLIPPED { vec![] } else { self.still_public(missing).await? };
        let now = platform.clock.now();
        let mut tx = self.begin().await?;
        if !slipped.is_empty() {
            store::mark_seen(&mut tx, self.host(), &slipped, self.pass.number).await?;
        }
        let revision = store::next_revision(&mut tx).await?;
        let removed = store::remove_unseen(&mut tx, self.host(), self.pass.number, now, revision).await?;
        let videos = store::count(&mut tx, self.host()).await?;
        let next = now + self.crawler.config.crawl_interval.get();
        hosts::finish_pass(&mut tx, self.host(), videos, self.rejected, now, next).await?;
        absence::end(&mut tx, self.host()).await?;
        tx.commit().await?;
        info!(host = self.host(), videos, removed, rejected = self.rejected, "read all videos of {}", self.host());
        self.crawler.projection.catch_up().await?;
        Ok(())
    }

    async fn still_public(&self, missing: Vec<Uuid>) -> Result<Vec<Uuid>, CrawlError> {
        let mut slipped = Vec::new();
        for uuid in missing {
            match self.client.detail::<WireDetail>(uuid).await? {
                Detail::Found(detail) if ingest::is_public(&detail) => slipped.push(uuid),
                Detail::Found(_) | Detail::Gone => {}
                Detail::Unavailable => {
                    return Err(CrawlError::Nonsense(
                        "the instance cannot say whether a video is still there".to_owned(),
                    ));
                }
            }
        }
        Ok(slipped)
    }
}

pub(super) fn may_be_found(video: &VideoDocument, out: &OptedOut) -> bool {
    out.of_owners([video.account.name.as_str(), video.channel.name.as_str()]).is_none()
}

/// An empty page is the end, unless many videos are still to come by the instance's own count: then it has trouble, and
/// is asked again later.
fn ends_at(start: u64, total: Option<u64>) -> Result<(), CrawlError> {
    match total {
        Some(total) if start + MAX_SLIPPED.unsigned_abs() < total => {
            Err(CrawlError::Nonsense(format!("the list of {total} videos ends after {start}")))
        }
        _ => Ok(()),
    }
}

/// What the list does not tell stays as it was last read.
fn keep_details(video: &mut VideoDocument, known: &KnownVideo) {
    video.tags.clone_from(&known.document.tags);
    video.description.clone_from(&known.document.description);
}
