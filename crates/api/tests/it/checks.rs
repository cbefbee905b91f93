//! Whole checks: the jailed inspector as a child process and a real clamd (DET-2, DET-11, DET-16, promise 1).

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use sofie_test_support::{TestApp, TestClamd, TestOptions};
use sofie_vault::{Area, BlobBackend};

use super::fixture::{Member, checks, eicar, fetch, found, inbox, look, send, zip};

#[tokio::test]
async fn a_clean_package_is_delivered() {
    let app = TestApp::start().await;
    let (eva, bob) = (
        app.user("eva@example.org").await,
        app.user("bob@example.org").await,
    );
    let id = send(
        &eva,
        "bob@example.org",
        &[("a.txt", b"hello"), ("empty.txt", b"")],
    )
    .await;
    assert!(inbox(&bob).await.is_empty());
    let _ = bob.get(&format!("/api/v1/packages/{id}")).await.expect(404);
    app.drain().await;

    let seen = look(&eva, &id).await;
    assert_eq!(
        (&seen["state"], &seen["life"]),
        (&json!("delivered"), &json!("active"))
    );
    assert_eq!(checks(&seen), ["clean", "clean"]);
    let file = &seen["files"][0];
    assert_eq!(file["media_type"], "text/plain");
    // SHA-256 of "hello", as `sha256sum` computes it.
    assert_eq!(
        file["sha256"],
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    );
    assert_eq!(file["findings"], json!([]));
    assert_eq!(inbox(&bob).await, std::slice::from_ref(&id));
    assert_eq!(fetch(&bob, &id, file).await.expect(200).body, "hello");

    let admin = app.administrator("root@example.org").await;
    let verdicts = admin
        .get(&format!("/api/v1/admin/packages/{id}/verdicts"))
        .await
        .expect(200)
        .json();
    let rows = verdicts["files"][0]["verdicts"].as_array().unwrap();
    let engines: Vec<_> = rows
        .iter()
        .map(|row| row["engine"].as_str().unwrap())
        .collect();
    assert_eq!(
        engines,
        ["type", "container", "encrypted", "eicar", "content", "dlp"]
    );
    assert!(
        rows.iter()
            .all(|row| row["outcome"] == "clean" && row["qualifier"] == "full")
    );
    let dead = admin
        .get("/api/v1/admin/jobs?state=dead")
        .await
        .expect(200)
        .json();
    assert_eq!(dead["items"], json!([]));
}

/// Every way to hide something ends in quarantine, and costs the clean file beside it nothing.
#[tokio::test]
async fn what_is_dangerous_or_closed_is_held_and_the_rest_delivered() {
    let clamd = TestClamd::start();
    let app = TestApp::start().await;
    app.clamd(&clamd.address()).await;
    let (eva, bob) = (
        app.user("eva@example.org").await,
        app.user("bob@example.org").await,
    );
    let nested = zip(
        "in.zip",
        &zip("eicar.com", &eicar(), Member::Deflated),
        Member::Stored,
    );
    let locked = zip("x.txt", &[7; 40], Member::Encrypted);
    let explosive = zip("zeros.bin", &vec![0; 60 << 20], Member::Deflated);
    let files: [(&str, &[u8]); 6] = [
        ("clean.txt", b"nothing to see"),
        ("eicar.txt", &eicar()),
        ("nested.zip", &nested),
        ("locked.zip", &locked),
        ("bomb.zip", &explosive),
        ("known.txt", TestClamd::MALWARE),
    ];
    let id = send(&eva, "bob@example.org", &files).await;
    app.drain().await;

    let seen = look(&eva, &id).await;
    assert_eq!(seen["state"], "partly_delivered", "{seen:#}");
    let expected = [
        "clean",
        "blocked",
        "blocked",
        "unscannable",
        "unscannable",
        "blocked",
    ];
    assert_eq!(checks(&seen), expected, "{seen:#}");
    let file = |index: usize| &seen["files"][index];
    assert!(found(file(1), "eicar", "eicar-test-file") && found(file(1), "clamd", "Test.Eicar"));
    assert!(found(file(2), "eicar", "eicar-test-file"));
    assert!(found(file(3), "encrypted", "") && found(file(4), "container", "ratio-limit"));
    assert!(found(file(5), "clamd", "Test.Marker"));

    let held = look(&bob, &id).await;
    assert_eq!(
        fetch(&bob, &id, &held["files"][0]).await.expect(200).body,
        "nothing to see"
    );
    for index in 1..files.len() {
        for client in [&eva, &bob] {
            let answer = fetch(client, &id, &held["files"][index]).await;
            assert!(
                answer.status.is_client_error(),
                "{index}: {}",
                answer.status
            );
        }
    }

    app.set("packages.partial", false).await;
    let whole = send(&eva, "bob@example.org", &files[..2]).await;
    app.drain().await;
    assert_eq!(look(&eva, &whole).await["life"], "submitted");
    assert_eq!(inbox(&bob).await, [id]);
}

