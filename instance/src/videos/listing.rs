//! Which videos a list shows, and in what order: the query parameters that PeerTube's lists share.

use indexer::text::fold;
use platform::{
    clock::Timestamp,
    db::DynamicQuery,
    web::{ApiResult, Problem},
};

use crate::{
    accounts::AccountId,
    actors::ActorId,
    channels::ChannelId,
    listing::{DEFAULT_COUNT, MAX_COUNT, MAX_START, like_pattern, number, wrong},
    moderation::store::push_not_hidden,
};

const MAX_LIST: usize = 100;

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    key: SortKey,
    descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SortKey {
    Name,
    Duration,
    CreatedAt,
    PublishedAt,
    OriginallyPublishedAt,
    Views,
    Likes,
    Comments,
}

impl Sort {
    /// The newest first.
    pub const NEWEST: Self = Self { key: SortKey::PublishedAt, descending: true };

    fn parse(text: &str) -> Option<Self> {
        let (descending, name) = text.strip_prefix('-').map_or((false, text), |name| (true, name));
        let key = match name {
            "name" => SortKey::Name,
            "duration" => SortKey::Duration,
            "createdAt" => SortKey::CreatedAt,
            "publishedAt" | "match" => SortKey::PublishedAt,
            "originallyPublishedAt" => SortKey::OriginallyPublishedAt,
            "views" | "trending" | "hot" | "best" => SortKey::Views,
            "likes" => SortKey::Likes,
            "comments" => SortKey::Comments,
            _ => return None,
        };
        Some(Self { key, descending })
    }

    /// The text after `ORDER BY`; the row breaks ties, so that pages never overlap.
    fn sql(self) -> &'static str {
        match (self.key, self.descending) {
            (SortKey::Name, false) => "v.name, v.id",
            (SortKey::Name, true) => "v.name DESC, v.id DESC",
            (SortKey::Duration, false) => "v.duration_s, v.id",
            (SortKey::Duration, true) => "v.duration_s DESC, v.id DESC",
            (SortKey::CreatedAt, false) => "v.created_at, v.id",
            (SortKey::CreatedAt, true) => "v.created_at DESC, v.id DESC",
            (SortKey::PublishedAt, false) => "v.published_at, v.id",
            (SortKey::PublishedAt, true) => "v.published_at DESC, v.id DESC",
            (SortKey::OriginallyPublishedAt, false) => {
                "v.originally_published_at IS NULL, v.originally_published_at, v.id"
            }
            (SortKey::OriginallyPublishedAt, true) => {
                "v.originally_published_at IS NULL, v.originally_published_at DESC, v.id DESC"
            }
            (SortKey::Views, false) => "v.views, v.id",
            (SortKey::Views, true) => "v.views DESC, v.id DESC",
            (SortKey::Comments, false) => "v.comments, v.id",
            (SortKey::Comments, true) => "v.comments DESC, v.id DESC",
            (SortKey::Likes, false) => "v.likes, v.id",
            (SortKey::Likes, true) => "v.likes DESC, v.id DESC",
        }
    }
}

/// Which videos.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// Only local ones, or only remote ones.
    pub is_local: Option<bool>,
    /// Only sensitive ones, or none of them.
    pub is_nsfw: Option<bool>,
    /// Only live streams, or none of them.
    pub is_live: Option<bool>,
    /// Any of these categories.
    pub categories: Vec<i64>,
    /// Any of these licences.
    pub licences: Vec<i64>,
    /// Any of these languages.
    pub languages: Vec<String>,
    /// At least one of these tags.
    pub tags_one_of: Vec<String>,
    /// Every one of these tags.
    pub tags_all_of: Vec<String>,
    /// From this server.
    pub host: Option<String>,
    /// Of this channel.
    pub channel: Option<ChannelId>,
    /// Of this account.
    pub account: Option<AccountId>,
    /// Every one of these words in the title.
    pub words: Vec<String>,
    /// Published at this moment or later.
    pub published_after: Option<Timestamp>,
    /// Not sensitive in any of these ways, as PeerTube counts them.
    pub nsfw_flags_excluded: i64,
    /// Only with a stream, or only without one.
    pub has_stream: Option<bool>,
    /// Only with files that play without a stream, or only without them.
    pub has_web_files: Option<bool>,
    /// Not this video.
    pub except: Option<super::VideoId>,
    /// Who reads the list: what they have blocked is left out, besides what the server has.
    pub reader: Option<AccountId>,
    /// Of channels and accounts that this actor follows.
    pub subscriber: Option<ActorId>,
}

