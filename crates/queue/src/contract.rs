//! The contract of [`JobStore`] as tests, for everybody who meets it.
//!
//! A store's own test is one call: `suite(async || MyHarness::fresh().await).await`.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use uuid::Uuid;

use crate::job::Envelope;
use crate::store::{Claim, Claimed, JobStore};

const QUEUE: &str = "contract";
const LEASE: Duration = Duration::from_mins(1);
const NEARLY_A_LEASE: Duration = Duration::from_secs(55);

/// What has become of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It waits; with the text of its last failure.
    Waiting {
        /// The last failure.
        error: Option<String>,
    },
    /// It runs under a lease, run out or not.
    Running,
    /// It is finished, or its row was removed.
    Finished,
    /// It was buried.
    Dead {
        /// The last failure.
        error: String,
    },
}

/// A store under test, with what the suite needs beside the trait.
#[async_trait]
pub trait Harness: Send + Sync {
    /// Returns the store.
    fn store(&self) -> &dyn JobStore;

    /// Writes a row, due at once.
    async fn enqueue(&self, job: Envelope, request_id: Option<&str>) -> Uuid;

    /// Lets time pass for the store: a clock moved on, or all times in the rows moved back.
    async fn pass(&self, time: Duration);

    /// Returns what has become of a row.
    async fn seen(&self, id: Uuid) -> Seen;
}

/// Runs the contract; `fresh` returns a store without rows for each step.
///
/// # Panics
/// When the store breaks the contract.
pub async fn suite<H: Harness>(fresh: impl AsyncFn() -> H) {
    claims_what_is_due_in_order(&fresh().await).await;
    lets_parties_take_turns(&fresh().await).await;
    finds_newcomers(&fresh().await).await;
    claims_what_is_named(&fresh().await).await;
    announces_what_is_due_once(&fresh().await).await;
    gives_a_row_to_one_claimer(&fresh().await).await;
    finishes(&fresh().await).await;
    retries_later(&fresh().await).await;
    releases_without_counting(&fresh().await).await;
    buries(&fresh().await).await;
    reclaims_after_the_lease(&fresh().await).await;
    heartbeat_extends_the_lease(&fresh().await).await;
    refuses_the_late(&fresh().await).await;
    forgives_a_late_result_nobody_overtook(&fresh().await).await;
}

fn job(number: u32) -> Envelope {
    Envelope {
        name: "contract_job",
        queue: QUEUE,
        payload: json!({ "number": number }),
        party: None,
    }
}

/// A job of the party `party`.
fn job_of(party: u128, number: u32) -> Envelope {
    job(number).of(Some(Uuid::from_u128(party)))
}

async fn claim(harness: &impl Harness, limit: usize) -> Vec<Claimed> {
    let claimed = harness.store().claim(QUEUE, "worker-1", LEASE, limit).await;
    claimed.expect("the store answers")
}

async fn claim_one(harness: &impl Harness) -> Claimed {
    let mut claimed = claim(harness, 5).await;
    assert_eq!(claimed.len(), 1, "exactly one row is due");
    claimed.remove(0)
}

async fn claims_what_is_due_in_order(harness: &impl Harness) {
    let mut ids = Vec::new();
    for number in 0..3 {
        let request = (number == 1).then_some("req-1");
        ids.push(harness.enqueue(job(number), request).await);
        harness.pass(Duration::from_secs(1)).await;
    }
    let elsewhere = Envelope {
        queue: "other",
        ..job(9)
    };
    harness.enqueue(elsewhere, None).await;

    let first = claim(harness, 2).await;
    let order: Vec<Uuid> = first.iter().map(|row| row.id).collect();
    assert_eq!(
        order,
        ids[..2],
        "longest due first, not more than asked for"
    );
    let row = &first[1];
    assert_eq!(row.name, "contract_job");
    assert_eq!(row.payload, json!({ "number": 1 }));
    assert_eq!((row.attempt, row.handed_back), (1, 0));
    assert_eq!(row.request_id.as_deref(), Some("req-1"));
    assert_eq!(first[0].request_id, None);
    assert_eq!(
        claim_one(harness).await.id,
        ids[2],
        "no row of another queue"
    );
    assert!(claim(harness, 5).await.is_empty());
}

async fn lets_parties_take_turns(harness: &impl Harness) {
    let mut many = Vec::new();
    for number in 0..3 {
        many.push(harness.enqueue(job_of(1, number), None).await);
    }
    harness.pass(Duration::from_secs(1)).await;
    let other = harness.enqueue(job_of(2, 3), None).await;
    let nobody = harness.enqueue(job(4), None).await;
    let order: Vec<Uuid> = claim(harness, 9).await.iter().map(|row| row.id).collect();
    let expected = [many[0], other, nobody, many[1], many[2]];
    assert_eq!(order, expected, "nobody waits for a party's second job");
}

