//! The job rows against the queue's contract, and administration.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use sofie_app::{Context, jobs::DatabaseJobs};
use sofie_domain::JobId;
use sofie_queue::{
    Envelope, JobStore,
    contract::{Harness, Seen, suite},
};
use sofie_store::jobs::{self, NewJob};
use sofie_test_support::TestApp;
use uuid::Uuid;

struct Rows {
    app: TestApp,
    store: DatabaseJobs,
}

impl Rows {
    async fn fresh() -> Self {
        let app = TestApp::start().await;
        let store = DatabaseJobs::new(app.app.clone());
        Self { app, store }
    }

    async fn insert(&self, job: Envelope, key: Option<&str>, request_id: Option<&str>) -> Uuid {
        let id = JobId::fresh();
        let new = NewJob {
            id,
            name: job.name,
            queue: job.queue,
            payload: job.payload,
            dedupe_key: key.map(str::to_owned),
            delay: Duration::ZERO,
            request_id: request_id.map(str::to_owned),
            party: job.party,
        };
        let mut tx = self.app.app.db().read().await.unwrap();
        jobs::insert(&mut tx, &new).await.unwrap();
        id.0
    }

    async fn state(&self, id: Uuid) -> Option<(String, Option<String>)> {
        let mut tx = self.app.app.db().read().await.unwrap();
        jobs::state(&mut tx, id).await.unwrap()
    }
}

#[async_trait]
impl Harness for Rows {
    fn store(&self) -> &dyn JobStore {
        &self.store
    }

    async fn enqueue(&self, job: Envelope, request_id: Option<&str>) -> Uuid {
        self.insert(job, None, request_id).await
    }

    async fn pass(&self, time: Duration) {
        let mut tx = self.app.app.db().read().await.unwrap();
        jobs::pass(&mut tx, time).await.unwrap();
    }

    async fn seen(&self, id: Uuid) -> Seen {
        match self.state(id).await {
            Some((state, error)) => match state.as_str() {
                "queued" => Seen::Waiting { error },
                "running" => Seen::Running,
                "dead" => Seen::Dead {
                    error: error.unwrap_or_default(),
                },
                _ => Seen::Finished,
            },
            None => Seen::Finished,
        }
    }
}

#[tokio::test]
async fn the_rows_meet_the_contract() {
    suite(async || Rows::fresh().await).await;
}

fn job() -> Envelope {
    Envelope {
        name: "test",
        queue: "test",
        payload: json!({}),
        party: None,
    }
}

#[tokio::test]
async fn of_one_key_only_one_waits() {
    let rows = Rows::fresh().await;
    let first = rows.insert(job(), Some("a"), None).await;
    let second = rows.insert(job(), Some("a"), None).await;
    let other = rows.insert(job(), Some("b"), None).await;
    assert_eq!(rows.state(second).await, None, "the first stands for both");
    assert!(rows.state(first).await.is_some() && rows.state(other).await.is_some());

    // One that runs is no reason not to wait; when it comes back, both wait, and nothing breaks.
    let lease = Duration::from_secs(30);
    let claimed = rows
        .store
        .claim("test", "w", lease, 1)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(claimed.id, first);
    let third = rows.insert(job(), Some("a"), None).await;
    assert!(
        rows.store
            .retry(claimed.claim(), Duration::ZERO, "again")
            .await
            .unwrap()
    );
    for id in [first, third] {
        assert_eq!(rows.state(id).await.unwrap().0, "queued");
    }
}

#[tokio::test]
async fn a_dead_job_is_shown_and_tried_again() {
    let rows = Rows::fresh().await;
    let id = rows.insert(job(), None, None).await;
    let claimed = rows
        .store
        .claim("test", "w", Duration::from_secs(30), 1)
        .await
        .unwrap()
        .remove(0);
    assert!(rows.store.bury(claimed.claim(), "no luck").await.unwrap());
    let admin = rows.app.administrator("root@example.org").await;
    let dead = admin
        .get("/api/v1/admin/jobs?state=dead")
        .await
        .expect(200)
        .json();
    let item = &dead["items"][0];
    assert_eq!(
        (&item["kind"], &item["last_error"]),
        (&json!("test"), &json!("no luck"))
    );
    let retried = admin
        .post_empty(&format!("/api/v1/admin/jobs/{id}/retry"))
        .await
        .expect(200)
        .json();
    assert_eq!(retried["state"], "queued");
    let _ = admin
        .post_empty(&format!("/api/v1/admin/jobs/{id}/retry"))
        .await
        .expect(404);
    let again = rows
        .store
        .claim("test", "w", Duration::from_secs(30), 1)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        (again.attempt, again.handed_back),
        (2, 1),
        "its attempts are forgiven, its fence is not"
    );
}

/// What is written in a transaction that is rolled back never happens.
#[tokio::test]
async fn a_job_lives_and_dies_with_its_transaction() {
    let app = TestApp::start().await;
    let ctx = Context::system(app.app.now());
    let job = sofie_app::jobs::Maintain {
        task: "clean_up".to_owned(),
    };
    let mut tx = app.app.db().begin().await.unwrap();
    sofie_app::jobs::enqueue(&mut tx, &ctx, &job, None, ctx.now)
        .await
        .unwrap();
    drop(tx);
    let mut tx = app.app.db().read().await.unwrap();
    assert_eq!(jobs::busy(&mut tx).await.unwrap(), 0);
}
