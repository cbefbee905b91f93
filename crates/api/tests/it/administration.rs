//! Users, administrators, settings and the audit log (ACC-1, ACC-14).

use chrono::TimeDelta;
use serde_json::{Value, json};
use sofie_domain::AdministratorPermission;
use sofie_test_support::{Client, PASSWORD, TestApp};

use crate::account::mailed_secret;

async fn user_path(root: &Client, email: &str) -> String {
    let found = root
        .get(&format!("/api/v1/admin/users?q={email}"))
        .await
        .expect(200)
        .json();
    format!(
        "/api/v1/admin/users/{}",
        found["items"][0]["id"].as_str().unwrap()
    )
}

#[tokio::test]
async fn an_invited_user_sets_the_first_password() {
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    let body = json!({ "email": "Bob@Example.org", "name": "Bob" });
    let bob = root
        .post("/api/v1/admin/users", body.clone())
        .await
        .expect(201)
        .json();
    assert_eq!(bob["state"], "invited");
    assert_eq!(bob["email"], "bob@example.org");
    let again = root
        .post("/api/v1/admin/users", body)
        .await
        .expect(422)
        .json();
    assert_eq!(
        again["errors"][0],
        json!({ "field": "email", "code": "duplicate" })
    );

    let secret = mailed_secret(&app, "bob@example.org", "welcome")
        .await
        .unwrap();
    app.advance(TimeDelta::hours(23));
    let reset = json!({ "token": secret, "password": PASSWORD });
    let browser = app.anonymous();
    let _ = browser
        .post("/api/v1/password/reset", reset.clone())
        .await
        .expect(204);
    browser
        .post("/api/v1/password/reset", reset)
        .await
        .expect_problem(404, "link_invalid");
    let log_in = json!({ "email": "bob@example.org", "password": PASSWORD });
    let _ = browser.post("/api/v1/session", log_in).await.expect(200);
    let root = app.administrator("root@example.org").await;
    let bob = root
        .get("/api/v1/admin/users?q=bob")
        .await
        .expect(200)
        .json();
    assert_eq!(bob["items"][0]["state"], "active");
}

#[tokio::test]
async fn disabling_a_user_acts_at_once() {
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    let (alice, program) = (
        app.user("alice@example.org").await,
        app.token("alice@example.org").await,
    );
    let path = user_path(&root, "alice").await;
    let _ = root
        .patch(&path, json!({ "state": "disabled" }))
        .await
        .expect(200);
    alice
        .get("/api/v1/sessions")
        .await
        .expect_problem(401, "unauthenticated");
    program
        .get("/api/v1/sessions")
        .await
        .expect_problem(401, "unauthenticated");
    let log_in = json!({ "email": "alice@example.org", "password": PASSWORD });
    let answer = app
        .anonymous()
        .post("/api/v1/session", log_in.clone())
        .await;
    answer.expect_problem(401, "wrong_credentials");
    let forgot = json!({ "email": "alice@example.org" });
    let _ = app
        .anonymous()
        .post("/api/v1/password/forgot", forgot)
        .await
        .expect(202);
    assert_eq!(
        mailed_secret(&app, "alice@example.org", "reset").await,
        None
    );

    let back = root
        .patch(&path, json!({ "state": "active" }))
        .await
        .expect(200)
        .json();
    assert_eq!(back["state"], "active");
    alice
        .get("/api/v1/sessions")
        .await
        .expect_problem(401, "unauthenticated");
    let _ = app
        .anonymous()
        .post("/api/v1/session", log_in)
        .await
        .expect(200);
}

