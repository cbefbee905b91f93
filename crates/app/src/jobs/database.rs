//! The rows of jobs in the database, as the runner asks for them.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use sofie_domain::Event;
use sofie_queue::{Claim, Claimed, JobStore, Notice, StoreError};
use sofie_store::{announcements, jobs};
use uuid::Uuid;

use crate::{App, Context, audit};

/// The jobs of an installation.
#[derive(Clone, Debug)]
pub struct DatabaseJobs {
    app: App,
}

impl DatabaseJobs {
    /// Returns the jobs of an app's database.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self { app }
    }

    async fn wait(
        &self,
        claim: Claim,
        delay: Duration,
        error: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.app.db().read().await.map_err(StoreError::new)?;
        jobs::wait(&mut tx, claim.id, claim.attempt, delay, error)
            .await
            .map_err(StoreError::new)
    }

    async fn bury_and_record(&self, claim: Claim, error: &str) -> crate::Result<bool> {
        let mut tx = self.app.db().begin().await?;
        let Some(name) = jobs::bury(&mut tx, claim.id, claim.attempt, error).await? else {
            return Ok(false);
        };
        let ctx = Context::system(self.app.now());
        let object = Some(("job", claim.id.to_string()));
        audit::record(
            &mut tx,
            &ctx,
            Event::JobDied,
            object,
            json!({ "name": name }),
        )
        .await?;
        tx.commit().await?;
        Ok(true)
    }
}

fn claimed(row: jobs::Claimed) -> Claimed {
    Claimed {
        id: row.id,
        name: row.name,
        payload: row.payload,
        attempt: row.attempt,
        handed_back: row.handed_back,
        request_id: row.request_id,
    }
}

#[async_trait]
impl JobStore for DatabaseJobs {
    async fn claim(
        &self,
        queue: &str,
        worker: &str,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Claimed>, StoreError> {
        let mut tx = self.app.db().read().await.map_err(StoreError::new)?;
        let rows = jobs::claim(&mut tx, queue, worker, lease, limit)
            .await
            .map_err(StoreError::new)?;
        Ok(rows.into_iter().map(claimed).collect())
    }

    async fn claim_of_newcomer(
        &self,
        queue: &str,
        worker: &str,
        lease: Duration,
    ) -> Result<Option<Claimed>, StoreError> {
        let mut tx = self.app.db().read().await.map_err(StoreError::new)?;
        let row = jobs::claim_of_newcomer(&mut tx, queue, worker, lease);
        Ok(row.await.map_err(StoreError::new)?.map(claimed))
    }

    async fn claim_named(
        &self,
        queue: &str,
        worker: &str,
        lease: Duration,
        ids: &[Uuid],
        limit: usize,
    ) -> Result<Vec<Claimed>, StoreError> {
        let mut tx = self.app.db().read().await.map_err(StoreError::new)?;
        let rows = jobs::claim_named(&mut tx, queue, worker, lease, ids, limit);
        let rows = rows.await.map_err(StoreError::new)?;
        Ok(rows.into_iter().map(claimed).collect())
    }

    async fn announce(&self, limit: usize) -> Result<Vec<Notice>, StoreError> {
        let mut tx = self.app.db().read().await.map_err(StoreError::new)?;
        let rows = announcements::take(&mut tx, limit).await;
        let rows = rows.map_err(StoreError::new)?.into_iter();
        let notices = rows.map(|row| Notice {
            id: row.id,
            queue: row.queue,
            kin: row.kin,
        });
        Ok(notices.collect())
    }

    async fn not_announced(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        let mut tx = self.app.db().read().await.map_err(StoreError::new)?;
        announcements::take_back(&mut tx, ids)
            .await
            .map_err(StoreError::new)
    }

    async fn heartbeat(&self, claim: Claim, lease: Duration) -> Result<bool, StoreError> {
        let mut tx = self.app.db().read().await.map_err(StoreError::new)?;
        jobs::heartbeat(&mut tx, claim.id, claim.attempt, lease)
            .await
            .map_err(StoreError::new)
    }

    async fn finish(&self, claim: Claim) -> Result<bool, StoreError> {
        let mut tx = self.app.db().read().await.map_err(StoreError::new)?;
        jobs::finish(&mut tx, claim.id, claim.attempt)
            .await
            .map_err(StoreError::new)
    }

    async fn retry(&self, claim: Claim, after: Duration, error: &str) -> Result<bool, StoreError> {
        self.wait(claim, after, Some(error)).await
    }

    async fn release(&self, claim: Claim) -> Result<bool, StoreError> {
        self.wait(claim, Duration::ZERO, None).await
    }

    async fn bury(&self, claim: Claim, error: &str) -> Result<bool, StoreError> {
        self.bury_and_record(claim, error)
            .await
            .map_err(StoreError::new)
    }
}
