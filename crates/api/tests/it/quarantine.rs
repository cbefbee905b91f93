//! What administrators decide (DET-25).

use chrono::TimeDelta;
use serde_json::{Value, json};
use sofie_domain::AdministratorPermission;
use sofie_test_support::{Client, TestApp};

use super::fixture::{checks, eicar, fetch, inbox, look, send};

/// Sends a package of two test files, and releases the first.
async fn partly_released(app: &TestApp, eva: &Client, admin: &Client) -> (String, Value) {
    let files: [(&str, &[u8]); 2] = [("a.txt", &eicar()), ("b.txt", &eicar())];
    let id = send(eva, "bob@example.org", &files).await;
    app.drain().await;
    let seen = look(eva, &id).await;
    assert_eq!(seen["state"], "withheld");
    let release = format!("/api/v1/admin/packages/{id}/release");
    let none = admin.post(&release, json!({ "reason": " " })).await;
    none.expect_problem(422, "invalid");
    let body = json!({ "reason": "our own test file", "file_ids": [seen["files"][0]["id"]] });
    let after = admin.post(&release, body.clone()).await.expect(200).json();
    let again = admin.post(&release, body).await;
    again.expect_problem(409, "conflict");
    (id, after)
}

#[tokio::test]
async fn a_held_package_is_released_with_a_reason_that_stays() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let bob = app.user("bob@example.org").await;
    let admin = app.administrator("root@example.org").await;
    let (id, after) = partly_released(&app, &eva, &admin).await;
    let state = (&after["state"], checks(&after));
    let expected = (&json!("partly_delivered"), vec!["released", "blocked"]);
    assert_eq!(state, expected);
    let path = "/api/v1/admin/packages?view=quarantined";
    let listed = admin.get(path).await.expect(200).json();
    assert_eq!(listed["items"][0]["id"], json!(id), "a part is still held");

    assert_eq!(inbox(&bob).await, std::slice::from_ref(&id));
    let there = look(&bob, &id).await;
    let released = &there["files"][0]["released"];
    assert_eq!(released["reason"], "our own test file");
    assert_eq!(released["by"], "root@example.org");
    let let_go = fetch(&bob, &id, &there["files"][0]).await;
    assert_eq!(let_go.expect(200).body, eicar());
    let held = fetch(&bob, &id, &there["files"][1]).await;
    assert!(held.status.is_client_error());
}

/// A new round overrules a release; the verdicts of the first one stay.
#[tokio::test]
async fn a_recheck_closes_a_package_until_it_is_over() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let bob = app.user("bob@example.org").await;
    let admin = app.administrator("root@example.org").await;
    let (id, before) = partly_released(&app, &eva, &admin).await;
    let path = format!("/api/v1/admin/packages/{id}");
    let recheck = format!("{path}/recheck");
    let begun = admin.post_empty(&recheck).await.expect(200).json();
    let state = (&begun["life"], checks(&begun));
    assert_eq!(state, (&json!("submitted"), vec!["pending", "pending"]));
    let twice = admin.post_empty(&recheck).await;
    twice.expect_problem(409, "conflict");
    let closed = fetch(&bob, &id, &before["files"][0]).await;
    assert!(closed.status.is_client_error());

    app.drain().await;
    assert_eq!(checks(&look(&eva, &id).await), ["blocked", "blocked"]);
    let verdicts = admin.get(&format!("{path}/verdicts")).await;
    let verdicts = verdicts.expect(200).json();
    let rows = verdicts["files"][0]["verdicts"].as_array().unwrap();
    let infected = rows.iter().filter(|row| row["outcome"] == "infected");
    assert_eq!(infected.count(), 2);
}

#[tokio::test]
async fn a_rejected_package_is_gone_and_its_sender_told() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let id = send(&eva, "bob@example.org", &[("a.txt", &eicar())]).await;
    let clean = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    app.drain().await;
    let admin = app.administrator("root@example.org").await;
    let reject = |id: &str| format!("/api/v1/admin/packages/{id}/reject");
    let reason = json!({ "reason": "not with us" });
    admin
        .post(&reject(&clean), reason.clone())
        .await
        .expect_problem(409, "conflict");
    let after = admin.post(&reject(&id), reason).await.expect(200).json();
    assert_eq!(after["life"], "deleted");
    app.drain().await;
    let mails = admin.get("/api/v1/admin/outbox").await.expect(200).json();
    let told = mails["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|mail| mail["kind"] == "rejected")
        .unwrap()
        .clone();
    assert_eq!(told["to"], "eva@example.org");
    let mail = admin
        .get(&format!(
            "/api/v1/admin/outbox/{}",
            told["id"].as_str().unwrap()
        ))
        .await
        .expect(200)
        .json();
    assert!(mail["text"].as_str().unwrap().contains("not with us"));
    let _ = eva
        .post_empty(&format!("/api/v1/packages/{id}/restore"))
        .await
        .expect(409);

    let _ = admin
        .delete(&format!("/api/v1/admin/packages/{clean}"))
        .await
        .expect(204);
    assert_eq!(
        admin
            .get(&format!("/api/v1/admin/packages/{clean}"))
            .await
            .expect(200)
            .json()["life"],
        "deleted"
    );
}

