//! The table of engines (DET-1, DET-3, DET-11).

use http::Method;
use serde_json::{Value, json};
use sofie_domain::AdministratorPermission;
use sofie_test_support::{Answer, Client, TestApp, TestClamd, TestOptions};

use super::fixture::{checks, look, send};

const PATH: &str = "/api/v1/admin/engines";

async fn engine(root: &Client, id: &str) -> Option<Value> {
    let listed = root.get(PATH).await.expect(200).json();
    let items = listed["items"].as_array().unwrap();
    items.iter().find(|one| one["id"] == id).cloned()
}

fn clamd(address: &str) -> Value {
    json!({ "kind": "clamd", "enabled": true, "mandatory": true, "config": { "addresses": [address] } })
}

async fn put(root: &Client, path: &str, body: Value) -> Answer {
    root.request(Method::PUT, path).json(&body).send().await
}

#[tokio::test]
async fn an_engine_is_set_up_changed_used_and_removed() {
    let server = TestClamd::start();
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    let made = root
        .post(PATH, clamd(&server.address()))
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&made["id"], &made["enabled"], &made["available"]),
        (&json!("clamd"), &json!(true), &json!(true)),
        "{made:#}"
    );
    let eva = app.user("eva@example.org").await;
    let bad = send(&eva, "bob@example.org", &[("a.txt", TestClamd::MALWARE)]).await;
    app.drain().await;
    assert_eq!(checks(&look(&eva, &bad).await), ["blocked"]);

    // Of a type that the engine is not shown: its silence is no obstacle, and is noted.
    let rules = json!({ "types": { "mode": "except", "endings": [".TXT"], "others": "skip" } });
    let path = format!("{PATH}/clamd");
    let change = || {
        root.request(Method::PATCH, &path)
            .header("If-Match", "\"1\"")
    };
    let changed = change().json(&rules).send().await.expect(200).json();
    assert_eq!(changed["setup"]["types"]["endings"], json!(["txt"]));
    let late = change().json(&rules).send().await;
    late.expect_problem(412, "version_conflict");
    let unseen = send(&eva, "bob@example.org", &[("a.txt", TestClamd::MALWARE)]).await;
    app.drain().await;
    assert_eq!(checks(&look(&eva, &unseen).await), ["clean"]);
    let verdicts = format!("/api/v1/admin/packages/{unseen}/verdicts");
    let rows = root.get(&verdicts).await.expect(200).json().to_string();
    assert!(rows.contains("\"skipped\""), "{rows}");

    let _ = root.delete(&path).await.expect(204);
    assert_eq!(engine(&root, "clamd").await, None);
    let again = root
        .post(PATH, clamd(&server.address()))
        .await
        .expect(201)
        .json();
    assert_eq!(again["id"], "clamd-2", "an id is used once");
}

#[tokio::test]
async fn an_engine_that_does_not_work_is_not_switched_on() {
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    let made = root
        .post(PATH, clamd("unix:/nowhere/clamd"))
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&made["enabled"], &made["available"]),
        (&json!(false), &json!(false)),
        "{made:#}"
    );
    let path = format!("{PATH}/clamd");
    root.patch(&path, json!({ "enabled": true }))
        .await
        .expect_problem(409, "engine_unavailable");
    // It is no engine of anybody's packages.
    let eva = app.user("eva@example.org").await;
    let id = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    app.drain().await;
    assert_eq!(checks(&look(&eva, &id).await), ["clean"]);
    let history = root
        .get(&format!("{path}/history"))
        .await
        .expect(200)
        .json();
    assert_eq!(history["items"][0]["available"], false);
}

#[tokio::test]
async fn what_can_not_be_is_refused_by_its_field() {
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    let refused = async |body: Value| {
        let answer = root.post(PATH, body).await.expect(422).json();
        let first = &answer["errors"][0];
        format!(
            "{} {}",
            first["field"].as_str().unwrap(),
            first["code"].as_str().unwrap()
        )
    };
    assert_eq!(refused(json!({ "kind": "cat" })).await, "kind not_allowed");
    assert_eq!(
        refused(json!({ "kind": "clamd" })).await,
        "addresses required"
    );
    assert_eq!(refused(clamd("tcp:host")).await, "addresses invalid");
    let with = |name: &str, value: Value| {
        let mut body = clamd("unix:/a");
        body[name] = value;
        body
    };
    assert_eq!(
        refused(with("seconds", json!(0))).await,
        "seconds too_small"
    );
    assert_eq!(
        refused(with("at_once", json!(65))).await,
        "at_once too_large"
    );
    assert_eq!(refused(with("name", json!(""))).await, "name invalid");
    assert_eq!(
        refused(with("stage", json!("moon"))).await,
        "stage not_allowed"
    );
    let wrong = json!({ "mode": "only", "endings": ["a b"], "others": "skip" });
    assert_eq!(refused(with("types", wrong)).await, "types invalid");
    let unknown = json!({ "kind": "clamd", "config": { "addresses": ["unix:/a"], "x": 1 } });
    assert_eq!(refused(unknown).await, "config not_allowed");
}

