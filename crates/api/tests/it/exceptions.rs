//! What two administrators let pass, and what one lists as dangerous (DET-10, DET-24).

use chrono::TimeDelta;
use serde_json::{Value, json};
use sofie_domain::AdministratorPermission;
use sofie_test_support::{Client, TestApp};

use super::fixture::{checks, eicar, fetch, look, mails, send};

/// Sends a file and returns the state of its package, and of it.
pub async fn sent(app: &TestApp, from: &Client, content: &[u8]) -> (String, Value) {
    let id = send(from, "bob@example.org", &[("a.txt", content)]).await;
    app.drain().await;
    (id.clone(), look(from, &id).await)
}

pub fn sha256(content: &[u8]) -> String {
    use aws_lc_rs::digest;
    hex::encode(digest::digest(&digest::SHA256, content))
}

pub fn about(app: &TestApp, what: &Value) -> Value {
    let mut body =
        json!({ "reason": "the vendor's tool", "expires_at": app.app.now() + TimeDelta::days(30) });
    let fields = body.as_object_mut().unwrap();
    fields.extend(what.as_object().unwrap().clone());
    body
}

const EXCEPTIONS: &str = "/api/v1/admin/exceptions";
const HASHES: &str = "/api/v1/admin/hashes";

/// Puts an exception for the test file in force, from senders of one domain, by two administrators.
async fn agreed(app: &TestApp, ann: &Client, ben: &Client) -> Value {
    let about_it = json!({ "sha256": sha256(&eicar()), "sender": "@example.org" });
    let proposed = ann.post(EXCEPTIONS, about(app, &about_it)).await;
    let proposed = proposed.expect(201).json();
    assert_eq!(proposed["state"], "proposed");
    let eva = app.user("eva@example.org").await;
    let (_, seen) = sent(app, &eva, &eicar()).await;
    assert_eq!(seen["state"], "withheld", "one is not enough");
    let id = proposed["id"].as_str().unwrap();
    let approve = format!("{EXCEPTIONS}/{id}/approve");
    let own = ann.post_empty(&approve).await;
    own.expect_problem(409, "conflict");
    let active = ben.post_empty(&approve).await.expect(200).json();
    let twice = ben.post_empty(&approve).await;
    twice.expect_problem(409, "conflict");
    active
}

#[tokio::test]
async fn what_two_agreed_on_is_delivered_with_a_remark_for_their_time() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let (ann, ben) = (
        app.administrator("ann@example.org").await,
        app.administrator("ben@example.org").await,
    );
    let active = agreed(&app, &ann, &ben).await;
    let by = [
        &active["state"],
        &active["proposed_by"],
        &active["approved_by"],
    ];
    assert_eq!(by, ["active", "ann@example.org", "ben@example.org"]);

    let (id, seen) = sent(&app, &eva, &eicar()).await;
    let state = (&seen["state"], checks(&seen));
    assert_eq!(state, (&json!("delivered"), vec!["flagged"]));
    let verdicts = format!("/api/v1/admin/packages/{id}/verdicts");
    let rows = ann.get(&verdicts).await.expect(200).json();
    let rows = rows["files"][0]["verdicts"].as_array().unwrap().clone();
    let excused = |row: &&Value| row["exception_id"] == active["id"];
    assert!(
        rows.iter()
            .filter(excused)
            .any(|row| row["outcome"] == "infected")
    );
    assert!(
        rows.iter()
            .filter(excused)
            .all(|row| row["outcome"] != "clean")
    );

    let state =
        async |from: &Client, content: &[u8]| sent(&app, from, content).await.1["state"].clone();
    let other = [eicar(), b"\n".to_vec()].concat();
    assert_eq!(state(&eva, &other).await, "withheld", "other content");
    let mallory = app.user("mallory@example.net").await;
    assert_eq!(
        state(&mallory, &eicar()).await,
        "withheld",
        "another sender"
    );
    app.advance(TimeDelta::days(31));
    let eva = app.user("eva@example.org").await;
    assert_eq!(state(&eva, &eicar()).await, "withheld", "its time is over");
    let ann = app.administrator("ann@example.org").await;
    let list = ann.get(EXCEPTIONS).await.expect(200).json();
    assert_eq!(list["items"][0]["state"], "expired");
}