#[tokio::test]
async fn deciding_needs_the_permission() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let id = send(&eva, "bob@example.org", &[("a.txt", &eicar())]).await;
    app.drain().await;
    let looker = app
        .administrator_who_may("look@example.org", &[AdministratorPermission::Packages])
        .await;
    let path = format!("/api/v1/admin/packages/{id}");
    let _ = looker.get(&path).await.expect(200);
    let reason = json!({ "reason": "x" });
    for act in ["release", "reject"] {
        looker
            .post(&format!("{path}/{act}"), reason.clone())
            .await
            .expect_problem(403, "forbidden");
    }
    looker
        .post_empty(&format!("{path}/recheck"))
        .await
        .expect_problem(403, "forbidden");
    for other in ["/api/v1/admin/engines", "/api/v1/admin/jobs"] {
        looker.get(other).await.expect_problem(403, "forbidden");
        eva.get(other).await.expect_problem(401, "unauthenticated");
    }
    eva.get(&path).await.expect_problem(401, "unauthenticated");
    assert_eq!(checks(&look(&eva, &id).await), ["blocked"]);
}

/// Sends the first notice of the outbox again and returns what became of it.
async fn notice(app: &TestApp, again: bool) -> Value {
    let admin = app.administrator("root@example.org").await;
    let mails = admin.get("/api/v1/admin/outbox").await.expect(200).json();
    let items = mails["items"].as_array().unwrap();
    let mail = items
        .iter()
        .find(|mail| mail["kind"] == "package_received")
        .unwrap();
    let path = format!("/api/v1/admin/outbox/{}", mail["id"].as_str().unwrap());
    if again {
        let _ = admin.post_empty(&format!("{path}/retry")).await;
        app.drain().await;
    }
    admin.get(&path).await.expect(200).json()
}

/// A notice in the outbox says what is still so, or nothing.
#[tokio::test]
async fn a_notice_waits_for_a_recheck_and_goes_with_its_package() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let _ = app.user("bob@example.org").await;
    let id = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    app.drain().await;
    assert_eq!(
        notice(&app, false).await["state"],
        "held",
        "no server is set"
    );
    app.clamd("unix:/nowhere/clamd").await;
    let admin = app.administrator("root@example.org").await;
    let path = format!("/api/v1/admin/packages/{id}");
    let _ = admin
        .post_empty(&format!("{path}/recheck"))
        .await
        .expect(200);
    assert_eq!(notice(&app, true).await["state"], "queued");
    let _ = eva
        .delete(&format!("/api/v1/packages/{id}"))
        .await
        .expect(204);
    app.pass(TimeDelta::minutes(1)).await;
    app.drain().await;
    let dropped = notice(&app, false).await;
    let why = (&dropped["state"], &dropped["last_error"]);
    assert_eq!(why, (&json!("failed"), &json!("the package was withdrawn")));
}

#[tokio::test]
async fn nothing_is_delivered_after_its_time() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let files: [(&str, &[u8]); 2] = [("a.txt", b"hello"), ("b.txt", &eicar())];
    let id = send(&eva, "bob@example.org", &files).await;
    app.drain().await;
    let path = format!("/api/v1/admin/packages/{id}");
    let admin = app.administrator("root@example.org").await;
    let _ = admin
        .post_empty(&format!("{path}/recheck"))
        .await
        .expect(200);
    app.advance(TimeDelta::days(31));
    app.drain().await;
    let admin = app.administrator("root@example.org").await;
    assert_eq!(
        admin.get(&path).await.expect(200).json()["life"],
        "submitted"
    );
    let release = json!({ "reason": "our own test file" });
    let release = admin.post(&format!("{path}/release"), release).await;
    release.expect_problem(409, "conflict");
}
