//! What was delivered and turns out to be dangerous (PKG-22, DET-19).

use chrono::TimeDelta;
use serde_json::json;
use sofie_app::schedule::{Task, run_task};
use sofie_test_support::{TestApp, TestClamd};

use super::fixture::{checks, fetch, look, mails, send};

/// Sets up a clamd that knows the test malware.
async fn with_clamd(app: &TestApp) -> TestClamd {
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
    run_task(&app.app, Task::Rescan).await.unwrap();
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
        run_task(&app.app, Task::Rescan).await.unwrap();
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
    run_task(&app.app, Task::Rescan).await.unwrap();
    app.drain().await;
    let eva = app.user("eva@example.org").await;
    assert_eq!(checks(&look(&eva, &held).await), ["released"]);
    assert_eq!(checks(&look(&eva, &fine).await), ["clean"]);
    assert!(mails(&app, "recalled").await.is_empty());
}
