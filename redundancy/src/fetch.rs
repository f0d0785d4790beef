//! How do bytes come from the origin? Small documents whole, media in ranges, all at the pace that the operator allows.

use std::{ops::Range, sync::Arc};

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use http::{HeaderMap, StatusCode, header};
use platform::net::{HttpClient, NetError};
use url::Url;

use crate::{copy::CopyError, pace::Pace};

/// The way to origins.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    http: HttpClient,
    pace: Arc<Pace>,
}

impl Origin {
    pub(crate) fn new(http: HttpClient, pace: Pace) -> Self {
        Self { http, pace: Arc::new(pace) }
    }

    /// A whole document of at most `max_bytes`.
    pub(crate) async fn document(&self, url: &Url, max_bytes: u64) -> Result<Bytes, CopyError> {
        let response = self.http.get(url).max_body(max_bytes).send().await?.error_for_status()?;
        self.pace.spend(response.body.len()).await;
        Ok(response.body)
    }

    /// A part of a file, to be read in pieces.
    pub(crate) async fn range(&self, url: &Url, range: Range<u64>) -> Result<Pieces<NetError>, CopyError> {
        let last = range.end.saturating_sub(1);
        let response = self
            .http
            .get(url)
            .header(header::RANGE, format!("bytes={}-{last}", range.start))
            .max_body(range.end - range.start)
            .stream()
            .await?
            .error_for_status()?;
        if response.status != StatusCode::PARTIAL_CONTENT || !starts_at(&response.headers, range.start) {
            return Err(CopyError::NoRanges);
        }
        let pace = self.pace.clone();
        Ok(Pieces::of(response.body.and_then(move |bytes| {
            let pace = pace.clone();
            async move {
                pace.spend(bytes.len()).await;
                Ok(bytes)
            }
        })))
    }

    /// A small part of a file.
    pub(crate) async fn bytes(&self, url: &Url, range: Range<u64>) -> Result<Bytes, CopyError> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let length = (range.end - range.start) as usize;
        self.range(url, range).await?.take(length).await?.ok_or(CopyError::BrokeOff)
    }
}

fn starts_at(headers: &HeaderMap, offset: u64) -> bool {
    headers
        .get(header::CONTENT_RANGE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("bytes "))
        .and_then(|value| value.split_once('-'))
        .is_some_and(|(first, _)| first.parse() == Ok(offset))
}

/// A stream of bytes that is taken in pieces of given lengths.
pub(crate) struct Pieces<E> {
    stream: BoxStream<'static, Result<Bytes, E>>,
    buffer: BytesMut,
}

impl<E> Pieces<E> {
    pub(crate) fn of(stream: impl Stream<Item = Result<Bytes, E>> + Send + 'static) -> Self {
        Self { stream: stream.boxed(), buffer: BytesMut::new() }
    }

    /// The next bytes, exactly so many; `None` if the stream ends before.
    pub(crate) async fn take(&mut self, length: usize) -> Result<Option<Bytes>, E> {
        while self.buffer.len() < length {
            match self.stream.try_next().await? {
                Some(bytes) => self.buffer.extend_from_slice(&bytes),
                None => return Ok(None),
            }
        }
        Ok(Some(self.buffer.split_to(length).freeze()))
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    #[tokio::test]
    async fn pieces_have_the_lengths_that_were_asked_for() {
        let chunks = ["abc", "d", "efgh"].map(|text| Ok::<_, NetError>(Bytes::from_static(text.as_bytes())));
        let mut pieces = Pieces::of(stream::iter(chunks));
        assert_eq!(pieces.take(2).await.unwrap().unwrap(), "ab");
        assert_eq!(pieces.take(5).await.unwrap().unwrap(), "cdefg");
        assert_eq!(pieces.take(2).await.unwrap(), None);
    }

    #[test]
    fn a_range_that_starts_elsewhere_is_noticed() {
        let mut headers = HeaderMap::new();
        assert!(!starts_at(&headers, 0));
        headers.insert(header::CONTENT_RANGE, "bytes 100-199/500".parse().unwrap());
        assert!(starts_at(&headers, 100));
        assert!(!starts_at(&headers, 0));
    }
}