/// An engine that is not there is waited for, and then the file is unscannable: never clean.
#[tokio::test]
async fn without_a_mandatory_engine_nothing_is_ever_clean() {
    let app = TestApp::start().await;
    app.clamd("unix:/nowhere/clamd").await;
    let eva = app.user("eva@example.org").await;
    let id = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    for _ in 0..3 {
        app.drain().await;
        // Sessions end while nobody calls.
        let eva = app.user("eva@example.org").await;
        let seen = look(&eva, &id).await;
        assert_eq!(
            (&seen["state"], checks(&seen)),
            (&json!("checking"), vec!["pending"])
        );
        app.pass(TimeDelta::minutes(30)).await;
    }
    app.pass(TimeDelta::minutes(31)).await;
    app.drain().await;
    let (eva, bob) = (
        app.user("eva@example.org").await,
        app.user("bob@example.org").await,
    );
    let seen = look(&eva, &id).await;
    assert_eq!(
        (&seen["state"], checks(&seen)),
        (&json!("withheld"), vec!["unscannable"])
    );
    assert!(
        found(&seen["files"][0], "clamd", "self-test-failed"),
        "{seen:#}"
    );
    assert!(inbox(&bob).await.is_empty());
    assert!(
        fetch(&eva, &id, &seen["files"][0])
            .await
            .status
            .is_client_error()
    );
    let admin = app.administrator("root@example.org").await;
    let dead = admin
        .get("/api/v1/admin/jobs?state=dead")
        .await
        .expect(200)
        .json();
    assert_eq!(dead["items"], json!([]), "waiting is not failing");
}

#[tokio::test]
async fn an_engine_that_comes_back_is_asked_again() {
    let mut clamd = TestClamd::start();
    clamd.kill();
    let app = TestApp::start().await;
    app.clamd(&clamd.address()).await;
    let eva = app.user("eva@example.org").await;
    let id = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    app.drain().await;
    assert_eq!(look(&eva, &id).await["state"], "checking");

    let _clamd = clamd.restart();
    let admin = app.administrator("root@example.org").await;
    let tested = admin
        .post_empty("/api/v1/admin/engines/clamd/self-test")
        .await
        .expect(200)
        .json();
    assert_eq!(tested["available"], true, "{tested:#}");
    app.pass(TimeDelta::minutes(2)).await;
    app.drain().await;
    assert_eq!(look(&eva, &id).await["state"], "delivered");
}

