//! The requests that a crawl makes.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use platform::net::{HttpClient, NetError, Response};
use serde::de::DeserializeOwned;
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::{CrawlError, robots::Robots};
use crate::{
    hosts::{Origin, consent::rules},
    ingest::{self, CaptionFile, WirePage},
};

/// The most entries that PeerTube gives at once.
pub(super) const PAGE: u64 = 100;
/// The name that a `robots.txt` knows us by.
const AGENT: &str = "Shoal";
const MAX_PAGE_BYTES: u64 = 5_000_000;
const MAX_DETAIL_BYTES: u64 = 1_000_000;
const MAX_CAPTION_LIST_BYTES: u64 = 200_000;
const MAX_CAPTION_BYTES: u64 = 2_000_000;
/// RFC 9309, section 2.5: at least 500 KiB.
const MAX_ROBOTS_BYTES: u64 = 512 * 1_024;

/// One instance, as somebody who asks politely sees it.
pub(super) struct InstanceClient {
    http: HttpClient,
    origin: Origin,
    pace: Duration,
    robots: Robots,
}

/// What an instance says about one video.
pub(super) enum Detail<T> {
    Found(T),
    /// It is not there, or not for everybody.
    Gone,
    /// The instance fails on this one.
    Unavailable,
}

impl InstanceClient {
    /// Asks for permission first.
    pub async fn connect(http: HttpClient, origin: Origin, pace: Duration) -> Result<Self, CrawlError> {
        let mut client = Self::knowing(http, origin, pace, Robots::default());
        client.robots = client.fetch_robots().await?;
        Ok(client)
    }

    /// With the rules that were read a moment ago.
    pub fn knowing(http: HttpClient, origin: Origin, pace: Duration, robots: Robots) -> Self {
        Self { http, origin, pace, robots }
    }

    /// What its `robots.txt` says.
    pub fn robots(&self) -> &Robots {
        &self.robots
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A page of the list of local videos, newest first. Only the first one asks how many there are.
    pub async fn page(&self, start: u64) -> Result<WirePage, CrawlError> {
        let skip_count = start > 0;
        let path = format!(
            "/api/v1/videos?start={start}&count={PAGE}&sort=-publishedAt&isLocal=true&nsfw=both&skipCount={skip_count}"
        );
        let response = self.get(&path, MAX_PAGE_BYTES).await?.error_for_status()?;
        if refuses_indexing(&response) {
            return Err(CrawlError::Refused(
                "the instance sends X-Robots-Tag: noindex with its list of videos".to_owned(),
            ));
        }
        response.json().map_err(|error| CrawlError::Nonsense(error.to_string()))
    }

    /// What a video's own page says.
    pub async fn detail<T: DeserializeOwned>(&self, uuid: Uuid) -> Result<Detail<T>, CrawlError> {
        let response = self.get(&format!("/api/v1/videos/{uuid}"), MAX_DETAIL_BYTES).await?;
        match response.status {
            status if status.is_success() && refuses_indexing(&response) => Ok(Detail::Gone),
            status if status.is_success() => Ok(response.json().map_or(Detail::Unavailable, Detail::Found)),
            StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => {
                Ok(Detail::Gone)
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Err(response
                .error_for_status()
                .err()
                .map_or_else(|| CrawlError::Nonsense("the instance is overloaded".to_owned()), CrawlError::from)),
            _ => Ok(Detail::Unavailable),
        }
    }

    /// A page of one of the lists of channels or playlists, only the instance's own. `None` if it has no such list, or
    /// does not want it to be read.
    pub async fn collections(&self, list: &str, start: u64) -> Result<Option<WirePage>, CrawlError> {
        let host: String = form_urlencoded::byte_serialize(self.origin.host().as_bytes()).collect();
        let path = format!("{list}?host={host}&searchTarget=local&sort=-createdAt&start={start}&count={PAGE}");
        let Some(response) = self.get_if_offered(&path, MAX_PAGE_BYTES).await? else { return Ok(None) };
        response.json().map(Some).map_err(|error| CrawlError::Nonsense(error.to_string()))
    }

    /// Where the captions of a video are; nowhere if the instance does not say.
    pub async fn captions(&self, uuid: Uuid) -> Result<Vec<CaptionFile>, CrawlError> {
        let path = format!("/api/v1/videos/{uuid}/captions");
        let Some(response) = self.get_if_offered(&path, MAX_CAPTION_LIST_BYTES).await? else { return Ok(vec![]) };
        Ok(response.json().map(|page| ingest::read_caption_list(&page)).unwrap_or_default())
    }

    /// A file of captions; empty if it is not there.
    pub async fn caption_file(&self, path: &str) -> Result<Bytes, CrawlError> {
        Ok(self.get_if_offered(path, MAX_CAPTION_BYTES).await?.map(|response| response.body).unwrap_or_default())
    }

    /// `None` if the instance does not have it, does not give it to everybody, or does not want it to be read. Unlike what
    /// the list of videos says, this is no word about the whole instance.
    async fn get_if_offered(&self, path: &str, max_bytes: u64) -> Result<Option<Response>, CrawlError> {
        if !self.robots.allows(path) {
            return Ok(None);
        }
        let response = self.request(path, max_bytes).await?;
        let is_missing = response.status.is_client_error() && response.status != StatusCode::TOO_MANY_REQUESTS;
        if is_missing || refuses_indexing(&response) {
            return Ok(None);
        }
        Ok(Some(response.error_for_status()?))
    }

    /// No file means no rules; a server that fails may have some, so it is left alone (RFC 9309, section 2.3.1).
    async fn fetch_robots(&self) -> Result<Robots, CrawlError> {
        let response = self.request("/robots.txt", MAX_ROBOTS_BYTES).await?;
        if response.status.is_client_error() {
            return Ok(Robots::default());
        }
        let response = response.error_for_status()?;
        Ok(Robots::parse(&String::from_utf8_lossy(&response.body), AGENT))
    }

    async fn get(&self, path: &str, max_bytes: u64) -> Result<Response, CrawlError> {
        if !self.robots.allows(path) {
            return Err(CrawlError::Refused("the instance's robots.txt does not allow it".to_owned()));
        }
        self.request(path, max_bytes).await
    }

    async fn request(&self, path: &str, max_bytes: u64) -> Result<Response, CrawlError> {
        let address = self.origin.join(path);
        let url = Url::parse(&address).map_err(|error| NetError::InvalidUrl(error.to_string()))?;
        let response =
            self.http.get(&url).accept("application/json").pace(self.pace).max_body(max_bytes).send().await?;
        if !self.origin.owns(response.url.as_str()) {
            let elsewhere = response.url.host_str().unwrap_or("another server").to_owned();
            return Err(CrawlError::Nonsense(format!("the instance has moved: it redirects to {elsewhere}")));
        }
        Ok(response)
    }
}

fn refuses_indexing(response: &Response) -> bool {
    let values = response.headers.get_all("x-robots-tag").iter().filter_map(|value| value.to_str().ok());
    rules::of_headers(values).is_some()
}
