//! Engines that take minutes, whether they are waited for or not (DET-14, PKG-22).

use std::sync::{Arc, Mutex};

use axum::{Json, Router, extract::State, routing::post};
use chrono::TimeDelta;
use serde_json::{Value, json};
use sofie_test_support::{Client, TestApp};
use tokio::net::TcpListener;

use super::fixture::{checks, fetch, look, mails, send};

/// A Check Point that has one answer for every file.
#[derive(Clone, Default)]
struct Product {
    said: Arc<Mutex<Said>>,
}

#[derive(Default)]
struct Said {
    /// Its verdict; it works until there is one.
    verdict: Option<&'static str>,
    /// Whether its answers are none.
    broken: bool,
    /// The files that it was given: it knows nothing of others.
    given: Vec<String>,
    uploads: usize,
}

fn state(label: &str, sha256: &str) -> Value {
    json!({ "response": { "status": { "label": label }, "sha256": sha256 } })
}

async fn query(State(product): State<Product>, Json(question): Json<Value>) -> Json<Value> {
    let sha256 = question["request"]["sha256"].as_str().unwrap().to_owned();
    let said = product.said.lock().unwrap();
    if said.broken {
        return Json(json!({}));
    }
    if !said.given.contains(&sha256) {
        return Json(json!({ "response": { "status": { "label": "NOT_FOUND" } } }));
    }
    let Some(verdict) = said.verdict else {
        return Json(state("PENDING", &sha256));
    };
    let mut answer = state("FOUND", &sha256);
    answer["response"]["te"] =
        json!({ "status": { "label": "FOUND" }, "combined_verdict": verdict });
    Json(answer)
}

