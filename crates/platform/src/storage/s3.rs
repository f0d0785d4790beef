//! Objects in a bucket of an S3-compatible service.
//!
//! The service makes a `PUT` visible in one step, and a multipart upload when it is completed, so the invariant holds
//! without temporary names. Uploads that a crash cut off are invisible but may cost money: give the bucket a lifecycle rule
//! that aborts incomplete multipart uploads after a day.

use std::{io, ops::Range, path::Path, time::Duration};

use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt};
use object_store::{
    ClientOptions, GetOptions, GetRange, ObjectStore, ObjectStoreExt, RetryConfig, WriteMultipart,
    aws::{AmazonS3, AmazonS3Builder},
    client::{HttpClient, HttpConnector},
    path::Path as ObjectPath,
};
use tokio::{fs::File, io::AsyncReadExt};

use super::{Key, ObjectReader, S3Config, StorageError, object::clip};

/// Files above this go up in parts.
const MULTIPART_ABOVE_BYTES: u64 = 16 * 1_024 * 1_024;
const PART_BYTES: u64 = 8 * 1_024 * 1_024;
/// The service takes no more parts than this (Amazon S3 user guide, "Multipart upload limits").
const MAX_PARTS: u64 = 10_000;
const PARTS_AT_ONCE: usize = 3;
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_RETRIES: usize = 4;
const RETRY_WITHIN: Duration = Duration::from_mins(1);

/// A bucket, or the part of it below a prefix.
#[derive(Debug)]
pub(super) struct S3 {
    bucket: AmazonS3,
    prefix: Option<Key>,
    place: String,
}