impl Filters {
    /// Whether only what this server shows of itself is meant. Who asks for the videos of one account or channel gets all
    /// that are known.
    fn is_of_this_server(&self) -> bool {
        self.channel.is_none() && self.account.is_none() && self.subscriber.is_none()
    }

    pub(super) fn push_to(&self, query: &mut DynamicQuery<'_>) {
        if self.is_of_this_server() {
            query.push(" AND v.is_listed_here = TRUE");
        }
        if let Some(is_local) = self.is_local {
            query.push(" AND v.is_local = ").bind(is_local);
        }
        if let Some(is_nsfw) = self.is_nsfw {
            query.push(" AND v.is_nsfw = ").bind(is_nsfw);
        }
        if let Some(is_live) = self.is_live {
            query.push(" AND v.is_live = ").bind(is_live);
        }
        if !self.categories.is_empty() {
            query.push(" AND v.category IN ").bind_list(self.categories.iter().copied());
        }
        if !self.licences.is_empty() {
            query.push(" AND v.licence IN ").bind_list(self.licences.iter().copied());
        }
        if !self.languages.is_empty() {
            query.push(" AND v.language IN ").bind_list(self.languages.iter().cloned());
        }
        if !self.tags_one_of.is_empty() {
            query.push(" AND EXISTS (SELECT 1 FROM video_tags t WHERE t.video_id = v.id AND t.name IN ");
            query.bind_list(self.tags_one_of.iter().cloned()).push(")");
        }
        for tag in &self.tags_all_of {
            query.push(" AND EXISTS (SELECT 1 FROM video_tags t WHERE t.video_id = v.id AND t.name = ");
            query.bind(tag.clone()).push(")");
        }
        if let Some(host) = &self.host {
            query.push(" AND cr.host = ").bind(host.clone());
        }
        if let Some(channel) = self.channel {
            query.push(" AND v.channel_id = ").bind(channel);
        }
        if let Some(account) = self.account {
            query.push(" AND c.account_id = ").bind(account);
        }
        self.push_words_to(query);
        if let Some(moment) = self.published_after {
            query.push(" AND v.published_at >= ").bind(moment);
        }
        if self.nsfw_flags_excluded != 0 {
            query.push(" AND (v.nsfw_flags & ").bind(self.nsfw_flags_excluded).push(") = 0");
        }
        if let Some(has_stream) = self.has_stream {
            query
                .push(" AND EXISTS (SELECT 1 FROM video_streaming_playlists p WHERE p.video_id = v.id) = ")
                .bind(has_stream);
        }
        if let Some(has_web_files) = self.has_web_files {
            query
                .push(" AND EXISTS (SELECT 1 FROM video_files f WHERE f.video_id = v.id AND f.streaming_playlist_id IS NULL) = ")
                .bind(has_web_files);
        }
        if let Some(except) = self.except {
            query.push(" AND v.id <> ").bind(except);
        }
        push_not_hidden(query, self.reader);
        if let Some(subscriber) = self.subscriber {
            query.push(" AND EXISTS (SELECT 1 FROM follows s WHERE s.state = 'accepted' AND s.follower_id = ");
            query.bind(subscriber).push(" AND (s.target_id = c.actor_id OR s.target_id = (SELECT o.actor_id");
            query.push(" FROM accounts o WHERE o.id = c.account_id)))");
        }
    }
}

impl Filters {
    /// The words alone, for lists to which nothing else of this applies.
    pub(super) fn push_words_to(&self, query: &mut DynamicQuery<'_>) {
        for word in &self.words {
            query.push(" AND v.name_folded LIKE ").bind(like_pattern(&fold(word))).push(" ESCAPE '!'");
        }
    }
}

/// What a list is asked for.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// Which videos.
    pub filters: Filters,
    /// In what order.
    pub sort: Sort,
    /// How many to leave out at the beginning.
    pub start: i64,
    /// How many to show at most.
    pub count: i64,
    /// Whether the total may be left out.
    pub skip_count: bool,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self { filters: Filters::default(), sort: Sort::NEWEST, start: 0, count: DEFAULT_COUNT, skip_count: false }
    }
}

