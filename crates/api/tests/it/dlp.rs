//! Sensitive data in files: held or delivered as the settings say, and shown masked (DET-8, DET-17).

use serde_json::{Value, json};
use sofie_test_support::{Client, TestApp};

use super::fixture::{Member, checks, fetch, found, inbox, look, send, zip};

/// A number that the scheme publishes for tests.
const CARD: &str = "4111 1111 1111 1111";

fn archive() -> Vec<u8> {
    let text = format!("Order 7, card {CARD}, valid 12/27.\n");
    let inner = zip("order.txt", text.as_bytes(), Member::Deflated);
    zip("orders.zip", &inner, Member::Stored)
}

async fn rows(admin: &Client, id: &str) -> Vec<Value> {
    let verdicts = admin
        .get(&format!("/api/v1/admin/packages/{id}/verdicts"))
        .await
        .expect(200);
    let body = verdicts.json();
    assert!(
        !body.to_string().contains("1111 1111"),
        "the number is shown"
    );
    let rows = body["files"][0]["verdicts"].clone();
    let rows = rows.as_array().unwrap().iter();
    rows.filter(|row| row["engine"] == "dlp").cloned().collect()
}

#[tokio::test]
async fn a_card_number_is_held_or_delivered_as_the_setting_says_and_always_masked() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let bob = app.user("bob@example.org").await;
    let admin = app.administrator("root@example.org").await;

    // As it is without any setting: delivered, and an administrator sees why one might not.
    let id = send(&eva, "bob@example.org", &[("a.zip", &archive())]).await;
    app.drain().await;
    let seen = look(&eva, &id).await;
    assert_eq!(checks(&seen), ["clean"]);
    assert_eq!(inbox(&bob).await, std::slice::from_ref(&id));
    let file = &look(&bob, &id).await["files"][0];
    let _ = fetch(&bob, &id, file).await.expect(200);
    let found_rows = rows(&admin, &id).await;
    assert_eq!(found_rows.len(), 1, "{found_rows:#?}");
    let row = &found_rows[0];
    assert_eq!(
        [
            &row["outcome"],
            &row["name"],
            &row["object"],
            &row["detail"]
        ],
        [
            "policy_hit",
            "dlp-card",
            "a.zip/orders.zip/order.txt",
            "1 match, •••• 1111"
        ]
    );

    app.set("checks.dlp", "quarantine").await;
    let held = send(&eva, "bob@example.org", &[("a.zip", &archive())]).await;
    app.drain().await;
    let seen = look(&eva, &held).await;
    assert_eq!(checks(&seen), ["blocked"], "{seen:#}");
    assert!(found(&seen["files"][0], "dlp", "dlp-card"));
    let findings = seen["files"][0]["findings"].to_string();
    assert!(!findings.contains("1111"), "the number is shown");
    assert_eq!(inbox(&bob).await, [id]);
    assert_eq!(rows(&admin, &held).await.len(), 1);
}

#[tokio::test]
async fn thresholds_expressions_and_none_of_it() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let admin = app.administrator("root@example.org").await;
    app.set("checks.dlp", "flag").await;
    app.set("checks.dlp_detectors", json!(["card:2"])).await;
    app.set(
        "checks.dlp_expressions",
        json!(["project: \\bPRJ-[0-9]{4}\\b"]),
    )
    .await;
    let once = format!("{CARD} for PRJ-2041\n");
    let files: [(&str, &[u8]); 1] = [("a.txt", once.as_bytes())];
    let id = send(&eva, "eva@example.org", &files).await;
    app.drain().await;
    assert_eq!(checks(&look(&eva, &id).await), ["flagged"]);
    let found_rows = rows(&admin, &id).await;
    assert_eq!(found_rows.len(), 1, "{found_rows:#?}");
    assert_eq!(found_rows[0]["name"], "dlp-regex-project");
    assert_eq!(found_rows[0]["detail"], "1 match, •••• 41");

    app.set("checks.dlp_detectors", json!([])).await;
    app.set("checks.dlp_expressions", json!([])).await;
    let id = send(&eva, "eva@example.org", &files).await;
    app.drain().await;
    assert_eq!(checks(&look(&eva, &id).await), ["clean"]);
    // Nobody looked, so nobody says that there is nothing.
    assert_eq!(rows(&admin, &id).await[0]["outcome"], "skipped");
    assert_eq!(rows(&admin, &id).await[0]["qualifier"], "off");
}

#[tokio::test]
async fn what_can_not_be_looked_for_is_refused() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    for (key, lines) in [
        ("checks.dlp_detectors", json!(["cards"])),
        ("checks.dlp_detectors", json!(["card:0"])),
        ("checks.dlp_expressions", json!(["open: ("])),
        ("checks.dlp_expressions", json!(["empty: x*"])),
        ("checks.dlp_expressions", json!(["no name"])),
        ("checks.dlp_expressions", json!("a: text")),
    ] {
        let body = json!({ "values": { key: lines } });
        let answer = admin.patch("/api/v1/admin/settings", body).await;
        let answer = answer.expect(422).json();
        assert_eq!(answer["errors"][0]["field"], key, "{answer:#}");
    }
}
