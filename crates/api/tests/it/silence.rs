//! A database that keeps silent in the middle of a question (OPS-9).

use std::{sync::Arc, time::Duration};

use sofie_store::{Database, NoCipher};
use sofie_test_support::TestApp;

#[tokio::test]
async fn a_database_that_keeps_silent_is_given_up_and_its_connection_with_it() {
    let app = TestApp::start().await;
    let db = Database::connect(&app.connect_options(), Arc::new(NoCipher), 1).await;
    let db = db.unwrap();
    for begin in [true, false] {
        let mut tx = if begin {
            db.begin().await
        } else {
            db.read().await
        }
        .unwrap();
        tx.hurry(Duration::from_millis(50));
        let silent = tx
            .number("select 1::bigint from pg_sleep(60)")
            .await
            .unwrap_err();
        assert!(silent.is_passing(), "{silent}");
        drop(tx);
        // The only connection there may be: who comes next would wait for ever if the silent one were kept.
        let mut next = db.read().await.unwrap();
        assert_eq!(next.number("select 1::bigint").await.unwrap(), 1);
    }
}