impl ListQuery {
    /// Appends the order, and which part of it.
    pub(super) fn push_page_to(&self, query: &mut DynamicQuery<'_>) {
        query.push(" ORDER BY ").push(self.sort.sql());
        query.push(" LIMIT ").bind(self.count).push(" OFFSET ").bind(self.start);
    }

    /// Reads the parameters of a request. Lists may be written `k=a&k=b`, `k[]=a` or once; unknown parameters are ignored.
    ///
    /// # Errors
    /// [`Problem`] (400) that names the parameter that cannot be used.
    pub fn parse(parameters: &[(String, String)]) -> ApiResult<Self> {
        let mut query = Self::default();
        for (name, value) in parameters {
            query.read(name.trim_end_matches("[]"), value)?;
        }
        Ok(query)
    }

    fn read(&mut self, name: &str, value: &str) -> ApiResult<()> {
        let filters = &mut self.filters;
        match name {
            "start" => self.start = number(name, value, 0, MAX_START)?,
            "count" => self.count = number(name, value, 0, MAX_COUNT)?,
            "sort" => self.sort = Sort::parse(value).ok_or_else(|| wrong(name, value))?,
            "skipCount" => self.skip_count = boolean(name, value)?,
            "isLocal" => filters.is_local = Some(boolean(name, value)?),
            "filter" if value == "local" => filters.is_local = Some(true),
            "nsfw" => filters.is_nsfw = if value == "both" { None } else { Some(boolean(name, value)?) },
            "nsfwFlagsExcluded" => filters.nsfw_flags_excluded = number(name, value, 0, 3)?,
            "hasHLSFiles" => filters.has_stream = Some(boolean(name, value)?),
            "hasWebVideoFiles" | "hasWebtorrentFiles" => filters.has_web_files = Some(boolean(name, value)?),
            "isLive" => filters.is_live = Some(boolean(name, value)?),
            "categoryOneOf" => add(&mut filters.categories, number(name, value, 0, i64::MAX)?, name)?,
            "licenceOneOf" => add(&mut filters.licences, number(name, value, 0, i64::MAX)?, name)?,
            "languageOneOf" => add(&mut filters.languages, value.to_owned(), name)?,
            "tagsOneOf" => add(&mut filters.tags_one_of, value.to_owned(), name)?,
            "tagsAllOf" => add(&mut filters.tags_all_of, value.to_owned(), name)?,
            "host" => filters.host = Some(value.to_lowercase()),
            "search" => filters.words = value.split_whitespace().take(10).map(str::to_owned).collect(),
            _ => {}
        }
        Ok(())
    }
}

fn add<T>(list: &mut Vec<T>, item: T, name: &str) -> ApiResult<()> {
    if list.len() >= MAX_LIST {
        return Err(Problem::bad_request(format!("{name} has more than {MAX_LIST} values")));
    }
    list.push(item);
    Ok(())
}

fn boolean(name: &str, value: &str) -> ApiResult<bool> {
    match value {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(wrong(name, value)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(parameters: &[(&str, &str)]) -> ApiResult<ListQuery> {
        let parameters: Vec<_> = parameters.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        ListQuery::parse(&parameters)
    }

    #[test]
    fn lists_may_be_written_in_every_way_that_clients_use() {
        let query =
            parse(&[("tagsOneOf", "a"), ("tagsOneOf", "b"), ("categoryOneOf[]", "3"), ("unknown", "x")]).unwrap();
        assert_eq!(query.filters.tags_one_of, ["a", "b"]);
        assert_eq!(query.filters.categories, [3]);
        assert_eq!((query.start, query.count), (0, 15));
    }

    #[test]
    fn wrong_values_are_refused_by_name() {
        for (name, value) in
            [("count", "101"), ("count", "x"), ("start", "-1"), ("sort", "-password"), ("isLocal", "perhaps")]
        {
            let problem = parse(&[(name, value)]).unwrap_err();
            assert!(problem.detail().contains(name), "{problem}");
        }
    }

    proptest! {
        #[test]
        fn any_parameters_are_read_without_panic(name in ".{0,20}", value in ".{0,40}") {
            let _ = ListQuery::parse(&[(name, value)]);
        }
    }
}
