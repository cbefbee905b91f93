//! Sensitive acts need the password anew (ASVS 5.0 V7.5), and the owner of the account is told of them (V6.3.7).

use chrono::TimeDelta;
use serde_json::{Value, json};
use sofie_test_support::{Answer, Client, PASSWORD, TestApp};

use crate::account::mailed_secret;

const COOKIE: &str = "__Host-sofie-session";
const ADMINISTRATOR: &str = "__Host-sofie-admin";
const NEW: &str = "marmot lantern gravel sixteen";

async fn confirm(client: &Client, door: &str, password: &str) -> Answer {
    let path = format!("/api/v1{door}/session/confirm");
    client.post(&path, json!({ "password": password })).await
}

async fn make_token(client: &Client) -> Answer {
    client
        .post("/api/v1/tokens", json!({ "name": "backup" }))
        .await
}

/// The mails of a kind to an address, with their words.
async fn mails(app: &TestApp, to: &str, kind: &str) -> Vec<Value> {
    let root = app.administrator("outbox@example.org").await;
    let listed = root.get("/api/v1/admin/outbox").await.expect(200).json();
    let mut found = Vec::new();
    for mail in listed["items"].as_array().unwrap() {
        if mail["to"] == to && mail["kind"] == kind {
            let path = format!("/api/v1/admin/outbox/{}", mail["id"].as_str().unwrap());
            found.push(root.get(&path).await.expect(200).json());
        }
    }
    found
}

