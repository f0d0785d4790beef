//! Storage that lasts as long as the process, for tests.

use std::{
    collections::BTreeMap,
    ops::Range,
    path::Path,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use bytes::Bytes;
use futures::{StreamExt, stream};

use super::{Key, ObjectReader, StorageError, object::clip};

/// Clones share the objects.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    objects: Arc<RwLock<BTreeMap<Key, Bytes>>>,
}

#[expect(clippy::unused_async, reason = "every backend has the same methods")]
impl Memory {
    pub(super) async fn put_bytes(&self, key: &Key, bytes: Bytes) -> Result<(), StorageError> {
        self.write().insert(key.clone(), bytes);
        Ok(())
    }

    pub(super) async fn put_file(&self, key: &Key, source: &Path) -> Result<(), StorageError> {
        let unreadable = |cause| StorageError::Source { path: source.display().to_string(), cause };
        let bytes = tokio::fs::read(source).await.map_err(unreadable)?;
        self.put_bytes(key, bytes.into()).await?;
        tokio::fs::remove_file(source).await.map_err(unreadable)
    }

    pub(super) async fn read(&self, key: &Key, range: Option<Range<u64>>) -> Result<ObjectReader, StorageError> {
        let object = self.read_lock().get(key).cloned().ok_or_else(|| StorageError::NotFound(key.clone()))?;
        let size = object.len() as u64;
        let range = clip(key, range, size)?;
        let piece = object.slice(range.start as usize..range.end as usize);
        Ok(ObjectReader { size, range, stream: stream::iter([Ok(piece)]).boxed() })
    }

    pub(super) async fn size(&self, key: &Key) -> Result<Option<u64>, StorageError> {
        Ok(self.read_lock().get(key).map(|object| object.len() as u64))
    }

    pub(super) async fn delete(&self, key: &Key) -> Result<(), StorageError> {
        self.write().remove(key);
        Ok(())
    }

    pub(super) async fn delete_prefix(&self, folder: &Key) -> Result<(), StorageError> {
        self.write().retain(|key, _| !key.is_below(folder));
        Ok(())
    }

    pub(super) async fn list(&self, folder: Option<&Key>) -> Result<Vec<(Key, u64)>, StorageError> {
        let objects = self.read_lock();
        let below = objects.iter().filter(|(key, _)| folder.is_none_or(|folder| key.is_below(folder)));
        Ok(below.map(|(key, object)| (key.clone(), object.len() as u64)).collect())
    }

    fn read_lock(&self) -> RwLockReadGuard<'_, BTreeMap<Key, Bytes>> {
        self.objects.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<Key, Bytes>> {
        self.objects.write().unwrap_or_else(PoisonError::into_inner)
    }
}
