//! Passwords, reset links, name and language (ACC-2, ACC-4).

use chrono::TimeDelta;
use serde_json::json;
use sofie_test_support::{Client, PASSWORD, TestApp};

const NEW: &str = "marmot lantern gravel sixteen";

/// Returns the secret of the newest mailed link to a page.
pub async fn mailed_secret(app: &TestApp, to: &str, page: &str) -> Option<String> {
    app.drain().await;
    let root = app.administrator("outbox@example.org").await;
    let mails = root.get("/api/v1/admin/outbox").await.expect(200).json();
    for mail in mails["items"].as_array().unwrap() {
        if mail["to"] != to {
            continue;
        }
        let path = format!("/api/v1/admin/outbox/{}", mail["id"].as_str().unwrap());
        let mail = root.get(&path).await.expect(200).json();
        let text = mail["text"].as_str().unwrap();
        if let Some((_, rest)) = text.split_once(&format!("http://127.0.0.1:9090/{page}#")) {
            return rest.split_whitespace().next().map(str::to_owned);
        }
    }
    None
}

async fn can_log_in(app: &TestApp, password: &str) -> bool {
    app.advance(TimeDelta::minutes(2));
    let body = json!({ "email": "alice@example.org", "password": password });
    let answer = app.anonymous().post("/api/v1/session", body).await;
    answer.status == 200
}

async fn reset(client: &Client, secret: &str, password: &str) -> sofie_test_support::Answer {
    let body = json!({ "token": secret, "password": password });
    client.post("/api/v1/password/reset", body).await
}

#[tokio::test]
async fn a_password_is_changed_with_the_present_one() {
    let app = TestApp::start().await;
    let alice = app.user("alice@example.org").await;
    let elsewhere = app.user("alice@example.org").await;
    let change = async |current: &str, new: &str| {
        let body = json!({ "current": current, "new": new });
        alice.post("/api/v1/password", body).await
    };
    change("wrong horse battery staple", NEW)
        .await
        .expect_problem(403, "wrong_password");
    let before = alice.cookie("__Host-sofie-session");
    let _ = change(PASSWORD, NEW).await.expect(204);
    assert_ne!(alice.cookie("__Host-sofie-session"), before);
    let _ = alice.get("/api/v1/sessions").await.expect(200);
    elsewhere
        .get("/api/v1/sessions")
        .await
        .expect_problem(401, "unauthenticated");
    assert!(can_log_in(&app, NEW).await && !can_log_in(&app, PASSWORD).await);

    let program = app.token("alice@example.org").await;
    let body = json!({ "current": NEW, "new": PASSWORD });
    program
        .post("/api/v1/password", body)
        .await
        .expect_problem(403, "forbidden");
}

