//! What the clock does: expiry, the recycle bin, shredding, drafts that nobody goes on with (PKG-15).

use chrono::TimeDelta;
use serde_json::json;
use sofie_app::schedule::{Scheduler, Task, run_task};
use sofie_test_support::TestApp;
use sofie_vault::BlobBackend;

use super::fixture::{eicar, fetch, inbox, look, send};

async fn run(app: &TestApp, task: Task) {
    run_task(&app.worker, task).await.unwrap();
}

fn blobs(app: &TestApp) -> usize {
    (0..=u8::MAX)
        .map(|shard| app.blobs.list(shard).unwrap().len())
        .sum()
}

#[tokio::test]
async fn a_package_expires_and_is_shredded_in_time() {
    let app = TestApp::start().await;
    let (eva, bob) = (
        app.user("eva@example.org").await,
        app.user("bob@example.org").await,
    );
    let id = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    app.drain().await;
    assert_eq!(blobs(&app), 1);

    app.advance(TimeDelta::days(30) - TimeDelta::seconds(1));
    run(&app, Task::ExpirePackages).await;
    let (eva, bob_again) = (
        app.user("eva@example.org").await,
        app.user("bob@example.org").await,
    );
    drop(bob);
    let bob = bob_again;
    assert_eq!(inbox(&bob).await, std::slice::from_ref(&id));
    let file = look(&bob, &id).await["files"][0].clone();
    app.advance(TimeDelta::seconds(1));
    assert!(
        fetch(&bob, &id, &file).await.status.is_client_error(),
        "the clock decides, not the sweep"
    );
    run(&app, Task::ExpirePackages).await;
    let gone = look(&eva, &id).await;
    assert_eq!(
        (&gone["life"], &gone["state"]),
        (&json!("deleted"), &json!("expired"))
    );

    app.advance(TimeDelta::days(30) - TimeDelta::seconds(1));
    run(&app, Task::ShredPackages).await;
    run(&app, Task::UnlinkBlobs).await;
    assert_eq!(blobs(&app), 1);
    app.advance(TimeDelta::seconds(1));
    run(&app, Task::ShredPackages).await;
    run(&app, Task::UnlinkBlobs).await;
    assert_eq!(blobs(&app), 0);
    let admin = app.administrator("root@example.org").await;
    let shredded = admin
        .get(&format!("/api/v1/admin/packages/{id}"))
        .await
        .expect(200)
        .json();
    assert_eq!(shredded["life"], "shredded");
    // Nothing is left to do, and doing it again changes nothing.
    for task in [
        Task::ExpirePackages,
        Task::ShredPackages,
        Task::UnlinkBlobs,
        Task::CleanUp,
    ] {
        run(&app, task).await;
    }
}

#[tokio::test]
async fn what_nobody_decides_about_and_nobody_goes_on_with_is_removed() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let held = send(&eva, "bob@example.org", &[("a.txt", &eicar())]).await;
    app.drain().await;
    let draft = eva
        .post("/api/v1/packages", json!({ "title": "never sent" }))
        .await
        .expect(201)
        .json();
    app.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    run(&app, Task::ReapUnfinished).await;
    let admin = app.administrator("root@example.org").await;
    let path = |id: &str| format!("/api/v1/admin/packages/{id}");
    let draft = path(draft["id"].as_str().unwrap());
    assert_eq!(
        admin.get(&draft).await.expect(200).json()["life"],
        "uploading"
    );
    app.advance(TimeDelta::seconds(1));
    run(&app, Task::ReapUnfinished).await;
    let admin = app.administrator("root@example.org").await;
    assert_eq!(
        admin.get(&draft).await.expect(200).json()["life"],
        "shredded"
    );

    run(&app, Task::ExpirePackages).await;
    assert_eq!(
        admin.get(&path(&held)).await.expect(200).json()["life"],
        "submitted"
    );
    app.advance(TimeDelta::days(29));
    run(&app, Task::ExpirePackages).await;
    let admin = app.administrator("root@example.org").await;
    assert_eq!(
        admin.get(&path(&held)).await.expect(200).json()["life"],
        "deleted"
    );
}

/// A package whose job is lost is found by the sweep.
#[tokio::test]
async fn forgotten_checks_are_resumed() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let id = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    {
        let mut tx = app.app.db().read().await.unwrap();
        let lease = std::time::Duration::from_secs(30);
        let lost = sofie_store::jobs::claim(&mut tx, "checks", "w", lease, 1)
            .await
            .unwrap()
            .remove(0);
        sofie_store::jobs::bury(&mut tx, lost.id, lost.attempt, "lost")
            .await
            .unwrap();
    }
    app.drain().await;
    assert_eq!(look(&eva, &id).await["state"], "checking");
    run(&app, Task::ResumeChecks).await;
    app.drain().await;
    assert_eq!(look(&eva, &id).await["state"], "delivered");
}

