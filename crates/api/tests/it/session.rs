//! Log-in and the life of sessions (ACC-3).

use chrono::TimeDelta;
use http::Method;
use serde_json::json;
use sofie_app::schedule::{Task, run_task};
use sofie_test_support::{Answer, Client, PASSWORD, TestApp};

const COOKIE: &str = "__Host-sofie-session";

async fn log_in(client: &Client, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    client.post("/api/v1/session", body).await
}

async fn is_logged_in(client: &Client) -> bool {
    let session = client.get("/api/v1/session").await.expect(200).json();
    session["user"].is_object()
}

#[tokio::test]
async fn everybody_learns_who_they_are() {
    let app = TestApp::start().await;
    let nobody = app.anonymous().get("/api/v1/session").await.expect(200);
    assert!(nobody.json()["user"].is_null());
    assert_eq!(nobody.json()["instance"]["setup_required"], true);

    let alice = app.user("alice@example.org").await;
    let session = alice.get("/api/v1/session").await.expect(200).json();
    assert_eq!(session["user"]["email"], "alice@example.org");
    assert_eq!(session["can"]["send_public"], true);

    let program = app.token("alice@example.org").await;
    let session = program.get("/api/v1/session").await.expect(200).json();
    assert_eq!(session["user"]["email"], "alice@example.org");

    let visitor = app.visitor().await;
    let session = visitor.get("/api/v1/session").await.expect(200).json();
    assert!(session["user"].is_null() && session["visitor"].is_object());
}

#[tokio::test]
async fn log_in_sets_a_cookie_that_scripts_and_other_sites_never_see() {
    let app = TestApp::start().await;
    app.user("alice@example.org").await;
    let browser = app.anonymous();
    let answer = log_in(&browser, "Alice@Example.org", PASSWORD)
        .await
        .expect(200);
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with(&format!("{COOKIE}=")), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    assert!(cookie.len() < 512, "{} bytes", cookie.len());
    let value = browser.cookie(COOKIE).unwrap();
    assert!(!String::from_utf8_lossy(&answer.body).contains(&value));

    let answer = browser.delete("/api/v1/session").await.expect(204);
    assert!(answer.header("clear-site-data").contains("storage"));
    assert_eq!(browser.cookie(COOKIE), None);
    // The stolen cookie is worth nothing after log-out.
    browser.set_cookie(COOKIE, &value);
    assert!(!is_logged_in(&browser).await);
}

#[tokio::test]
async fn a_session_ends_idle_and_at_its_end() {
    let app = TestApp::start().await;
    let idle = app.user("alice@example.org").await;
    app.advance(TimeDelta::minutes(29));
    assert!(is_logged_in(&idle).await);
    app.advance(TimeDelta::minutes(31));
    assert!(!is_logged_in(&idle).await);

    let busy = app.user("alice@example.org").await;
    for _ in 0..35 {
        app.advance(TimeDelta::minutes(20));
        assert!(is_logged_in(&busy).await);
    }
    app.advance(TimeDelta::minutes(21));
    assert!(!is_logged_in(&busy).await, "twelve hours are over");
}