#[tokio::test]
async fn a_bad_password_is_refused_with_the_reason() {
    let app = TestApp::start().await;
    let alice = app.user("alice@example.org").await;
    let reason = async |new: &str| {
        app.advance(TimeDelta::minutes(1));
        let body = json!({ "current": PASSWORD, "new": new });
        let answer = alice
            .post("/api/v1/password", body)
            .await
            .expect(422)
            .json();
        assert_eq!(answer["errors"][0]["field"], "new");
        answer["errors"][0]["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(reason("fourteen chars").await, "too_short");
    assert_eq!(reason(&"long ".repeat(52)).await, "too_long");
    assert_eq!(reason("password123456789").await, "common_password");
    assert_eq!(
        reason("my own alice and her garden").await,
        "context_password"
    );
    assert_eq!(
        reason("the best of sofie packages").await,
        "context_password"
    );
}

#[tokio::test]
async fn a_forgotten_password_is_set_by_a_link_once() {
    let app = TestApp::start().await;
    let alice = app.user("alice@example.org").await;
    let forgot = json!({ "email": "alice@example.org" });
    let nobody = app.anonymous();
    let _ = nobody
        .post("/api/v1/password/forgot", forgot.clone())
        .await
        .expect(202);
    let secret = mailed_secret(&app, "alice@example.org", "reset")
        .await
        .unwrap();

    // A bad password does not use the link up; neither does any amount of looking.
    let answer = reset(&nobody, &secret, "short").await;
    answer.expect_problem(422, "invalid");
    let _ = reset(&nobody, &secret, NEW).await.expect(204);
    assert_eq!(
        nobody.cookie("__Host-sofie-session"),
        None,
        "a reset does not log in"
    );
    alice
        .get("/api/v1/sessions")
        .await
        .expect_problem(401, "unauthenticated");
    assert!(can_log_in(&app, NEW).await);
    reset(&nobody, &secret, PASSWORD)
        .await
        .expect_problem(404, "link_invalid");
    assert!(can_log_in(&app, NEW).await);
}

#[tokio::test]
async fn a_link_works_for_an_hour_and_only_the_newest() {
    let app = TestApp::start().await;
    app.user("alice@example.org").await;
    let nobody = app.anonymous();
    let forgot = json!({ "email": "alice@example.org" });
    let _ = nobody
        .post("/api/v1/password/forgot", forgot.clone())
        .await
        .expect(202);
    let first = mailed_secret(&app, "alice@example.org", "reset")
        .await
        .unwrap();
    app.advance(TimeDelta::minutes(5));
    let _ = nobody
        .post("/api/v1/password/forgot", forgot)
        .await
        .expect(202);
    let second = mailed_secret(&app, "alice@example.org", "reset")
        .await
        .unwrap();
    assert_ne!(first, second);
    reset(&nobody, &first, NEW)
        .await
        .expect_problem(404, "link_invalid");
    app.advance(TimeDelta::minutes(61));
    reset(&nobody, &second, NEW)
        .await
        .expect_problem(404, "link_invalid");
}

#[tokio::test]
async fn asking_for_a_link_tells_nothing() {
    let app = TestApp::start().await;
    app.user("alice@example.org").await;
    let ask = async |email: &str| {
        let answer = app
            .anonymous()
            .post("/api/v1/password/forgot", json!({ "email": email }))
            .await;
        (answer.status, answer.body)
    };
    let known = ask("alice@example.org").await;
    assert_eq!(known.0, 202);
    assert_eq!(known, ask("nobody@example.org").await);
    assert_eq!(known, ask("not an address").await);
    assert_eq!(
        mailed_secret(&app, "nobody@example.org", "reset").await,
        None
    );
    for _ in 0..4 {
        ask("nobody@example.org").await;
    }
    assert_eq!(ask("nobody@example.org").await.0, 429);
}

#[tokio::test]
async fn users_change_their_name_and_language() {
    let app = TestApp::start().await;
    let alice = app.user("alice@example.org").await;
    let body = json!({ "name": " Alice Nová ", "locale": "cs" });
    let session = alice.patch("/api/v1/me", body).await.expect(200).json();
    assert_eq!(session["user"]["name"], "Alice Nová");
    assert_eq!(session["user"]["locale"], "cs");
    let answer = alice
        .patch("/api/v1/me", json!({ "name": "", "locale": "xx" }))
        .await;
    let fields = answer.expect(422).json()["errors"].clone();
    assert_eq!(fields[0], json!({ "field": "name", "code": "required" }));
    assert_eq!(
        fields[1],
        json!({ "field": "locale", "code": "not_allowed" })
    );
    alice
        .patch("/api/v1/me", json!({ "email": "eve@example.org" }))
        .await
        .expect_problem(422, "invalid");
}

/// Nobody can fill somebody's mailbox, or learn that it is full.
#[tokio::test]
async fn links_are_mailed_sparingly() {
    let app = TestApp::start().await;
    app.user("alice@example.org").await;
    let ask = async |number: u8| {
        let asker = app.anonymous().from_address([198, 51, 100, number]);
        let forgot = json!({ "email": "alice@example.org" });
        let _ = asker
            .post("/api/v1/password/forgot", forgot)
            .await
            .expect(202);
        app.drain().await;
    };
    let mails = async || {
        let root = app.administrator("root@example.org").await;
        let mails = root.get("/api/v1/admin/outbox").await.expect(200).json();
        mails["items"].as_array().unwrap().len()
    };
    for number in 0..7 {
        ask(number).await;
    }
    assert_eq!(mails().await, 5);
    app.advance(TimeDelta::minutes(60));
    ask(7).await;
    assert_eq!(mails().await, 6);
}
