//! Whether the database and the store agree (ADM-9).

use chrono::TimeDelta;
use sofie_app::{
    Context,
    integrity::{self, Problem, ProblemKind, Report},
    keys,
};
use sofie_test_support::TestApp;
use sofie_vault::{Area, BlobBackend as _, BlobId};

use super::fixture::send;

const LARGE: usize = 3 << 20;

/// A package with a small file and a large one.
async fn ground() -> TestApp {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let large = vec![7; LARGE];
    let files: [(&str, &[u8]); 3] = [("a.txt", b"hello"), ("b.bin", &large), ("empty", b"")];
    send(&eva, "bob@example.org", &files).await;
    app
}

async fn verify(app: &TestApp, deep: bool) -> (Report, Vec<Problem>) {
    let mut found = Vec::new();
    let ctx = Context::system(app.app.now());
    let report = integrity::verify(&app.app, &ctx, deep, |problem| found.push(problem.clone()));
    (report.await.unwrap(), found)
}

fn blobs(app: &TestApp) -> Vec<(BlobId, u64)> {
    let mut found: Vec<_> = (0..=u8::MAX)
        .flat_map(|shard| app.blobs.list(shard).unwrap())
        .map(|info| (info.blob, info.size))
        .collect();
    found.sort_by_key(|(_, size)| *size);
    found
}

fn kinds(found: &[Problem]) -> Vec<ProblemKind> {
    found.iter().map(|problem| problem.kind).collect()
}

async fn audited(app: &TestApp, event: &str) -> serde_json::Value {
    let admin = app.administrator("root@example.org").await;
    let path = format!("/api/v1/admin/audit?event={event}");
    admin.get(&path).await.expect(200).json()["items"].clone()
}

#[tokio::test]
async fn what_is_whole_is_called_sound() {
    let app = ground().await;
    for deep in [false, true] {
        let (report, found) = verify(&app, deep).await;
        assert!(report.sound(), "{found:?}");
        assert_eq!((report.files, report.bytes), (3, LARGE as u64 + 5));
    }
    let entries = audited(&app, "INTEGRITY_VERIFIED").await;
    assert_eq!(entries.as_array().unwrap().len(), 2);
    assert_eq!(entries[0]["data"]["files"], 3);
}

#[tokio::test]
async fn a_flipped_bit_shows_when_every_byte_is_read() {
    let app = ground().await;
    let (large, size) = *blobs(&app).last().unwrap();
    let file = app.blobs.open(large, Area::Blob).unwrap();
    let mut byte = [0];
    file.read_at(&mut byte, size / 2).unwrap();
    file.write_at(&[byte[0] ^ 1], size / 2).unwrap();
    assert!(verify(&app, false).await.0.sound(), "its frame is whole");
    let (report, found) = verify(&app, true).await;
    assert_eq!(kinds(&found), [ProblemKind::Damaged]);
    assert_eq!(report.problems["damaged"], 1);
    let entries = audited(&app, "INTEGRITY_BROKEN").await;
    assert_eq!(entries[0]["severity"], "alert");
    assert_eq!(entries[0]["data"]["problems"]["damaged"], 1);
}

#[tokio::test]
async fn what_is_missing_or_cut_is_found_without_reading_it() {
    let app = ground().await;
    let stored = blobs(&app);
    app.blobs.remove(stored[0].0).unwrap();
    let (large, size) = stored[2];
    let file = app.blobs.open(large, Area::Blob).unwrap();
    file.set_size(size - 1).unwrap();
    let (report, found) = verify(&app, false).await;
    let mut kinds = kinds(&found);
    kinds.sort_by_key(|kind| kind.as_str());
    assert_eq!(kinds, [ProblemKind::Damaged, ProblemKind::Missing]);
    assert!(!report.sound());
}

#[tokio::test]
async fn a_blob_that_nobody_has_counts_once_it_is_old() {
    let app = ground().await;
    let other = BlobId([9; 16]);
    app.blobs.create(other, Area::Blob).unwrap();
    let (report, _) = verify(&app, false).await;
    assert!(report.sound() && report.young == 1);
    app.advance(TimeDelta::hours(25));
    let (_, found) = verify(&app, false).await;
    assert_eq!(kinds(&found), [ProblemKind::Surplus]);
    assert_eq!(found[0].blob, other.to_string());
}

#[tokio::test]
async fn a_package_whose_key_is_lost_is_called_locked() {
    let app = ground().await;
    let ctx = Context::system(app.app.now());
    let first = app.app.parts().keys.active().id().to_string();
    let second = keys::add(&app.app, &ctx, None).await.unwrap();
    keys::activate(&app.app, &ctx, &second.id).await.unwrap();
    app.keks.lose(&first);
    let fresh = app.beside().await;
    let mut found = Vec::new();
    integrity::verify(&fresh, &ctx, false, |problem| found.push(problem.clone()))
        .await
        .unwrap();
    assert_eq!(kinds(&found), [ProblemKind::Locked; 3]);
    assert!(found[0].detail.contains(&first), "{}", found[0].detail);
}
