//! Encrypted content that is looked into with a password (DET-7).

use serde_json::{Value, json};
use sofie_test_support::{Client, TestApp};

use super::fixture::{checks, eicar, found, look, mails, sealed_zip, send, zip_of_many};

const PASSWORD: &str = "correct-Horse7";

/// Sends a locked archive with a note and returns the package.
async fn sent(app: &TestApp, from: &Client, content: &[u8], note: &str) -> (String, Value) {
    let body = json!({ "title": "Locked", "note": note, "recipients": ["bob@example.org"] });
    let draft = from.post("/api/v1/packages", body).await.expect(201).json();
    let id = draft["id"].as_str().unwrap().to_owned();
    let archive = sealed_zip("a.txt", content, PASSWORD);
    let path = format!("/api/v1/packages/{id}/files/a.zip");
    let put = from.request(http::Method::PUT, &path);
    let _ = put
        .bytes("application/zip", archive)
        .send()
        .await
        .expect(201);
    let _ = from
        .post_empty(&format!("/api/v1/packages/{id}/send"))
        .await
        .expect(200);
    app.drain().await;
    (id.clone(), look(from, &id).await)
}

fn state(package: &Value) -> (&str, Vec<&str>, bool) {
    let locked = package["files"][0]["locked"].as_bool().unwrap();
    (package["state"].as_str().unwrap(), checks(package), locked)
}

const HELD: (&str, &[&str], bool) = ("withheld", &["unscannable"], true);
const PASSED: (&str, &[&str], bool) = ("delivered", &["flagged"], false);

#[track_caller]
fn assert_state(package: &Value, expected: (&str, &[&str], bool)) {
    let (word, checks, locked) = state(package);
    assert_eq!((word, checks.as_slice(), locked), expected, "{package:#}");
}

#[tokio::test]
async fn a_password_in_the_note_is_tried_and_what_it_opens_is_judged() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let (_, seen) = sent(
        &app,
        &eva,
        b"hello",
        "Hello,\nthe password is correct-Horse7.\nEva",
    )
    .await;
    assert_state(&seen, PASSED);
    assert!(found(
        &seen["files"][0],
        "encrypted",
        "opened-with-password"
    ));
    let (_, seen) = sent(&app, &eva, &eicar(), "password: correct-Horse7").await;
    assert_state(&seen, ("withheld", &["blocked"], false));
    let (_, seen) = sent(&app, &eva, b"hello", "I tell you on the phone.").await;
    assert_state(&seen, HELD);

    app.set("checks.opened", "quarantine").await;
    let (_, seen) = sent(&app, &eva, b"hello", "password: correct-Horse7").await;
    assert_eq!(state(&seen).0, "withheld", "a rule of its own");
}

#[tokio::test]
async fn the_sender_is_asked_and_the_real_verdict_follows() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let (id, seen) = sent(&app, &eva, b"hello", "").await;
    assert_state(&seen, HELD);
    let unlock = format!("/api/v1/packages/{id}/unlock");
    for (password, expected) in [("wrong", HELD), (PASSWORD, PASSED)] {
        let body = json!({ "password": password });
        let answer = eva.post(&unlock, body).await.expect(202).json();
        assert_eq!(answer["state"], "checking");
        app.tasks().await;
        app.drain().await;
        assert_state(&look(&eva, &id).await, expected);
    }
    let again = eva.post(&unlock, json!({ "password": PASSWORD })).await;
    again.expect_problem(409, "conflict");

    let (id, _) = sent(&app, &eva, &eicar(), "").await;
    let file = look(&eva, &id).await["files"][0]["id"].clone();
    let body = json!({ "password": PASSWORD, "file_id": file });
    let _ = eva
        .post(&format!("/api/v1/packages/{id}/unlock"), body)
        .await
        .expect(202);
    app.tasks().await;
    app.drain().await;
    assert_state(&look(&eva, &id).await, ("withheld", &["blocked"], false));
}

/// However many objects there are: more than are kept do not make a locked one plain.
#[tokio::test]
async fn a_locked_member_behind_thousands_is_not_clean() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let sealed = sealed_zip("a.txt", b"hello", PASSWORD);
    let archive = zip_of_many(2100, &sealed);
    let body = json!({ "title": "Many", "note": "password: correct-Horse7", "recipients": ["bob@example.org"] });
    let draft = eva.post("/api/v1/packages", body).await.expect(201).json();
    let id = draft["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/packages/{id}/files/a.zip");
    let put = eva.request(http::Method::PUT, &path);
    let _ = put
        .bytes("application/zip", archive)
        .send()
        .await
        .expect(201);
    let _ = eva
        .post_empty(&format!("/api/v1/packages/{id}/send"))
        .await
        .expect(200);
    app.drain().await;
    assert_state(&look(&eva, &id).await, PASSED);
}

