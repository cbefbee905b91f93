//! Whether the database and the store agree (ADM-9).

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use serde_json::{Value, json};
use sofie_app::{
    Context,
    integrity::{self, Problem, ProblemKind, Report},
    jobs, keys,
    schedule::{Task, run_task},
};
use sofie_test_support::{Client, TestApp};
use sofie_vault::{Area, BlobBackend as _, BlobId};

use super::fixture::{mails, send};

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

async fn audited(app: &TestApp, event: &str) -> Value {
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
    keys::activate(&app.app, &ctx, second.kek.id().as_str())
        .await
        .unwrap();
    app.keks.lose(&first);
    let fresh = app.beside().await;
    let mut found = Vec::new();
    integrity::verify(&fresh, &ctx, false, |problem| found.push(problem.clone()))
        .await
        .unwrap();
    assert_eq!(kinds(&found), [ProblemKind::Locked; 3]);
    assert!(found[0].detail.contains(&first), "{}", found[0].detail);
}

const PATH: &str = "/api/v1/admin/integrity";

/// Begins a check and waits for its end.
async fn check(app: &TestApp, root: &Client, deep: bool) -> Value {
    let path = format!("{PATH}/run");
    let begun = root.post(&path, json!({ "deep": deep })).await;
    let begun = begun.expect(200).json();
    assert_eq!(begun["run"]["state"], "running");
    app.drain().await;
    root.get(PATH).await.expect(200).json()
}

