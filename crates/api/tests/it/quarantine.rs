//! What administrators decide (DET-25).

use chrono::TimeDelta;
use serde_json::{Value, json};
use sofie_domain::AdministratorPermission;
use sofie_test_support::{Client, TestApp};

use super::fixture::{Member, checks, eicar, fetch, inbox, look, send, zip};

/// Sends a package of two test files, and releases the first.
async fn partly_released(app: &TestApp, eva: &Client, admin: &Client) -> (String, Value) {
    let files: [(&str, &[u8]); 2] = [("a.txt", &eicar()), ("b.txt", &eicar())];
    let id = send(eva, "bob@example.org", &files).await;
    app.drain().await;
    let seen = look(eva, &id).await;
    assert_eq!(seen["state"], "withheld");
    let release = format!("/api/v1/admin/packages/{id}/release");
    let none = admin.post(&release, json!({ "reason": " " })).await;
    none.expect_problem(422, "invalid");
    let body = json!({ "reason": "our own test file", "file_ids": [seen["files"][0]["id"]] });
    let after = admin.post(&release, body.clone()).await.expect(200).json();
    let again = admin.post(&release, body).await;
    again.expect_problem(409, "conflict");
    (id, after)
}

#[tokio::test]
async fn a_held_package_is_released_with_a_reason_that_stays() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let bob = app.user("bob@example.org").await;
    let admin = app.administrator("root@example.org").await;
    let (id, after) = partly_released(&app, &eva, &admin).await;
    let state = (&after["state"], checks(&after));
    let expected = (&json!("partly_delivered"), vec!["released", "blocked"]);
    assert_eq!(state, expected);
    let path = "/api/v1/admin/packages?view=quarantined";
    let listed = admin.get(path).await.expect(200).json();
    assert_eq!(listed["items"][0]["id"], json!(id), "a part is still held");

    assert_eq!(inbox(&bob).await, std::slice::from_ref(&id));
    let there = look(&bob, &id).await;
    let released = &there["files"][0]["released"];
    assert_eq!(released["reason"], "our own test file");
    assert_eq!(released["by"], "root@example.org");
    let let_go = fetch(&bob, &id, &there["files"][0]).await;
    assert_eq!(let_go.expect(200).body, eicar());
    let held = fetch(&bob, &id, &there["files"][1]).await;
    assert!(held.status.is_client_error());
}

/// A new round overrules a release; the verdicts of the first one stay.
#[tokio::test]
async fn a_recheck_closes_a_package_until_it_is_over() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let bob = app.user("bob@example.org").await;
    let admin = app.administrator("root@example.org").await;
    let (id, before) = partly_released(&app, &eva, &admin).await;
    let path = format!("/api/v1/admin/packages/{id}");
    let recheck = format!("{path}/recheck");
    let begun = admin.post_empty(&recheck).await.expect(200).json();
    let state = (&begun["life"], checks(&begun));
    assert_eq!(state, (&json!("submitted"), vec!["pending", "pending"]));
    let twice = admin.post_empty(&recheck).await;
    twice.expect_problem(409, "conflict");
    let closed = fetch(&bob, &id, &before["files"][0]).await;
    assert!(closed.status.is_client_error());

    app.drain().await;
    assert_eq!(checks(&look(&eva, &id).await), ["blocked", "blocked"]);
    let verdicts = admin.get(&format!("{path}/verdicts")).await;
    let verdicts = verdicts.expect(200).json();
    let rows = verdicts["files"][0]["verdicts"].as_array().unwrap();
    let infected = rows.iter().filter(|row| row["outcome"] == "infected");
    assert_eq!(infected.count(), 2);
}

#[tokio::test]
async fn a_rejected_package_is_gone_and_its_sender_told() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let id = send(&eva, "bob@example.org", &[("a.txt", &eicar())]).await;
    let clean = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    app.drain().await;
    let admin = app.administrator("root@example.org").await;
    let reject = |id: &str| format!("/api/v1/admin/packages/{id}/reject");
    let reason = json!({ "reason": "not with us" });
    admin
        .post(&reject(&clean), reason.clone())
        .await
        .expect_problem(409, "conflict");
    let after = admin.post(&reject(&id), reason).await.expect(200).json();
    assert_eq!(after["life"], "deleted");
    app.drain().await;
    let mails = admin.get("/api/v1/admin/outbox").await.expect(200).json();
    let told = mails["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|mail| mail["kind"] == "rejected")
        .unwrap()
        .clone();
    assert_eq!(told["to"], "eva@example.org");
    let mail = admin
        .get(&format!(
            "/api/v1/admin/outbox/{}",
            told["id"].as_str().unwrap()
        ))
        .await
        .expect(200)
        .json();
    assert!(mail["text"].as_str().unwrap().contains("not with us"));
    let _ = eva
        .post_empty(&format!("/api/v1/packages/{id}/restore"))
        .await
        .expect(409);

    let _ = admin
        .delete(&format!("/api/v1/admin/packages/{clean}"))
        .await
        .expect(204);
    assert_eq!(
        admin
            .get(&format!("/api/v1/admin/packages/{clean}"))
            .await
            .expect(200)
            .json()["life"],
        "deleted"
    );
}

