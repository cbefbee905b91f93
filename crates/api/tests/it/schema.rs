//! The schema is made by one, looked at by all, and what it holds can be moved.

use sofie_store::schema::{self, Progress, Unusable};
use sofie_store::transfer::{self, TransferError};
use sofie_store::{ConnectOptions, Error};
use sofie_test_support::{EmptyDatabase, TestApp};

#[tokio::test]
async fn it_is_made_once_however_many_make_it() {
    let database = EmptyDatabase::create().await;
    let options = database.connect_options();
    let due = schema::due(&options).await.unwrap();
    assert!(!due.steps.is_empty());
    let behind = schema::check(&options).await.unwrap_err();
    assert!(
        matches!(&behind, Error::Schema(Unusable::Behind { missing }) if *missing == due.steps.len()),
        "{behind}"
    );
    let make = async || {
        let mut steps = 0;
        let tell = |progress| steps += usize::from(matches!(progress, Progress::Begun(_)));
        schema::migrate(&options, false, tell).await.unwrap();
        steps
    };
    let (one, two, three) = tokio::join!(make(), make(), make());
    assert_eq!(one + two + three, due.steps.len());
    assert!(schema::due(&options).await.unwrap().is_empty());
    schema::check(&options).await.unwrap();
}

/// Exports into memory.
async fn export(
    from: &ConnectOptions,
) -> Result<(Vec<u8>, Vec<transfer::Contents>), TransferError> {
    let (mut bytes, mut told) = (Vec::new(), Vec::new());
    transfer::export(from, &mut bytes, |table| told.push(table.clone())).await?;
    Ok((bytes, told))
}

#[tokio::test]
async fn everything_arrives_or_nothing() {
    let app = TestApp::start().await;
    let alice = app.user("alice@example.org").await;
    let draft = serde_json::json!({
        "type": "private", "title": "\\. and \\N", "note": "a\tb\nc", "recipients": ["bob@example.net"],
    });
    let _ = alice.post("/api/v1/packages", draft).await.expect(201);
    let busy = export(&app.connect_options()).await.unwrap_err();
    assert!(matches!(busy, TransferError::InUse(_)), "{busy}");
    for database in [app.app.db(), app.web.db(), app.worker.db(), &app.scheduler] {
        database.close().await;
    }
    let (bytes, told) = export(&app.connect_options()).await.unwrap();

    let target = EmptyDatabase::create().await;
    let to = target.connect_options();
    transfer::ensure_empty(&to).await.unwrap();
    schema::migrate(&to, false, |_| ()).await.unwrap();
    let mut changed = bytes.clone();
    let title = changed.len() / 2;
    changed[title] ^= 1;
    for damaged in [&changed[..], &bytes[..bytes.len() - 1], &bytes[..40], b""] {
        assert!(transfer::import(&to, damaged, |_| ()).await.is_err());
        transfer::ensure_empty(&to).await.unwrap();
    }
    let mut arrived = Vec::new();
    let tell = |table: &transfer::Contents| arrived.push(table.clone());
    transfer::import(&to, &bytes[..], tell).await.unwrap();
    assert_eq!(arrived, told);
    let again = transfer::import(&to, &bytes[..], |_| ()).await.unwrap_err();
    assert!(matches!(again, TransferError::NotEmpty(_)), "{again}");
    assert!(transfer::ensure_empty(&to).await.is_err());
    // The counters go on where they were, so what is written out again is the same file.
    assert_eq!(export(&to).await.unwrap().0, bytes);
}
