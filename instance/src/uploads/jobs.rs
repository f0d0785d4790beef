//! What is to be done about an upload that was cut off.

use platform::{
    jobs::{Job, JobError, JobSet},
    storage::Key,
};
use serde::{Deserialize, Serialize};

use super::store;
use crate::App;

/// Removes an uploaded file that belongs to no video. Written before the file is, and run when the upload must be over.
#[derive(Debug, Serialize, Deserialize)]
pub struct RemoveAbandoned {
    /// Where the file may be.
    pub key: String,
}

impl Job for RemoveAbandoned {
    const KIND: &'static str = "upload_remove_abandoned";
}

/// The jobs of this feature.
pub fn job_set(app: &App) -> JobSet {
    let app = app.clone();
    JobSet::new().on::<RemoveAbandoned, _, _>(move |job, _| remove_abandoned(app.clone(), job))
}

async fn remove_abandoned(app: App, job: RemoveAbandoned) -> Result<(), JobError> {
    if store::is_source(&mut app.platform.db.read().await?, &job.key).await? {
        return Ok(());
    }
    app.platform.storage.delete(&Key::new(job.key).map_err(JobError::fail)?).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use platform::testing::TestPlatform;

    use super::*;
    use crate::uploads::store::Source;

    #[tokio::test]
    async fn only_a_file_without_a_video_is_removed() {
        let test = TestPlatform::new().await;
        let (app, video) = App::staged(&test).await;
        let (storage, now) = (&app.platform.storage, app.platform.clock.now());
        let (used, abandoned) = (Key::new("originals/used.mp4").unwrap(), Key::new("originals/abandoned.mp4").unwrap());
        let mut tx = app.platform.db.begin().await.unwrap();
        let source = Source { storage_key: used.to_string(), file_name: "a.mp4".to_owned(), size_bytes: 1 };
        store::insert_source(&mut tx, video.id, &source, now).await.unwrap();
        tx.commit().await.unwrap();

        for key in [&used, &abandoned] {
            storage.put_bytes(key, "x").await.unwrap();
            remove_abandoned(app.clone(), RemoveAbandoned { key: key.to_string() }).await.unwrap();
        }
        assert_eq!(storage.size(&used).await.unwrap(), Some(1));
        assert_eq!(storage.size(&abandoned).await.unwrap(), None);
    }
}
