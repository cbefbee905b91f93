//! Groups of users, the rules that they have of their own, and exceptions for them (ACC-15, DET-17, DET-24).

use http::Method;
use serde_json::{Value, json};
use sofie_domain::AdministratorPermission;
use sofie_test_support::{Client, TestApp};

use super::{
    exceptions::{about, sent, sha256},
    fixture::{checks, eicar, look, send},
    outside::guest,
    policy::handed_in,
};

const GROUPS: &str = "/api/v1/admin/groups";
const SCRIPT: (&str, &[u8]) = ("run.sh", b"#!/bin/sh\necho hello\n");

/// Makes a group with rules of its own; returns its path.
pub async fn group(admin: &Client, name: &str, rules: Value) -> String {
    let made = admin.post(GROUPS, json!({ "name": name })).await;
    let made = made.expect(201).json();
    let path = format!("{GROUPS}/{}", made["id"].as_str().unwrap());
    give(admin, &path, rules).await;
    path
}

/// Gives a group rules.
async fn give(admin: &Client, path: &str, rules: Value) {
    let rules = json!({ "values": rules });
    let _ = admin
        .patch(&format!("{path}/rules"), rules)
        .await
        .expect(200);
}

/// Puts a user into a group.
pub async fn join(admin: &Client, path: &str, email: &str) {
    let user = user(admin, email).await;
    let id = user["id"].as_str().unwrap();
    let member = format!("{path}/members/{id}");
    let _ = admin.put(&member, json!({})).await.expect(204);
}

/// Returns a user as administrators see it.
async fn user(admin: &Client, email: &str) -> Value {
    let found = admin.get(&format!("/api/v1/admin/users?q={email}")).await;
    found.expect(200).json()["items"][0].clone()
}