#[tokio::test]
async fn a_changed_cookie_is_nobody() {
    let app = TestApp::start().await;
    let alice = app.user("alice@example.org").await;
    let cookie = alice.cookie(COOKIE).unwrap();
    let admin = app.administrator("root@example.org").await;
    let other_kind = admin.cookie("__Host-sofie-admin").unwrap();
    for at in (0..cookie.len()).step_by(7) {
        let mut bytes = cookie.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        if changed != cookie {
            alice.set_cookie(COOKIE, &changed);
            assert!(!is_logged_in(&alice).await, "byte {at}");
        }
    }
    alice.set_cookie(COOKIE, &other_kind);
    assert!(!is_logged_in(&alice).await);
    alice.set_cookie("__Host-sofie-admin", &cookie);
    alice
        .get("/api/v1/admin/users")
        .await
        .expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn log_in_begins_a_new_session_and_ends_the_old_one() {
    let app = TestApp::start().await;
    let browser = app.user("alice@example.org").await;
    let old = browser.cookie(COOKIE).unwrap();
    let _ = log_in(&browser, "alice@example.org", PASSWORD)
        .await
        .expect(200);
    assert_ne!(browser.cookie(COOKIE).unwrap(), old);
    let thief = app.anonymous();
    thief.set_cookie(COOKIE, &old);
    assert!(!is_logged_in(&thief).await);
}

#[tokio::test]
async fn the_eleventh_session_ends_the_first() {
    let app = TestApp::start().await;
    let first = app.user("alice@example.org").await;
    let _ = first.delete("/api/v1/session").await.expect(204);
    let mut browsers = Vec::new();
    for number in 0..11 {
        app.advance(TimeDelta::minutes(1));
        let browser = app.anonymous().from_address([198, 51, 100, number]);
        let _ = log_in(&browser, "alice@example.org", PASSWORD)
            .await
            .expect(200);
        browsers.push(browser);
    }
    assert!(!is_logged_in(&browsers[0]).await);
    assert!(is_logged_in(&browsers[1]).await);

    let listed = browsers[10]
        .get("/api/v1/sessions")
        .await
        .expect(200)
        .json();
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 10);
    assert_eq!(items[0]["current"], true);
    assert_eq!(items[9]["ip"], "198.51.100.1");
    let path = format!("/api/v1/sessions/{}", items[9]["id"].as_str().unwrap());
    let other = app.user("eve@example.org").await;
    other.delete(&path).await.expect_problem(404, "not_found");
    let _ = browsers[10].delete(&path).await.expect(204);
    assert!(!is_logged_in(&browsers[1]).await);
}

#[tokio::test]
async fn a_stranger_learns_nothing_from_a_failed_log_in() {
    let app = TestApp::start().await;
    app.user("alice@example.org").await;
    let problem = async |email: &str| {
        let answer = log_in(&app.anonymous(), email, "wrong horse battery staple").await;
        let mut body = answer.expect(401).json();
        body["request_id"].take();
        body
    };
    let known = problem("alice@example.org").await;
    assert_eq!(known["code"], "wrong_credentials");
    assert_eq!(known, problem("nobody@example.org").await);
    assert_eq!(known, problem("not an address").await);
}

