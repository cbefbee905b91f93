//! Encrypted content that is looked into with a password (DET-7).

use serde_json::{Value, json};
use sofie_test_support::{Client, TestApp};

use super::fixture::{checks, eicar, found, look, sealed_zip, zip_of_many};

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
