use tantivy::{Term, collector::Count, query::TermQuery, schema::IndexRecordOption};
use tempfile::TempDir;

use super::*;
use crate::testing::video;

const EPOCH: &str = "epoch-1";

fn open(folder: &TempDir) -> VideoIndex {
    VideoIndex::open(folder.path(), EPOCH, 0).unwrap()
}

fn put(index: &VideoIndex, id: i64, name: &str) -> Change {
    Change::Put(VideoId(id), Box::new(index.fields().entry(VideoId(id), &video(name), &[])))
}

fn at(revision: i64) -> Position {
    Position { revision, id: 0 }
}

fn count(index: &VideoIndex, word: &str) -> usize {
    let term = Term::from_field_text(index.fields().title, word);
    index.searcher().search(&TermQuery::new(term, IndexRecordOption::Basic), &Count).unwrap()
}

#[tokio::test]
async fn what_was_applied_is_found_at_once() {
    let index = VideoIndex::in_memory(EPOCH).unwrap();
    index.apply(vec![put(&index, 1, "Whales"), put(&index, 2, "Whales again")], at(1)).await.unwrap();
    assert_eq!(count(&index, "whales"), 2);
    assert_eq!(index.position(), at(1));
}

#[tokio::test]
async fn a_video_is_there_once_however_often_it_is_put() {
    let index = VideoIndex::in_memory(EPOCH).unwrap();
    index.apply(vec![put(&index, 1, "Whales"), put(&index, 1, "Whales")], at(1)).await.unwrap();
    index.apply(vec![put(&index, 1, "Dolphins")], at(2)).await.unwrap();
    assert_eq!((count(&index, "whales"), count(&index, "dolphins")), (0, 1));
    index.apply(vec![Change::Remove(VideoId(1))], at(3)).await.unwrap();
    assert_eq!(index.searcher().num_docs(), 0);
}

#[tokio::test]
async fn a_reopened_index_knows_how_far_it_got() {
    let folder = TempDir::new().unwrap();
    let index = open(&folder);
    index.apply(vec![put(&index, 1, "Whales")], at(7)).await.unwrap();
    drop(index);
    let index = open(&folder);
    assert_eq!(index.position(), at(7));
    assert_eq!(count(&index, "whales"), 1);
}

#[tokio::test]
async fn an_index_that_nothing_was_committed_to_is_told_apart_from_one_of_another_version() {
    let folder = TempDir::new().unwrap();
    drop(open(&folder));
    let why = || Shared::existing(&MmapDirectory::open(folder.path()).unwrap(), EPOCH).err().unwrap();
    assert!(matches!(why(), Unusable::Empty), "{:?}", why());
    let index = open(&folder);
    index.apply(vec![put(&index, 1, "Whales")], at(1)).await.unwrap();
    drop(index);
    let meta = folder.path().join("meta.json");
    let ours = format!("\\\"version\\\":{}", schema::VERSION);
    let text = fs::read_to_string(&meta).unwrap();
    assert!(text.contains(&ours), "{text}");
    fs::write(&meta, text.replace(&ours, "\\\"version\\\":999999")).unwrap();
    assert!(matches!(why(), Unusable::Version), "{:?}", why());
}

/// A copy of the folder, taken while a writer has written segments that it has not committed, is what `kill -9` leaves.
#[tokio::test]
async fn what_was_not_committed_is_cleanly_absent_after_a_crash() {
    let folder = TempDir::new().unwrap();
    let index = open(&folder);
    index.apply(vec![put(&index, 1, "Whales")], at(7)).await.unwrap();
    drop(index);

    let left_behind = TempDir::new().unwrap();
    {
        let index = open(&folder);
        let mut writer: tantivy::IndexWriter = writer_when_unlocked(&index);
        writer.add_document(index.fields().entry(VideoId(2), &video("Dolphins"), &[])).unwrap();
        let prepared = writer.prepare_commit().unwrap();
        copy(folder.path(), left_behind.path());
        prepared.abort().unwrap();
    }
    assert!(files(left_behind.path()) > 0);
    let index = open(&left_behind);
    assert_eq!(index.position(), at(7));
    assert_eq!((count(&index, "whales"), count(&index, "dolphins")), (1, 0));
    index.apply(vec![put(&index, 2, "Dolphins")], at(8)).await.unwrap();
    assert_eq!(count(&index, "dolphins"), 1);
}

#[tokio::test]
async fn an_index_of_another_database_is_not_used() {
    let folder = TempDir::new().unwrap();
    let index = open(&folder);
    index.apply(vec![put(&index, 1, "Whales")], at(7)).await.unwrap();
    drop(index);
    let index = VideoIndex::open(folder.path(), "epoch-2", 0).unwrap();
    assert_eq!((index.position(), index.searcher().num_docs()), (Position::default(), 0));
}

#[tokio::test]
async fn a_damaged_index_is_made_again() {
    let folder = TempDir::new().unwrap();
    let index = open(&folder);
    index.apply(vec![put(&index, 1, "Whales")], at(7)).await.unwrap();
    drop(index);
    for entry in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        if entry.path().extension().is_some_and(|extension| extension == "term" || extension == "fast") {
            fs::write(entry.path(), b"damaged").unwrap();
        }
    }
    let index = open(&folder);
    assert_eq!(index.position(), Position::default());
    index.apply(vec![put(&index, 1, "Whales")], at(7)).await.unwrap();
    assert_eq!(count(&index, "whales"), 1);
}

#[tokio::test]
async fn clearing_goes_back_to_the_beginning() {
    let index = VideoIndex::in_memory(EPOCH).unwrap();
    index.apply(vec![put(&index, 1, "Whales")], at(7)).await.unwrap();
    index.clear().await.unwrap();
    assert_eq!((index.position(), index.searcher().num_docs()), (Position::default(), 0));
}

/// The thread of a dropped index gives its lock back a moment later.
fn writer_when_unlocked(index: &VideoIndex) -> tantivy::IndexWriter {
    for _ in 0..200 {
        if let Ok(writer) = index.shared.index.writer_with_num_threads(1, writer::MIN_MEMORY) {
            return writer;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("the lock was never given back");
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}
