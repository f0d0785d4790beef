//! What every backend promises. Each function below is one promise and runs once per backend.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::{StreamExt, future::join_all, stream};
use tempfile::TempDir;

use super::{Key, Storage, StorageError, s3_server::S3Server};

/// A storage, and a folder for files on their way into it.
struct Fixture {
    storage: Storage,
    scratch: TempDir,
    _server: Option<S3Server>,
}

impl Fixture {
    fn new(storage: Storage, server: Option<S3Server>) -> Self {
        Self { storage, scratch: tempfile::tempdir().expect("a temporary folder"), _server: server }
    }

    fn file(&self, content: &[u8]) -> PathBuf {
        let path = self.scratch.path().join("source.bin");
        std::fs::write(&path, content).expect("a source file");
        path
    }

    async fn put(&self, key: &str, content: &[u8]) {
        self.storage.put_bytes(&self::key(key), content.to_vec()).await.expect("a stored object");
    }

    async fn content(&self, key: &str) -> Option<Bytes> {
        match self.storage.bytes(&self::key(key), u64::MAX).await {
            Ok(content) => Some(content),
            Err(StorageError::NotFound(_)) => None,
            Err(error) => panic!("{error}"),
        }
    }

    async fn assert_missing(&self, missing: &str) {
        for range in [None, Some(0..1), Some(3..3)] {
            let outcome = self.storage.read(&key(missing), range).await;
            assert!(matches!(outcome, Err(StorageError::NotFound(_))), "{missing}: {outcome:?}");
        }
        assert_eq!(self.storage.size(&key(missing)).await.expect("an answer"), None, "{missing}");
    }

    async fn names(&self, folder: &str) -> Vec<String> {
        let objects = self.storage.list(folder).await.expect("a list");
        objects.into_iter().map(|(key, _)| key.to_string()).collect()
    }
}

fn key(text: &str) -> Key {
    Key::new(text).expect("a key")
}

/// Bytes in which every position is recognisable.
fn pattern(length: u32) -> Vec<u8> {
    (0..length).map(|position| (position.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

macro_rules! on_every_backend {
    ($($promise:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test] async fn $promise() {
                super::$promise(super::Fixture::new(super::Storage::memory(), None)).await;
            })*
        }
        mod folder {
            $(#[tokio::test] async fn $promise() {
                let root = tempfile::tempdir().expect("a temporary folder");
                let storage = super::Storage::folder(root.path()).await.expect("a storage");
                super::$promise(super::Fixture::new(storage, None)).await;
                super::assert_nothing_temporary_is_left(root.path());
            })*
        }
        mod s3 {
            $(#[tokio::test] async fn $promise() {
                let server = super::S3Server::start().await;
                let storage = super::Storage::s3(&server.config()).expect("a storage");
                super::$promise(super::Fixture::new(storage, Some(server))).await;
            })*
        }
    };
}

on_every_backend!(
    an_object_reads_back_as_it_was_written,
    what_was_never_written_is_not_there,
    an_object_can_be_replaced,
    an_empty_object_is_an_object,
    a_range_yields_exactly_its_bytes,
    a_range_that_ends_behind_the_object_ends_with_it,
    a_range_that_does_not_touch_the_object_is_refused,
    an_object_larger_than_the_caller_wants_is_refused,
    storing_a_file_moves_it,
    a_large_file_arrives_whole,
    a_missing_file_changes_nothing,
    deleting_twice_succeeds,
    deleting_a_folder_spares_its_neighbours,
    deleting_a_missing_folder_succeeds,
    nobody_deletes_everything_by_accident,
    a_list_is_complete_and_sorted,
    a_list_of_many_objects_spans_pages,
    writers_at_the_same_time_leave_one_whole_object,
    deleting_beside_writing_loses_nothing,
);

fn assert_nothing_temporary_is_left(root: &Path) {
    let left = std::fs::read_dir(root.join(".incoming")).expect("the incoming folder").count();
    assert_eq!(left, 0, "temporary files were left behind");
}

async fn an_object_reads_back_as_it_was_written(fixture: Fixture) {
    let content = pattern(300_000);
    fixture.put("web-videos/a~b.mp4", &content).await;
    let object = fixture.storage.read(&key("web-videos/a~b.mp4"), None).await.expect("an object");
    assert_eq!((object.size, object.range.clone()), (300_000, 0..300_000));
    assert_eq!(object.collect().await.expect("its bytes"), content);
    assert_eq!(fixture.storage.size(&key("web-videos/a~b.mp4")).await.expect("a size"), Some(300_000));
}

async fn what_was_never_written_is_not_there(fixture: Fixture) {
    fixture.put("here/a", b"1").await;
    for missing in ["a", "here/b", "there/a"] {
        fixture.assert_missing(missing).await;
    }
}

async fn an_object_can_be_replaced(fixture: Fixture) {
    fixture.put("a", b"a longer first version").await;
    fixture.put("a", b"second").await;
    assert_eq!(fixture.content("a").await.expect("an object"), "second");
    let file = fixture.file(b"third");
    fixture.storage.put_file(&key("a"), &file).await.expect("a stored file");
    assert_eq!(fixture.content("a").await.expect("an object"), "third");
}