#[tokio::test]
async fn engines_are_ordered_and_audited() {
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    for _ in 0..2 {
        let _ = root.post(PATH, clamd("unix:/nowhere")).await.expect(201);
    }
    let order = format!("{PATH}/order");
    let both = json!({ "ids": ["clamd-2", "clamd"] });
    let _ = put(&root, &order, both).await.expect(204);
    let one = put(&root, &order, json!({ "ids": ["clamd-2"] })).await;
    one.expect_problem(412, "version_conflict");
    let listed = root.get(PATH).await.expect(200).json();
    let ids: Vec<_> = listed["items"].as_array().unwrap()[6..]
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["clamd-2", "clamd"]);
    let audit = root
        .get("/api/v1/admin/audit")
        .await
        .expect(200)
        .json()
        .to_string();
    for event in ["ENGINE_CREATED", "ENGINES_ORDERED", "ENGINE_FAILED"] {
        assert!(audit.contains(event), "{event}");
    }
}

#[tokio::test]
async fn kinds_are_described_and_only_for_those_who_may() {
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    let kinds = root.get(&format!("{PATH}/kinds")).await.expect(200).json();
    let clamd = &kinds["items"][0];
    assert_eq!(
        (&clamd["kind"], &clamd["fields"][0]["holds"]),
        (&json!("clamd"), &json!("list"))
    );
    let other = app
        .administrator_who_may("logs@example.org", &[AdministratorPermission::Logs])
        .await;
    for path in ["", "/kinds", "/clamd/history"] {
        other
            .get(&format!("{PATH}{path}"))
            .await
            .expect_problem(403, "forbidden");
    }
    other
        .post(PATH, json!({ "kind": "clamd" }))
        .await
        .expect_problem(403, "forbidden");
}

/// An administrator's decision against a local clamd lasts.
#[tokio::test]
async fn a_removed_local_clamd_is_not_taken_up_again() {
    let server = TestClamd::start();
    let options = TestOptions {
        local_clamd: Some(server.socket()),
        ..TestOptions::default()
    };
    let app = TestApp::with(options).await;
    let root = app.administrator("root@example.org").await;
    let found = engine(&root, "clamd").await.unwrap();
    assert_eq!(
        (&found["enabled"], &found["mandatory"]),
        (&json!(true), &json!(true)),
        "{found:#}"
    );
    let _ = root.delete(&format!("{PATH}/clamd")).await.expect(204);
    assert_eq!(engine(&root, "clamd").await, None);
}

#[tokio::test]
async fn a_secret_does_not_go_along_to_another_server() {
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    let config =
        json!({ "addresses": ["http://127.0.0.1:9"], "token": "secret", "token_header": "X-Key" });
    let body = json!({ "kind": "kaspersky", "config": config });
    let made = root.post(PATH, body).await.expect(201).json();
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let elsewhere = json!({ "config": { "addresses": ["http://127.0.0.2:9"] } });
    let refused = root.patch(&path, elsewhere).await.expect(422).json();
    let errors = json!([{ "field": "token", "code": "required" }]);
    assert_eq!(refused["errors"], errors);
    for given in [json!("secret"), Value::Null] {
        let config = json!({ "addresses": ["http://127.0.0.2:9"], "token": given });
        let _ = root
            .patch(&path, json!({ "config": config }))
            .await
            .expect(200);
    }
}

/// DET-15: a look-up mostly has no opinion, and nothing may be delivered because of that.
#[tokio::test]
async fn what_vouches_for_nothing_is_neither_mandatory_nor_an_antivirus() {
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    let config = json!({ "addresses": ["http://127.0.0.1:9"], "apikey": "secret" });
    let lookup = |more: Value| {
        let mut body = json!({ "kind": "virustotal", "config": config });
        let more = more.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(more);
        body
    };
    let errors = async |body| root.post(PATH, body).await.expect(422).json()["errors"].clone();
    assert_eq!(
        errors(lookup(json!({ "mandatory": true }))).await,
        json!([{ "field": "mandatory", "code": "not_allowed" }])
    );
    assert_eq!(
        errors(lookup(json!({ "stage": "antivirus" }))).await,
        json!([{ "field": "stage", "code": "invalid" }])
    );
    let made = root.post(PATH, lookup(json!({}))).await.expect(201).json();
    assert_eq!(
        (&made["class"], &made["enabled"]),
        (&json!("reputation"), &json!(false))
    );
    let path = format!("{PATH}/virustotal");
    let refused = root.patch(&path, json!({ "mandatory": true })).await;
    refused.expect_problem(422, "invalid");
}

/// DET-18: what takes minutes is not asked about what is decided.
#[tokio::test]
async fn a_sandbox_is_asked_only_if_no_earlier_stage_found_anything() {
    let server = TestClamd::start();
    let app = TestApp::start().await;
    let root = app.administrator("root@example.org").await;
    let mut body = clamd(&server.address());
    body["stage"] = json!("sandbox");
    let _ = root.post(PATH, body).await.expect(201);
    let eva = app.user("eva@example.org").await;
    let files: &[(&str, &[u8])] = &[
        ("known.com", &super::fixture::eicar()),
        ("new.txt", TestClamd::MALWARE),
        ("fine.txt", b"hello"),
    ];
    let id = send(&eva, "bob@example.org", files).await;
    app.drain().await;
    assert_eq!(
        checks(&look(&eva, &id).await),
        ["blocked", "blocked", "clean"]
    );
    let path = format!("/api/v1/admin/packages/{id}/verdicts");
    let rows = root.get(&path).await.expect(200).json();
    let files = rows["files"].as_array().unwrap().iter();
    let said: Vec<_> = files
        .flat_map(|file| file["verdicts"].as_array().unwrap())
        .filter(|row| row["engine"] == "clamd")
        .map(|row| row["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(said, ["skipped", "infected", "clean"]);
}