async fn audited(app: &TestApp, event: &str) -> usize {
    let root = app.administrator("audit@example.org").await;
    let path = format!("/api/v1/admin/audit?event={event}");
    let log = root.get(&path).await.expect(200).json();
    log["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_token_is_made_only_with_a_fresh_proof() {
    let app = TestApp::start().await;
    let alice = app.user("alice@example.org").await;
    let _ = make_token(&alice).await.expect(201);
    app.advance(TimeDelta::minutes(5));
    make_token(&alice)
        .await
        .expect_problem(403, "reauthentication_required");

    let before = alice.cookie(COOKIE).unwrap();
    confirm(&alice, "", "wrong horse battery staple")
        .await
        .expect_problem(403, "wrong_password");
    assert_eq!(alice.cookie(COOKIE).unwrap(), before);
    let answer = confirm(&alice, "", PASSWORD).await.expect(204);
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    let _ = make_token(&alice).await.expect(201);

    // The proof is worth nothing to whoever has the cookie from before it.
    let thief = app.anonymous();
    thief.set_cookie(COOKIE, &before);
    make_token(&thief)
        .await
        .expect_problem(401, "unauthenticated");
    assert_eq!(audited(&app, "PASSWORD_WRONG").await, 1);
    assert_eq!(audited(&app, "SESSION_CONFIRMED").await, 1);

    app.set("sessions.confirm_minutes", 60).await;
    app.advance(TimeDelta::minutes(29));
    let _ = alice.get("/api/v1/tokens").await.expect(200);
    app.advance(TimeDelta::minutes(29));
    let _ = make_token(&alice).await.expect(201);
}

#[tokio::test]
async fn a_proof_prolongs_no_session() {
    let app = TestApp::start().await;
    let alice = app.user("alice@example.org").await;
    for _ in 0..35 {
        app.advance(TimeDelta::minutes(20));
        let _ = confirm(&alice, "", PASSWORD).await.expect(204);
    }
    let listed = alice.get("/api/v1/sessions").await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    app.advance(TimeDelta::minutes(21));
    confirm(&alice, "", PASSWORD)
        .await
        .expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn proofs_are_guessed_at_sparingly() {
    let app = TestApp::start().await;
    let alice = app.user("alice@example.org").await;
    for _ in 0..5 {
        confirm(&alice, "", "guess")
            .await
            .expect_problem(403, "wrong_password");
    }
    confirm(&alice, "", PASSWORD)
        .await
        .expect_problem(429, "rate_limited");
    // The other way to try passwords in a session counts to the same limit.
    let body = json!({ "current": PASSWORD, "new": NEW });
    alice
        .post("/api/v1/password", body)
        .await
        .expect_problem(429, "rate_limited");
    let mut wrong = 5;
    for _ in 0..10 {
        app.advance(TimeDelta::minutes(1));
        for _ in 0..5 {
            wrong += usize::from(confirm(&alice, "", "guess").await.status == 403);
        }
    }
    assert!(wrong <= 20, "{wrong} guesses in ten minutes");
    app.advance(TimeDelta::minutes(25));
    let _ = alice.get("/api/v1/sessions").await.expect(200);
    app.advance(TimeDelta::minutes(25));
    let _ = confirm(&alice, "", PASSWORD).await.expect(204);
}

#[tokio::test]
async fn nobody_else_proves_anything() {
    let app = TestApp::start().await;
    let program = app.token("alice@example.org").await;
    confirm(&program, "", PASSWORD)
        .await
        .expect_problem(403, "forbidden");
    make_token(&program).await.expect_problem(403, "forbidden");
    let sessions = app.user("alice@example.org").await;
    let listed = sessions.get("/api/v1/sessions").await.expect(200).json();
    let path = format!(
        "/api/v1/sessions/{}",
        listed["items"][0]["id"].as_str().unwrap()
    );
    program.delete(&path).await.expect_problem(403, "forbidden");
    confirm(&app.anonymous(), "", PASSWORD)
        .await
        .expect_problem(401, "unauthenticated");
    confirm(&sessions, "/admin", PASSWORD)
        .await
        .expect_problem(401, "unauthenticated");
}

/// What an administrator does that is sensitive, against things that need not exist.
async fn sensitive(root: &Client, number: usize) -> Vec<(&'static str, Answer)> {
    let nobody = "01940000-0000-7000-8000-000000000000";
    let account =
        json!({ "email": format!("new{number}@example.org"), "name": "New", "password": PASSWORD });
    let (users, administrators) = ("/api/v1/admin/users", "/api/v1/admin/administrators");
    let release = format!("/api/v1/admin/packages/{nobody}/release");
    let settings = json!({ "values": { "instance.name": format!("Acme {number}") } });
    vec![
        ("make user", root.post(users, account.clone()).await),
        (
            "make administrator",
            root.post(administrators, account).await,
        ),
        (
            "rights",
            root.patch(&format!("{users}/{nobody}"), json!({ "permissions": [] }))
                .await,
        ),
        (
            "let in again",
            root.patch(&format!("{users}/{nobody}"), json!({ "state": "active" }))
                .await,
        ),
        (
            "administrator's rights",
            root.patch(
                &format!("{administrators}/{nobody}"),
                json!({ "permissions": [] }),
            )
            .await,
        ),
        (
            "reset",
            root.post_empty(&format!("{users}/{nobody}/reset")).await,
        ),
        (
            "settings",
            root.patch("/api/v1/admin/settings", settings).await,
        ),
        (
            "release",
            root.post(&release, json!({ "reason": "seen" })).await,
        ),
        (
            "end session",
            root.delete(&format!("/api/v1/admin/sessions/{nobody}"))
                .await,
        ),
    ]
}

#[tokio::test]
async fn administrators_prove_themselves_before_sensitive_acts() {
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    let refused = |answer: &Answer| {
        answer.status == 403 && answer.json()["code"] == "reauthentication_required"
    };
    for (act, answer) in sensitive(&root, 1).await {
        assert!(!refused(&answer), "{act} right after the log-in");
    }
    app.advance(TimeDelta::minutes(6));
    for (act, answer) in sensitive(&root, 2).await {
        assert!(refused(&answer), "{act}: {}", answer.status);
    }
    // What may be urgent is not held up.
    let path = "/api/v1/admin/users/01940000-0000-7000-8000-000000000000";
    root.patch(path, json!({ "state": "disabled" }))
        .await
        .expect_problem(404, "not_found");
    let before = root.cookie(ADMINISTRATOR).unwrap();
    let _ = confirm(&root, "/admin", PASSWORD).await.expect(204);
    assert_ne!(root.cookie(ADMINISTRATOR).unwrap(), before);
    for (act, answer) in sensitive(&root, 3).await {
        assert!(!refused(&answer), "{act} after the proof");
    }
}

/// As long as no server takes mails, an administrator can read a link that lets into somebody's account.
#[tokio::test]
async fn a_held_link_is_read_only_with_a_fresh_proof() {
    let app = TestApp::start().await;
    app.user("alice@example.org").await;
    let forgot = json!({ "email": "alice@example.org" });
    let _ = app
        .anonymous()
        .post("/api/v1/password/forgot", forgot)
        .await
        .expect(202);
    app.drain().await;
    let root = app.administrator("root@example.org").await;
    let listed = root.get("/api/v1/admin/outbox").await.expect(200).json();
    let path = format!(
        "/api/v1/admin/outbox/{}",
        listed["items"][0]["id"].as_str().unwrap()
    );
    let _ = root.get(&path).await.expect(200);
    app.advance(TimeDelta::minutes(6));
    root.get(&path)
        .await
        .expect_problem(403, "reauthentication_required");
}

#[tokio::test]
async fn administrators_see_and_end_their_own_sessions() {
    let app = TestApp::start().await;
    let first = app.administrator("root@example.org").await;
    app.advance(TimeDelta::minutes(1));
    let second = app.administrator("root@example.org").await;
    let other = app.administrator("other@example.org").await;
    let listed = second
        .get("/api/v1/admin/sessions")
        .await
        .expect(200)
        .json();
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(
        (&items[0]["current"], &items[1]["current"]),
        (&json!(true), &json!(false))
    );
    let path = format!(
        "/api/v1/admin/sessions/{}",
        items[1]["id"].as_str().unwrap()
    );
    other.delete(&path).await.expect_problem(404, "not_found");
    let _ = second.delete(&path).await.expect(204);
    first
        .get("/api/v1/admin/sessions")
        .await
        .expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn the_owner_is_told_of_a_new_password_and_a_new_token() {
    let app = TestApp::start().await;
    let alice = app.user("alice@example.org").await;
    let _ = alice
        .patch("/api/v1/me", json!({ "locale": "cs" }))
        .await
        .expect(200);
    let _ = make_token(&alice).await.expect(201);
    let told = mails(&app, "alice@example.org", "token_created").await;
    assert_eq!(told.len(), 1);
    let text = told[0]["text"].as_str().unwrap();
    assert!(
        text.contains("token API „backup“") && text.contains("192.0.2.1"),
        "{text}"
    );
    assert!(!text.contains("sofie_pat_"));

    let change = json!({ "current": PASSWORD, "new": NEW });
    let _ = alice
        .post("/api/v1/password", change.clone())
        .await
        .expect(204);
    let told = mails(&app, "alice@example.org", "password_changed").await;
    assert_eq!(told.len(), 1);
    assert!(
        told[0]["subject"]
            .as_str()
            .unwrap()
            .contains("bylo změněno")
    );

    let root = app.administrator("root@example.org").await;
    let _ = root
        .post("/api/v1/admin/password", change)
        .await
        .expect(204);
    assert_eq!(
        mails(&app, "root@example.org", "password_changed")
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn the_owner_is_told_of_a_reset_and_the_first_log_in_after_it() {
    let app = TestApp::start().await;
    app.user("alice@example.org").await;
    let root = app.administrator("root@example.org").await;
    let users = root.get("/api/v1/admin/users").await.expect(200).json();
    let id = users["items"][0]["id"].as_str().unwrap();
    let _ = root
        .post_empty(&format!("/api/v1/admin/users/{id}/reset"))
        .await
        .expect(202);
    let secret = mailed_secret(&app, "alice@example.org", "reset").await;
    let browser = app.anonymous();
    let body = json!({ "token": secret.unwrap(), "password": NEW });
    let _ = browser
        .post("/api/v1/password/reset", body)
        .await
        .expect(204);
    assert_eq!(
        mails(&app, "alice@example.org", "password_changed")
            .await
            .len(),
        1
    );
    assert_eq!(
        mails(&app, "alice@example.org", "first_login").await.len(),
        0
    );
    let log_in = json!({ "email": "alice@example.org", "password": NEW });
    for _ in 0..2 {
        let _ = browser
            .post("/api/v1/session", log_in.clone())
            .await
            .expect(200);
    }
    assert_eq!(
        mails(&app, "alice@example.org", "first_login").await.len(),
        1
    );
}
