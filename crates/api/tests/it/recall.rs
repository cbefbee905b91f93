//! What was delivered and turns out to be dangerous (PKG-22, DET-19).

use chrono::TimeDelta;
use futures_util::StreamExt;
use http::Method;
use serde_json::json;
use sofie_app::schedule::{Task, run_task};
use sofie_test_support::{TestApp, TestClamd};

use super::fixture::{checks, fetch, look, mails, send};

/// Sets up a clamd that knows the test malware.
pub async fn with_clamd(app: &TestApp) -> TestClamd {
    let server = TestClamd::start();
    let root = app.administrator("root@example.org").await;
    let config = json!({ "addresses": [server.address()] });
    let body = json!({ "kind": "clamd", "enabled": true, "mandatory": true, "config": config });
    let _ = root.post("/api/v1/admin/engines", body).await.expect(201);
    server
}

async fn the_right_people_are_told(app: &TestApp) {
    let told = mails(app, "recalled_fetched").await;
    let to: Vec<_> = told.iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(to, ["bob@example.org"], "only who fetched it, once");
    assert!(told[0].1.contains("a.txt"), "{}", told[0].1);
    let mut lists = mails(app, "recalled").await;
    lists.sort();
    let to: Vec<_> = lists.iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(
        to,
        [
            "eva@example.org",
            "eva@example.org",
            "root@example.org",
            "root@example.org"
        ]
    );
    assert!(
        lists
            .iter()
            .any(|(_, text)| text.contains("bob@example.org"))
    );
    assert!(
        lists
            .iter()
            .any(|(_, text)| text.contains("Nobody had fetched it"))
    );
}

#[tokio::test]
async fn a_file_that_an_engine_finds_later_is_taken_back_and_who_fetched_it_is_told() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let bob = app.user("bob@example.org").await;
    let files: &[(&str, &[u8])] = &[("a.txt", TestClamd::MALWARE), ("b.txt", b"harmless")];
    let id = send(&eva, "bob@example.org", files).await;
    let other = send(&eva, "carol@example.net", &[("c.txt", TestClamd::MALWARE)]).await;
    app.drain().await;
    let file = look(&bob, &id).await["files"][0].clone();
    let _ = fetch(&bob, &id, &file).await.expect(200);
    run_task(&app.worker, Task::Rescan).await.unwrap();
    app.drain().await;
    assert_eq!(
        checks(&look(&eva, &id).await),
        ["clean", "clean"],
        "nothing is known of it"
    );

    app.advance(TimeDelta::minutes(1));
    let _server = with_clamd(&app).await;
    app.advance(TimeDelta::hours(2));
    for _ in 0..2 {
        run_task(&app.worker, Task::Rescan).await.unwrap();
        app.drain().await;
    }
    let bob = app.user("bob@example.org").await;
    let eva = app.user("eva@example.org").await;
    assert_eq!(checks(&look(&eva, &id).await), ["blocked", "clean"]);
    assert_eq!(checks(&look(&eva, &other).await), ["blocked"]);
    fetch(&bob, &id, &file)
        .await
        .expect_problem(403, "forbidden");
    let harmless = look(&bob, &id).await["files"][1].clone();
    let _ = fetch(&bob, &id, &harmless).await.expect(200);

    the_right_people_are_told(&app).await;
    let root = app.administrator("root@example.org").await;
    let path = "/api/v1/admin/audit?event=FILE_RECALLED";
    let entries = root.get(path).await.expect(200).json();
    let entries = entries["items"].as_array().unwrap();
    assert_eq!(entries.len(), 2);
    let first = entries
        .iter()
        .find(|entry| entry["data"]["package"] == json!(id))
        .unwrap();
    assert_eq!(first["data"]["fetched_by"], json!(["bob@example.org"]));
}

#[tokio::test]
async fn what_is_fetched_long_after_its_checks_is_looked_at_again() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let id = send(&eva, "bob@example.org", &[("a.txt", TestClamd::MALWARE)]).await;
    app.drain().await;
    let _server = with_clamd(&app).await;
    for (days, check) in [(6, "clean"), (2, "blocked")] {
        app.advance(TimeDelta::days(days));
        let bob = app.user("bob@example.org").await;
        let file = look(&bob, &id).await["files"][0].clone();
        let _ = fetch(&bob, &id, &file).await.expect(200);
        app.drain().await;
        assert_eq!(checks(&look(&bob, &id).await), [check], "{days} days later");
    }
}

