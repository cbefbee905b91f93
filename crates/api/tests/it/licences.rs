//! The licence, and what goes on without one that holds (ADM-12).

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};
use sofie_api::access::RULES;
use sofie_app::{
    licences::{self, LicenceServer, Question, Revocation},
    schedule::{Task, run_task},
};
use sofie_domain::{AdministratorPermission, Licence};
use sofie_test_support::{
    Answer, Client, TestApp, TestOptions,
    licences::{licence, signed, signer},
};

use crate::fixture;

const LICENCE: &str = "/api/v1/admin/licence";
const REFRESH_URL: &str = "https://licences.example.org/refresh";

async fn install(app: &TestApp, change: impl FnOnce(&mut Licence)) -> Answer {
    let mut licence = licence(app.app.now());
    change(&mut licence);
    let root = app.administrator("root@example.org").await;
    let body = json!({ "text": signed(&licence) });
    root.put(LICENCE, body).await
}

/// Lets a licence of a hundred days end, and its month of grace.
async fn lapse(app: &TestApp) {
    let _ = install(app, |_| ()).await.expect(200);
    app.advance(TimeDelta::days(131));
}

#[tokio::test]
async fn the_default_edition_needs_none() {
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    let shown = root.get(LICENCE).await.expect(200).json();
    assert_eq!(shown["state"]["standing"], "unlicensed");
    assert_eq!(shown["licence"], Value::Null);
    root.delete(LICENCE).await.expect_problem(404, "not_found");
    app.advance(TimeDelta::days(5000));
    let alice = app.user("alice@example.org").await;
    fixture::send(&alice, "bob@example.org", &[("a.txt", b"text")]).await;
    app.drain().await;
}

#[tokio::test]
async fn a_licence_is_installed_shown_and_removed() {
    let app = TestApp::start().await;
    let set = |licence: &mut Licence| licence.users = Some(5);
    let shown = install(&app, set).await.expect(200).json();
    assert_eq!(
        shown["state"],
        json!({ "standing": "valid", "fault": null, "until": null })
    );
    assert_eq!(shown["licence"]["holder"], "Example s.r.o.");
    assert_eq!(shown["licence"]["users"], 5);
    let root = app.administrator("root@example.org").await;
    let _ = root.delete(LICENCE).await.expect(204);
    let shown = root.get(LICENCE).await.expect(200).json();
    assert_eq!(shown["state"]["standing"], "unlicensed");
    let log = root.get("/api/v1/admin/audit").await.expect(200).json();
    let events: Vec<_> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["event"].as_str().unwrap())
        .collect();
    assert!(
        events.contains(&"LICENCE_INSTALLED") && events.contains(&"LICENCE_REMOVED"),
        "{events:?}"
    );
}

fn refused(answer: &Answer, code: &str) {
    answer.expect_problem(422, "invalid");
    assert_eq!(
        answer.json()["errors"],
        json!([{ "field": "text", "code": code }])
    );
}

#[tokio::test]
async fn what_would_not_hold_is_not_installed() {
    let app = TestApp::start().await;
    let _ = app.user("alice@example.org").await;
    let _ = app.user("bob@example.org").await;
    let now = app.app.now();
    refused(
        &install(&app, |l| l.users = Some(1)).await,
        "too_many_users",
    );
    refused(
        &install(&app, |l| l.hosts = vec!["other.example.org".into()]).await,
        "other_host",
    );
    let ended = |l: &mut Licence| {
        l.issued = now - TimeDelta::days(100);
        l.expires = now - TimeDelta::days(31);
    };
    refused(&install(&app, ended).await, "expired");
    let root = app.administrator("root@example.org").await;
    let text = signed(&licence(now));
    let end = now + TimeDelta::days(100);
    for (text, code) in [
        (text[..200].to_owned(), "invalid"),
        (
            text.replace(&signer().checking_key().unwrap().name(), "0123456789abcdef"),
            "unknown_key",
        ),
        (
            text.replace("SOFIE LICENCE", "SOFIE REVOCATION"),
            "wrong_signature",
        ),
        (
            licences::revoke(
                &signer(),
                &Revocation {
                    id: "L-1".into(),
                    issued: end,
                },
            )
            .unwrap(),
            "invalid",
        ),
    ] {
        refused(&root.put(LICENCE, json!({ "text": text })).await, code);
    }
    let shown = root.get(LICENCE).await.expect(200).json();
    assert_eq!(shown["state"]["standing"], "unlicensed");
}