#[tokio::test]
async fn a_pattern_lets_findings_pass_until_it_is_revoked() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let (ann, ben) = (
        app.administrator("ann@example.org").await,
        app.administrator("ben@example.org").await,
    );
    let shortcut = [
        b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F".to_vec(),
        vec![0; 200],
    ]
    .concat();
    let (_, held) = sent(&app, &eva, &shortcut).await;
    assert_eq!(held["state"], "withheld");
    let held_by: Vec<_> = held["files"][0]["findings"].as_array().unwrap().clone();
    let mut ids = Vec::new();
    for finding in &held_by {
        let name = finding["name"].as_str().unwrap();
        let pattern = format!("{}*", &name[..name.len() - 1]);
        let body = about(
            &app,
            &json!({ "engine": finding["engine"], "finding": pattern }),
        );
        let proposed = ann.post(EXCEPTIONS, body).await.expect(201).json();
        let id = proposed["id"].as_str().unwrap().to_owned();
        let _ = ben
            .post_empty(&format!("{EXCEPTIONS}/{id}/approve"))
            .await
            .expect(200);
        ids.push(id);
    }
    let (_, seen) = sent(&app, &eva, &shortcut).await;
    assert_eq!(
        (&seen["state"], checks(&seen)),
        (&json!("delivered"), vec!["flagged"]),
        "{held_by:?}"
    );
    for id in &ids {
        let path = format!("{EXCEPTIONS}/{id}");
        let _ = ann.delete(&path).await.expect(204);
        ann.delete(&path).await.expect_problem(404, "not_found");
    }
    assert_eq!(sent(&app, &eva, &shortcut).await.1["state"], "withheld");

    // What a pattern names may be dangerous: then it excuses nothing.
    let body = about(&app, &json!({ "engine": "eicar", "finding": "eicar*" }));
    let proposed = ann.post(EXCEPTIONS, body).await.expect(201).json();
    let id = proposed["id"].as_str().unwrap();
    let _ = ben
        .post_empty(&format!("{EXCEPTIONS}/{id}/approve"))
        .await
        .expect(200);
    assert_eq!(sent(&app, &eva, &eicar()).await.1["state"], "withheld");
}

#[tokio::test]
async fn proposals_are_complete_and_by_those_who_may() {
    let app = TestApp::start().await;
    let ann = app.administrator("ann@example.org").await;
    let wrong = [
        json!({ "sha256": "abc" }),
        json!({ "sha256": sha256(b""), "engine": "x", "finding": "y" }),
        json!({ "engine": "clamd", "finding": "*" }),
        json!({ "engine": "", "finding": "y" }),
        json!({ "sha256": sha256(b""), "sender": "@" }),
        json!({ "sha256": sha256(b""), "reason": " " }),
        json!({ "sha256": sha256(b""), "expires_at": app.app.now() }),
        json!({ "sha256": sha256(b""), "expires_at": app.app.now() + TimeDelta::days(400) }),
    ];
    for body in wrong {
        let answer = ann.post(EXCEPTIONS, about(&app, &body)).await;
        answer.expect_problem(422, "invalid");
    }
    let others = [
        AdministratorPermission::Engines,
        AdministratorPermission::Packages,
    ];
    let other = app
        .administrator_who_may("other@example.org", &others)
        .await;
    let body = about(&app, &json!({ "sha256": sha256(b"") }));
    other
        .post(EXCEPTIONS, body)
        .await
        .expect_problem(403, "forbidden");
    other.get(HASHES).await.expect_problem(403, "forbidden");
    let body = json!({ "hashes": sha256(b"") });
    other
        .post(HASHES, body)
        .await
        .expect_problem(403, "forbidden");
}

