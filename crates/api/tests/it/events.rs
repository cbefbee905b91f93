//! News for open pages (UI-5), and the sessions behind them (ACC-3).

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use chrono::TimeDelta;
use futures_util::StreamExt;
use http::Method;
use serde_json::json;
use sofie_app::Change;
use sofie_domain::PackageId;
use sofie_test_support::{Client, TestApp};
use tokio::time::timeout;
use uuid::Uuid;

const SOON: Duration = Duration::from_secs(10);

async fn open(client: &Client, path: &str) -> BodyDataStream {
    let answer: http::Response<Body> = client.request(Method::GET, path).stream().await;
    assert_eq!(answer.status(), 200);
    answer.into_body().into_data_stream()
}

/// Returns the next piece of a stream; none when it has ended.
async fn next(stream: &mut BodyDataStream) -> Option<String> {
    let piece = timeout(SOON, stream.next()).await.unwrap()?;
    Some(String::from_utf8(piece.unwrap().to_vec()).unwrap())
}

async fn made(client: &Client) -> Uuid {
    let draft = json!({ "title": "Plans" });
    let made = client.post("/api/v1/packages", draft).await.expect(201);
    made.json()["id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_burst_is_one_hint_about_what_the_listener_may_see() {
    let app = TestApp::start().await;
    let (eva, bob) = (
        app.user("eva@example.org").await,
        app.user("bob@example.org").await,
    );
    let (mine, hidden, last) = (made(&eva).await, made(&bob).await, made(&eva).await);
    let mut news = open(&eva, "/api/v1/events").await;
    let tell = |id: Uuid| app.app.parts().changes.tell(Change::Package(PackageId(id)));
    for _ in 0..50 {
        tell(hidden);
        tell(mine);
    }
    let first = next(&mut news).await.unwrap();
    assert!(first.contains(&mine.to_string()), "{first}");
    tell(last);
    let second = next(&mut news).await.unwrap();
    assert!(second.contains(&last.to_string()), "{second}");
}

#[tokio::test]
async fn an_open_page_does_not_keep_a_session_alive() {
    let app = TestApp::start().await;
    app.set("sessions.user_idle_minutes", 10).await;
    let eva = app.user("eva@example.org").await;
    let id = made(&eva).await;
    let mut news = open(&eva, "/api/v1/events").await;
    app.advance(TimeDelta::minutes(6));
    app.app.parts().changes.tell(Change::Package(PackageId(id)));
    assert!(next(&mut news).await.unwrap().contains(&id.to_string()));
    app.advance(TimeDelta::minutes(6));
    app.app.parts().changes.tell(Change::Package(PackageId(id)));
    assert_eq!(
        next(&mut news).await,
        None,
        "the stream ends with the session"
    );
    eva.get("/api/v1/events")
        .await
        .expect_problem(401, "unauthenticated");
}

/// Other processes change packages too. An open page asks whether its package changed, and reads it only then.
#[tokio::test]
async fn a_page_is_made_anew_only_when_its_package_changed() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let id = made(&eva).await;
    let mut news = open(&eva, &format!("/api/v1/packages/{id}/events")).await;
    assert!(next(&mut news).await.unwrap().contains("Plans"));
    let mut tx = app.app.db().read().await.unwrap();
    // Not how anybody changes a package: it leaves no trace but in the page, if that is made anew.
    tx.run("update packages set access_limit = 77")
        .await
        .unwrap();
    let quiet = timeout(Duration::from_secs(4), news.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    tx.run("update packages set version = version + 1")
        .await
        .unwrap();
    let changed = next(&mut news).await.unwrap();
    assert!(changed.contains("\"access_limit\":77"), "{changed}");
}

#[tokio::test]
async fn a_burst_of_changes_is_few_pages() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let id = made(&eva).await;
    let path = format!("/api/v1/packages/{id}");
    let mut news = open(&eva, &format!("{path}/events")).await;
    assert!(next(&mut news).await.unwrap().contains("Plans"));
    let burst = async {
        for n in 0..30 {
            let title = json!({ "title": format!("title {n}.") });
            let _ = eva.patch(&path, title).await.expect(200);
        }
    };
    let pages = async {
        let mut pages = 0;
        loop {
            pages += 1;
            if next(&mut news).await.unwrap().contains("title 29.") {
                return pages;
            }
        }
    };
    let ((), pages) = tokio::join!(burst, pages);
    assert!(pages <= 10, "{pages}");
}