/// A local clamd that was seen once belongs to the installation: its death opens nothing.
#[tokio::test]
async fn a_local_clamd_is_adopted_for_good() {
    let mut clamd = TestClamd::start();
    let options = TestOptions {
        local_clamd: Some(clamd.socket()),
        ..TestOptions::default()
    };
    let app = TestApp::with(options).await;
    let eva = app.user("eva@example.org").await;
    let first = send(&eva, "bob@example.org", &[("a.txt", TestClamd::MALWARE)]).await;
    app.drain().await;
    assert_eq!(checks(&look(&eva, &first).await), ["blocked"]);

    clamd.kill();
    let second = send(&eva, "bob@example.org", &[("a.txt", TestClamd::MALWARE)]).await;
    app.drain().await;
    assert_eq!(checks(&look(&eva, &second).await), ["pending"]);
    let admin = app.administrator("root@example.org").await;
    let _ = admin
        .post_empty("/api/v1/admin/engines/clamd/self-test")
        .await
        .expect(200);
    let engines = admin.get("/api/v1/admin/engines").await.expect(200).json();
    let entry = engines["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == "clamd")
        .unwrap()
        .clone();
    assert_eq!(
        (&entry["enabled"], &entry["available"]),
        (&json!(true), &json!(false)),
        "{entry:#}"
    );
}

#[tokio::test]
async fn damaged_bytes_are_unscannable_and_an_alarm() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let content = vec![b'x'; 100_000];
    let id = send(&eva, "bob@example.org", &[("a.txt", &content)]).await;
    for blob in (0..=u8::MAX).flat_map(|shard| app.blobs.list(shard).unwrap()) {
        let stored = app.blobs.open(blob.blob, Area::Blob).unwrap();
        let mut byte = [0];
        stored.read_at(&mut byte, 50_000).unwrap();
        stored.write_at(&[byte[0] ^ 1], 50_000).unwrap();
    }
    app.drain().await;
    let seen = look(&eva, &id).await;
    assert_eq!(
        (&seen["state"], checks(&seen)),
        (&json!("withheld"), vec!["unscannable"])
    );
    let mut tx = app.app.db().read().await.unwrap();
    let filter = sofie_store::audit::Filter {
        event: Some("FILE_CORRUPTED".into()),
        ..Default::default()
    };
    let alarms = sofie_store::audit::list(&mut tx, &filter, None, 10)
        .await
        .unwrap();
    assert_eq!(alarms.items.len(), 1);

    // What nobody can read, nobody can release.
    let admin = app.administrator("root@example.org").await;
    let path = format!("/api/v1/admin/packages/{id}/release");
    admin
        .post(&path, json!({ "reason": "please" }))
        .await
        .expect_problem(409, "conflict");
}

