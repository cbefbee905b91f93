//! What policy does about findings, which way a package goes, and trying a policy out (DET-17, DET-22).

use serde_json::{Value, json};
use sofie_domain::AdministratorPermission;
use sofie_test_support::{Client, TestApp};

use super::fixture::{checks, eicar, inbox, look, mails, send};

const SCRIPT: (&str, &[u8]) = ("run.sh", b"#!/bin/sh\necho hello\n");
const TEXT: (&str, &[u8]) = ("a.txt", b"hello");

async fn trial(admin: &Client, days: u16, values: Value) -> Value {
    let body = json!({ "days": days, "values": values });
    let answer = admin.post("/api/v1/admin/policy/trial", body).await;
    answer.expect(200).json()
}

#[tokio::test]
async fn the_rules_send_a_package_back_and_its_sender_is_told() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let bob = app.user("bob@example.org").await;
    let admin = app.administrator("root@example.org").await;
    app.set("checks.infected", "reject").await;

    let virus = eicar();
    let files = [TEXT, ("virus.com", virus.as_slice())];
    let id = send(&eva, "bob@example.org", &files).await;
    app.drain().await;
    let seen = look(&eva, &id).await;
    assert_eq!(checks(&seen), ["clean", "blocked"]);
    assert_eq!(inbox(&bob).await, Vec::<String>::new());
    let told = mails(&app, "returned").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "eva@example.org");
    assert!(told[0].1.contains("virus.com") && !told[0].1.contains("a.txt"));
    assert!(mails(&app, "quarantined_sender").await.is_empty());
    let packages = admin.get("/api/v1/admin/packages?view=deleted").await;
    assert_eq!(packages.expect(200).json()["items"][0]["id"], id.as_str());

    // What only waits for an administrator is not sent back.
    app.set("checks.script", "quarantine").await;
    let held = send(&eva, "bob@example.org", &[SCRIPT]).await;
    app.drain().await;
    assert_eq!(checks(&look(&eva, &held).await), ["blocked"]);
    assert_eq!(mails(&app, "quarantined_sender").await.len(), 1);
    assert_eq!(mails(&app, "returned").await.len(), 1);
}

#[tokio::test]
async fn what_users_send_is_not_judged_by_the_rules_for_what_comes_in() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    app.set("incoming.script", "quarantine").await;
    let id = send(&eva, "bob@example.org", &[SCRIPT]).await;
    app.drain().await;
    assert_eq!(checks(&look(&eva, &id).await), ["flagged"]);
}

/// Somebody outside who was asked for files hands in a script.
pub async fn handed_in(app: &TestApp, eva: &Client) -> String {
    let ask = json!({ "email": "dan@example.net", "send_mail": false });
    let request = eva.post("/api/v1/requests", ask).await.expect(201).json();
    let (_, secret) = request["link"].as_str().unwrap().split_once('#').unwrap();
    let dan = app.anonymous();
    let opened = dan
        .post("/api/v1/links/open", json!({ "secret": secret }))
        .await;
    let request = opened.expect(200).json()["id"].clone();
    let made = dan.post("/api/v1/packages", json!({ "request_id": request }));
    let id = made.await.expect(201).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let put = format!("/api/v1/packages/{id}/files/{}", SCRIPT.0);
    let put = dan.request(http::Method::PUT, &put);
    let put = put.bytes("application/octet-stream", SCRIPT.1).send().await;
    let _ = put.expect(201);
    let sent = dan.post_empty(&format!("/api/v1/packages/{id}/send")).await;
    let _ = sent.expect(200);
    app.drain().await;
    id
}

#[tokio::test]
async fn what_comes_in_is_judged_by_its_own_rules() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let admin = app.administrator("root@example.org").await;
    app.set("incoming.script", "quarantine").await;
    let id = handed_in(&app, &eva).await;
    let seen = admin.get(&format!("/api/v1/admin/packages/{id}")).await;
    assert_eq!(checks(&seen.expect(200).json()), ["blocked"]);
    let looser = trial(&admin, 7, json!({ "incoming.script": null })).await;
    assert_eq!(looser["held_less"], 1);
    let other = trial(&admin, 7, json!({ "checks.script": "deliver" })).await;
    assert_eq!(other["held_less"], 0);
}

#[tokio::test]
async fn a_policy_is_tried_on_what_was_sent() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let admin = app.administrator("root@example.org").await;
    let script = send(&eva, "bob@example.org", &[SCRIPT, TEXT]).await;
    let _ = send(&eva, "bob@example.org", &[TEXT]).await;
    app.drain().await;

    let same = trial(&admin, 30, json!({ "checks.script": "deliver" })).await;
    assert_eq!(same["packages"], 2, "{same:#}");
    assert_eq!(same["affected"], json!([]));

    let strict = trial(&admin, 30, json!({ "checks.script": "quarantine" })).await;
    let counts = ["held_more", "held_less", "returned", "more"].map(|name| strict[name].clone());
    assert_eq!(counts, [json!(1), json!(0), json!(0), json!(false)]);
    let one = &strict["affected"][0];
    assert_eq!(one["package_id"], script.as_str());
    assert_eq!(
        one["before"],
        json!({ "held": 0, "returned": false, "approval": false })
    );
    assert_eq!(
        one["after"],
        json!({ "held": 1, "returned": false, "approval": false })
    );
    assert_eq!(one["because"], json!(["script"]));

    let back = trial(&admin, 30, json!({ "checks.script": "reject" })).await;
    assert_eq!(back["returned"], 1);
    // Nobody without an account sent anything.
    let within = trial(&admin, 30, json!({ "incoming.script": "reject" })).await;
    assert_eq!(within["affected"], json!([]));

    // Nothing was changed by it.
    let later = send(&eva, "bob@example.org", &[SCRIPT]).await;
    app.drain().await;
    assert_eq!(checks(&look(&eva, &later).await), ["flagged"]);

    // What is older is left out; who may not see packages learns only numbers.
    app.advance(chrono::TimeDelta::days(2));
    let admin = app.administrator("root@example.org").await;
    let yesterday = trial(&admin, 1, json!({ "checks.script": "reject" })).await;
    assert_eq!(yesterday["packages"], 0);
    let settings = [AdministratorPermission::Settings];
    let other = app
        .administrator_who_may("set@example.org", &settings)
        .await;
    let counted = trial(&other, 90, json!({ "checks.script": "reject" })).await;
    assert_eq!(counted["returned"], 2);
    assert_eq!(counted["affected"], json!([]));
}

#[tokio::test]
async fn what_is_no_policy_is_not_tried() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    for (days, values) in [
        (0, json!({})),
        (91, json!({})),
        (7, json!({ "checks.script": "burn" })),
        (7, json!({ "checks.infected": "deliver" })),
        (7, json!({ "no.such": "deliver" })),
    ] {
        let body = json!({ "days": days, "values": values });
        let answer = admin.post("/api/v1/admin/policy/trial", body).await;
        assert_eq!(answer.status, 422, "{values}");
    }
    let packages = [AdministratorPermission::Packages];
    let other = app
        .administrator_who_may("see@example.org", &packages)
        .await;
    let body = json!({ "days": 7, "values": {} });
    let answer = other.post("/api/v1/admin/policy/trial", body).await;
    answer.expect_problem(403, "forbidden");
}