async fn names(admin: &Client) -> Vec<String> {
    let list = admin.get(GROUPS).await.expect(200).json();
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

async fn events(admin: &Client, event: &str) -> usize {
    let path = format!("/api/v1/admin/audit?event={event}");
    let log = admin.get(&path).await.expect(200).json();
    log["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn groups_are_made_renamed_ordered_and_removed() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    for name in ["Sales", "Research"] {
        let _ = group(&admin, name, json!({})).await;
    }
    let taken = admin.post(GROUPS, json!({ "name": "sales" })).await;
    let errors = taken.expect(422).json()["errors"].clone();
    assert_eq!(errors[0], json!({ "field": "name", "code": "duplicate" }));
    for wrong in [json!({}), json!({ "name": " " }), json!({ "name": "a\nb" })] {
        let answer = admin.post(GROUPS, wrong).await;
        answer.expect_problem(422, "invalid");
    }

    let list = admin.get(GROUPS).await.expect(200).json();
    let sales = &list["items"][0];
    let path = format!("{GROUPS}/{}", sales["id"].as_str().unwrap());
    let renamed = json!({ "name": "Sale", "note": "They send a lot." });
    let rename = |version: i64| {
        let request = admin.request(Method::PATCH, &path).json(&renamed);
        request.header("if-match", &format!("\"{version}\""))
    };
    let stale = rename(sales["version"].as_i64().unwrap() + 1).send().await;
    stale.expect_problem(412, "version_conflict");
    let now = rename(sales["version"].as_i64().unwrap()).send().await;
    assert_eq!(now.expect(200).json()["note"], "They send a lot.");

    let ids: Vec<Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    let order = format!("{GROUPS}/order");
    let turned = json!({ "ids": [ids[1], ids[0]] });
    let _ = admin.put(&order, turned).await.expect(204);
    assert_eq!(names(&admin).await, ["Research", "Sale"]);
    let part = admin.put(&order, json!({ "ids": [ids[1]] })).await;
    part.expect_problem(412, "version_conflict");

    let _ = admin.delete(&path).await.expect(204);
    assert_eq!(names(&admin).await, ["Research"]);
    let gone = admin.delete(&path).await;
    gone.expect_problem(404, "not_found");
    for (event, count) in [
        ("GROUP_CREATED", 2),
        ("GROUP_CHANGED", 1),
        ("GROUPS_ORDERED", 1),
        ("GROUP_REMOVED", 1),
    ] {
        assert_eq!(events(&admin, event).await, count, "{event}");
    }
}

#[tokio::test]
async fn users_are_in_groups() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    let _ = app.user("eva@example.org").await;
    let _ = app.user("bob@example.org").await;
    let first = group(&admin, "First", json!({})).await;
    let second = group(&admin, "Second", json!({})).await;
    for path in [&second, &first, &first] {
        join(&admin, path, "eva@example.org").await;
    }
    join(&admin, &first, "bob@example.org").await;
    let eva = user(&admin, "eva@example.org").await;
    let groups: Vec<_> = eva["groups"].as_array().unwrap().iter().collect();
    let of_eva: Vec<_> = groups.iter().map(|group| &group["name"]).collect();
    assert_eq!(of_eva, ["First", "Second"], "in their order");
    let members = admin.get(&format!("{first}/members")).await;
    let members = members.expect(200).json();
    let emails: Vec<_> = members["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["email"].as_str().unwrap())
        .collect();
    assert_eq!(emails, ["bob@example.org", "eva@example.org"]);
    let list = admin.get(GROUPS).await.expect(200).json();
    assert_eq!(list["items"][0]["members"], 2);

    let out = format!("{first}/members/{}", eva["id"].as_str().unwrap());
    for _ in 0..2 {
        let _ = admin.delete(&out).await.expect(204);
    }
    let eva = user(&admin, "eva@example.org").await;
    assert_eq!(eva["groups"].as_array().unwrap().len(), 1);
    assert_eq!(events(&admin, "GROUP_MEMBER_ADDED").await, 3);
    assert_eq!(events(&admin, "GROUP_MEMBER_REMOVED").await, 1);
    let nobody = format!("{first}/members/01940000-0000-7000-8000-000000000000");
    admin
        .put(&nobody, json!({}))
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn who_fills_groups_gives_them_no_rules() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    let path = group(&admin, "Sales", json!({})).await;
    let who_may = async |email: &str, permission| {
        let permissions = [permission];
        app.administrator_who_may(email, &permissions).await
    };
    let fills = who_may("fills@example.org", AdministratorPermission::Users).await;
    let rules = json!({ "values": { "checks.script": "deliver" } });
    let refused = fills.patch(&format!("{path}/rules"), rules.clone()).await;
    refused.expect_problem(403, "forbidden");
    let governs = who_may("rules@example.org", AdministratorPermission::Settings).await;
    let _ = governs.get(GROUPS).await.expect(200);
    let _ = governs
        .patch(&format!("{path}/rules"), rules)
        .await
        .expect(200);
    for refused in [
        governs.delete(&path).await,
        governs.post(GROUPS, json!({ "name": "Mine" })).await,
        governs.get(&format!("{path}/members")).await,
    ] {
        refused.expect_problem(403, "forbidden");
    }
    let sees = who_may("sees@example.org", AdministratorPermission::Packages).await;
    sees.get(GROUPS).await.expect_problem(403, "forbidden");
    app.advance(chrono::TimeDelta::minutes(6));
    for late in [
        governs
            .patch(&format!("{path}/rules"), json!({ "values": {} }))
            .await,
        fills.delete(&path).await,
    ] {
        late.expect_problem(403, "reauthentication_required");
    }
}

#[tokio::test]
async fn a_group_has_no_rule_that_is_none() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    let path = group(&admin, "Sales", json!({ "checks.script": "reject" })).await;
    for wrong in [
        json!({ "checks.infected": "deliver" }),
        json!({ "incoming.infected": "flag" }),
        json!({ "checks.script": "burn" }),
        json!({ "checks.script": 1 }),
        json!({ "checks.maximum_minutes": "5" }),
        json!({ "no.such": null }),
    ] {
        let rules = json!({ "values": wrong });
        let answer = admin.patch(&format!("{path}/rules"), rules).await;
        answer.expect_problem(422, "invalid");
    }
    let list = admin.get(GROUPS).await.expect(200).json();
    let rules = &list["items"][0]["rules"];
    assert_eq!(rules, &json!({ "checks.script": "reject" }));
    give(&admin, &path, json!({ "checks.script": null })).await;
    let list = admin.get(GROUPS).await.expect(200).json();
    assert_eq!(list["items"][0]["rules"], json!({}));
    assert_eq!(events(&admin, "GROUP_RULES_CHANGED").await, 2);
}

/// Sends a script; returns its check.
async fn script(app: &TestApp, from: &Client) -> String {
    let id = send(from, "bob@example.org", &[SCRIPT]).await;
    app.drain().await;
    checks(&look(from, &id).await)[0].to_owned()
}