impl S3 {
    pub(super) fn new(config: &S3Config) -> Result<Self, StorageError> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(required("bucket", &config.bucket)?)
            .with_region(&config.region)
            .with_access_key_id(required("access_key_id", &config.access_key_id)?)
            .with_secret_access_key(required("secret_access_key", &config.secret_access_key)?)
            .with_virtual_hosted_style_request(!config.path_style)
            .with_allow_http(config.endpoint.starts_with("http://"))
            .with_http_connector(Connector)
            .with_retry(RetryConfig {
                max_retries: MAX_RETRIES,
                retry_timeout: RETRY_WITHIN,
                ..RetryConfig::default()
            });
        if !config.endpoint.is_empty() {
            builder = builder.with_endpoint(config.endpoint.trim_end_matches('/'));
        }
        let bucket = builder.build().map_err(|error| StorageError::Config(error.to_string()))?;
        let prefix = match config.prefix.trim_matches('/') {
            "" => None,
            prefix => Some(Key::new(prefix)?),
        };
        Ok(Self { bucket, prefix, place: format!("bucket {}", config.bucket) })
    }

    pub(super) async fn put_bytes(&self, key: &Key, bytes: Bytes) -> Result<(), StorageError> {
        self.bucket.put(&self.path_of(key), bytes.into()).await.map_err(|error| self.error(error))?;
        Ok(())
    }

    pub(super) async fn put_file(&self, key: &Key, source: &Path) -> Result<(), StorageError> {
        let unreadable = |cause| StorageError::Source { path: source.display().to_string(), cause };
        let mut file = File::open(source).await.map_err(unreadable)?;
        let size = file.metadata().await.map_err(unreadable)?.len();
        if size > MULTIPART_ABOVE_BYTES {
            self.put_in_parts(key, file, size, source).await?;
        } else {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).await.map_err(unreadable)?;
            self.put_bytes(key, bytes.into()).await?;
        }
        tokio::fs::remove_file(source).await.map_err(unreadable)
    }

    pub(super) async fn read(&self, key: &Key, range: Option<Range<u64>>) -> Result<ObjectReader, StorageError> {
        if let Some(range) = range.clone().filter(Range::is_empty) {
            return Err(self.unsatisfiable(key, range).await);
        }
        let options = GetOptions { range: range.clone().map(GetRange::Bounded), ..GetOptions::default() };
        let object = match self.bucket.get_opts(&self.path_of(key), options).await {
            Ok(object) => object,
            Err(object_store::Error::NotFound { .. }) => return Err(StorageError::NotFound(key.clone())),
            Err(error) => return Err(self.explain(key, range, error).await),
        };
        let place = self.place.clone();
        Ok(ObjectReader {
            size: object.meta.size,
            range: object.range.clone(),
            stream: object.into_stream().map_err(move |error| translate(error, &place)).boxed(),
        })
    }

    pub(super) async fn size(&self, key: &Key) -> Result<Option<u64>, StorageError> {
        match self.bucket.head(&self.path_of(key)).await {
            Ok(object) => Ok(Some(object.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.error(error)),
        }
    }

    pub(super) async fn delete(&self, key: &Key) -> Result<(), StorageError> {
        match self.bucket.delete(&self.path_of(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.error(error)),
        }
    }

    /// Lists and deletes page by page, as the service allows.
    pub(super) async fn delete_prefix(&self, folder: &Key) -> Result<(), StorageError> {
        let found = self.bucket.list(Some(&self.path_of(folder))).map_ok(|object| object.location).boxed();
        self.bucket
            .delete_stream(found)
            .filter(|outcome| std::future::ready(!matches!(outcome, Err(object_store::Error::NotFound { .. }))))
            .try_for_each(|_| std::future::ready(Ok(())))
            .await
            .map_err(|error| self.error(error))
    }

    pub(super) async fn list(&self, folder: Option<&Key>) -> Result<Vec<(Key, u64)>, StorageError> {
        let start = folder.map_or_else(
            || self.prefix.as_ref().map(|prefix| ObjectPath::from(prefix.as_str())),
            |folder| Some(self.path_of(folder)),
        );
        self.bucket
            .list(start.as_ref())
            .try_filter_map(|object| {
                std::future::ready(Ok(self.key_of(&object.location).map(|key| (key, object.size))))
            })
            .try_collect()
            .await
            .map_err(|error| self.error(error))
    }

    /// Uploads in parts of equal size, a few at once; whatever goes wrong, nothing becomes visible.
    async fn put_in_parts(&self, key: &Key, file: File, size: u64, source: &Path) -> Result<(), StorageError> {
        let upload = self.bucket.put_multipart(&self.path_of(key)).await.map_err(|error| self.error(error))?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, part_bytes(size) as usize);
        match self.send_parts(&mut upload, file, part_bytes(size) as usize, source).await {
            Ok(()) => {
                upload.finish().await.map_err(|error| self.error(error))?;
                Ok(())
            }
            Err(error) => {
                // The first error is the one to tell; the lifecycle rule removes what cannot be aborted now.
                drop(upload.abort().await);
                Err(error)
            }
        }
    }

    async fn send_parts(
        &self,
        upload: &mut WriteMultipart,
        mut file: File,
        part: usize,
        source: &Path,
    ) -> Result<(), StorageError> {
        let unreadable = |cause| StorageError::Source { path: source.display().to_string(), cause };
        loop {
            let mut bytes = BytesMut::with_capacity(part);
            while bytes.len() < part && file.read_buf(&mut bytes).await.map_err(unreadable)? > 0 {}
            if bytes.is_empty() {
                return Ok(());
            }
            upload.wait_for_capacity(PARTS_AT_ONCE).await.map_err(|error| self.error(error))?;
            upload.put(bytes.freeze());
        }
    }

    /// Services refuse a range behind the end in different words, so the size decides what the refusal meant.
    async fn explain(&self, key: &Key, range: Option<Range<u64>>, error: object_store::Error) -> StorageError {
        match self.size(key).await {
            Ok(Some(size)) => clip(key, range, size).err().unwrap_or_else(|| self.error(error)),
            _ => self.error(error),
        }
    }

    async fn unsatisfiable(&self, key: &Key, range: Range<u64>) -> StorageError {
        match self.size(key).await {
            Ok(Some(size)) => clip(key, Some(range), size).err().unwrap_or_else(|| StorageError::NotFound(key.clone())),
            Ok(None) => StorageError::NotFound(key.clone()),
            Err(error) => error,
        }
    }

    fn path_of(&self, key: &Key) -> ObjectPath {
        match &self.prefix {
            Some(prefix) => ObjectPath::from(format!("{prefix}/{key}")),
            None => ObjectPath::from(key.as_str()),
        }
    }

    /// `None` for objects that somebody else put into the bucket under names that are no keys.
    fn key_of(&self, path: &ObjectPath) -> Option<Key> {
        let name = match &self.prefix {
            Some(prefix) => path.as_ref().strip_prefix(prefix.as_str())?.strip_prefix('/')?,
            None => path.as_ref(),
        };
        Key::new(name).ok()
    }

    fn error(&self, error: object_store::Error) -> StorageError {
        translate(error, &self.place)
    }
}

