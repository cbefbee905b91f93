//! The first administrator.

use chrono::TimeDelta;
use serde_json::json;
use sofie_app::setup;
use sofie_test_support::{PASSWORD, TestApp};

fn input(token: &str) -> serde_json::Value {
    json!({ "token": token, "email": "root@example.org", "name": "Root", "password": PASSWORD })
}

#[tokio::test]
async fn the_printed_link_makes_one_administrator_once() {
    let app = TestApp::start().await;
    let stale = setup::offer(&app.app).await.unwrap().unwrap();
    let token = setup::offer(&app.app).await.unwrap().unwrap();
    let browser = app.anonymous();
    let required = browser.get("/api/v1/setup").await.expect(200).json();
    assert_eq!(required, json!({ "required": true }));
    let post = async |secret: &str| browser.post("/api/v1/setup", input(secret)).await;
    post("sofie_set_guess")
        .await
        .expect_problem(404, "link_invalid");
    post(stale.expose())
        .await
        .expect_problem(404, "link_invalid");
    let _ = post(token.expose()).await.expect(204);

    let session = browser
        .get("/api/v1/admin/session")
        .await
        .expect(200)
        .json();
    assert_eq!(session["administrator"]["email"], "root@example.org");
    let permissions = session["administrator"]["permissions"].as_array().unwrap();
    assert!(permissions.contains(&json!("settings")) && !permissions.contains(&json!("contents")));
    assert_eq!(session["instance"]["setup_required"], false);

    post(token.expose()).await.expect_problem(404, "not_found");
    assert!(setup::offer(&app.app).await.unwrap().is_none());
}

#[tokio::test]
async fn the_link_ends_after_a_day_and_needs_a_good_password() {
    let app = TestApp::start().await;
    let token = setup::offer(&app.app).await.unwrap().unwrap();
    let mut weak = input(token.expose());
    weak["password"] = json!("admin");
    let answer = app
        .anonymous()
        .post("/api/v1/setup", weak)
        .await
        .expect(422)
        .json();
    assert_eq!(
        answer["errors"][0],
        json!({ "field": "password", "code": "too_short" })
    );
    app.advance(TimeDelta::hours(25));
    let answer = app
        .anonymous()
        .post("/api/v1/setup", input(token.expose()))
        .await;
    answer.expect_problem(404, "link_invalid");
}

#[tokio::test]
async fn of_two_at_once_one_becomes_administrator() {
    let app = TestApp::start().await;
    let token = setup::offer(&app.app).await.unwrap().unwrap();
    let (a, b) = (app.anonymous(), app.anonymous());
    let second = json!({ "token": token.expose(), "email": "b@example.org", "name": "B", "password": PASSWORD });
    let (a, b) = tokio::join!(
        a.post("/api/v1/setup", input(token.expose())),
        b.post("/api/v1/setup", second)
    );
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 404]);
}