fn flip(app: &TestApp) {
    let (large, size) = *blobs(app).last().unwrap();
    let file = app.blobs.open(large, Area::Blob).unwrap();
    let mut byte = [0];
    file.read_at(&mut byte, size / 2).unwrap();
    file.write_at(&[byte[0] ^ 1], size / 2).unwrap();
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn administrators_run_a_check_and_see_the_state_of_every_file() {
    let app = ground().await;
    let root = app.administrator("root@example.org").await;
    let files = |ok, corrupted, inaccessible, unchecked| json!({ "total": 3, "ok": ok, "corrupted": corrupted, "inaccessible": inaccessible, "unchecked": unchecked });
    let before = root.get(PATH).await.expect(200).json();
    assert_eq!(before["files"], files(0, 0, 0, 3));
    assert_eq!(
        (&before["run"], &before["findings"]),
        (&Value::Null, &json!([]))
    );
    assert_eq!(
        before["next_at"].as_str().map(str::len),
        Some(20),
        "the schedule's"
    );

    let sound = check(&app, &root, true).await;
    assert_eq!(sound["files"], files(3, 0, 0, 0));
    let run = &sound["run"];
    assert_eq!(
        (&run["state"], &run["percent"], &run["files"]),
        (&json!("done"), &json!(100), &json!(3))
    );
    assert_eq!(
        (&run["bytes"], &run["asked_by"]),
        (&json!(LARGE + 5), &json!("root@example.org"))
    );
    assert!(mails(&app, "not_intact").await.is_empty());

    flip(&app);
    let missing = blobs(&app)[0].0;
    app.blobs.remove(missing).unwrap();
    let broken = check(&app, &root, true).await;
    assert_eq!(broken["files"], files(1, 1, 1, 0));
    assert_eq!(
        broken["run"]["problems"],
        json!({ "damaged": 1, "missing": 1 })
    );
    let findings = broken["findings"].as_array().unwrap();
    let kinds = findings
        .iter()
        .map(|one| format!("{} {}", one["state"], one["kind"]));
    let mut kinds: Vec<String> = kinds.collect();
    kinds.sort();
    assert_eq!(
        kinds,
        [r#""corrupted" "damaged""#, r#""inaccessible" "missing""#]
    );
    let warnings =
        root.get("/api/v1/admin/dashboard").await.expect(200).json()["warnings"].to_string();
    assert!(
        warnings.contains("files_corrupted") && warnings.contains("files_inaccessible"),
        "{warnings}"
    );
    let told = mails(&app, "not_intact").await;
    assert_eq!(told.len(), 1, "one for each check");
    assert!(told[0].1.contains("/admin/keys"), "{}", told[0].1);
    assert_eq!(
        audited(&app, "FILE_CORRUPTED")
            .await
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        audited(&app, "INTEGRITY_BROKEN")
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );

    // The same again is no news; what is whole again is called so.
    flip(&app);
    let again = check(&app, &root, true).await;
    assert_eq!(again["files"], files(2, 0, 1, 0));
    assert_eq!(mails(&app, "not_intact").await.len(), 1);
    assert_eq!(
        audited(&app, "FILE_CORRUPTED")
            .await
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn a_check_is_cancelled_and_another_one_begins() {
    let app = ground().await;
    let root = app.administrator("root@example.org").await;
    let run = format!("{PATH}/run");
    let deep = json!({ "deep": false });
    let _ = root.post(&run, deep.clone()).await.expect(200);
    root.post(&run, deep.clone())
        .await
        .expect_problem(409, "conflict");
    let cancelled = root.delete(&run).await.expect(200).json();
    assert_eq!(cancelled["run"]["state"], "cancelled");
    let _ = root.delete(&run).await.expect(200);
    app.drain().await;
    let after = root.get(PATH).await.expect(200).json();
    assert_eq!(
        (&after["run"]["state"], &after["files"]["unchecked"]),
        (&json!("cancelled"), &json!(3)),
        "its job did nothing any more"
    );
    assert_eq!(
        audited(&app, "INTEGRITY_CHECK_CANCELLED")
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    app.advance(TimeDelta::seconds(1));
    assert_eq!(check(&app, &root, false).await["files"]["ok"], 3);
}

#[tokio::test]
async fn the_schedule_begins_a_check_once_and_goes_on_with_one_that_was_given_up() {
    let app = ground().await;
    let now = app.app.now();
    // Three in the morning of the next day.
    let three = (now + TimeDelta::days(1))
        .with_hour(3)
        .and_then(|at| at.with_minute(0))
        .and_then(|at| at.with_second(0));
    let three: DateTime<Utc> = three.unwrap();
    app.set("integrity.schedule", "0 3 * * *").await;
    let tick = || run_task(&app.app, Task::CheckIntegrity);
    let begun = async || {
        audited(&app, "INTEGRITY_CHECK_BEGUN")
            .await
            .as_array()
            .unwrap()
            .len()
    };
    app.advance(three - now - TimeDelta::minutes(1));
    tick().await.unwrap();
    assert_eq!(begun().await, 0, "not before its time");
    app.advance(TimeDelta::minutes(3));
    tick().await.unwrap();
    tick().await.unwrap();
    assert_eq!(begun().await, 1);
    let root = app.administrator("root@example.org").await;
    let run = root.get(PATH).await.expect(200).json()["run"].clone();
    assert_eq!(
        (&run["asked_by"], &run["deep"]),
        (&Value::Null, &json!(true))
    );

    // Its job is gone, as after a burial: the next tick asks again.
    jobs::forget(&app.app, "check_integrity").await.unwrap();
    app.drain().await;
    assert_eq!(
        root.get(PATH).await.expect(200).json()["run"]["state"],
        "running"
    );
    tick().await.unwrap();
    app.drain().await;
    assert_eq!(
        root.get(PATH).await.expect(200).json()["run"]["state"],
        "done"
    );
    tick().await.unwrap();
    assert_eq!(begun().await, 1, "once for each time");

    // A time that was missed by hours waits for the next.
    app.advance(TimeDelta::hours(24 + 5));
    tick().await.unwrap();
    assert_eq!(begun().await, 1);
    app.set("integrity.schedule", "").await;
    app.advance(TimeDelta::hours(19));
    tick().await.unwrap();
    assert_eq!(begun().await, 1, "never");
}

#[tokio::test]
async fn a_check_goes_on_where_it_was() {
    let app = ground().await;
    let root = app.administrator("root@example.org").await;
    let _ = root
        .post(&format!("{PATH}/run"), json!({ "deep": true }))
        .await
        .expect(200);
    // The worker dies again and again, each time a little later.
    let mut percent = 0;
    for millis in (2..).step_by(3) {
        let drained = jobs::drain(&app.app);
        let _ = tokio::time::timeout(std::time::Duration::from_millis(millis), drained).await;
        jobs::pass(&app.app, std::time::Duration::from_hours(1))
            .await
            .unwrap();
        let run = root.get(PATH).await.expect(200).json()["run"].clone();
        let now = run["percent"].as_i64().unwrap();
        assert!(now >= percent, "never back");
        percent = now;
        if run["state"] == "done" {
            assert_eq!(run["files"], 3, "each was counted once");
            return;
        }
        assert_eq!(run["state"], "running");
    }
}

#[tokio::test]
async fn a_schedule_that_is_none_is_refused() {
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    for (text, status) in [
        ("0 25 * * *", 422),
        ("daily", 422),
        ("*/10 * * * mon-fri", 200),
        ("", 200),
    ] {
        let change = json!({ "values": { "integrity.schedule": text } });
        let answer = root.patch("/api/v1/admin/settings", change).await;
        let _ = answer.expect(status);
    }
}

#[tokio::test]
async fn a_check_that_can_t_be_done_has_failed_and_says_why() {
    let app = ground().await;
    let root = app.administrator("root@example.org").await;
    app.blobs.set_marker(None).unwrap();
    let run = json!({ "deep": false });
    let _ = root.post(&format!("{PATH}/run"), run).await.expect(200);
    for _ in 0..8 {
        app.drain().await;
        let state = root.get(PATH).await.expect(200).json()["run"]["state"].clone();
        if state != "running" {
            break;
        }
        let hour = std::time::Duration::from_hours(1);
        jobs::pass(&app.app, hour).await.unwrap();
    }
    let after = root.get(PATH).await.expect(200).json();
    assert_eq!(after["run"]["state"], "failed");
    let why = after["run"]["error"].as_str().unwrap();
    assert!(why.contains("marker"), "{why}");
    assert_eq!(after["files"]["unchecked"], 3, "nothing is called lost");
    let dashboard = root.get("/api/v1/admin/dashboard").await.expect(200).json();
    assert!(
        dashboard["warnings"]
            .to_string()
            .contains("integrity_failed")
    );
    let entries = audited(&app, "INTEGRITY_CHECK_FAILED").await;
    assert_eq!(entries.as_array().unwrap().len(), 1);
    let instance = app.app.parts().instance.to_string();
    app.blobs.set_marker(Some(&instance)).unwrap();
    app.advance(TimeDelta::seconds(1));
    assert_eq!(check(&app, &root, false).await["files"]["ok"], 3);
}