/// Connects with the client that `platform::net` sets up for endpoints of the operator.
#[derive(Debug)]
struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = crate::net::operator_endpoint_client(SILENCE_TIMEOUT)
            .map_err(|error| object_store::Error::Generic { store: "S3", source: error.into() })?;
        Ok(HttpClient::new(client))
    }
}

fn required<'a>(name: &str, value: &'a str) -> Result<&'a str, StorageError> {
    if value.is_empty() {
        return Err(StorageError::Config(format!("`s3.{name}` is missing")));
    }
    Ok(value)
}

/// Parts of 8 MiB, or larger ones in whole MiB if the file would need too many.
fn part_bytes(size: u64) -> u64 {
    const MEBIBYTE: u64 = 1_024 * 1_024;
    size.div_ceil(MAX_PARTS).next_multiple_of(MEBIBYTE).max(PART_BYTES)
}

/// Sorts an error by what can be done about it. Services have no common code for a full bucket, so the words decide.
fn translate(error: object_store::Error, place: &str) -> StorageError {
    let place = place.to_owned();
    let text = error.to_string();
    if ["QuotaExceeded", "StorageFull", "InsufficientStorage", "507 Insufficient"]
        .iter()
        .any(|sign| text.contains(sign))
    {
        return StorageError::NoSpace { place };
    }
    match error {
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
            StorageError::Denied { place, cause: error.into() }
        }
        error => StorageError::Unavailable { place, cause: io::Error::other(error).into() },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn generic(text: &str) -> object_store::Error {
        object_store::Error::Generic { store: "S3", source: text.to_owned().into() }
    }

    #[test]
    fn a_full_bucket_is_recognised_by_the_words_of_common_services() {
        for text in ["<Code>QuotaExceeded</Code>", "<Code>XMinioStorageFull</Code>", "status 507 Insufficient Storage"]
        {
            assert!(matches!(translate(generic(text), "bucket a"), StorageError::NoSpace { .. }), "{text}");
        }
        assert!(matches!(translate(generic("<Code>SlowDown</Code>"), "bucket a"), StorageError::Unavailable { .. }));
    }

    #[test]
    fn an_incomplete_configuration_says_what_is_missing() {
        let error = S3::new(&S3Config::default()).expect_err("an error");
        assert_eq!(error.to_string(), "storage configuration: `s3.bucket` is missing");
    }

    proptest! {
        #[test]
        fn every_file_that_the_service_can_hold_fits_into_the_allowed_parts(size in 1_u64..=5 * 1_024_u64.pow(4)) {
            let part = part_bytes(size);
            prop_assert!(size.div_ceil(part) <= MAX_PARTS);
            prop_assert!((PART_BYTES..=5 * 1_024_u64.pow(3)).contains(&part));
        }
    }
}
