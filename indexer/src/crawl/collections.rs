//! Reads an instance's channels and playlists: two short lists, from beginning to end in each crawl.

use std::{
    collections::{HashMap, HashSet},
    ops::Deref,
};

use platform::db::Tx;
use tracing::{debug, info};

use super::{CrawlError, client::PAGE, reading::Reading};
use crate::{
    channels::Channel,
    collections::{
        Collection, VideoCounts,
        store::{self, NewCollection},
    },
    hosts::consent::{self, rules},
    ingest::{self, WirePage},
    playlists::Playlist,
    store as videos,
};

/// Entries of one list that are read at most.
const MAX_ENTRIES: u64 = 20_000;
/// Entries that may be missing at the end of a list, by the instance's own count.
const MAX_SLIPPED: u64 = 50;
const MAX_REPEATS: u32 = 3;

/// Reads both lists, and removes what they no longer show. An instance that has no such list, or does not want it to be
/// read, has nothing of the kind.
pub(super) async fn run(reading: Reading<'_>) -> Result<(), CrawlError> {
    let counts = videos::count_by_channel(&mut reading.crawler.platform.db.read().await?, reading.host()).await?;
    let lists = Lists { reading, counts };
    let channels_changed = lists.read::<Channel>().await?;
    let playlists_changed = lists.read::<Playlist>().await?;
    if channels_changed || playlists_changed {
        reading.crawler.collections.catch_up().await?;
    }
    Ok(())
}

struct Lists<'c> {
    reading: Reading<'c>,
    counts: VideoCounts,
}

impl<'c> Deref for Lists<'c> {
    type Target = Reading<'c>;

    fn deref(&self) -> &Reading<'c> {
        &self.reading
    }
}

/// What a page has to say.
struct Found<C> {
    new: Vec<C>,
    /// It holds only what earlier pages held.
    is_repeat: bool,
}

impl Lists<'_> {
    /// Tells whether something has changed.
    async fn read<C: Collection>(&self) -> Result<bool, CrawlError> {
        let mut seen = HashSet::new();
        let changed = self.read_list::<C>(&mut seen).await?;
        let removed = self.sweep::<C>().await?;
        info!(host = self.host(), changed, removed, "read {} {}s of {}", seen.len(), C::KIND, self.host());
        Ok(changed > 0 || removed > 0)
    }

    /// Tells how many entries are new or have changed.
    async fn read_list<C: Collection>(&self, seen: &mut HashSet<String>) -> Result<usize, CrawlError> {
        let (mut start, mut total, mut changed, mut repeats) = (0, None, 0, 0);
        loop {
            self.check_stop()?;
            let page = match self.client.collections(C::LIST, start).await? {
                Some(page) => page,
                None if start == 0 => return Ok(changed),
                None => return Err(CrawlError::Nonsense(format!("the list of {}s breaks off after {start}", C::KIND))),
            };
            total = total.or(page.total);
            let length = page.data.len() as u64;
            if length == 0 {
                check_end::<C>(start, total)?;
                return Ok(changed);
            }
            let found = self.accept::<C>(page, seen);
            repeats = if found.is_repeat { repeats + 1 } else { 0 };
            changed += self.write(found.new).await?;
            start += length;
            if repeats == MAX_REPEATS || start >= MAX_ENTRIES {
                return Err(CrawlError::Nonsense(format!("the list of {}s goes on without end", C::KIND)));
            }
            if length < PAGE && total.is_some_and(|total| start >= total) {
                return Ok(changed);
            }
        }
    }

    /// The records of a page that may be indexed, each once. Those of other instances are passed over: an instance that
    /// does not know how to limit its list shows them, too.
    fn accept<C: Collection>(&self, page: WirePage, seen: &mut HashSet<String>) -> Found<C> {
        let now = self.crawler.platform.clock.now();
        let (mut new, mut readable) = (Vec::new(), 0);
        for record in page.data.into_iter().take(PAGE as usize) {
            match C::read(self.client.origin(), &record, now) {
                Ok(mut document) => {
                    readable += 1;
                    if seen.insert(document.name()) {
                        document.count_videos(&self.counts);
                        new.push(document);
                    }
                }
                Err(rejection) => debug!(host = self.host(), %rejection, "a {} was not indexed", C::KIND),
            }
        }
        Found { is_repeat: readable > 0 && new.is_empty(), new }
    }

    /// Writes what is new or has changed; tells how many those are.
    async fn write<C: Collection>(&self, found: Vec<C>) -> Result<usize, CrawlError> {
        let mut tx = self.begin().await?;
        let found = self.consenting(&mut tx, found).await?;
        let names: Vec<String> = found.iter().map(Collection::name).collect();
        let mut known: HashMap<String, String> = store::known::<C>(&mut tx, self.host(), &names).await?;
        let (mut changed, mut unchanged) = (Vec::new(), Vec::new());
        for (name, document) in names.into_iter().zip(found) {
            let content_hash = ingest::content_hash(&document);
            if known.remove(&name).is_some_and(|known| known == content_hash) {
                unchanged.push(name);
            } else {
                changed.push(NewCollection { name, document, content_hash });
            }
        }
        store::mark_seen::<C>(&mut tx, self.host(), &unchanged, self.pass.number).await?;
        if !changed.is_empty() {
            let revision = videos::next_revision(&mut tx).await?;
            for new in &changed {
                store::save(&mut tx, self.host(), new, self.pass.number, revision).await?;
            }
        }
        tx.commit().await?;
        Ok(changed.len())
    }

    /// Leaves out who does not want to be found, by what they said before or say here, and takes away what is known of them.
    async fn consenting<C: Collection>(&self, tx: &mut Tx, mut found: Vec<C>) -> Result<Vec<C>, CrawlError> {
        let now = self.crawler.platform.clock.now();
        let said = found.iter().flat_map(Collection::descriptions);
        let wishes: Vec<_> = said.map(|(name, text)| (name.to_owned(), rules::of_actor(None, text))).collect();
        let out = consent::heed_all(tx, self.client.origin(), &wishes, now).await?;
        found.retain(|document| out.of_owners(document.owners()).is_none());
        Ok(found)
    }

    async fn sweep<C: Collection>(&self) -> Result<u64, CrawlError> {
        let now = self.crawler.platform.clock.now();
        let mut tx = self.begin().await?;
        let revision = videos::next_revision(&mut tx).await?;
        let removed = store::remove_unseen::<C>(&mut tx, self.host(), self.pass.number, now, revision).await?;
        tx.commit().await?;
        Ok(removed)
    }
}

/// An empty page is the end, unless many entries are still to come by the instance's own count.
fn check_end<C: Collection>(start: u64, total: Option<u64>) -> Result<(), CrawlError> {
    match total {
        Some(total) if start + MAX_SLIPPED < total => {
            Err(CrawlError::Nonsense(format!("the list of {total} {}s ends after {start}", C::KIND)))
        }
        _ => Ok(()),
    }
}