/// Who waits for an engine that is away is in the queue, longest first, and an administrator need not wait with them.
#[tokio::test]
async fn checks_that_wait_are_listed_and_stopped() {
    let app = TestApp::start().await;
    app.clamd("unix:/nowhere/clamd").await;
    let eva = app.user("eva@example.org").await;
    let admin = app.administrator("root@example.org").await;
    let first = send(
        &eva,
        "bob@example.org",
        &[("a.txt", b"hello"), ("b.txt", &eicar())],
    )
    .await;
    app.drain().await;
    let second = send(&eva, "bob@example.org", &[("c.txt", b"hello")]).await;
    let queue = admin.get("/api/v1/admin/checks").await.expect(200).json();
    let items = queue["items"].as_array().unwrap();
    let ids: Vec<_> = items.iter().map(|one| &one["package"]["id"]).collect();
    assert_eq!(ids, [&json!(first), &json!(second)]);
    assert_eq!(
        (&items[0]["checked"], &items[1]["checked"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(items[0]["awaited"], json!(["clamd"]));
    assert!(
        items[0]["next_at"].is_string() && items[0]["deadline"].is_string(),
        "{queue:#}"
    );
    assert_eq!(items[1]["deadline"], json!(null), "nobody took it up yet");

    let stop = format!("/api/v1/admin/packages/{first}/stop-checks");
    let none = admin.post(&stop, json!({ "reason": "" })).await;
    none.expect_problem(422, "invalid");
    let reason = json!({ "reason": "clamd is being moved" });
    eva.post(&stop, reason.clone())
        .await
        .expect_problem(401, "unauthenticated");
    let _ = admin.post(&stop, reason.clone()).await.expect(200);
    admin
        .post(&stop, reason)
        .await
        .expect_problem(409, "conflict");
    app.drain().await;
    let seen = look(&eva, &first).await;
    let state = (&seen["state"], checks(&seen));
    assert_eq!(state, (&json!("withheld"), vec!["unscannable", "blocked"]));
    let verdicts = format!("/api/v1/admin/packages/{first}/verdicts");
    let rows = admin.get(&verdicts).await.expect(200).json();
    let rows = rows["files"][0]["verdicts"].as_array().unwrap().clone();
    let of = |engine: &str| {
        rows.iter()
            .find(|row| row["engine"] == engine)
            .unwrap()
            .clone()
    };
    assert_eq!(of("type")["outcome"], "clean", "what was said stays");
    let silent = (&of("clamd")["name"], &of("clamd")["detail"]);
    assert_eq!(
        silent,
        (&json!("checks-stopped"), &json!("clamd is being moved"))
    );
}

/// A worker that dies in the middle costs only its lease.
#[tokio::test]
async fn a_check_whose_worker_died_is_done_by_another() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let id = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    {
        let mut tx = app.app.db().read().await.unwrap();
        let lease = Duration::from_secs(30);
        let claimed = sofie_store::jobs::claim(&mut tx, "checks", "dead", lease, 10)
            .await
            .unwrap();
        assert_eq!(claimed.len(), 1);
    }
    app.pass(TimeDelta::seconds(31)).await;
    app.drain().await;
    assert_eq!(look(&eva, &id).await["state"], "delivered");
}

/// A package that kills every worker is not clean in the end, and does not kill them for ever.
#[tokio::test]
async fn a_check_that_always_ends_abruptly_is_given_up() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let id = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    let lease = Duration::from_secs(30);
    for _ in 0..19 {
        let mut tx = app.app.db().read().await.unwrap();
        let claimed = sofie_store::jobs::claim(&mut tx, "checks", "dying", lease, 10).await;
        assert_eq!(claimed.unwrap().len(), 1);
        drop(tx);
        app.pass(TimeDelta::seconds(31)).await;
    }
    app.drain().await;
    let seen = look(&eva, &id).await;
    let state = (&seen["state"], checks(&seen));
    assert_eq!(state, (&json!("withheld"), vec!["unscannable"]));
    assert!(
        found(&seen["files"][0], "type", "checks-gave-up"),
        "{seen:#}"
    );

    // An administrator who mended it starts afresh.
    let admin = app.administrator("root@example.org").await;
    let path = format!("/api/v1/admin/packages/{id}/recheck");
    let _ = admin.post_empty(&path).await.expect(200);
    app.drain().await;
    assert_eq!(look(&eva, &id).await["state"], "delivered");
}

/// Large files have a queue of their own, after the small ones of their package.
#[tokio::test]
async fn a_large_file_is_checked_in_its_own_queue() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let large = vec![0; (256 << 20) + 1];
    let id = send(
        &eva,
        "bob@example.org",
        &[("large.bin", &large), ("a.txt", b"hello")],
    )
    .await;
    app.drain().await;
    let seen = look(&eva, &id).await;
    assert_eq!(seen["state"], "delivered", "{seen:#}");
    let admin = app.administrator("root@example.org").await;
    let path = "/api/v1/admin/jobs?kind=check_large_package";
    let jobs = admin.get(path).await.expect(200).json();
    assert_eq!(jobs["items"].as_array().unwrap().len(), 1);
}

/// A package of many files is checked whole, in as many slices as it takes.
#[tokio::test]
async fn many_files_are_all_checked() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let names: Vec<String> = (0..60).map(|n| format!("{n}.txt")).collect();
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), name.as_bytes()))
        .collect();
    let id = send(&eva, "bob@example.org", &files).await;
    app.drain().await;
    let seen = look(&eva, &id).await;
    assert_eq!(seen["state"], "delivered");
    assert_eq!(seen["progress"]["checked_files"], 60);
}

