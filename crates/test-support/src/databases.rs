//! A database per test, copied from a migrated template.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use sofie_store::{ColumnCipher, Database};
use tokio::sync::OnceCell;

use crate::postgres::Postgres;

const TEMPLATE: &str = "template_sofie";
const CONNECTIONS: u32 = 8;

/// The database of one test; dropped with it.
#[derive(Debug)]
pub(crate) struct TestDatabase {
    name: String,
    pub db: Database,
}

impl TestDatabase {
    pub async fn create(cipher: Arc<dyn ColumnCipher>) -> Self {
        static MIGRATED: OnceCell<()> = OnceCell::const_new();
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        MIGRATED.get_or_init(|| migrate(Arc::clone(&cipher))).await;
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let create = format!("create database {name} template {TEMPLATE}");
        tokio::task::spawn_blocking(move || Postgres::shared().execute(&create))
            .await
            .expect("the database is made");
        let options = Postgres::shared().connect_options(&name);
        let db = Database::connect(&options, cipher, CONNECTIONS).await;
        let db = db.expect("the database answers");
        Self { name, db }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let drop = format!("drop database if exists {} with (force)", self.name);
        // Not worth waiting for; the server goes anyway.
        thread::spawn(move || Postgres::shared().execute(&drop));
    }
}

async fn migrate(cipher: Arc<dyn ColumnCipher>) {
    tokio::task::spawn_blocking(|| {
        Postgres::shared().execute(&format!("create database {TEMPLATE}"));
    })
    .await
    .expect("the template is made");
    let options = Postgres::shared().connect_options(TEMPLATE);
    let db = Database::connect(&options, cipher, 1).await;
    let db = db.expect("the template answers");
    db.migrate().await.expect("the schema is right");
    db.close().await;
}