async fn finds_newcomers(harness: &impl Harness) {
    let newcomer = async || {
        let claimed = harness.store().claim_of_newcomer(QUEUE, "worker-1", LEASE);
        claimed.await.expect("the store answers").map(|row| row.id)
    };
    let first = harness.enqueue(job_of(1, 0), None).await;
    harness.enqueue(job_of(1, 1), None).await;
    let other = harness.enqueue(job_of(2, 2), None).await;
    assert_eq!(claim(harness, 1).await[0].id, first);
    assert_eq!(newcomer().await, Some(other));
    assert_eq!(newcomer().await, None, "both parties have a running row");
    let nobody = [
        harness.enqueue(job(3), None).await,
        harness.enqueue(job(4), None).await,
    ];
    for _ in nobody {
        assert!(
            newcomer().await.is_some_and(|id| nobody.contains(&id)),
            "no party is always new"
        );
    }
}

async fn claims_what_is_named(harness: &impl Harness) {
    let named = async |ids: &[Uuid], limit| {
        let claimed = harness
            .store()
            .claim_named(QUEUE, "worker-1", LEASE, ids, limit);
        claimed.await.expect("the store answers")
    };
    let mut ids = Vec::new();
    for number in 0..4 {
        ids.push(harness.enqueue(job(number), None).await);
    }
    let elsewhere = Envelope {
        queue: "other",
        ..job(9)
    };
    let other = harness.enqueue(elsewhere, None).await;
    let unknown = Uuid::from_u128(77);
    assert_eq!(named(&[], 5).await, []);
    let claimed = named(&[ids[2], unknown, other, ids[2]], 5).await;
    assert_eq!(claimed.len(), 1, "once, and not from another queue");
    assert_eq!((claimed[0].id, claimed[0].attempt), (ids[2], 1));
    assert_eq!(named(&[ids[2]], 5).await, [], "not while its lease lasts");
    assert_eq!(named(&ids, 2).await.len(), 2, "not more than asked for");

    let store = harness.store();
    let first = claimed[0].claim();
    let after = Duration::from_secs(30);
    assert!(store.retry(first, after, "later").await.expect("answers"));
    assert_eq!(named(&[ids[2]], 5).await, [], "not before its time");
    harness.pass(Duration::from_secs(31)).await;
    let again = named(&[ids[2]], 5).await;
    assert_eq!(again[0].attempt, 2);
    assert!(
        !store.finish(first).await.expect("answers"),
        "the fence holds"
    );
    harness.pass(LEASE + Duration::from_secs(1)).await;
    let reclaimed = named(&[ids[2]], 5).await;
    assert_eq!(reclaimed[0].attempt, 3, "its lease has run out");
    assert!(store.finish(reclaimed[0].claim()).await.expect("answers"));
    assert_eq!(named(&[ids[2]], 5).await, [], "it is finished");
}

async fn announces_what_is_due_once(harness: &impl Harness) {
    let announce = async |limit| -> Vec<Uuid> {
        let notices = harness.store().announce(limit).await;
        let notices = notices.expect("the store answers");
        notices.into_iter().map(|notice| notice.id).collect()
    };
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(harness.enqueue(job(number), None).await);
        harness.pass(Duration::from_secs(1)).await;
    }
    assert_eq!(announce(2).await, ids[..2], "longest due first");
    assert_eq!(announce(9).await, ids[2..]);
    assert!(announce(9).await.is_empty(), "once");
    let store = harness.store();
    store.not_announced(&ids[1..2]).await.expect("answers");
    assert_eq!(announce(9).await, ids[1..2]);

    let running = claim(harness, 3).await;
    store.not_announced(&ids).await.expect("answers");
    assert!(announce(9).await.is_empty(), "what runs is not announced");
    let after = Duration::from_secs(30);
    let waits = running[0].claim();
    assert!(store.retry(waits, after, "later").await.expect("answers"));
    assert!(announce(9).await.is_empty(), "not before its time");
    harness.pass(Duration::from_secs(31)).await;
    assert_eq!(announce(9).await, [waits.id], "it waits anew");
    let released = running[1].claim();
    assert!(store.release(released).await.expect("answers"));
    assert_eq!(announce(9).await, [released.id]);
}

async fn gives_a_row_to_one_claimer(harness: &impl Harness) {
    for number in 0..12 {
        harness.enqueue(job(number), None).await;
    }
    let (a, b, c) = tokio::join!(claim(harness, 12), claim(harness, 12), claim(harness, 12));
    let mut all: Vec<Claimed> = [a, b, c].concat();
    // Skipping rows that another claimer is just locking is allowed; losing them is not.
    all.extend(claim(harness, 12).await);
    let ids: HashSet<Uuid> = all.iter().map(|row| row.id).collect();
    assert_eq!((all.len(), ids.len()), (12, 12), "each row once");
}