/// Two workers check one package: the second began while the first ended the round. One report is enough.
#[tokio::test]
async fn the_end_of_a_round_is_reported_once() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    let mut first = app.app.db().begin().await.unwrap();
    first
        .run("select 1 from packages for update")
        .await
        .unwrap();
    let second = tokio::join!(app.drain(), async {
        app.blocked().await;
        first
            .run("update files set check_state = 'blocked', checked_at = now()")
            .await
            .unwrap();
        first.commit().await.unwrap();
    });
    let ((), ()) = second;
    let mut tx = app.app.db().read().await.unwrap();
    let reports = "select count(*) from audit where event = 'PACKAGE_QUARANTINED'";
    assert_eq!(tx.number(reports).await.unwrap(), 0, "the first reports");
    let open = "select count(*) from packages where checks_started_at is not null";
    assert_eq!(tx.number(open).await.unwrap(), 0);
}

/// A package that comes back from the recycle bin is not late because of the time it was there.
#[tokio::test]
async fn restored_checks_have_all_their_time() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let id = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    let mut tx = app.app.db().read().await.unwrap();
    tx.run("update packages set checks_started_at = submitted_at")
        .await
        .unwrap();
    let _ = eva
        .delete(&format!("/api/v1/packages/{id}"))
        .await
        .expect(204);
    app.advance(TimeDelta::days(5));
    let eva = app.user("eva@example.org").await;
    let path = format!("/api/v1/packages/{id}/restore");
    let _ = eva.post_empty(&path).await.expect(200);
    let started = "select extract(epoch from checks_started_at)::bigint from packages";
    let started = tx.number(started).await.unwrap();
    assert_eq!(started, app.app.now().timestamp());
    app.drain().await;
    assert_eq!(look(&eva, &id).await["state"], "delivered");
}

/// What is said of a file is written by one statement, in its order, and only while the file waits for it.
#[tokio::test]
async fn however_much_is_said_of_a_file_it_is_one_statement() {
    use sofie_domain::{EngineVerdict, FileCheck, Outcome};
    use sofie_store::{files, verdicts};
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let id = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    let package = id.parse().unwrap();
    let mut tx = app.app.db().read().await.unwrap();
    let mut file = files::of_package(&mut tx, package).await.unwrap().remove(0);
    let row = |n: usize| verdicts::Verdict {
        verdict: EngineVerdict {
            engine: "container".to_owned(),
            outcome: Outcome::Incomplete,
            excused: false,
        },
        exception: None,
        qualifier: None,
        name: format!("limit {n}"),
        object: Some(format!("member {n}")),
        detail: n.is_multiple_of(2).then(|| "words".to_owned()),
        engine_version: None,
        signature_version: Some("7".to_owned()),
        signature_at: Some(app.app.now()),
        started_at: app.app.now(),
        finished_at: app.app.now(),
        basis: (n == 1).then_some(sofie_store::known::Basis([7; 32])),
    };
    for (rows, check) in [(2, FileCheck::Pending), (300, FileCheck::Unscannable)] {
        file.check = check;
        let rows: Vec<_> = (0..rows).map(row).collect();
        let tried = verdicts::Tried {
            file: &file,
            round: 1,
            rows: &rows,
            objects: None,
            at: app.app.now(),
            entries: &[],
        };
        let before = app.app.db().round_trips();
        assert!(verdicts::record(&mut tx, &tried).await.unwrap());
        assert_eq!(app.app.db().round_trips() - before, 1);
        let stored = verdicts::of_package(&mut tx, package).await.unwrap();
        let stored: Vec<_> = stored.into_iter().map(|(_, row)| row).collect();
        assert_eq!(stored, rows);
        let settled = check != FileCheck::Pending;
        assert_eq!(verdicts::record(&mut tx, &tried).await.unwrap(), !settled);
    }
    assert_eq!(checks(&look(&eva, &id).await), ["unscannable"]);
}