async fn an_empty_object_is_an_object(fixture: Fixture) {
    fixture.put("empty", b"").await;
    assert_eq!(fixture.content("empty").await.expect("an object"), "");
    assert_eq!(fixture.storage.size(&key("empty")).await.expect("a size"), Some(0));
    assert_eq!(fixture.names("").await, ["empty"]);
}

async fn a_range_yields_exactly_its_bytes(fixture: Fixture) {
    let content = pattern(200_000);
    fixture.put("a", &content).await;
    for range in [0..1, 0..200_000, 1..2, 65_535..65_537, 131_072..199_999, 199_999..200_000] {
        let object = fixture.storage.read(&key("a"), Some(range.clone())).await.expect("an object");
        assert_eq!((object.size, object.range.clone()), (200_000, range.clone()));
        assert_eq!(
            object.collect().await.expect("its bytes"),
            content[range.start as usize..range.end as usize],
            "{range:?}"
        );
    }
}

async fn a_range_that_ends_behind_the_object_ends_with_it(fixture: Fixture) {
    fixture.put("a", b"0123456789").await;
    let object = fixture.storage.read(&key("a"), Some(7..4_000_000_000)).await.expect("an object");
    assert_eq!((object.size, object.range.clone()), (10, 7..10));
    assert_eq!(object.collect().await.expect("its bytes"), "789");
}

async fn a_range_that_does_not_touch_the_object_is_refused(fixture: Fixture) {
    fixture.put("a", b"0123456789").await;
    fixture.put("empty", b"").await;
    for (name, size, range) in [("a", 10, 10..11), ("a", 10, 5_000..6_000), ("a", 10, 3..3), ("empty", 0, 0..1)] {
        let outcome = fixture.storage.read(&key(name), Some(range.clone())).await;
        let refused = matches!(&outcome, Err(StorageError::RangeNotSatisfiable { size: told, .. }) if *told == size);
        assert!(refused, "{name} {range:?}: {outcome:?}");
    }
}

async fn an_object_larger_than_the_caller_wants_is_refused(fixture: Fixture) {
    fixture.put("a", b"0123456789").await;
    assert!(fixture.storage.bytes(&key("a"), 10).await.is_ok());
    let outcome = fixture.storage.bytes(&key("a"), 9).await;
    assert!(matches!(outcome, Err(StorageError::TooLarge { size: 10, max: 9, .. })), "{outcome:?}");
}

async fn storing_a_file_moves_it(fixture: Fixture) {
    let source = fixture.file(b"from a file");
    fixture.storage.put_file(&key("deep/er/a"), &source).await.expect("a stored file");
    assert_eq!(fixture.content("deep/er/a").await.expect("an object"), "from a file");
    assert!(!source.exists());
}

/// Large enough for a multipart upload with a last part of odd size.
async fn a_large_file_arrives_whole(fixture: Fixture) {
    let content = pattern(20 * 1_024 * 1_024 + 7);
    let source = fixture.file(&content);
    fixture.storage.put_file(&key("large"), &source).await.expect("a stored file");
    assert!(fixture.content("large").await.expect("an object") == content, "the content differs");
    assert!(!source.exists());
}

async fn a_missing_file_changes_nothing(fixture: Fixture) {
    fixture.put("a", b"before").await;
    let outcome = fixture.storage.put_file(&key("a"), &fixture.scratch.path().join("missing")).await;
    assert!(matches!(outcome, Err(StorageError::Source { .. })), "{outcome:?}");
    assert_eq!(fixture.content("a").await.expect("an object"), "before");
}

async fn deleting_twice_succeeds(fixture: Fixture) {
    fixture.put("folder/a", b"1").await;
    for _ in 0..2 {
        fixture.storage.delete(&key("folder/a")).await.expect("a deletion");
    }
    assert_eq!(fixture.content("folder/a").await, None);
    assert_eq!(fixture.names("").await, Vec::<String>::new());
}

async fn deleting_a_folder_spares_its_neighbours(fixture: Fixture) {
    for name in ["hls/abc/1", "hls/abc/deep/2", "hls/abcd/3", "hls/ab", "other/abc/4"] {
        fixture.put(name, b"1").await;
    }
    fixture.storage.delete_prefix("hls/abc/").await.expect("a deletion");
    assert_eq!(fixture.names("").await, ["hls/ab", "hls/abcd/3", "other/abc/4"]);
    fixture.storage.delete_prefix("hls/ab").await.expect("a deletion");
    assert_eq!(fixture.names("hls").await, ["hls/ab", "hls/abcd/3"], "an object is not its own folder");
}

async fn deleting_a_missing_folder_succeeds(fixture: Fixture) {
    fixture.put("a", b"1").await;
    fixture.storage.delete_prefix("missing/folder").await.expect("a deletion");
    assert_eq!(fixture.names("").await, ["a"]);
}

