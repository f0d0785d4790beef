//! Which playlists a list shows, and in what order: the query parameters that PeerTube's lists of playlists share.

use platform::{db::DynamicQuery, ids::parse_uuid, web::ApiResult};
use uuid::Uuid;

use super::PlaylistKind;
use crate::{
    accounts::AccountId,
    channels::ChannelId,
    listing::{DEFAULT_COUNT, MAX_COUNT, MAX_START, like_pattern, number, wrong},
    moderation::store::account_not_hidden,
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
    CreatedAt,
    UpdatedAt,
    ChannelPosition,
}

impl Sort {
    const NEWEST: Self = Self { key: SortKey::CreatedAt, descending: true };

    fn parse(text: &str) -> Option<Self> {
        let (descending, name) = text.strip_prefix('-').map_or((false, text), |name| (true, name));
        let key = match name {
            "name" | "displayName" => SortKey::Name,
            "createdAt" | "match" => SortKey::CreatedAt,
            "updatedAt" => SortKey::UpdatedAt,
            "videoChannelPosition" => SortKey::ChannelPosition,
            _ => return None,
        };
        Some(Self { key, descending })
    }

    /// The text after `ORDER BY`; the row breaks ties, so that pages never overlap.
    pub(super) fn sql(self) -> &'static str {
        match (self.key, self.descending) {
            (SortKey::Name, false) => "p.name, p.id",
            (SortKey::Name, true) => "p.name DESC, p.id DESC",
            (SortKey::CreatedAt, false) => "p.created_at, p.id",
            (SortKey::CreatedAt, true) => "p.created_at DESC, p.id DESC",
            (SortKey::UpdatedAt, false) => "p.updated_at, p.id",
            (SortKey::UpdatedAt, true) => "p.updated_at DESC, p.id DESC",
            (SortKey::ChannelPosition, false) => "p.channel_position IS NULL, p.channel_position, p.id",
            (SortKey::ChannelPosition, true) => "p.channel_position IS NULL, p.channel_position DESC, p.id DESC",
        }
    }
}

/// Which playlists.
#[derive(Debug, Clone, Default)]
pub struct PlaylistFilter {
    /// Who may also see those that are not public: the owner.
    pub owner: Option<AccountId>,
    /// Of this account.
    pub account: Option<AccountId>,
    /// Of this channel.
    pub channel: Option<ChannelId>,
    /// Of this kind.
    pub kind: Option<PlaylistKind>,
    /// From this server.
    pub host: Option<String>,
    /// Any of these.
    pub uuids: Vec<Uuid>,
    /// Every one of these words in the title.
    pub words: Vec<String>,
    /// Only those with a video in them.
    pub has_videos: bool,
}

impl PlaylistFilter {
    /// Adds to `… WHERE ` what these playlists have in common: they are public and not hidden, or the owner's.
    pub(super) fn push_to(&self, query: &mut DynamicQuery<'_>) {
        query.push(concat!("((p.privacy = 1 AND ", account_not_hidden!("p.account_id", "ar"), ") OR p.account_id = "));
        query.bind(self.owner.map_or(0, |account| account.0)).push(")");
        if let Some(account) = self.account {
            query.push(" AND p.account_id = ").bind(account);
        }
        if let Some(channel) = self.channel {
            query.push(" AND p.channel_id = ").bind(channel);
        }
        if let Some(kind) = self.kind {
            query.push(" AND p.kind = ").bind(kind.number());
        }
        if let Some(host) = &self.host {
            query.push(" AND ar.host = ").bind(host.clone());
        }
        if !self.uuids.is_empty() {
            query.push(" AND p.uuid IN ").bind_list(self.uuids.iter().copied());
        }
        for word in &self.words {
            query.push(" AND lower(p.name) LIKE ").bind(like_pattern(word)).push(" ESCAPE '!'");
        }
        if self.has_videos {
            query.push(" AND EXISTS (SELECT 1 FROM video_playlist_elements e WHERE e.playlist_id = p.id)");
        }
    }
}

/// What a list of playlists is asked for.
#[derive(Debug, Clone)]
pub struct PlaylistQuery {
    /// Which playlists.
    pub filter: PlaylistFilter,
    /// In what order.
    pub sort: Sort,
    /// How many to leave out at the beginning.
    pub start: i64,
    /// How many to show at most.
    pub count: i64,
}

impl Default for PlaylistQuery {
    fn default() -> Self {
        Self { filter: PlaylistFilter::default(), sort: Sort::NEWEST, start: 0, count: DEFAULT_COUNT }
    }
}

impl PlaylistQuery {
    /// Reads the parameters of a request; unknown parameters are ignored.
    ///
    /// # Errors
    /// [`Problem`] (400) that names the parameter that cannot be used.
    pub fn parse(parameters: &[(String, String)]) -> ApiResult<Self> {
        let mut query = Self::default();
        (query.start, query.count) = page(parameters)?;
        for (name, value) in parameters {
            let name = name.trim_end_matches("[]");
            let filter = &mut query.filter;
            match name {
                "sort" => query.sort = Sort::parse(value).ok_or_else(|| wrong(name, value))?,
                "search" => filter.words = value.split_whitespace().take(10).map(str::to_owned).collect(),
                "playlistType" => filter.kind = Some(number(name, value, 1, 2)?.into()),
                "host" => filter.host = Some(value.to_lowercase()),
                "uuids" if filter.uuids.len() >= MAX_LIST => return Err(wrong(name, "more than 100 values")),
                "uuids" => filter.uuids.push(parse_uuid(value).ok_or_else(|| wrong(name, value))?),
                _ => {}
            }
        }
        Ok(query)
    }
}

/// `start` and `count` of a list.
///
/// # Errors
/// [`Problem`] (400) that names the parameter that cannot be used.
pub(super) fn page(parameters: &[(String, String)]) -> ApiResult<(i64, i64)> {
    let (mut start, mut count) = (0, DEFAULT_COUNT);
    for (name, value) in parameters {
        match name.as_str() {
            "start" => start = number(name, value, 0, MAX_START)?,
            "count" => count = number(name, value, 0, MAX_COUNT)?,
            _ => {}
        }
    }
    Ok((start, count))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wrong_values_are_refused_by_name() {
        for (name, value) in
            [("count", "101"), ("start", "-1"), ("sort", "-privacy"), ("playlistType", "3"), ("uuids", "x")]
        {
            let problem = PlaylistQuery::parse(&[(name.to_owned(), value.to_owned())]).unwrap_err();
            assert!(problem.detail().contains(name), "{problem}");
        }
    }

    proptest! {
        #[test]
        fn any_parameters_are_read_without_panic(name in ".{0,20}", value in ".{0,40}") {
            let _ = PlaylistQuery::parse(&[(name, value)]);
        }
    }
}
