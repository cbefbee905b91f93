//! Mails that somebody may want or not: of delivery, of downloads, of an end that is near (PKG-12, PKG-23).

use chrono::TimeDelta;
use serde_json::json;
use sofie_app::schedule::{Task, run_task};
use sofie_test_support::TestApp;

use super::fixture::{fetch, look, mails, send};

/// PKG-12, PKG-23: who wants to know is told, and once.
#[tokio::test]
async fn the_sender_is_told_of_delivery_and_of_the_first_download() {
    let app = TestApp::start().await;
    let (eva, bob) = (
        app.user("eva@example.org").await,
        app.user("bob@example.org").await,
    );
    for wanted in [false, true] {
        app.set("mail.delivery_notice", wanted).await;
        app.set("mail.download_notice", wanted).await;
        let id = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
        app.drain().await;
        let file = look(&bob, &id).await["files"][0].clone();
        for _ in 0..2 {
            let _ = fetch(&bob, &id, &file).await.expect(200);
        }
        let _ = fetch(&eva, &id, &file).await;
        for kind in ["delivered", "downloaded"] {
            let told = mails(&app, kind).await;
            assert_eq!(told.len(), usize::from(wanted), "{kind} {told:?}");
            assert!(told.iter().all(|(to, _)| to == "eva@example.org"));
            assert!(
                told.iter()
                    .all(|(_, text)| text.contains("bob@example.org"))
            );
        }
    }
}

/// PKG-12: whoever has fetched nothing is reminded, with the same link, and once for one end.
#[tokio::test]
async fn who_has_fetched_nothing_is_reminded_in_time() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let bob = app.user("bob@example.org").await;
    let fetched = send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
    let id = send(&eva, "jan@partner.example", &[("a.txt", b"hello")]).await;
    app.drain().await;
    let file = look(&bob, &fetched).await["files"][0].clone();
    let _ = fetch(&bob, &fetched, &file).await.expect(200);
    let remind = || run_task(&app.worker, Task::Remind);
    app.advance(TimeDelta::days(27) - TimeDelta::seconds(1));
    remind().await.unwrap();
    assert!(mails(&app, "expiring").await.is_empty());
    app.advance(TimeDelta::seconds(1));
    for _ in 0..2 {
        remind().await.unwrap();
        let told = mails(&app, "expiring").await;
        let to: Vec<_> = told.iter().map(|(to, _)| to.as_str()).collect();
        assert_eq!(to, ["jan@partner.example"]);
        assert!(told[0].1.contains("/p#"), "{}", told[0].1);
    }
    app.set("mail.reminder_days", 0).await;
    // A package that lasts longer ends another time.
    let eva = app.user("eva@example.org").await;
    let longer = json!({"expires_in_days": 60});
    let _ = eva
        .patch(&format!("/api/v1/packages/{id}"), longer)
        .await
        .expect(200);
    app.advance(TimeDelta::days(57));
    remind().await.unwrap();
    assert_eq!(mails(&app, "expiring").await.len(), 1, "nobody wants it");
    app.set("mail.reminder_days", 3).await;
    remind().await.unwrap();
    assert_eq!(mails(&app, "expiring").await.len(), 2);
}