#[tokio::test]
async fn deciding_needs_the_permission() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let id = send(&eva, "bob@example.org", &[("a.txt", &eicar())]).await;
    app.drain().await;
    let looker = app
        .administrator_who_may("look@example.org", &[AdministratorPermission::Packages])
        .await;
    let path = format!("/api/v1/admin/packages/{id}");
    let _ = looker.get(&path).await.expect(200);
    let reason = json!({ "reason": "x" });
    for act in ["release", "reject"] {
        looker
            .post(&format!("{path}/{act}"), reason.clone())
            .await
            .expect_problem(403, "forbidden");
    }
    looker
        .post_empty(&format!("{path}/recheck"))
        .await
        .expect_problem(403, "forbidden");
    for other in ["/api/v1/admin/engines", "/api/v1/admin/jobs"] {
        looker.get(other).await.expect_problem(403, "forbidden");
        eva.get(other).await.expect_problem(401, "unauthenticated");
    }
    eva.get(&path).await.expect_problem(401, "unauthenticated");
    assert_eq!(checks(&look(&eva, &id).await), ["blocked"]);
}

/// Sends the first notice of the outbox again and returns what became of it.
async fn notice(app: &TestApp, again: bool) -> Value {
    let admin = app.administrator("root@example.org").await;
    let mails = admin.get("/api/v1/admin/outbox").await.expect(200).json();
    let items = mails["items"].as_array().unwrap();
    let mail = items
        .iter()
        .find(|mail| mail["kind"] == "package_received")
        .unwrap();
    let path = format!("/api/v1/admin/outbox/{}", mail["id"].as_str().unwrap());
    if again {
        let _ = admin.post_empty(&format!("{path}/retry")).await;
        app.drain().await;
    }
    admin.get(&path).await.expect(200).json()
}

/// A notice in the outbox says what is still so, or nothing.
#[tokio::test]
async fn a_notice_waits_for_a_recheck_and_goes_with_its_package() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let _ = app.user("bob@example.org").await;
    let id = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    app.drain().await;
    assert_eq!(
        notice(&app, false).await["state"],
        "held",
        "no server is set"
    );
    app.clamd("unix:/nowhere/clamd").await;
    let admin = app.administrator("root@example.org").await;
    let path = format!("/api/v1/admin/packages/{id}");
    let _ = admin
        .post_empty(&format!("{path}/recheck"))
        .await
        .expect(200);
    assert_eq!(notice(&app, true).await["state"], "queued");
    let _ = eva
        .delete(&format!("/api/v1/packages/{id}"))
        .await
        .expect(204);
    app.pass(TimeDelta::minutes(1)).await;
    app.drain().await;
    let dropped = notice(&app, false).await;
    let why = (&dropped["state"], &dropped["last_error"]);
    assert_eq!(why, (&json!("failed"), &json!("the package was withdrawn")));
}

#[tokio::test]
async fn nothing_is_delivered_after_its_time() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let files: [(&str, &[u8]); 2] = [("a.txt", b"hello"), ("b.txt", &eicar())];
    let id = send(&eva, "bob@example.org", &files).await;
    app.drain().await;
    let path = format!("/api/v1/admin/packages/{id}");
    let admin = app.administrator("root@example.org").await;
    let _ = admin
        .post_empty(&format!("{path}/recheck"))
        .await
        .expect(200);
    app.advance(TimeDelta::days(31));
    app.drain().await;
    let admin = app.administrator("root@example.org").await;
    assert_eq!(
        admin.get(&path).await.expect(200).json()["life"],
        "submitted"
    );
    let release = json!({ "reason": "our own test file" });
    let release = admin.post(&format!("{path}/release"), release).await;
    release.expect_problem(409, "conflict");
}