async fn finishes(harness: &impl Harness) {
    let id = harness.enqueue(job(1), None).await;
    let claim_of = claim_one(harness).await.claim();
    assert_eq!(harness.seen(id).await, Seen::Running);
    assert!(harness.store().finish(claim_of).await.expect("answers"));
    assert_eq!(harness.seen(id).await, Seen::Finished);
    assert!(
        !harness.store().finish(claim_of).await.expect("answers"),
        "only once"
    );
    harness.pass(LEASE * 2).await;
    assert!(claim(harness, 5).await.is_empty());
}

async fn retries_later(harness: &impl Harness) {
    let id = harness.enqueue(job(1), None).await;
    let first = claim_one(harness).await;
    let after = Duration::from_secs(30);
    let store = harness.store();
    assert!(
        store
            .retry(first.claim(), after, "no luck")
            .await
            .expect("answers")
    );
    let error = Some("no luck".to_owned());
    assert_eq!(harness.seen(id).await, Seen::Waiting { error });
    harness.pass(Duration::from_secs(20)).await;
    assert!(claim(harness, 5).await.is_empty(), "not before its time");
    harness.pass(Duration::from_secs(11)).await;
    let again = claim_one(harness).await;
    assert_eq!((again.id, again.attempt, again.handed_back), (id, 2, 0));
}

async fn releases_without_counting(harness: &impl Harness) {
    let id = harness.enqueue(job(1), None).await;
    let first = claim_one(harness).await.claim();
    assert!(harness.store().release(first).await.expect("answers"));
    assert_eq!(harness.seen(id).await, Seen::Waiting { error: None });
    let again = claim_one(harness).await;
    assert_eq!((again.attempt, again.handed_back), (2, 1));
    assert!(
        !harness.store().finish(first).await.expect("answers"),
        "the fence holds"
    );
}

async fn buries(harness: &impl Harness) {
    let id = harness.enqueue(job(1), None).await;
    let claim_of = claim_one(harness).await.claim();
    assert!(
        harness
            .store()
            .bury(claim_of, "hopeless")
            .await
            .expect("answers")
    );
    let error = "hopeless".to_owned();
    assert_eq!(harness.seen(id).await, Seen::Dead { error });
    harness.pass(LEASE * 100).await;
    assert!(claim(harness, 5).await.is_empty());
}

async fn reclaims_after_the_lease(harness: &impl Harness) {
    let id = harness.enqueue(job(1), None).await;
    claim_one(harness).await;
    harness.pass(NEARLY_A_LEASE).await;
    assert!(claim(harness, 5).await.is_empty(), "the lease holds");
    harness.pass(Duration::from_secs(6)).await;
    let again = claim_one(harness).await;
    assert_eq!((again.id, again.attempt), (id, 2));
}

async fn heartbeat_extends_the_lease(harness: &impl Harness) {
    harness.enqueue(job(1), None).await;
    let claim_of = claim_one(harness).await.claim();
    harness.pass(NEARLY_A_LEASE).await;
    assert!(
        harness
            .store()
            .heartbeat(claim_of, LEASE)
            .await
            .expect("answers")
    );
    harness.pass(NEARLY_A_LEASE).await;
    assert!(
        claim(harness, 5).await.is_empty(),
        "counted from the heartbeat"
    );
    harness.pass(Duration::from_secs(6)).await;
    assert_eq!(claim_one(harness).await.attempt, 2);
}

async fn refuses_the_late(harness: &impl Harness) {
    let id = harness.enqueue(job(1), None).await;
    let late = claim_one(harness).await.claim();
    harness.pass(LEASE + Duration::from_secs(1)).await;
    let present = claim_one(harness).await.claim();
    let store = harness.store();
    let nobody = Claim {
        id: Uuid::from_u128(77),
        attempt: 1,
    };
    let early = Claim {
        attempt: present.attempt + 1,
        ..present
    };
    for wrong in [late, nobody, early] {
        assert!(!store.heartbeat(wrong, LEASE).await.expect("answers"));
        assert!(!store.finish(wrong).await.expect("answers"));
        assert!(!store.retry(wrong, LEASE, "late").await.expect("answers"));
        assert!(!store.release(wrong).await.expect("answers"));
        assert!(!store.bury(wrong, "late").await.expect("answers"));
    }
    assert_eq!(harness.seen(id).await, Seen::Running, "untouched");
    assert!(store.finish(present).await.expect("answers"));
    assert!(!store.heartbeat(present, LEASE).await.expect("answers"));
}

async fn forgives_a_late_result_nobody_overtook(harness: &impl Harness) {
    let id = harness.enqueue(job(1), None).await;
    let claim_of = claim_one(harness).await.claim();
    harness.pass(LEASE * 2).await;
    assert!(harness.store().finish(claim_of).await.expect("answers"));
    assert_eq!(harness.seen(id).await, Seen::Finished);
}