#[tokio::test]
async fn administrators_end_sessions_and_mail_links() {
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    let alice = app.user("alice@example.org").await;
    let path = user_path(&root, "alice").await;
    let _ = root.delete(&format!("{path}/sessions")).await.expect(204);
    alice
        .get("/api/v1/sessions")
        .await
        .expect_problem(401, "unauthenticated");
    let _ = root.post_empty(&format!("{path}/reset")).await.expect(202);
    assert!(
        mailed_secret(&app, "alice@example.org", "reset")
            .await
            .is_some()
    );
    let nobody = "/api/v1/admin/users/00000000-0000-0000-0000-000000000000/reset";
    root.post_empty(nobody)
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn users_are_listed_in_pages() {
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    for number in 0..5 {
        app.advance(TimeDelta::seconds(1));
        app.user(&format!("user{number}@example.org")).await;
    }
    let mut seen: Vec<String> = Vec::new();
    let mut path = "/api/v1/admin/users?limit=2".to_owned();
    loop {
        let page = root.get(&path).await.expect(200).json();
        let emails = page["items"].as_array().unwrap().iter();
        seen.extend(emails.map(|user| user["email"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/admin/users?limit=2&cursor={cursor}");
    }
    assert_eq!(
        seen,
        ["user4", "user3", "user2", "user1", "user0"].map(|u| format!("{u}@example.org"))
    );
}

#[tokio::test]
async fn duties_are_kept_apart() {
    let app = TestApp::start().await;
    let may = |list: &'static [AdministratorPermission]| {
        app.administrator_who_may("one@example.org", list)
    };
    let one = may(&[AdministratorPermission::Logs]).await;
    let _ = one.get("/api/v1/admin/audit").await.expect(200);
    for path in ["users", "administrators", "settings"] {
        one.get(&format!("/api/v1/admin/{path}"))
            .await
            .expect_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn somebody_stays_who_manages_administrators() {
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    let listed = root
        .get("/api/v1/admin/administrators")
        .await
        .expect(200)
        .json();
    let own = format!(
        "/api/v1/admin/administrators/{}",
        listed["items"][0]["id"].as_str().unwrap()
    );
    root.patch(&own, json!({ "state": "disabled" }))
        .await
        .expect_problem(409, "conflict");
    root.patch(&own, json!({ "permissions": ["logs"] }))
        .await
        .expect_problem(409, "conflict");

    let second = json!({ "email": "two@example.org", "name": "Two", "password": PASSWORD });
    let made = root
        .post("/api/v1/admin/administrators", second)
        .await
        .expect(201)
        .json();
    assert!(
        !made["permissions"]
            .as_array()
            .unwrap()
            .contains(&json!("contents"))
    );
    let two = app.administrator("two@example.org").await;
    let _ = two
        .patch(&own, json!({ "state": "disabled" }))
        .await
        .expect(200);
    root.get("/api/v1/admin/administrators")
        .await
        .expect_problem(401, "unauthenticated");
}

fn value<'a>(settings: &'a Value, key: &str) -> &'a Value {
    let items = settings["items"].as_array().unwrap();
    items.iter().find(|item| item["key"] == key).unwrap()
}

#[tokio::test]
async fn settings_change_together_or_not_at_all() {
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    let patch = async |values: Value| {
        root.patch("/api/v1/admin/settings", json!({ "values": values }))
            .await
    };
    let answer = patch(json!({
        "instance.name": "Acme",
        "packages.max_files": 0,
        "instance.first_screen": "circus",
        "mail.from": "nobody",
        "instance.base_url": "javascript:alert(1)",
        "no.such": 1
    }))
    .await
    .expect(422);
    let errors = answer.json()["errors"].clone();
    assert_eq!(errors.as_array().unwrap().len(), 5, "{errors}");
    assert!(
        errors
            .as_array()
            .unwrap()
            .contains(&json!({ "field": "packages.max_files", "code": "too_small" }))
    );
    let listed = root.get("/api/v1/admin/settings").await.expect(200).json();
    assert_eq!(value(&listed, "instance.name")["value"], "SOFiE");

    let listed = patch(json!({ "instance.name": "Acme", "packages.public": false }))
        .await
        .expect(200)
        .json();
    assert_eq!(value(&listed, "instance.name")["changed"], true);
    let session = app
        .anonymous()
        .get("/api/v1/session")
        .await
        .expect(200)
        .json();
    assert_eq!(session["instance"]["name"], "Acme");
    assert_eq!(session["instance"]["types"], json!(["private", "internal"]));
    let answer = patch(json!({ "packages.default_type": "public" }))
        .await
        .expect(422)
        .json();
    assert_eq!(answer["errors"][0]["field"], "packages.default_type");

    let listed = patch(json!({ "instance.name": null }))
        .await
        .expect(200)
        .json();
    assert_eq!(value(&listed, "instance.name")["value"], "SOFiE");
    assert_eq!(value(&listed, "instance.name")["changed"], false);
}

#[tokio::test]
async fn a_secret_setting_is_never_shown_nor_logged() {
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    let values =
        json!({ "values": { "mail.smtp_password": "hunter2-marker", "mail.smtp_port": 25 } });
    let answer = root
        .patch("/api/v1/admin/settings", values)
        .await
        .expect(200);
    assert!(!String::from_utf8_lossy(&answer.body).contains("hunter2-marker"));
    assert_eq!(value(&answer.json(), "mail.smtp_password")["value"], "set");
    let settings = app.app.settings().await.unwrap();
    assert_eq!(settings.text("mail.smtp_password"), "hunter2-marker");

    let log = root
        .get("/api/v1/admin/audit?event=SETTINGS_CHANGED")
        .await
        .expect(200);
    assert!(!String::from_utf8_lossy(&log.body).contains("hunter2-marker"));
    let entry = &log.json()["items"][0];
    assert_eq!(
        entry["actor"],
        json!({ "kind": "administrator", "label": "root@example.org" })
    );
    assert_eq!(
        entry["data"]["changes"],
        json!([
            { "key": "mail.smtp_password" },
            { "key": "mail.smtp_port", "before": 587, "after": 25 }
        ])
    );
    let values = json!({ "values": { "mail.smtp_password": "" } });
    let answer = root
        .patch("/api/v1/admin/settings", values)
        .await
        .expect(200);
    assert!(value(&answer.json(), "mail.smtp_password")["value"].is_null());
}

#[tokio::test]
async fn an_administrator_logs_in_and_out_and_changes_the_password() {
    let app = TestApp::start().await;
    app.administrator("root@example.org").await;
    let browser = app.anonymous();
    let body = json!({ "email": "root@example.org", "password": PASSWORD });
    browser
        .post("/api/v1/session", body.clone())
        .await
        .expect_problem(401, "wrong_credentials");
    let _ = browser
        .post("/api/v1/admin/session", body)
        .await
        .expect(200);
    assert!(browser.cookie("__Host-sofie-admin").is_some());
    // The two kinds of accounts never mix.
    let session = browser.get("/api/v1/session").await.expect(200).json();
    assert!(session["user"].is_null());

    let change = json!({ "current": PASSWORD, "new": "marmot lantern gravel sixteen" });
    let _ = browser
        .post("/api/v1/admin/password", change)
        .await
        .expect(204);
    let _ = browser.get("/api/v1/admin/users").await.expect(200);
    app.advance(TimeDelta::minutes(16));
    browser
        .get("/api/v1/admin/users")
        .await
        .expect_problem(401, "unauthenticated");
    let _ = browser.delete("/api/v1/admin/session").await.expect(204);
    assert_eq!(browser.cookie("__Host-sofie-admin"), None);
}

/// Whoever may read the outbox must not be able to take over accounts by it.
#[tokio::test]
async fn mails_with_secrets_are_kept_back() {
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
    let logs = app
        .administrator_who_may("logs@example.org", &[AdministratorPermission::Logs])
        .await;
    let mails = root.get("/api/v1/admin/outbox").await.expect(200).json();
    let path = format!(
        "/api/v1/admin/outbox/{}",
        mails["items"][0]["id"].as_str().unwrap()
    );
    let read = async |who: &Client| who.get(&path).await.expect(200).json();
    let readings = async || {
        let log = root
            .get("/api/v1/admin/audit?event=MAIL_READ")
            .await
            .expect(200)
            .json();
        log["items"].as_array().unwrap().len()
    };

    let held = read(&logs).await;
    assert_eq!(
        (&held["kind"], &held["state"]),
        (&json!("password_reset"), &json!("held"))
    );
    assert_eq!(held["hidden"], true);
    assert_eq!((&held["text"], &held["html"]), (&json!(""), &json!("")));
    assert_eq!(readings().await, 0);
    let held = read(&root).await;
    assert_eq!(held["hidden"], false);
    assert!(held["text"].as_str().unwrap().contains("/reset#"));
    assert_eq!(readings().await, 1);

    // As soon as a server may deliver it, nobody else needs it.
    let _ = root.post_empty(&format!("{path}/retry")).await.expect(202);
    let queued = read(&root).await;
    assert_eq!(
        (&queued["hidden"], &queued["text"]),
        (&json!(true), &json!(""))
    );
    let system = sofie_app::Context::system(app.app.now());
    let id = sofie_domain::MailId(queued["id"].as_str().unwrap().parse().unwrap());
    let opened = sofie_app::outbox::get(&app.app, &system, id).await.unwrap();
    assert!(!opened.hidden && opened.mail.text.contains("/reset#"));
    assert_eq!(readings().await, 1);
}

#[tokio::test]
async fn the_log_is_cut_out_by_time() {
    let app = TestApp::start().await;
    for port in 25..29 {
        app.set("mail.smtp_port", port).await;
        app.advance(TimeDelta::days(1));
    }
    let root = app.administrator("root@example.org").await;
    // Four changes, at noon from the 15th to the 18th.
    for (range, ports) in [
        (
            "from=2030-01-16T00:00:00Z&to=2030-01-18T00:00:00Z",
            vec![27, 26],
        ),
        (
            "from=2030-01-16T12:00:00Z&to=2030-01-17T12:00:00Z",
            vec![26],
        ),
        ("from=2030-01-18T00:00:00Z", vec![28]),
        ("to=2030-01-16T00:00:00Z", vec![25]),
        ("to=2030-01-15T12:00:00Z", vec![]),
        ("from=2030-01-20T00:00:00Z", vec![]),
    ] {
        let path = format!("/api/v1/admin/audit?event=SETTINGS_CHANGED&{range}");
        let log = root.get(&path).await.expect(200).json();
        let items = log["items"].as_array().unwrap().iter();
        let found: Vec<_> = items
            .map(|entry| entry["data"]["changes"][0]["after"].as_i64().unwrap())
            .collect();
        assert_eq!(found, ports, "{range}");
    }
}