async fn nobody_deletes_everything_by_accident(fixture: Fixture) {
    fixture.put("a", b"1").await;
    for folder in ["", "/", "..", "a/.."] {
        let outcome = fixture.storage.delete_prefix(folder).await;
        assert!(matches!(outcome, Err(StorageError::InvalidKey(_))), "{folder:?}");
    }
    assert_eq!(fixture.names("").await, ["a"]);
}

async fn a_list_is_complete_and_sorted(fixture: Fixture) {
    for name in ["b/2", "b/1", "b-/x", "a", "b/1-/y", "c/deep/er/3"] {
        fixture.put(name, name.as_bytes()).await;
    }
    assert_eq!(fixture.names("").await, ["a", "b-/x", "b/1", "b/1-/y", "b/2", "c/deep/er/3"]);
    let sizes = fixture.storage.list("b/").await.expect("a list");
    assert_eq!(sizes, [(key("b/1"), 3), (key("b/1-/y"), 6), (key("b/2"), 3)]);
    assert_eq!(fixture.names("a").await, Vec::<String>::new());
    assert_eq!(fixture.names("missing").await, Vec::<String>::new());
}

const MANY: usize = 1_040;

/// S3 lists and deletes at most 1,000 objects at a time.
async fn a_list_of_many_objects_spans_pages(fixture: Fixture) {
    let fixture = &fixture;
    stream::iter(0..MANY)
        .map(|number| async move { fixture.put(&format!("many/{number:04}"), b"1").await })
        .buffer_unordered(16)
        .collect::<()>()
        .await;
    assert_eq!(fixture.names("many").await.len(), MANY);
    fixture.storage.delete_prefix("many").await.expect("a deletion");
    assert_eq!(fixture.names("").await, Vec::<String>::new());
}

async fn writers_at_the_same_time_leave_one_whole_object(fixture: Fixture) {
    let contents: Vec<_> = (0..8_u8).map(|number| vec![number; 100_000]).collect();
    let target = key("contested");
    let outcomes = join_all(contents.iter().map(|content| fixture.storage.put_bytes(&target, content.clone()))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    let winner = fixture.content("contested").await.expect("an object");
    assert!(contents.iter().any(|content| *content == winner), "a mixture of two writes");
}

/// A folder that becomes empty may be removed just when somebody writes into it.
async fn deleting_beside_writing_loses_nothing(fixture: Fixture) {
    for round in 0..20 {
        let (old, new) = (key("shared/folder/old"), key("shared/folder/new"));
        fixture.put("shared/folder/old", b"1").await;
        let content = format!("round {round}");
        let (deleted, written) =
            tokio::join!(fixture.storage.delete(&old), fixture.storage.put_bytes(&new, content.clone()));
        deleted.expect("a deletion");
        written.expect("a stored object");
        assert_eq!(fixture.content("shared/folder/new").await.expect("an object"), content);
        fixture.storage.delete(&new).await.expect("a deletion");
    }
}

/// Not in the suite: the test server keeps objects in folders and serves those as objects too, unlike S3.
#[tokio::test]
async fn a_folder_is_not_an_object_and_an_object_no_folder() {
    let root = tempfile::tempdir().expect("a temporary folder");
    for storage in [Storage::memory(), Storage::folder(root.path()).await.expect("a storage")] {
        let fixture = Fixture::new(storage, None);
        fixture.put("folder/object", b"1").await;
        for missing in ["folder", "folder/object/below"] {
            fixture.assert_missing(missing).await;
            fixture.storage.delete(&key(missing)).await.expect("a deletion");
        }
        assert_eq!(fixture.names("").await, ["folder/object"]);
    }
}

#[tokio::test]
async fn a_prefix_keeps_two_servers_in_one_bucket_apart() {
    let server = S3Server::start().await;
    let with_prefix = |prefix: &str| {
        let config = super::S3Config { prefix: prefix.to_owned(), ..server.config() };
        Fixture::new(Storage::s3(&config).expect("a storage"), None)
    };
    let (one, other) = (with_prefix("one"), with_prefix("/other/"));
    one.put("a/b", b"1").await;
    other.put("a/c", b"2").await;
    assert_eq!(one.names("").await, ["a/b"]);
    assert_eq!(other.names("a").await, ["a/c"]);
    one.storage.delete_prefix("a").await.expect("a deletion");
    assert_eq!(other.content("a/c").await.expect("an object"), "2");
    assert_eq!(with_prefix("").names("").await, ["other/a/c"]);
}

#[tokio::test]
async fn wrong_credentials_are_told_apart_from_a_broken_service() {
    let server = S3Server::start().await;
    let config = super::S3Config { secret_access_key: "wrong".to_owned(), ..server.config() };
    let outcome = Storage::s3(&config).expect("a storage").put_bytes(&key("a"), "1").await;
    assert!(matches!(outcome, Err(StorageError::Denied { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_service_that_is_down_may_come_back() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let config = super::S3Config { endpoint, ..S3Server::start().await.config() };
    let error = Storage::s3(&config).expect("a storage").size(&key("a")).await.expect_err("an error");
    assert!(matches!(error, StorageError::Unavailable { .. }) && !error.is_permanent(), "{error:?}");
}
