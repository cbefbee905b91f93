//! What leaves only if a second pair of eyes agrees (DET-17, PKG-18).

use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};
use sofie_app::schedule::{Task, run_task};
use sofie_domain::UserPermission;
use sofie_test_support::{Answer, Client, TestApp, TestClamd};

use super::{
    fixture::{checks, eicar, fetch, inbox, look, mails, send},
    groups::{group, join},
    policy::handed_in,
    recall::with_clamd,
};

const SCRIPT: (&str, &[u8]) = ("run.sh", b"#!/bin/sh\necho hello\n");
const TEXT: (&str, &[u8]) = ("a.txt", b"hello");
const APPROVALS: &str = "/api/v1/approvals";

/// A user who may do everything but decide on what others send.
async fn sender(app: &TestApp, email: &str) -> Client {
    app.user_who_may(email, &UserPermission::usual()).await
}

/// Ids of what waits for somebody.
async fn to_approve(client: &Client) -> Vec<String> {
    let list = client.get(APPROVALS).await.expect(200).json();
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn asked(client: &Client, id: &str) -> Value {
    let path = format!("{APPROVALS}/{id}");
    client.get(&path).await.expect(200).json()
}

async fn approve(client: &Client, id: &str, held: &Value) -> Answer {
    let body = json!({ "reason": "our own script", "held": held });
    client
        .post(&format!("{APPROVALS}/{id}/approve"), body)
        .await
}

async fn reject(client: &Client, id: &str) -> Answer {
    let body = json!({ "reason": "not with us" });
    client.post(&format!("{APPROVALS}/{id}/reject"), body).await
}

/// An installation where scripts need approval, with somebody who sends and somebody who may approve.
async fn start() -> (TestApp, Client, Client) {
    let app = TestApp::start().await;
    app.set("checks.script", "approval").await;
    let eva = sender(&app, "eva@example.org").await;
    let ann = app.user("ann@example.org").await;
    (app, eva, ann)
}

/// Sends a package of a script and a text, which waits then.
async fn waiting(app: &TestApp, eva: &Client) -> String {
    let id = send(eva, "bob@example.org", &[SCRIPT, TEXT]).await;
    app.drain().await;
    let seen = look(eva, &id).await;
    let states = (&seen["state"], &seen["approval"]);
    assert_eq!(states, (&json!("awaiting_decision"), &json!("waiting")));
    id
}

#[tokio::test]
async fn what_needs_approval_leaves_once_somebody_agrees() {
    let (app, eva, ann) = start().await;
    let bob = sender(&app, "bob@example.org").await;
    let id = waiting(&app, &eva).await;
    assert_eq!(checks(&look(&eva, &id).await), ["blocked", "clean"]);
    assert_eq!(
        inbox(&bob).await,
        Vec::<String>::new(),
        "nothing leaves before"
    );
    let asking = mails(&app, "to_approve").await;
    assert_eq!(asking.len(), 1, "one mail for each who may");
    assert_eq!(asking[0].0, "ann@example.org");
    assert!(asking[0].1.contains("run.sh") && !asking[0].1.contains("a.txt"));
    assert!(asking[0].1.contains(&format!("/approvals/{id}")));
    assert_eq!(
        mails(&app, "awaiting_approval").await[0].0,
        "eva@example.org"
    );
    assert!(mails(&app, "quarantined_sender").await.is_empty());

    assert_eq!(to_approve(&ann).await, std::slice::from_ref(&id));
    let seen = asked(&ann, &id).await;
    let package = &seen["package"];
    assert_eq!(package["role"], "approver");
    assert_eq!(package["recipients"][0]["email"], "bob@example.org");
    assert_eq!(package["files"][0]["findings"][0]["name"], "type-script");
    assert_eq!(package["can"]["download"], false);
    for file in package["files"].as_array().unwrap() {
        let bytes = fetch(&ann, &id, file).await;
        bytes.expect_problem(404, "not_found");
    }
    for wrong in ["", "  "] {
        let body = json!({ "reason": wrong, "held": seen["held"] });
        let answer = ann.post(&format!("{APPROVALS}/{id}/approve"), body).await;
        answer.expect_problem(422, "invalid");
    }
    let _ = approve(&ann, &id, &seen["held"]).await.expect(204);

    let there = look(&bob, &id).await;
    assert_eq!(there["approval"], "approved");
    assert_eq!(checks(&there), ["flagged", "clean"]);
    assert_eq!(there["files"][0]["released"]["by"], "ann@example.org");
    let script = fetch(&bob, &id, &there["files"][0]).await;
    assert_eq!(script.expect(200).body, SCRIPT.1);
    let told = mails(&app, "approved").await;
    assert_eq!(told[0].0, "eva@example.org");
    assert!(told[0].1.contains("our own script"));
    assert_eq!(to_approve(&ann).await, Vec::<String>::new());
    let again = approve(&ann, &id, &seen["held"]).await;
    again.expect_problem(404, "not_found");
}

#[tokio::test]
async fn what_is_not_approved_is_gone_and_its_sender_told() {
    let (app, eva, ann) = start().await;
    let id = waiting(&app, &eva).await;
    let _ = reject(&ann, &id).await.expect(204);
    let admin = app.administrator("root@example.org").await;
    let seen = admin.get(&format!("/api/v1/admin/packages/{id}")).await;
    let seen = seen.expect(200).json();
    let states = (&seen["life"], &seen["approval"]);
    assert_eq!(states, (&json!("deleted"), &json!("rejected")));
    let told = mails(&app, "disapproved").await;
    assert_eq!(told.len(), 1);
    assert!(told[0].1.contains("not with us"));
    let restore = format!("/api/v1/packages/{id}/restore");
    let _ = eva.post_empty(&restore).await.expect(409);
    for event in ["APPROVAL_ASKED", "PACKAGE_DISAPPROVED"] {
        let path = format!("/api/v1/admin/audit?event={event}");
        let log = admin.get(&path).await.expect(200).json();
        assert_eq!(log["items"].as_array().unwrap().len(), 1, "{event}");
    }
}

#[tokio::test]
async fn nobody_approves_what_is_their_own() {
    let (app, _, ann) = start().await;
    let ben = app.user("ben@example.org").await;
    let id = waiting(&app, &ann).await;
    assert_eq!(to_approve(&ann).await, Vec::<String>::new());
    let held = asked(&ben, &id).await["held"].clone();
    for refused in [
        ann.get(&format!("{APPROVALS}/{id}")).await,
        approve(&ann, &id, &held).await,
        reject(&ann, &id).await,
    ] {
        refused.expect_problem(404, "not_found");
    }
    assert_eq!(mails(&app, "to_approve").await[0].0, "ben@example.org");
    let _ = approve(&ben, &id, &held).await.expect(204);

    // What somebody outside hands in is whose request it answers.
    app.set("incoming.script", "approval").await;
    let id = handed_in(&app, &ann).await;
    assert_eq!(to_approve(&ann).await, Vec::<String>::new());
    let refused = ann.get(&format!("{APPROVALS}/{id}")).await;
    refused.expect_problem(404, "not_found");
    let held = asked(&ben, &id).await["held"].clone();
    let _ = approve(&ben, &id, &held).await.expect(204);
    assert_eq!(look(&ann, &id).await["state"], "delivered");
}

#[tokio::test]
async fn only_who_may_approve_does() {
    let (app, eva, ann) = start().await;
    let dan = sender(&app, "dan@example.org").await;
    let id = waiting(&app, &eva).await;
    let held = asked(&ann, &id).await["held"].clone();
    for refused in [
        dan.get(APPROVALS).await,
        dan.get(&format!("{APPROVALS}/{id}")).await,
        approve(&dan, &id, &held).await,
        reject(&dan, &id).await,
        // A token can't have proved who sits there.
        approve(&app.token("ann@example.org").await, &id, &held).await,
    ] {
        refused.expect_problem(403, "forbidden");
    }
    let session = |client: Client| async move {
        let session = client.get("/api/v1/session").await.expect(200).json();
        session["can"]["approve"].clone()
    };
    assert_eq!(session(ann).await, true);
    assert_eq!(session(dan).await, false);
    app.advance(TimeDelta::minutes(6));
    let ann = app.user("ann@example.org").await;
    app.advance(TimeDelta::minutes(6));
    let late = approve(&ann, &id, &held).await;
    late.expect_problem(403, "reauthentication_required");
}

#[tokio::test]
async fn an_approval_is_of_what_was_looked_at() {
    let (app, eva, ann) = start().await;
    let admin = app.administrator("root@example.org").await;
    let id = waiting(&app, &eva).await;
    let held = asked(&ann, &id).await["held"].clone();
    let recheck = format!("/api/v1/admin/packages/{id}/recheck");
    let _ = admin.post_empty(&recheck).await.expect(200);
    let meanwhile = approve(&ann, &id, &held).await;
    meanwhile.expect_problem(404, "not_found");
    app.drain().await;
    let now = asked(&ann, &id).await["held"].clone();
    assert_ne!(held, now);
    let mut other = now.clone();
    other[0]["file_id"] = json!("01940000-0000-7000-8000-000000000000");
    let both = json!([now[0], now[0]]);
    for wrong in [&held, &json!([]), &other, &both] {
        let answer = approve(&ann, &id, wrong).await;
        answer.expect_problem(412, "version_conflict");
    }
    assert_eq!(
        mails(&app, "to_approve").await.len(),
        1,
        "one for a package"
    );
    let _ = approve(&ann, &id, &now).await.expect(204);
}

#[tokio::test]
async fn what_is_dangerous_by_now_is_not_approved() {
    let (app, eva, ann) = start().await;
    let admin = app.administrator("root@example.org").await;
    let id = waiting(&app, &eva).await;
    let seen = asked(&ann, &id).await;
    let hash = seen["package"]["files"][0]["sha256"].as_str().unwrap();
    let list = json!({ "hashes": hash });
    let _ = admin.post("/api/v1/admin/hashes", list).await.expect(200);
    let refused = approve(&ann, &id, &seen["held"]).await;
    refused.expect_problem(412, "version_conflict");
    app.drain().await;
    let after = look(&eva, &id).await;
    let states = (&after["state"], &after["approval"]);
    // The clean part is delivered, as of any package with a dangerous file.
    let expected = (&json!("partly_delivered"), &json!("not_required"));
    assert_eq!(states, expected);
    assert_eq!(checks(&after), ["blocked", "clean"]);
    assert_eq!(to_approve(&ann).await, Vec::<String>::new());
}

/// An approver's word stands for what was known, not against what is found later.
#[tokio::test]
async fn what_was_approved_and_is_dangerous_later_is_taken_back() {
    let (app, eva, ann) = start().await;
    let malware = [SCRIPT.1, TestClamd::MALWARE].concat();
    let mut ids = Vec::new();
    for content in [&malware[..], SCRIPT.1] {
        let id = send(&eva, "bob@example.org", &[("run.sh", content)]).await;
        app.drain().await;
        let held = asked(&ann, &id).await["held"].clone();
        let _ = approve(&ann, &id, &held).await.expect(204);
        ids.push(id);
    }
    app.advance(TimeDelta::minutes(1));
    let _server = with_clamd(&app).await;
    app.advance(TimeDelta::hours(2));
    for _ in 0..2 {
        run_task(&app.worker, Task::Rescan).await.unwrap();
        app.drain().await;
    }
    let eva = sender(&app, "eva@example.org").await;
    let mut found = Vec::new();
    for id in &ids {
        found.push(checks(&look(&eva, id).await)[0].to_owned());
    }
    assert_eq!(found, ["blocked", "flagged"]);
    let admin = app.administrator("root@example.org").await;
    let count = async |event: &str| {
        let path = format!("/api/v1/admin/audit?event={event}");
        let log = admin.get(&path).await.expect(200).json();
        log["items"].as_array().unwrap().len()
    };
    assert_eq!(count("FILE_RECALLED").await, 1);
    assert_eq!(count("FILE_FORBIDDEN_LATER").await, 0, "it is approved");
}

#[tokio::test]
async fn what_lacks_more_than_approval_is_the_administrators_affair() {
    let (app, eva, ann) = start().await;
    let virus = eicar();
    let files = [SCRIPT, ("virus.com", virus.as_slice())];
    let id = send(&eva, "bob@example.org", &files).await;
    app.drain().await;
    let seen = look(&eva, &id).await;
    let states = (&seen["state"], &seen["approval"]);
    assert_eq!(states, (&json!("withheld"), &json!("not_required")));
    assert_eq!(to_approve(&ann).await, Vec::<String>::new());
    assert!(mails(&app, "to_approve").await.is_empty());
    assert_eq!(mails(&app, "quarantined_sender").await.len(), 1);
}

#[tokio::test]
async fn without_an_approver_it_is_quarantine() {
    let app = TestApp::start().await;
    app.set("checks.script", "approval").await;
    let eva = app.user("eva@example.org").await;
    let _ = app.user("ann@example.org").await;
    let admin = app.administrator("root@example.org").await;
    let ann = admin.get("/api/v1/admin/users?q=ann").await;
    let ann = ann.expect(200).json()["items"][0]["id"].clone();
    let path = format!("/api/v1/admin/users/{}", ann.as_str().unwrap());
    let disabled = json!({ "state": "disabled" });
    let _ = admin.patch(&path, disabled).await.expect(200);
    // Eva may approve, but not her own; Ann could, but is shut out.
    let id = send(&eva, "bob@example.org", &[SCRIPT]).await;
    app.drain().await;
    let seen = look(&eva, &id).await;
    let states = (&seen["state"], &seen["approval"]);
    assert_eq!(states, (&json!("withheld"), &json!("not_required")));
    assert_eq!(mails(&app, "quarantined_sender").await.len(), 1);
}

#[tokio::test]
async fn administrators_may_decide_too() {
    let (app, eva, ann) = start().await;
    let admin = app.administrator("root@example.org").await;
    let bob = sender(&app, "bob@example.org").await;
    let (one, other) = (waiting(&app, &eva).await, waiting(&app, &eva).await);
    let listed = async |view: &str| {
        let path = format!("/api/v1/admin/packages?view={view}");
        let list = admin.get(&path).await.expect(200).json();
        list["items"].as_array().unwrap().len()
    };
    assert_eq!(listed("quarantined").await, 2);
    assert_eq!(listed("waiting").await, 2);
    let path = |id: &str, act: &str| format!("/api/v1/admin/packages/{id}/{act}");
    let reason = json!({ "reason": "seen" });
    let release = admin.post(&path(&one, "release"), reason.clone()).await;
    assert_eq!(release.expect(200).json()["approval"], "approved");
    assert_eq!(look(&bob, &one).await["state"], "delivered");
    let reject = admin.post(&path(&other, "reject"), reason).await;
    assert_eq!(reject.expect(200).json()["approval"], "rejected");
    assert_eq!(listed("waiting").await, 0);
    assert_eq!(to_approve(&ann).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_comes_back_from_the_recycle_bin_still_waits() {
    let (app, eva, ann) = start().await;
    let id = waiting(&app, &eva).await;
    let path = format!("/api/v1/packages/{id}");
    let _ = eva.delete(&path).await.expect(204);
    assert_eq!(to_approve(&ann).await, Vec::<String>::new());
    let _ = eva.post_empty(&format!("{path}/restore")).await.expect(200);
    app.drain().await;
    assert_eq!(to_approve(&ann).await, std::slice::from_ref(&id));
    assert_eq!(look(&eva, &id).await["state"], "awaiting_decision");
}

#[tokio::test]
async fn a_group_may_need_approval_for_what_others_need_none_for() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    let eva = sender(&app, "eva@example.org").await;
    let dan = sender(&app, "dan@example.org").await;
    let ann = app.user("ann@example.org").await;
    let path = group(&admin, "New here", json!({ "checks.script": "approval" })).await;
    join(&admin, &path, "eva@example.org").await;
    let of_eva = send(&eva, "bob@example.org", &[SCRIPT]).await;
    let of_dan = send(&dan, "bob@example.org", &[SCRIPT]).await;
    app.drain().await;
    assert_eq!(look(&dan, &of_dan).await["state"], "delivered");
    assert_eq!(to_approve(&ann).await, std::slice::from_ref(&of_eva));
    // The trial tells what would wait.
    let body = json!({ "days": 7, "values": { "checks.script": "approval" } });
    let tried = admin.post("/api/v1/admin/policy/trial", body).await;
    let one = &tried.expect(200).json()["affected"][0];
    assert_eq!(one["package_id"], of_dan.as_str());
    let after = json!({ "held": 1, "returned": false, "approval": true });
    assert_eq!(one["after"], after);
    assert_eq!(one["because"], json!(["script"]));
}

/// Whoever decides sees what was found, even if a setting hides it from senders.
#[tokio::test]
async fn approvers_see_what_was_found() {
    let (app, eva, ann) = start().await;
    app.set("checks.show_findings", false).await;
    let id = waiting(&app, &eva).await;
    assert_eq!(look(&eva, &id).await["files"][0]["findings"], json!([]));
    let seen = asked(&ann, &id).await;
    assert_eq!(
        seen["package"]["files"][0]["findings"][0]["name"],
        "type-script"
    );
    let found = ann.request(Method::GET, &format!("{APPROVALS}?q=plans"));
    let found = found.send().await.expect(200).json();
    assert_eq!(found["items"][0]["id"], id.as_str());
    let none = ann.get(&format!("{APPROVALS}?q=nothing")).await;
    assert_eq!(none.expect(200).json()["items"], json!([]));
}