#[tokio::test]
async fn tries_are_limited_per_account_and_address() {
    let app = TestApp::start().await;
    app.user("alice@example.org").await;
    let guesser = app.anonymous();
    for _ in 0..5 {
        log_in(&guesser, "alice@example.org", "guess")
            .await
            .expect_problem(401, "wrong_credentials");
    }
    let answer = log_in(&guesser, "alice@example.org", PASSWORD).await;
    answer.expect_problem(429, "rate_limited");
    assert_eq!(answer.header("retry-after"), "60");
    // Alice herself, elsewhere, is not shut out by it.
    let alice = app.anonymous().from_address([203, 0, 113, 9]);
    let _ = log_in(&alice, "alice@example.org", PASSWORD)
        .await
        .expect(200);
    app.advance(TimeDelta::seconds(61));
    let _ = log_in(&guesser, "alice@example.org", PASSWORD)
        .await
        .expect(200);

    let root = app.administrator("root@example.org").await;
    let log = root
        .get("/api/v1/admin/audit?event=RATE_LIMITED")
        .await
        .expect(200)
        .json();
    assert_eq!(log["items"].as_array().unwrap().len(), 1);
    let log = root
        .get("/api/v1/admin/audit?event=USER_LOGIN_FAILED")
        .await
        .expect(200)
        .json();
    assert_eq!(log["items"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn one_address_can_not_try_all_accounts() {
    let app = TestApp::start().await;
    let guesser = app.anonymous();
    let mut refused = 0;
    for number in 0..40 {
        let answer = log_in(&guesser, &format!("user{number}@example.org"), "guess").await;
        refused += usize::from(answer.status == 429);
    }
    assert_eq!(refused, 10);
}

#[tokio::test]
async fn a_preset_cookie_is_not_kept() {
    let app = TestApp::start().await;
    app.user("alice@example.org").await;
    let browser = app.anonymous();
    browser.set_cookie(COOKIE, "attacker-chose-this");
    let _ = log_in(&browser, "alice@example.org", PASSWORD)
        .await
        .expect(200);
    assert_ne!(browser.cookie(COOKIE).unwrap(), "attacker-chose-this");
}

#[tokio::test]
async fn reading_writes_the_use_of_a_session_at_most_once_a_minute() {
    let app = TestApp::start().await;
    let alice = app.user("alice@example.org").await;
    let seen = async || {
        let listed = alice.get("/api/v1/sessions").await.expect(200).json();
        listed["items"][0]["last_seen_at"].clone()
    };
    let first = seen().await;
    app.advance(TimeDelta::seconds(59));
    assert_eq!(seen().await, first);
    app.advance(TimeDelta::seconds(1));
    assert_ne!(seen().await, first);
    let _ = alice
        .request(Method::HEAD, "/api/v1/session")
        .send()
        .await
        .expect(200);
}

/// Guesses from many addresses at one account end too.
#[tokio::test]
async fn tries_are_limited_per_account_everywhere() {
    let app = TestApp::start().await;
    app.user("alice@example.org").await;
    let from = |number: u8| app.anonymous().from_address([198, 51, 100, number]);
    for number in 0..100 {
        log_in(&from(number), "alice@example.org", "guess")
            .await
            .expect_problem(401, "wrong_credentials");
    }
    let late = log_in(&from(100), "alice@example.org", PASSWORD).await;
    late.expect_problem(429, "rate_limited");
    app.advance(TimeDelta::minutes(60));
    let _ = log_in(&from(100), "alice@example.org", PASSWORD)
        .await
        .expect(200);
}

/// The name of the key that signed a browser's cookie.
fn signed_by(browser: &Client) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let cookie = browser.cookie(COOKIE).unwrap();
    let header = URL_SAFE_NO_PAD.decode(cookie.split('.').next().unwrap());
    let header: serde_json::Value = serde_json::from_slice(&header.unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_new_key_signs_after_a_month_and_logs_nobody_out() {
    let app = TestApp::start().await;
    app.set("sessions.user_idle_minutes", 1440).await;
    let rotate = async || run_task(&app.worker, Task::RotateKeys).await.unwrap();
    app.advance(TimeDelta::days(30) - TimeDelta::hours(1));
    rotate().await;
    let before = app.user("alice@example.org").await;
    app.advance(TimeDelta::hours(2));
    rotate().await;
    rotate().await;
    app.advance(TimeDelta::minutes(1));
    let after = app.user("alice@example.org").await;
    assert_ne!(signed_by(&before), signed_by(&after));
    assert!(is_logged_in(&before).await && is_logged_in(&after).await);

    // A cookie under the old name but another key, or the new name over the old signature, is nobody's.
    let (old, new) = (
        before.cookie(COOKIE).unwrap(),
        after.cookie(COOKIE).unwrap(),
    );
    let part = |cookie: &str, at: usize| cookie.split('.').nth(at).unwrap().to_owned();
    let mixed = [part(&new, 0), part(&old, 1), part(&old, 2)].join(".");
    let thief = app.anonymous();
    thief.set_cookie(COOKIE, &mixed);
    assert!(!is_logged_in(&thief).await);

    // Only what the key before signed, and only while a session of it can live.
    let keys = async || {
        let mut tx = app.app.db().read().await.unwrap();
        let keys = sofie_store::instance::signing_keys(&mut tx).await.unwrap();
        keys.into_iter().map(|key| key.kid).collect::<Vec<_>>()
    };
    assert_eq!(keys().await, [signed_by(&after), signed_by(&before)]);
    app.advance(TimeDelta::days(7));
    rotate().await;
    assert_eq!(keys().await.len(), 2);
    app.advance(TimeDelta::hours(2));
    rotate().await;
    assert_eq!(keys().await, [signed_by(&after)]);
    let root = app.administrator("root@example.org").await;
    let log = root
        .get("/api/v1/admin/audit?event=SIGNING_KEY_CREATED")
        .await
        .expect(200)
        .json();
    assert_eq!(log["items"].as_array().unwrap().len(), 1);
}
