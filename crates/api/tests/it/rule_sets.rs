//! YARA rules: uploaded, told what is wrong with them, put in force and taken back (DET-10).

use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};
use sofie_app::schedule::{Task, run_task};
use sofie_domain::AdministratorPermission;
use sofie_test_support::{Answer, Client, TestApp};

use super::fixture::{Member, checks, fetch, found, inbox, look, send, zip};

const PATH: &str = "/api/v1/admin/rule-sets";
const RULES: &str = "rule marker {\n  strings: $a = \"MARKER-OF-OURS\"\n  condition: $a\n}\n";
const OTHER: &str = "rule other { strings: $a = \"ANOTHER-MARKER\" condition: $a }";

fn archive() -> Vec<u8> {
    let inner = zip("note.txt", b"here is MARKER-OF-OURS\n", Member::Deflated);
    zip("inner.zip", &inner, Member::Stored)
}

async fn upload(admin: &Client, name: &str, source: &str) -> Value {
    let body = json!({ "name": name, "source": source });
    admin.post(PATH, body).await.expect(201).json()
}

async fn put(admin: &Client, path: &str, body: &Value) -> Answer {
    admin.request(Method::PUT, path).json(body).send().await
}

async fn activate(admin: &Client, name: &str, version: Value) -> Value {
    let body = json!({ "version": version });
    let path = format!("{PATH}/{name}/active");
    put(admin, &path, &body).await.expect(200).json()
}

#[tokio::test]
async fn rules_that_can_not_be_compiled_are_refused_line_by_line() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    let bad = "rule a { condition: true }\nrule b {\n  condition: nothing\n}\n";
    let body = json!({ "name": "own", "source": bad });
    let answer = admin.post(PATH, body).await.expect(422).json();
    assert_eq!(answer["code"], "rules_invalid");
    let errors = answer["rule_errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer:#}");
    assert_eq!(errors[0]["line"], 3);
    assert!(errors[0]["message"].as_str().unwrap().contains("nothing"));
    for source in [
        "",
        "include \"/etc/passwd\"",
        "import \"nothing\" rule a { condition: true }",
    ] {
        let body = json!({ "name": "own", "source": source });
        let answer = admin.post(PATH, body).await.expect(422).json();
        assert_eq!(answer["code"], "rules_invalid", "{source}");
    }
    for name in ["", "Own", "a b", "a/b"] {
        let body = json!({ "name": name, "source": RULES });
        let answer = admin.post(PATH, body).await.expect(422).json();
        assert_eq!(answer["errors"][0]["field"], "name");
    }
    let long = format!("{RULES}//{}", "x".repeat(4 << 20));
    let body = json!({ "name": "own", "source": long });
    let answer = admin.post(PATH, body).await.expect(422).json();
    assert_eq!(answer["errors"][0]["code"], "too_long");
    assert_eq!(admin.get(PATH).await.expect(200).json()["items"], json!([]));
}

/// The rules as an engine, if any are in force.
async fn engine(admin: &Client) -> Option<Value> {
    let engines = admin.get("/api/v1/admin/engines").await.expect(200).json();
    let mut engines = engines["items"].as_array().unwrap().iter();
    engines.find(|engine| engine["id"] == "yara").cloned()
}

/// What the audit log has of sets, newest first.
async fn events(admin: &Client) -> Vec<String> {
    let entries = admin.get("/api/v1/admin/audit").await.expect(200).json();
    let entries = entries["items"].as_array().unwrap().iter();
    let events = entries.map(|entry| entry["event"].as_str().unwrap_or_default().to_owned());
    events
        .filter(|event| event.starts_with("RULE_SET"))
        .collect()
}

