//! People at the door of a package or a request, and what they must not get.

use chrono::TimeDelta;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use sofie_app::schedule::{Task, run_task};
use sofie_test_support::{Client, TestApp};

async fn made(client: &Client, body: Value) -> String {
    let answer = client.post("/api/v1/packages", body).await.expect(201);
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn put(client: &Client, package: &str, name: &str) {
    let path = format!("/api/v1/packages/{package}/files/{name}");
    let request = client.request(Method::PUT, &path);
    let request = request.bytes("application/octet-stream", b"hello".as_slice());
    let _ = request.send().await.expect(201);
}

async fn send(client: &Client, package: &str) -> sofie_test_support::Answer {
    client
        .post_empty(&format!("/api/v1/packages/{package}/send"))
        .await
}

/// Asks for files and opens the link in a new browser.
async fn asked(app: &TestApp, user: &Client) -> (String, Client) {
    let ask = json!({"email": "carol@example.net", "send_mail": false});
    let request = user.post("/api/v1/requests", ask).await.expect(201).json();
    let secret = request["link"].as_str().unwrap().split_once('#').unwrap().1;
    let guest = app.anonymous();
    let open = json!({ "secret": secret });
    let _ = guest.post("/api/v1/links/open", open).await.expect(200);
    (request["id"].as_str().unwrap().to_owned(), guest)
}

#[tokio::test]
async fn a_request_that_was_taken_back_gets_no_answer() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let (request, guest) = asked(&app, &eva).await;
    let package = made(&guest, json!({ "request_id": request })).await;
    put(&guest, &package, "a.txt").await;
    let _ = eva
        .delete(&format!("/api/v1/requests/{request}"))
        .await
        .expect(204);
    send(&guest, &package)
        .await
        .expect_problem(404, "link_invalid");
}

#[tokio::test]
async fn a_request_is_answered_once() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let (request, guest) = asked(&app, &eva).await;
    let answer = json!({ "request_id": request });
    let package = made(&guest, answer.clone()).await;
    put(&guest, &package, "a.txt").await;
    let _ = send(&guest, &package).await.expect(200);
    let late = guest.post("/api/v1/packages", answer).await;
    late.expect_problem(404, "link_invalid");
}

#[tokio::test]
async fn a_recipient_learns_nothing_of_what_has_no_verdict() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let bob = app.user("bob@example.org").await;
    let package = made(
        &eva,
        json!({"title": "Plans", "recipients": ["bob@example.org"]}),
    )
    .await;
    put(&eva, &package, "a.txt").await;
    let visit = format!("/api/v1/visits/{package}");
    bob.get(&visit).await.expect_problem(404, "not_found");
    let _ = send(&eva, &package).await.expect(200);
    bob.get(&visit).await.expect_problem(404, "not_found");
    app.drain().await;
    assert_eq!(bob.get(&visit).await.expect(200).json()["step"], "ready");
}

#[tokio::test]
async fn strangers_cannot_tell_a_withdrawn_package_from_none() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let mallory = app.user("mallory@example.org").await;
    let package = made(&eva, json!({"recipients": ["bob@example.org"]})).await;
    let zip = format!("/api/v1/packages/{package}/zip");
    mallory.get(&zip).await.expect_problem(404, "not_found");
    put(&eva, &package, "a.txt").await;
    let _ = send(&eva, &package).await.expect(200);
    let _ = eva
        .delete(&format!("/api/v1/packages/{package}"))
        .await
        .expect(204);
    let visit = format!("/api/v1/visits/{package}");
    mallory.get(&visit).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn guesses_at_the_door_do_not_use_the_database_up() {
    let app = TestApp::start().await;
    let crowd = app.anonymous();
    let tries = (0..60).map(|_| {
        let path = format!("/api/v1/visits/{}/password", uuid::Uuid::now_v7());
        let crowd = &crowd;
        async move { crowd.post(&path, json!({"password": "guess"})).await }
    });
    for answer in join_all(tries).await {
        answer.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_draft_lives_as_long_as_files_come() {
    let app = TestApp::start().await;
    let eva = app.token("eva@example.org").await;
    let package = made(&eva, json!({"recipients": ["bob@example.org"]})).await;
    app.advance(TimeDelta::hours(20));
    put(&eva, &package, "a.txt").await;
    app.advance(TimeDelta::hours(20));
    run_task(&app.worker, Task::ReapUnfinished).await.unwrap();
    let path = format!("/api/v1/packages/{package}");
    assert_eq!(eva.get(&path).await.expect(200).json()["life"], "uploading");
    app.advance(TimeDelta::hours(5));
    run_task(&app.worker, Task::ReapUnfinished).await.unwrap();
    eva.get(&path).await.expect_problem(404, "not_found");
}

/// A program remembers at the door what it proved, as a browser does.
#[tokio::test]
async fn a_token_passes_a_password() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let bob = app.token("bob@example.org").await;
    let body = json!({"recipients": ["bob@example.org"], "password": "crimson otter lamp"});
    let package = made(&eva, body).await;
    put(&eva, &package, "a.txt").await;
    let _ = send(&eva, &package).await.expect(200);
    app.drain().await;
    let visit = format!("/api/v1/visits/{package}");
    assert_eq!(bob.get(&visit).await.expect(200).json()["step"], "password");
    let password = json!({"password": "crimson otter lamp"});
    let passed = bob.post(&format!("{visit}/password"), password).await;
    assert_eq!(passed.expect(200).json()["step"], "ready");
    assert_eq!(bob.get(&visit).await.expect(200).json()["step"], "ready");
    let session = bob.get("/api/v1/session").await.expect(200).json();
    assert_eq!(session["user"]["email"], "bob@example.org");
}

/// Nobody has us fill a stranger's mailbox.
#[tokio::test]
async fn reminders_and_requests_are_limited() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let package = made(&eva, json!({"recipients": ["carol@example.net"]})).await;
    put(&eva, &package, "a.txt").await;
    let _ = send(&eva, &package).await.expect(200);
    app.drain().await;
    let path = format!("/api/v1/packages/{package}");
    let seen = eva.get(&path).await.expect(200).json();
    let recipient = json!({ "recipient_id": seen["recipients"][0]["id"] });
    let remind = async || eva.post(&format!("{path}/notify"), recipient.clone()).await;
    for _ in 0..5 {
        assert!(remind().await.status.is_success());
    }
    remind().await.expect_problem(429, "rate_limited");

    let ask = json!({"email": "carol@example.net", "send_mail": false});
    for _ in 0..60 {
        let _ = eva.post("/api/v1/requests", ask.clone()).await.expect(201);
    }
    let late = eva.post("/api/v1/requests", ask.clone()).await;
    late.expect_problem(429, "rate_limited");
    let other = app.user("bob@example.org").await;
    let _ = other.post("/api/v1/requests", ask).await.expect(201);
}