#[tokio::test]
async fn a_word_of_an_administrator_stands_and_an_engine_that_is_away_takes_nothing_back() {
    let app = TestApp::start().await;
    let server = with_clamd(&app).await;
    let root = app.administrator("root@example.org").await;
    let eva = app.user("eva@example.org").await;
    let held = send(&eva, "bob@example.org", &[("a.txt", TestClamd::MALWARE)]).await;
    let fine = send(&eva, "bob@example.org", &[("b.txt", b"harmless")]).await;
    app.drain().await;
    let path = format!("/api/v1/admin/packages/{held}/release");
    let _ = root
        .post(&path, json!({ "reason": "agreed" }))
        .await
        .expect(200);
    drop(server);
    app.advance(TimeDelta::days(8));
    run_task(&app.worker, Task::Rescan).await.unwrap();
    app.drain().await;
    let eva = app.user("eva@example.org").await;
    assert_eq!(checks(&look(&eva, &held).await), ["released"]);
    assert_eq!(checks(&look(&eva, &fine).await), ["clean"]);
    assert!(mails(&app, "recalled").await.is_empty());
}

/// A rule that is made stricter is no danger: administrators learn of it, and decide.
#[tokio::test]
async fn a_stricter_rule_takes_nothing_back_by_itself() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let script: (&str, &[u8]) = ("run.sh", b"#!/bin/sh\necho hello\n");
    let id = send(&eva, "bob@example.org", &[script]).await;
    app.drain().await;
    app.set("checks.script", "quarantine").await;
    app.advance(TimeDelta::days(8));
    run_task(&app.worker, Task::Rescan).await.unwrap();
    app.drain().await;
    let eva = app.user("eva@example.org").await;
    assert_eq!(checks(&look(&eva, &id).await), ["flagged"]);
    assert!(mails(&app, "recalled").await.is_empty());
    let root = app.administrator("root@example.org").await;
    let path = "/api/v1/admin/audit?event=FILE_FORBIDDEN_LATER";
    let entries = root.get(path).await.expect(200).json();
    assert_eq!(entries["items"][0]["data"]["package"], json!(id));
    assert_eq!(entries["items"].as_array().unwrap().len(), 1);
}

/// Who is just fetching a file does not get the rest of it once it is taken back.
#[tokio::test]
async fn a_running_download_ends_when_its_file_is_taken_back() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let large = vec![b'x'; 24 << 20];
    let files: [(&str, &[u8]); 2] = [("a.txt", &large), ("b.txt", b"hello")];
    let id = send(&eva, "bob@example.org", &files).await;
    app.drain().await;
    let bob = app.user("bob@example.org").await;
    let file = look(&bob, &id).await["files"][0]["id"].clone();
    let file = format!(
        "/api/v1/packages/{id}/files/{}/content",
        file.as_str().unwrap()
    );
    let zip = format!("/api/v1/packages/{id}/zip");
    let mut running = Vec::new();
    for path in [&file, &zip] {
        let answer = bob.request(Method::GET, path).stream().await;
        let mut body = answer.into_body().into_data_stream();
        let first = body.next().await.unwrap().unwrap();
        running.push((body, first.len()));
    }
    // What becomes of other packages does not matter.
    let other = send(&eva, "bob@example.org", &[("c.txt", b"hello")]).await;
    app.drain().await;
    assert_eq!(checks(&look(&eva, &other).await), ["clean"]);
    for (body, got) in &mut running {
        *got += body.next().await.unwrap().unwrap().len();
    }
    let root = app.administrator("root@example.org").await;
    let recheck = format!("/api/v1/admin/packages/{id}/recheck");
    let _ = root.post_empty(&recheck).await.expect(200);
    for (mut body, mut got) in running {
        let mut broken = false;
        while let Some(chunk) = body.next().await {
            broken |= chunk.is_err();
            got += chunk.map_or(0, |chunk| chunk.len());
        }
        assert!(broken && got < large.len(), "{broken} {got}");
    }
}