#[tokio::test]
async fn what_users_send_is_judged_by_the_rules_of_their_groups() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    let eva = app.user("eva@example.org").await;
    let dan = app.user("dan@example.org").await;
    let silent = group(&admin, "Silent", json!({ "checks.macro": "reject" })).await;
    let strict = group(&admin, "Strict", json!({ "checks.script": "quarantine" })).await;
    let lenient = group(&admin, "Lenient", json!({ "checks.script": "deliver" })).await;
    for path in [&silent, &strict, &lenient] {
        join(&admin, path, "eva@example.org").await;
    }
    assert_eq!(
        script(&app, &eva).await,
        "blocked",
        "the first that has one"
    );
    assert_eq!(script(&app, &dan).await, "flagged", "not dan's group");
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let order = json!({ "ids": [id(&lenient), id(&silent), id(&strict)] });
    let _ = admin
        .put(&format!("{GROUPS}/order"), order)
        .await
        .expect(204);
    assert_eq!(script(&app, &eva).await, "clean");
    give(&admin, &lenient, json!({ "checks.script": null })).await;
    assert_eq!(script(&app, &eva).await, "blocked", "the next one");
    let _ = admin.delete(&strict).await.expect(204);
    assert_eq!(script(&app, &eva).await, "flagged", "as for everybody");
    // What comes in is not what goes out.
    give(&admin, &silent, json!({ "incoming.script": "quarantine" })).await;
    assert_eq!(script(&app, &eva).await, "flagged");
}

#[tokio::test]
async fn a_users_rules_tell_which_group_they_come_from() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    let _ = app.user("eva@example.org").await;
    let rules = json!({ "checks.script": "reject", "incoming.macro": "quarantine" });
    let first = group(&admin, "First", rules).await;
    let second = group(&admin, "Second", json!({ "checks.script": "deliver" })).await;
    for path in [&second, &first] {
        join(&admin, path, "eva@example.org").await;
    }
    let id = user(&admin, "eva@example.org").await["id"].clone();
    let path = format!("/api/v1/admin/users/{}/rules", id.as_str().unwrap());
    let list = admin.get(&path).await.expect(200).json();
    let of = |rule: &str| {
        let items = list["items"].as_array().unwrap().iter();
        let mut found = items.filter(|one| one["rule"] == rule);
        let one = found.next().unwrap();
        ["outgoing", "incoming"].map(|way| {
            let group = one[way]["group"]["name"].as_str().unwrap_or_default();
            format!("{} {group}", one[way]["action"].as_str().unwrap())
        })
    };
    assert_eq!(of("script"), ["reject First", "reject First"]);
    assert_eq!(of("macro"), ["flag ", "quarantine First"]);
    assert_eq!(of("infected"), ["quarantine ", "quarantine "]);
    let nobody = "/api/v1/admin/users/01940000-0000-7000-8000-000000000000/rules";
    admin.get(nobody).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn the_rules_of_a_group_send_a_package_back() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    let eva = app.user("eva@example.org").await;
    let path = group(&admin, "Strict", json!({ "checks.script": "reject" })).await;
    join(&admin, &path, "eva@example.org").await;
    let id = send(&eva, "bob@example.org", &[SCRIPT]).await;
    app.drain().await;
    let seen = admin.get(&format!("/api/v1/admin/packages/{id}")).await;
    assert_eq!(seen.expect(200).json()["life"], "deleted");
}

#[tokio::test]
async fn what_was_asked_for_is_judged_by_the_rules_of_who_asked() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    let eva = app.user("eva@example.org").await;
    let dan = app.user("dan@example.org").await;
    let rules = json!({ "checks.script": "deliver", "incoming.script": "quarantine" });
    let path = group(&admin, "Strict", rules).await;
    join(&admin, &path, "eva@example.org").await;
    let check = async |asks: &Client| {
        let id = handed_in(&app, asks).await;
        let seen = admin.get(&format!("/api/v1/admin/packages/{id}")).await;
        checks(&seen.expect(200).json())[0].to_owned()
    };
    assert_eq!(check(&eva).await, "blocked");
    assert_eq!(check(&dan).await, "flagged");
    // What comes in as what goes out: as what goes out from who asked.
    give(&admin, &path, json!({ "incoming.script": null })).await;
    assert_eq!(check(&eva).await, "clean");
}

#[tokio::test]
async fn what_a_guest_sends_is_judged_by_the_strictest_rule_of_those_who_receive_it() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    for user in ["eva@example.org", "dan@example.org", "bob@example.org"] {
        let _ = app.user(user).await;
    }
    for (name, word, email) in [
        ("Lenient", "deliver", "eva@example.org"),
        ("Strict", "quarantine", "dan@example.org"),
    ] {
        let path = group(&admin, name, json!({ "incoming.script": word })).await;
        join(&admin, &path, email).await;
    }
    let guest = guest(&app).await;
    let check = async |recipients: &[&str]| {
        let draft = json!({ "recipients": recipients });
        let made = guest.post("/api/v1/packages", draft).await.expect(201);
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/packages/{id}");
        let put = guest.request(Method::PUT, &format!("{path}/files/{}", SCRIPT.0));
        let put = put.bytes("application/octet-stream", SCRIPT.1).send().await;
        let _ = put.expect(201);
        let _ = guest.post_empty(&format!("{path}/send")).await.expect(200);
        app.drain().await;
        let seen = admin.get(&format!("/api/v1/admin/packages/{id}")).await;
        checks(&seen.expect(200).json())[0].to_owned()
    };
    assert_eq!(check(&["eva@example.org"]).await, "clean");
    assert_eq!(
        check(&["eva@example.org", "dan@example.org"]).await,
        "blocked"
    );
    let with_bob = ["eva@example.org", "bob@example.org"];
    assert_eq!(check(&with_bob).await, "flagged", "bob is as everybody");
}

