//! API tokens (ACC-16).

use chrono::TimeDelta;
use serde_json::json;
use sofie_test_support::TestApp;

#[tokio::test]
async fn a_token_acts_for_its_user_until_it_is_revoked() {
    let app = TestApp::start().await;
    let alice = app.user("alice@example.org").await;
    let made = alice
        .post("/api/v1/tokens", json!({ "name": "backup" }))
        .await
        .expect(201)
        .json();
    let secret = made["token"].as_str().unwrap();
    assert!(secret.starts_with("sofie_pat_"));
    let program = app.anonymous().with_token(secret);
    let _ = program.get("/api/v1/tokens").await.expect(200);

    let listed = alice.get("/api/v1/tokens").await.expect(200);
    assert!(!String::from_utf8_lossy(&listed.body).contains(secret));
    assert_eq!(listed.json()["items"][0]["name"], "backup");
    assert!(listed.json()["items"][0]["last_used_at"].is_string());

    // A token makes no tokens, so that stealing one is not stealing for ever.
    program
        .post("/api/v1/tokens", json!({ "name": "more" }))
        .await
        .expect_problem(403, "forbidden");
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    let eve = app.user("eve@example.org").await;
    eve.delete(&path).await.expect_problem(404, "not_found");
    let _ = alice.delete(&path).await.expect(204);
    program
        .get("/api/v1/session")
        .await
        .expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_token_ends_in_time_and_with_the_right_to_it() {
    let app = TestApp::start().await;
    let alice = app.user("alice@example.org").await;
    let body = json!({ "name": "week", "expires_in_days": 7 });
    let made = alice.post("/api/v1/tokens", body).await.expect(201).json();
    let program = app.anonymous().with_token(made["token"].as_str().unwrap());
    app.advance(TimeDelta::days(6));
    let _ = program.get("/api/v1/tokens").await.expect(200);
    app.advance(TimeDelta::days(1));
    program
        .get("/api/v1/tokens")
        .await
        .expect_problem(401, "unauthenticated");

    let lasting = app.token("alice@example.org").await;
    let root = app.administrator("root@example.org").await;
    let users = root.get("/api/v1/admin/users").await.expect(200).json();
    let path = format!(
        "/api/v1/admin/users/{}",
        users["items"][0]["id"].as_str().unwrap()
    );
    let _ = root
        .patch(&path, json!({ "permissions": ["send_private"] }))
        .await
        .expect(200);
    lasting
        .get("/api/v1/session")
        .await
        .expect_problem(401, "unauthenticated");
    let alice = app.user("alice@example.org").await;
    alice
        .post("/api/v1/tokens", json!({ "name": "x" }))
        .await
        .expect_problem(403, "forbidden");
}

#[tokio::test]
async fn bad_tokens_are_refused_everywhere() {
    let app = TestApp::start().await;
    for token in [
        "",
        "sofie_pat_",
        "sofie_pat_AAAA",
        "sofie_ses_x",
        "' or 1=1 --",
    ] {
        let program = app.anonymous().with_token(token);
        program
            .get("/api/v1/session")
            .await
            .expect_problem(401, "unauthenticated");
    }
    let alice = app.user("alice@example.org").await;
    for (days, code) in [(0, "too_small"), (4000, "too_large")] {
        let body = json!({ "name": "x", "expires_in_days": days });
        let answer = alice.post("/api/v1/tokens", body).await.expect(422).json();
        assert_eq!(answer["errors"][0]["code"], code);
    }
}