#[tokio::test]
async fn a_listed_hash_is_dangerous_and_what_was_delivered_is_taken_back() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let bob = app.user("bob@example.org").await;
    let ann = app.administrator("ann@example.org").await;
    let content = b"an invoice of another kind";
    let (id, seen) = sent(&app, &eva, content).await;
    assert_eq!(seen["state"], "delivered");
    let file = look(&bob, &id).await["files"][0].clone();
    let _ = fetch(&bob, &id, &file).await.expect(200);

    let text = format!(
        "# from the ministry\n{}, a trojan\nnonsense\n",
        sha256(content)
    );
    let refused = ann
        .post(HASHES, json!({ "hashes": text }))
        .await
        .expect(422)
        .json();
    let expected = json!([{ "field": "hashes", "code": "invalid", "line": 3 }]);
    assert_eq!(refused["errors"], expected);
    let list = ann.get(HASHES).await.expect(200).json();
    assert_eq!(list["items"], json!([]), "nothing of a wrong list is kept");
    let text = text.replace("nonsense\n", "");
    for added in [1, 0] {
        let answer = ann
            .post(HASHES, json!({ "hashes": text }))
            .await
            .expect(200)
            .json();
        assert_eq!(answer["added"], added);
    }
    app.drain().await;
    assert_eq!(checks(&look(&eva, &id).await), ["blocked"], "taken back");
    assert_eq!(mails(&app, "recalled_fetched").await.len(), 1);
    let _ = fetch(&bob, &id, &file).await.expect(403);

    // In whatever it is packed.
    let packed = super::fixture::zip("b.txt", content, super::fixture::Member::Stored);
    let (_, seen) = sent(&app, &eva, &packed).await;
    assert_eq!(
        (&seen["state"], checks(&seen)),
        (&json!("withheld"), vec!["blocked"])
    );
    let finding = seen["files"][0]["findings"]
        .as_array()
        .unwrap()
        .last()
        .unwrap();
    assert_eq!(
        (&finding["engine"], &finding["name"]),
        (&json!("hashes"), &json!("listed-hash"))
    );

    let one = format!("{HASHES}/{}", sha256(content));
    let _ = ann.delete(&one).await.expect(204);
    ann.delete(&one).await.expect_problem(404, "not_found");
    assert_eq!(sent(&app, &eva, content).await.1["state"], "delivered");
}

#[tokio::test]
async fn a_hash_that_was_listed_before_the_delivery_stops_it() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let ann = app.administrator("ann@example.org").await;
    let content = b"an invoice of a third kind";
    let (id, seen) = sent(&app, &eva, content).await;
    assert_eq!(seen["state"], "delivered");
    let path = format!("/api/v1/packages/{id}");
    let _ = eva.delete(&path).await.expect(204);
    let _ = ann
        .post(HASHES, json!({ "hashes": sha256(content) }))
        .await
        .expect(200);
    app.drain().await;
    let _ = eva.post_empty(&format!("{path}/restore")).await.expect(200);
    app.drain().await;
    let seen = look(&eva, &id).await;
    assert_eq!(
        (&seen["state"], checks(&seen)),
        (&json!("withheld"), vec!["blocked"])
    );
}

#[tokio::test]
async fn what_is_listed_is_taken_back_although_no_engine_can_be_asked() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let ann = app.administrator("ann@example.org").await;
    let content = b"an invoice of a fourth kind";
    let (id, _) = sent(&app, &eva, content).await;
    app.clamd("127.0.0.1:9").await;
    let _ = ann
        .post(HASHES, json!({ "hashes": sha256(content) }))
        .await
        .expect(200);
    app.drain().await;
    assert_eq!(checks(&look(&eva, &id).await), ["blocked"]);
}

#[tokio::test]
async fn what_two_agreed_on_is_delivered_although_it_is_listed() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let (ann, ben) = (
        app.administrator("ann@example.org").await,
        app.administrator("ben@example.org").await,
    );
    let content = b"an invoice of a fifth kind";
    let (before, _) = sent(&app, &eva, content).await;
    let about_it = json!({ "sha256": sha256(content) });
    let proposed = ann.post(EXCEPTIONS, about(&app, &about_it)).await;
    let proposed = proposed.expect(201).json();
    let id = proposed["id"].as_str().unwrap();
    let _ = ben
        .post_empty(&format!("{EXCEPTIONS}/{id}/approve"))
        .await
        .expect(200);
    let _ = ann
        .post(HASHES, json!({ "hashes": sha256(content) }))
        .await
        .expect(200);
    app.drain().await;
    assert_eq!(
        look(&eva, &before).await["state"],
        "delivered",
        "not taken back"
    );
    // The delivery asks the list once more, and the checks have answered that already.
    let (_, seen) = sent(&app, &eva, content).await;
    assert_eq!(
        (&seen["state"], checks(&seen)),
        (&json!("delivered"), vec!["flagged"])
    );
}