/// One leader asks for each tick once; the next one takes over when it dies.
#[tokio::test]
async fn one_scheduler_leads() {
    let app = TestApp::start().await;
    let scheduler = |holder: &str| {
        let clock = std::sync::Arc::clone(&app.clock);
        Scheduler::new(app.scheduler.clone(), clock, holder)
    };
    let (one, two) = (scheduler("one"), scheduler("two"));
    assert!(one.tick().await.unwrap() > 0);
    assert_eq!(one.tick().await.unwrap(), 0, "these ticks are taken");
    app.advance(TimeDelta::hours(2));
    assert_eq!(two.tick().await.unwrap(), 0, "there is a leader");
    assert!(one.tick().await.unwrap() > 0);
    app.drain().await;
    let admin = app.administrator("root@example.org").await;
    let done = admin
        .get("/api/v1/admin/jobs?kind=maintain")
        .await
        .expect(200)
        .json();
    let jobs = done["items"].as_array().unwrap();
    assert!(jobs.iter().all(|job| job["state"] == "done"), "{done:#}");
    let engines = admin.get("/api/v1/admin/engines").await.expect(200).json();
    let inspector = &engines["items"][0];
    assert_eq!(
        (&inspector["id"], &inspector["available"]),
        (&json!("type"), &json!(true)),
        "{inspector:#}"
    );
    assert_eq!(inspector["mandatory"], true);
}

/// A blob that a killed process left goes, but late, and never one that a file has (T34).
#[tokio::test]
async fn orphans_are_collected_late() {
    let app = TestApp::start().await;
    let vault = &app.app.parts().vault;
    let orphan = sofie_vault::BlobSpec {
        blob: sofie_vault::BlobId::random().unwrap(),
        generation: 1,
        context: sofie_vault::Context::new("t", "p", "f"),
        key: sofie_vault::FileKey::generate().unwrap(),
    };
    vault.put(&orphan, "lost".into()).await.unwrap();
    let day = TimeDelta::hours(24) + TimeDelta::seconds(1);

    // A database without any file is more likely the wrong one.
    app.advance(day);
    run(&app, Task::CollectOrphans).await;
    app.advance(day);
    run(&app, Task::UnlinkBlobs).await;
    assert_eq!(blobs(&app), 1);

    let eva = app.user("eva@example.org").await;
    send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    let fresh = sofie_vault::BlobSpec {
        blob: sofie_vault::BlobId::random().unwrap(),
        ..orphan.clone()
    };
    vault
        .put(&fresh, "its row may still come".into())
        .await
        .unwrap();
    run(&app, Task::CollectOrphans).await;
    run(&app, Task::UnlinkBlobs).await;
    assert_eq!(blobs(&app), 3, "there is a day to find out about a mistake");
    app.advance(day);
    run(&app, Task::UnlinkBlobs).await;
    assert_eq!(blobs(&app), 2);
    assert!(vault.open(&orphan, None).await.is_err());
    assert!(vault.open(&fresh, None).await.is_ok());
}

/// Whoever decides about a package at the last moment is not overruled by the sweep that just found it.
#[tokio::test]
async fn a_package_that_is_decided_about_just_now_stays() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let held = send(&eva, "bob@example.org", &[("a.txt", &eicar())]).await;
    app.drain().await;
    app.advance(TimeDelta::days(31));
    let mut recheck = app.app.db().begin().await.unwrap();
    recheck
        .run("select 1 from packages for update")
        .await
        .unwrap();
    tokio::join!(run(&app, Task::ExpirePackages), async {
        app.blocked().await;
        recheck
            .run("update files set check_state = 'pending', checked_at = null, check_round = 2")
            .await
            .unwrap();
        recheck.commit().await.unwrap();
    });
    let eva = app.user("eva@example.org").await;
    assert_eq!(look(&eva, &held).await["life"], "submitted");
}

/// A store that is not ours (T34): nothing is collected, and the load balancer is told.
#[tokio::test]
async fn a_foreign_store_is_left_alone() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    let orphan = sofie_vault::BlobSpec {
        blob: sofie_vault::BlobId::random().unwrap(),
        generation: 1,
        context: sofie_vault::Context::new("t", "p", "f"),
        key: sofie_vault::FileKey::generate().unwrap(),
    };
    let vault = &app.app.parts().vault;
    vault.put(&orphan, "another's".into()).await.unwrap();
    app.advance(TimeDelta::hours(25));
    let doomed = "select count(*) from doomed_blobs";
    let mut tx = app.app.db().read().await.unwrap();
    for marker in [None, Some("0192f0c8-0000-7000-8000-000000000000")] {
        app.blobs.set_marker(marker).unwrap();
        app.anonymous()
            .get("/readyz")
            .await
            .expect_problem(503, "unavailable");
        assert!(run_task(&app.worker, Task::CollectOrphans).await.is_err());
        assert_eq!(tx.number(doomed).await.unwrap(), 0);
    }
    let ours = app.app.parts().instance.to_string();
    app.blobs.set_marker(Some(&ours)).unwrap();
    let _ = app.anonymous().get("/readyz").await.expect(200);
    run(&app, Task::CollectOrphans).await;
    assert_eq!(tx.number(doomed).await.unwrap(), 1);
}