#[tokio::test]
async fn a_licence_is_bound_to_the_host_of_the_setting() {
    let app = TestApp::start().await;
    app.set("instance.base_url", "https://files.example.org:8443")
        .await;
    let bind = |l: &mut Licence| l.hosts = vec!["files.example.org".into()];
    let _ = install(&app, bind).await.expect(200);
    app.set("instance.base_url", "https://elsewhere.example.org")
        .await;
    let root = app.administrator("root@example.org").await;
    let shown = root.get(LICENCE).await.expect(200).json();
    assert_eq!(shown["state"]["fault"], "other_host");
    // The way back is open.
    let back = json!({ "values": { "instance.base_url": "https://files.example.org" } });
    let _ = root.patch("/api/v1/admin/settings", back).await.expect(200);
    let shown = root.get(LICENCE).await.expect(200).json();
    assert_eq!(shown["state"]["standing"], "valid");
}

#[tokio::test]
async fn no_more_users_than_it_allows() {
    let app = TestApp::start().await;
    let _ = app.user("alice@example.org").await;
    let _ = install(&app, |l| l.users = Some(2)).await.expect(200);
    let root = app.administrator("root@example.org").await;
    let user = |email: &str| json!({ "email": email, "name": "Somebody" });
    let bob = root
        .post("/api/v1/admin/users", user("bob@example.org"))
        .await
        .expect(201)
        .json();
    let bob = format!("/api/v1/admin/users/{}", bob["id"].as_str().unwrap());
    let refused = root
        .post("/api/v1/admin/users", user("carol@example.org"))
        .await;
    refused.expect_problem(409, "user_limit");
    // Whoever is shut out makes room, and needs room to come back.
    let _ = root
        .patch(&bob, json!({ "state": "disabled" }))
        .await
        .expect(200);
    let _ = root
        .post("/api/v1/admin/users", user("carol@example.org"))
        .await
        .expect(201);
    let back = root.patch(&bob, json!({ "state": "active" })).await;
    back.expect_problem(409, "user_limit");
    // Two at once can't both have the last place.
    let _ = root.patch(&bob, json!({ "name": "Bob" })).await.expect(200);
    let _ = install(&app, |l| l.users = Some(3)).await.expect(200);
    let both = tokio::join!(
        root.post("/api/v1/admin/users", user("dora@example.org")),
        root.post("/api/v1/admin/users", user("emil@example.org"))
    );
    let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    app.drain().await;
}

/// What brings something new. Every other call goes on; a new one belongs here or into `access/demo.rs`.
const REFUSED: &[(&str, &str)] = &[
    ("POST", "/api/v1/admin/administrators"),
    ("POST", "/api/v1/admin/users"),
    ("PATCH", "/api/v1/packages/{id}"),
    ("POST", "/api/v1/packages"),
    ("POST", "/api/v1/packages/{id}/send"),
    ("POST", "/api/v1/requests"),
    ("POST", "/api/v1/tokens"),
    ("POST", "/api/v1/uploads"),
    ("PATCH", "/api/v1/uploads/{file_id}"),
    ("PUT", "/api/v1/packages/{id}/files/{file_id}"),
];

#[tokio::test]
async fn in_demo_mode_every_route_that_brings_something_is_refused_and_no_other() {
    let app = TestApp::start().await;
    lapse(&app).await;
    let others = all_but_licence();
    let nobody = "01940000-0000-7000-8000-000000000000";
    let mut refused = Vec::new();
    let folders = ("PUT", "/api/v1/packages/{id}/files/a/b.txt");
    let rules = RULES.iter().map(|(method, path, _)| (*method, *path));
    for (number, (method, path)) in rules.chain([folders]).enumerate() {
        let filled = ["{id}", "{user_id}", "{file_id}"]
            .iter()
            .fold(path.to_owned(), |path, field| path.replace(field, nobody));
        let client = if path.contains("/admin/") {
            // Who may not take the licence away, which would end the mode.
            app.administrator_who_may("other@example.org", &others)
                .await
        } else {
            app.user("alice@example.org").await
        };
        let byte = u8::try_from(number).unwrap();
        let client = client.from_address([198, 51, 100, byte]);
        let request = client.request(method.parse().unwrap(), &filled);
        let answer = request.header("tus-resumable", "1.0.0").stream().await;
        assert!(
            answer.status().as_u16() < 500,
            "{method} {path}: {}",
            answer.status()
        );
        if answer.status() == 403 {
            use http_body_util::BodyExt as _;
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
            if problem["code"] == "demo_mode" {
                refused.push((method, path));
            }
        }
    }
    let mut expected = [REFUSED, &[folders]].concat();
    refused.sort_unstable();
    expected.sort_unstable();
    assert_eq!(refused, expected);
}

fn all_but_licence() -> Vec<AdministratorPermission> {
    let all = AdministratorPermission::ALL.iter().copied();
    all.filter(|one| *one != AdministratorPermission::Licence)
        .collect()
}

async fn download(client: &Client, package: &str) -> u16 {
    let shown = client
        .get(&format!("/api/v1/packages/{package}"))
        .await
        .expect(200)
        .json();
    let file = shown["files"][0]["id"].as_str().unwrap();
    let path = format!("/api/v1/packages/{package}/files/{file}/content");
    client.get(&path).await.status.as_u16()
}