async fn upload(State(product): State<Product>, form: String) -> Json<Value> {
    let (_, rest) = form.split_once(r#""sha256":""#).unwrap();
    let sha256 = rest[..64].to_owned();
    let mut said = product.said.lock().unwrap();
    said.given.push(sha256.clone());
    said.uploads += 1;
    Json(state("UPLOAD_SUCCESS", &sha256))
}

impl Product {
    /// Starts it and sets it up.
    async fn start(app: &TestApp, root: &Client, mandatory: bool) -> Self {
        let product = Self::default();
        let router = Router::new()
            .route("/tecloud/api/v1/file/query", post(query))
            .route("/tecloud/api/v1/file/upload", post(upload))
            .with_state(product.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let config = json!({ "addresses": [address], "apikey": "k" });
        let body = json!({ "kind": "checkpoint", "enabled": true, "mandatory": mandatory, "config": config });
        let made = root.post("/api/v1/admin/engines", body).await.expect(201);
        assert_eq!(made.json()["available"], true);
        app.drain().await;
        product
    }

    fn says(&self, verdict: &'static str) {
        self.said.lock().unwrap().verdict = Some(verdict);
    }

    fn breaks(&self, broken: bool) {
        self.said.lock().unwrap().broken = broken;
    }

    fn forgets(&self) {
        self.said.lock().unwrap().given.clear();
    }

    fn uploads(&self) -> usize {
        self.said.lock().unwrap().uploads
    }
}

/// What it said of the one file of a package, last.
async fn row(root: &Client, id: &str) -> Value {
    let path = format!("/api/v1/admin/packages/{id}/verdicts");
    let verdicts = root.get(&path).await.expect(200).json();
    let rows = verdicts["files"][0]["verdicts"].as_array().unwrap();
    let own = rows.iter().rfind(|row| row["engine"] == "checkpoint");
    own.unwrap().clone()
}

async fn later(app: &TestApp) {
    app.pass(TimeDelta::minutes(6)).await;
    app.drain().await;
}

#[tokio::test]
async fn a_package_waits_for_one_that_is_mandatory() {
    let app = TestApp::start().await;
    let (eva, root) = (
        app.user("eva@example.org").await,
        app.administrator("root@example.org").await,
    );
    let product = Product::start(&app, &root, true).await;
    let id = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    app.drain().await;
    for _ in 0..2 {
        assert_eq!(look(&eva, &id).await["state"], "checking");
        let row = row(&root, &id).await;
        assert_eq!(
            (&row["outcome"], &row["qualifier"]),
            (&json!("error"), &json!("pending"))
        );
        later(&app).await;
    }
    product.says("benign");
    later(&app).await;
    assert_eq!(look(&eva, &id).await["state"], "delivered");
    assert_eq!(
        (row(&root, &id).await["outcome"].clone(), product.uploads()),
        (json!("clean"), 1)
    );
}

#[tokio::test]
async fn what_it_forgets_it_is_given_once_more_and_then_never() {
    let app = TestApp::start().await;
    let (eva, root) = (
        app.user("eva@example.org").await,
        app.administrator("root@example.org").await,
    );
    let product = Product::start(&app, &root, true).await;
    let id = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    app.drain().await;
    for _ in 0..6 {
        product.forgets();
        later(&app).await;
        assert_eq!(look(&eva, &id).await["state"], "checking");
        let _ = row(&root, &id).await;
    }
    assert_eq!(product.uploads(), 2);
    let row = row(&root, &id).await;
    assert_eq!(row["qualifier"], "engine_internal", "{row}");
}

#[tokio::test]
async fn the_late_word_of_one_that_is_not_waited_for_counts() {
    let app = TestApp::start().await;
    let (eva, bob, root) = (
        app.user("eva@example.org").await,
        app.user("bob@example.org").await,
        app.administrator("root@example.org").await,
    );
    let product = Product::start(&app, &root, false).await;
    let (bad, good) = (
        send(&eva, "bob@example.org", &[("a.txt", b"bad")]).await,
        send(&eva, "bob@example.org", &[("a.txt", b"good")]).await,
    );
    app.drain().await;
    assert_eq!(look(&eva, &bad).await["state"], "delivered");
    let file = look(&bob, &bad).await["files"][0].clone();
    let _ = fetch(&bob, &bad, &file).await.expect(200);
    later(&app).await;
    assert_eq!(row(&root, &bad).await["qualifier"], "pending");
    let _ = eva.delete(&format!("/api/v1/packages/{good}")).await;

    product.says("malicious");
    later(&app).await;
    assert_eq!(checks(&look(&eva, &bad).await), ["blocked"]);
    let _ = fetch(&bob, &bad, &file).await.expect(403);
    assert_eq!(mails(&app, "recalled_fetched").await.len(), 1);
    assert_eq!(product.uploads(), 2);
}

#[tokio::test]
async fn a_late_word_that_all_is_well_is_written_down() {
    let app = TestApp::start().await;
    let (eva, root) = (
        app.user("eva@example.org").await,
        app.administrator("root@example.org").await,
    );
    let product = Product::start(&app, &root, false).await;
    let id = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    app.drain().await;
    product.says("benign");
    later(&app).await;
    assert_eq!(row(&root, &id).await["outcome"], "clean");
    assert_eq!(look(&eva, &id).await["state"], "delivered");
    let dead = root
        .get("/api/v1/admin/jobs?state=queued")
        .await
        .expect(200);
    assert_eq!(dead.json()["items"], json!([]), "nothing is asked any more");
}

#[tokio::test]
async fn who_is_away_when_its_late_word_is_asked_for_is_asked_again() {
    let app = TestApp::start().await;
    let (eva, root) = (
        app.user("eva@example.org").await,
        app.administrator("root@example.org").await,
    );
    let product = Product::start(&app, &root, false).await;
    let id = send(&eva, "bob@example.org", &[("a.txt", b"bad")]).await;
    app.drain().await;
    product.says("malicious");
    product.breaks(true);
    later(&app).await;
    assert_eq!(look(&eva, &id).await["state"], "delivered");
    product.breaks(false);
    later(&app).await;
    assert_eq!(checks(&look(&eva, &id).await), ["blocked"]);
}