#[tokio::test]
async fn versions_are_kept_put_in_force_and_taken_back() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    let set = upload(&admin, "own", RULES).await;
    assert_eq!(set["active_version"], Value::Null);
    let set = upload(&admin, "own", OTHER).await;
    let versions = set["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 2);
    assert_eq!(
        (&versions[0]["number"], &versions[1]["number"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(versions[1]["rules"], 1);
    assert_eq!(versions[1]["bytes"], RULES.len());
    assert_eq!(versions[1]["author"], "root@example.org");
    let path = format!("{PATH}/own/versions/1");
    assert_eq!(admin.get(&path).await.expect(200).json()["source"], RULES);

    assert_eq!(engine(&admin).await, None, "nothing is in force");
    assert_eq!(activate(&admin, "own", json!(2)).await["active_version"], 2);
    let found = engine(&admin).await.unwrap();
    assert_eq!(found["available"], true, "{found:#}");
    assert_eq!(found["mandatory"], true);
    let before = found["signature_version"].clone();
    assert_eq!(activate(&admin, "own", json!(1)).await["active_version"], 1);
    assert_ne!(engine(&admin).await.unwrap()["signature_version"], before);
    assert_eq!(
        activate(&admin, "own", Value::Null).await["active_version"],
        Value::Null
    );
    assert_eq!(engine(&admin).await, None);

    let missing = format!("{PATH}/own/active");
    for body in [json!({ "version": 3 }), json!({ "version": 0 })] {
        put(&admin, &missing, &body)
            .await
            .expect_problem(404, "not_found");
    }
    let other = format!("{PATH}/other");
    admin.delete(&other).await.expect_problem(404, "not_found");
    let _ = activate(&admin, "own", json!(1)).await;
    let _ = admin.delete(&format!("{PATH}/own")).await.expect(204);
    assert_eq!(admin.get(PATH).await.expect(200).json()["items"], json!([]));
    assert_eq!(engine(&admin).await, None);

    let expected = [
        "RULE_SET_REMOVED",
        "RULE_SET_ACTIVATED",
        "RULE_SET_DEACTIVATED",
        "RULE_SET_ACTIVATED",
        "RULE_SET_ACTIVATED",
        "RULE_SET_UPLOADED",
        "RULE_SET_UPLOADED",
    ];
    assert_eq!(events(&admin).await, expected);
}

#[tokio::test]
async fn a_marker_in_a_zip_in_a_zip_is_held_by_the_rules_in_force() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let bob = app.user("bob@example.org").await;
    let admin = app.administrator("root@example.org").await;
    let _ = upload(&admin, "own", RULES).await;
    let delivered = send(&eva, "bob@example.org", &[("a.zip", &archive())]).await;
    app.drain().await;
    assert_eq!(
        checks(&look(&eva, &delivered).await),
        ["clean"],
        "not in force"
    );

    let _ = activate(&admin, "own", json!(1)).await;
    let files: &[(&str, &[u8])] = &[("a.zip", &archive()), ("b.txt", b"harmless")];
    let held = send(&eva, "bob@example.org", files).await;
    app.drain().await;
    let seen = look(&eva, &held).await;
    assert_eq!(checks(&seen), ["blocked", "clean"], "{seen:#}");
    assert!(found(&seen["files"][0], "yara", "own:marker"), "{seen:#}");
    let rows = admin
        .get(&format!("/api/v1/admin/packages/{held}/verdicts"))
        .await;
    let rows = rows.expect(200).json()["files"][0]["verdicts"].clone();
    let row = rows
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["engine"] == "yara")
        .unwrap();
    assert_eq!(
        [&row["outcome"], &row["level"], &row["object"]],
        ["suspicious", "high", "a.zip/inner.zip/note.txt"]
    );

    // Back to rules that know nothing of it.
    let _ = upload(&admin, "own", OTHER).await;
    let _ = activate(&admin, "own", json!(2)).await;
    let passed = send(&eva, "bob@example.org", &[("a.zip", &archive())]).await;
    app.drain().await;
    assert_eq!(checks(&look(&eva, &passed).await), ["clean"]);
    assert!(inbox(&bob).await.contains(&passed));
}

#[tokio::test]
async fn rules_in_force_are_tried_on_what_was_delivered() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let bob = app.user("bob@example.org").await;
    let admin = app.administrator("root@example.org").await;
    let infected = RULES.replace(
        "{\n  strings",
        "{\n  meta: severity = \"infected\"\n  strings",
    );
    let _ = upload(&admin, "own", &infected).await;
    let id = send(&eva, "bob@example.org", &[("a.zip", &archive())]).await;
    app.drain().await;
    app.advance(TimeDelta::minutes(1));
    let _ = activate(&admin, "own", json!(1)).await;
    app.advance(TimeDelta::hours(2));
    run_task(&app.worker, Task::Rescan).await.unwrap();
    app.drain().await;
    let eva = app.user("eva@example.org").await;
    let bob_again = app.user("bob@example.org").await;
    drop(bob);
    let seen = look(&eva, &id).await;
    assert_eq!(checks(&seen), ["blocked"], "{seen:#}");
    let file = look(&bob_again, &id).await["files"][0].clone();
    fetch(&bob_again, &id, &file)
        .await
        .expect_problem(403, "forbidden");
}

#[tokio::test]
async fn an_object_beyond_the_limit_is_held_as_not_checked() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let admin = app.administrator("root@example.org").await;
    let _ = upload(&admin, "own", RULES).await;
    let _ = activate(&admin, "own", json!(1)).await;
    app.set("checks.yara_object_mib", 1).await;
    app.set("checks.incomplete", "quarantine").await;
    let large = vec![b' '; (1 << 20) + 1];
    let id = send(&eva, "eva@example.org", &[("a.txt", &large)]).await;
    app.drain().await;
    let seen = look(&eva, &id).await;
    assert_eq!(checks(&seen), ["unscannable"], "{seen:#}");
    assert!(found(&seen["files"][0], "yara", "yara-object-too-large"));
}

#[tokio::test]
async fn only_who_may_change_engines_may_do_this() {
    let app = TestApp::start().await;
    let reader = app
        .administrator_who_may("reader@example.org", &[AdministratorPermission::Packages])
        .await;
    reader.get(PATH).await.expect_problem(403, "forbidden");
    let body = json!({ "name": "own", "source": RULES });
    reader
        .post(PATH, body)
        .await
        .expect_problem(403, "forbidden");
    let body = json!({ "version": null });
    let path = format!("{PATH}/own/active");
    put(&reader, &path, &body)
        .await
        .expect_problem(403, "forbidden");
    let path = format!("{PATH}/own");
    reader.delete(&path).await.expect_problem(403, "forbidden");
    let path = format!("{PATH}/own/versions/1");
    reader.get(&path).await.expect_problem(403, "forbidden");
}