/// What is in a file is kept, with the digests of what was read, and only for administrators (DET-5).
#[tokio::test]
async fn an_administrator_sees_what_is_in_a_file_and_where_a_finding_is() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let inner = zip("eicar.com", &eicar(), Member::Deflated);
    let nested = zip("in.zip", &inner, Member::Deflated);
    let files: [(&str, &[u8]); 2] = [("nested.zip", &nested), ("a.txt", b"hello")];
    let id = send(&eva, "bob@example.org", &files).await;
    app.drain().await;
    let admin = app.administrator("root@example.org").await;
    let seen = look(&eva, &id).await;
    let path = |file: usize| {
        let file = seen["files"][file]["id"].as_str().unwrap();
        format!("/api/v1/admin/packages/{id}/files/{file}/objects")
    };
    let list = admin.get(&path(0)).await.expect(200).json();
    let objects = list["objects"].as_array().unwrap();
    let column = |name: &str| objects.iter().map(|o| o[name].clone()).collect::<Vec<_>>();
    assert_eq!(
        column("path"),
        [
            "nested.zip",
            "nested.zip/in.zip",
            "nested.zip/in.zip/eicar.com"
        ]
    );
    assert_eq!(column("depth"), [0, 1, 2]);
    assert_eq!(column("size"), [nested.len(), inner.len(), eicar().len()]);
    let digests = column("sha256");
    assert_eq!(digests[0], seen["files"][0]["sha256"]);
    let known = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f";
    assert_eq!(digests[2], known);
    assert_eq!(list["unlisted"], 0);

    let alone = admin.get(&path(1)).await.expect(200).json();
    assert_eq!(alone["objects"].as_array().unwrap().len(), 1);
    assert_eq!(alone["objects"][0]["path"], "a.txt");
    assert_eq!(alone["objects"][0]["sha256"], seen["files"][1]["sha256"]);

    let other = send(&eva, "bob@example.org", &[("b.txt", b"hello")]).await;
    let elsewhere = path(0).replace(&id, &other);
    admin.get(&elsewhere).await.expect_problem(404, "not_found");
    let _ = eva.get(&path(0)).await.expect(401);
}

/// A held file leaves in an archive with a password only, to who may, proved it, and says why (DET-25).
#[tokio::test]
async fn a_held_file_is_fetched_as_a_locked_sample() {
    use AdministratorPermission as May;
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let files: [(&str, &[u8]); 2] = [("a.txt", &eicar()), ("b.txt", b"hello")];
    let id = send(&eva, "bob@example.org", &files).await;
    app.drain().await;
    let seen = look(&eva, &id).await;
    let path = |file: usize| {
        let file = seen["files"][file]["id"].as_str().unwrap();
        format!("/api/v1/admin/packages/{id}/files/{file}/sample")
    };
    let content = format!("{}/content?reason=analysis", path(0));
    let mut others = May::ALL.to_vec();
    others.retain(|one| *one != May::Samples);
    let others = app.administrator_who_may("all@example.org", &others).await;
    let analyst = app
        .administrator_who_may("lab@example.org", &[May::Samples])
        .await;
    for path in [&path(0), &content] {
        others.get(path).await.expect_problem(403, "forbidden");
        eva.get(path).await.expect_problem(401, "unauthenticated");
    }
    let unreasoned = format!("{}/content", path(0));
    analyst
        .get(&unreasoned)
        .await
        .expect_problem(422, "invalid");
    let delivered = format!("{}/content?reason=x", path(1));
    analyst
        .get(&delivered)
        .await
        .expect_problem(404, "not_found");

    let about = analyst.get(&path(0)).await.expect(200).json();
    assert_eq!(about["name"], "a.txt.zip");
    assert_eq!(about["password"], "infected");
    let got = analyst.get(&content).await.expect(200).body;
    assert_eq!(about["size"], got.len());
    let clear = got.windows(eicar().len()).any(|window| window == eicar());
    assert!(!clear && got.starts_with(b"PK\x03\x04\x33\0\x01\x08\x63\0"));

    let noted = others.get("/api/v1/admin/audit?event=FILE_SAMPLED").await;
    let noted = noted.expect(200).json();
    let noted = noted["items"].as_array().unwrap();
    assert_eq!(noted.len(), 1, "{noted:?}");
    assert_eq!(noted[0]["data"]["reason"], "analysis");

    app.set("sessions.confirm_minutes", 1).await;
    app.advance(TimeDelta::minutes(2));
    for path in [&path(0), &content] {
        let again = analyst.get(path).await;
        again.expect_problem(403, "reauthentication_required");
    }
}