#[tokio::test]
async fn the_rules_of_a_group_are_tried_on_what_concerns_it() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    let eva = app.user("eva@example.org").await;
    let dan = app.user("dan@example.org").await;
    let path = group(&admin, "Sales", json!({})).await;
    join(&admin, &path, "eva@example.org").await;
    let mut of_eva = String::new();
    for from in [&dan, &eva] {
        of_eva = send(from, "bob@example.org", &[SCRIPT]).await;
        app.drain().await;
    }
    let _ = handed_in(&app, &eva).await;
    let id = path.rsplit('/').next().unwrap();
    let trial = async |values: Value| {
        let body = json!({ "days": 7, "group_id": id, "values": values });
        let tried = admin.post("/api/v1/admin/policy/trial", body).await;
        tried.expect(200).json()
    };
    let out = trial(json!({ "checks.script": "reject", "incoming.script": "flag" })).await;
    assert_eq!((&out["packages"], &out["returned"]), (&json!(3), &json!(1)));
    assert_eq!(out["affected"][0]["package_id"], of_eva.as_str());
    let both = trial(json!({ "checks.script": "quarantine" })).await;
    assert_eq!(both["held_more"], 2, "what comes in as what goes out");
    // A rule that the group has already makes no difference; one that is taken away does.
    give(&admin, &path, json!({ "checks.script": "quarantine" })).await;
    let same = trial(json!({ "checks.script": "quarantine" })).await;
    assert_eq!(same["affected"], json!([]));
    let inherited = trial(json!({ "checks.script": null })).await;
    assert_eq!(inherited["held_less"], 2);
    // The installation's rule is not what holds for the group.
    let body = json!({ "days": 7, "values": { "checks.script": "reject" } });
    let everybody = admin.post("/api/v1/admin/policy/trial", body).await;
    assert_eq!(everybody.expect(200).json()["returned"], 1, "only dan's");
    for (group, values) in [
        ("01940000-0000-7000-8000-000000000000", json!({})),
        (id, json!({ "checks.infected": "deliver" })),
    ] {
        let body = json!({ "days": 7, "group_id": group, "values": values });
        let answer = admin.post("/api/v1/admin/policy/trial", body).await;
        assert!(matches!(answer.status.as_u16(), 404 | 422), "{group}");
    }
}

#[tokio::test]
async fn an_exception_for_a_group_is_for_its_users_while_it_is_there() {
    let app = TestApp::start().await;
    let (ann, ben) = (
        app.administrator("ann@example.org").await,
        app.administrator("ben@example.org").await,
    );
    let eva = app.user("eva@example.org").await;
    let dan = app.user("dan@example.org").await;
    let path = group(&ann, "Lab", json!({})).await;
    join(&ann, &path, "eva@example.org").await;
    let id = path.rsplit('/').next().unwrap();
    let exceptions = "/api/v1/admin/exceptions";
    let nobodys = json!({ "sha256": sha256(&eicar()), "sender": "group:01940000-0000-7000-8000-000000000000" });
    let unknown = ann.post(exceptions, about(&app, &nobodys)).await;
    unknown.expect_problem(422, "invalid");
    let what = json!({ "sha256": sha256(&eicar()), "sender": format!("group:{id}") });
    let proposed = ann.post(exceptions, about(&app, &what)).await;
    let proposed = proposed.expect(201).json();
    assert_eq!(proposed["group"], "Lab");
    let approve = format!("{exceptions}/{}/approve", proposed["id"].as_str().unwrap());
    let _ = ben.post_empty(&approve).await.expect(200);
    let state = async |from: &Client| sent(&app, from, &eicar()).await.1["state"].clone();
    assert_eq!(state(&eva).await, "delivered");
    assert_eq!(state(&dan).await, "withheld");
    let _ = ann.delete(&path).await.expect(204);
    assert_eq!(state(&eva).await, "withheld");
    let listed = ann.get(exceptions).await.expect(200).json();
    let one = &listed["items"][0];
    assert_eq!(one["sender"], json!(format!("group:{id}")));
    assert_eq!(one["group"], Value::Null);
}