#[tokio::test]
async fn in_demo_mode_downloads_and_deletion_go_on_and_a_licence_ends_it() {
    let app = TestApp::start().await;
    // So that the package is not over before the licence is.
    app.set("packages.expiry_max_days", 365).await;
    app.set("packages.expiry_default_days", 200).await;
    let alice = app.user("alice@example.org").await;
    let _ = app.user("bob@example.org").await;
    let package = fixture::send(&alice, "bob@example.org", &[("a.txt", b"text")]).await;
    app.drain().await;
    lapse(&app).await;
    let bob = app.user("bob@example.org").await;
    assert_eq!(download(&bob, &package).await, 200);
    let alice = app.user("alice@example.org").await;
    let session = alice.get("/api/v1/session").await.expect(200).json();
    assert_eq!(session["instance"]["demo"], true);
    let draft = json!({ "title": "More", "recipients": ["bob@example.org"] });
    let refused = alice.post("/api/v1/packages", draft.clone()).await;
    refused.expect_problem(403, "demo_mode");
    let _ = alice
        .delete(&format!("/api/v1/packages/{package}"))
        .await
        .expect(204);
    // The command line is no way around it.
    let new = sofie_app::users::NewUser {
        email: "carol@example.org".into(),
        name: "Carol".into(),
        password: None,
        permissions: None,
    };
    let ctx = sofie_app::Context::system(app.app.now());
    let made = sofie_app::users::create(&app.app, &ctx, new).await;
    assert!(matches!(made, Err(sofie_app::Error::Refused("demo_mode"))));
    // Administrators mend it.
    let _ = install(&app, |_| ()).await.expect(200);
    let _ = alice.post("/api/v1/packages", draft).await.expect(201);
}