/// A process that dies with the password leaves the package to the others, which hold it as before.
#[tokio::test]
async fn a_password_that_is_lost_is_asked_for_again() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let (id, _) = sent(&app, &eva, b"hello", "").await;
    // A process that stops begins nothing any more.
    app.app.parts().tasks.close();
    let unlock = format!("/api/v1/packages/{id}/unlock");
    let body = json!({ "password": PASSWORD });
    let _ = eva.post(&unlock, body).await.expect(202);
    app.drain().await;
    assert_eq!(
        look(&eva, &id).await["state"],
        "checking",
        "nobody is too early"
    );
    app.pass(chrono::TimeDelta::minutes(11)).await;
    app.drain().await;
    assert_state(&look(&eva, &id).await, HELD);
}

/// By a setting; and what they see before the first delivery is nothing that the sender wrote.
#[tokio::test]
async fn recipients_are_asked_too_if_they_may_be() {
    let app = TestApp::start().await;
    app.set("checks.recipients_unlock", true).await;
    let (eva, bob) = (
        app.user("eva@example.org").await,
        app.user("bob@example.org").await,
    );
    let (id, _) = sent(&app, &eva, b"hello", "").await;
    let asked = mails(&app, "locked").await;
    assert_eq!(
        asked.iter().map(|mail| &*mail.0).collect::<Vec<_>>(),
        ["bob@example.org"]
    );
    assert!(
        !asked[0].1.contains("Locked") && !asked[0].1.contains("a.zip"),
        "{}",
        asked[0].1
    );

    let seen = look(&bob, &id).await;
    assert_eq!(seen["can"]["unlock"], true);
    assert_eq!((&seen["title"], &seen["files"]), (&json!(""), &json!([])));
    let unlock = format!("/api/v1/packages/{id}/unlock");
    for (password, state) in [("wrong", "withheld"), (PASSWORD, "delivered")] {
        let _ = bob
            .post(&unlock, json!({ "password": password }))
            .await
            .expect(202);
        app.tasks().await;
        app.drain().await;
        assert_eq!(look(&bob, &id).await["state"], state);
    }
    assert_eq!(mails(&app, "locked").await.len(), 1, "once");
    assert_eq!(look(&bob, &id).await["can"]["unlock"], false);

    let eve = app.user("eve@example.org").await;
    let (id, _) = sent(&app, &eva, b"hello", "").await;
    let unlock = format!("/api/v1/packages/{id}/unlock");
    let body = json!({ "password": PASSWORD });
    eve.post(&unlock, body.clone())
        .await
        .expect_problem(404, "not_found");
    app.set("checks.recipients_unlock", false).await;
    bob.post(&unlock, body)
        .await
        .expect_problem(404, "not_found");
    bob.get(&format!("/api/v1/packages/{id}"))
        .await
        .expect_problem(404, "not_found");
}

/// Danger is the administrators' affair: nobody is asked for a password that would change nothing.
#[tokio::test]
async fn recipients_are_not_asked_for_what_else_is_held() {
    let app = TestApp::start().await;
    app.set("checks.recipients_unlock", true).await;
    let eva = app.user("eva@example.org").await;
    let archive = sealed_zip("a.txt", b"hello", PASSWORD);
    let files: &[(&str, &[u8])] = &[("a.zip", &archive), ("b.com", &eicar())];
    let _ = send(&eva, "bob@example.org", files).await;
    app.drain().await;
    assert!(mails(&app, "locked").await.is_empty());
}

#[tokio::test]
async fn only_who_sent_it_is_asked_and_not_for_ever() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let bob = app.user("bob@example.org").await;
    let (id, _) = sent(&app, &eva, b"hello", "").await;
    let unlock = format!("/api/v1/packages/{id}/unlock");
    let body = json!({ "password": "guess" });
    bob.post(&unlock, body.clone())
        .await
        .expect_problem(404, "not_found");
    for password in [String::new(), "x".repeat(201)] {
        let answer = eva.post(&unlock, json!({ "password": password })).await;
        answer.expect_problem(422, "invalid");
    }
    for _ in 0..10 {
        let _ = eva.post(&unlock, body.clone()).await.expect(202);
        app.tasks().await;
        app.drain().await;
    }
    eva.post(&unlock, body)
        .await
        .expect_problem(429, "rate_limited");
}