#[tokio::test]
async fn administrators_see_it_coming_and_are_told_once() {
    let app = TestApp::start().await;
    let _ = app
        .administrator_who_may("other@example.org", &[AdministratorPermission::Users])
        .await;
    let _ = install(&app, |_| ()).await.expect(200);
    let mut mails = Vec::new();
    for (days, standing) in [
        (10, "valid"),
        (80, "expires_soon"),
        (20, "grace"),
        (30, "demo"),
    ] {
        app.advance(TimeDelta::days(days));
        for _ in 0..2 {
            run_task(&app.worker, Task::WatchLicence).await.unwrap();
        }
        let root = app.administrator("root@example.org").await;
        let session = root.get("/api/v1/admin/session").await.expect(200).json();
        assert_eq!(session["licence"]["standing"], standing);
        let warnings = root.get("/api/v1/admin/dashboard").await.expect(200).json();
        let warns = warnings["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|w| w["code"] == "licence");
        assert_eq!(warns, standing != "valid");
        let outbox = root.get("/api/v1/admin/outbox").await.expect(200).json();
        let items = outbox["items"].as_array().unwrap();
        let about: Vec<_> = items
            .iter()
            .filter(|mail| mail["kind"] == "licence")
            .collect();
        assert!(about.iter().all(|mail| mail["to"] == "root@example.org"));
        mails.push(about.len());
    }
    assert_eq!(mails, [0, 1, 2, 3]);
    let anonymous = app
        .anonymous()
        .get("/api/v1/admin/session")
        .await
        .expect(200)
        .json();
    assert_eq!(anonymous["licence"], Value::Null);
    app.drain().await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_gives_no_time() {
    let app = TestApp::start().await;
    lapse(&app).await;
    run_task(&app.worker, Task::WatchLicence).await.unwrap();
    app.advance(TimeDelta::days(-100));
    let root = app.administrator("root@example.org").await;
    let shown = root.get(LICENCE).await.expect(200).json();
    assert_eq!(shown["state"]["fault"], "expired");
    app.drain().await;
}

/// Answers what it is told, and keeps what it was asked.
#[derive(Debug, Default)]
struct Server {
    answer: Mutex<Option<String>>,
    asked: Mutex<Vec<(String, Question)>>,
}

#[async_trait::async_trait]
impl LicenceServer for Server {
    async fn ask(
        &self,
        url: &str,
        question: &Question,
    ) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        let mut asked = self.asked.lock().unwrap();
        asked.push((url.to_owned(), question.clone()));
        self.answer
            .lock()
            .unwrap()
            .clone()
            .ok_or_else(|| "no connection".into())
    }
}

impl Server {
    fn answers(&self, text: String) {
        *self.answer.lock().unwrap() = Some(text);
    }
}

async fn with_server() -> (TestApp, Arc<Server>) {
    let server = Arc::new(Server::default());
    let options = TestOptions {
        licence_server: Some(server.clone()),
        ..TestOptions::default()
    };
    (TestApp::with(options).await, server)
}

async fn watched(app: &TestApp) -> Value {
    run_task(&app.worker, Task::WatchLicence).await.unwrap();
    let root = app.administrator("root@example.org").await;
    root.get(LICENCE).await.expect(200).json()
}

#[tokio::test]
async fn nobody_is_asked_unless_the_address_is_set() {
    let (app, server) = with_server().await;
    app.set("licence.refresh_url", REFRESH_URL).await;
    run_task(&app.worker, Task::WatchLicence).await.unwrap();
    app.set("licence.refresh_url", "").await;
    let _ = install(&app, |_| ()).await.expect(200);
    run_task(&app.worker, Task::WatchLicence).await.unwrap();
    assert!(server.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_licence_is_refreshed_once_a_day() {
    let (app, server) = with_server().await;
    app.set("licence.refresh_url", REFRESH_URL).await;
    let _ = app.user("alice@example.org").await;
    let _ = install(&app, |_| ()).await.expect(200);
    app.advance(TimeDelta::days(1));
    let mut fresh = licence(app.app.now());
    server.answers(signed(&fresh));
    for _ in 0..3 {
        let shown = watched(&app).await;
        assert_eq!(shown["licence"]["expires"], json!(fresh.expires));
        assert_eq!(shown["refreshed_at"], json!(app.app.now()));
    }
    // Nothing else leaves: an id and a number.
    let asked = server.asked.lock().unwrap().clone();
    let question = Question {
        licence: "L-1".into(),
        users: 1,
    };
    assert_eq!(asked, [(REFRESH_URL.to_owned(), question)]);
    assert_eq!(json!(asked[0].1), json!({ "licence": "L-1", "users": 1 }));
    // The same answer a day later is an old one, and anything else is none.
    app.advance(TimeDelta::days(1));
    let refreshed = watched(&app).await["refreshed_at"].clone();
    fresh.issued = app.app.now();
    fresh.id = "L-2".to_owned();
    let ahead = Licence {
        id: "L-1".into(),
        issued: app.app.now() + TimeDelta::days(2),
        ..fresh.clone()
    };
    let forged = signed(&Licence {
        id: "L-1".into(),
        ..fresh.clone()
    })
    .replace("SIGNATURE ", "SIGNATURE 0");
    for text in [
        signed(&fresh),
        signed(&ahead),
        forged,
        "<html>".into(),
        String::new(),
    ] {
        server.answers(text);
        assert_eq!(watched(&app).await["refreshed_at"], refreshed);
    }
    // A month after the last answer the licence does not hold any more.
    app.advance(TimeDelta::days(2));
    assert_eq!(watched(&app).await["state"]["fault"], "not_refreshed");
    app.advance(TimeDelta::days(28));
    assert_eq!(watched(&app).await["state"]["standing"], "demo");
    fresh.id = "L-1".to_owned();
    fresh.issued = app.app.now();
    fresh.expires = fresh.issued + TimeDelta::days(60);
    server.answers(signed(&fresh));
    assert_eq!(watched(&app).await["state"]["standing"], "valid");
    app.drain().await;
}

#[tokio::test]
async fn a_licence_can_be_taken_back_and_stays_so() {
    let (app, server) = with_server().await;
    app.set("licence.refresh_url", REFRESH_URL).await;
    let first = licence(app.app.now());
    let _ = install(&app, |_| ()).await.expect(200);
    app.advance(TimeDelta::days(1));
    let revocation = Revocation {
        id: "L-1".into(),
        issued: app.app.now(),
    };
    server.answers(licences::revoke(&signer(), &revocation).unwrap());
    let state = watched(&app).await["state"].clone();
    assert_eq!(
        (state["standing"].as_str(), state["fault"].as_str()),
        (Some("demo"), Some("revoked"))
    );
    let root = app.administrator("root@example.org").await;
    refused(
        &root.put(LICENCE, json!({ "text": signed(&first) })).await,
        "revoked",
    );
    let _ = install(&app, |_| ()).await.expect(200);
    app.drain().await;
}

#[tokio::test]
async fn whoever_lacks_the_permission_does_not_see_it() {
    let app = TestApp::start().await;
    let others = all_but_licence();
    let eve = app.administrator_who_may("eve@example.org", &others).await;
    eve.get(LICENCE).await.expect_problem(403, "forbidden");
    let text = signed(&licence(app.app.now()));
    eve.put(LICENCE, json!({ "text": text }))
        .await
        .expect_problem(403, "forbidden");
    eve.delete(LICENCE).await.expect_problem(403, "forbidden");
    let stale = app.administrator("root@example.org").await;
    app.advance(TimeDelta::minutes(10));
    let late = stale.request(Method::DELETE, LICENCE).send().await;
    late.expect_problem(403, "reauthentication_required");
}
