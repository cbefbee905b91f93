//! A database per test, copied from a migrated template.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use sofie_store::{ColumnCipher, ConnectOptions, Database, schema};
use tokio::sync::OnceCell;

use crate::postgres::Postgres;

const TEMPLATE: &str = "template_sofie";
const CONNECTIONS: u32 = 8;

/// Log-in roles like those that an administrator makes, each in the group of a process.
const LOGINS: &str = "create role web_login login in role sofie_web;
                      create role worker_login login in role sofie_worker;
                      create role scheduler_login login in role sofie_scheduler";

/// The database of one test; dropped with it.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    /// As the owner of the tables.
    pub db: Database,
    /// As the HTTP side, the jobs and the schedule.
    pub web: Database,
    pub worker: Database,
    pub scheduler: Database,
}

impl TestDatabase {
    /// Makes one.
    pub async fn create(cipher: Arc<dyn ColumnCipher>) -> Self {
        static MIGRATED: OnceCell<()> = OnceCell::const_new();
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        MIGRATED.get_or_init(migrate).await;
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let create = format!("create database {name} template {TEMPLATE}");
        tokio::task::spawn_blocking(move || Postgres::shared().execute(&create))
            .await
            .expect("the database is made");
        let options = Postgres::shared().connect_options(&name);
        let db = Database::connect(&options, cipher, CONNECTIONS).await;
        let db = db.expect("the database answers");
        let role = |login| {
            let role = db.in_role(&options.as_user(login), CONNECTIONS);
            role.expect("the address is right")
        };
        Self {
            web: role("web_login"),
            worker: role("worker_login"),
            scheduler: role("scheduler_login"),
            name,
            db,
        }
    }
}

impl TestDatabase {
    /// Puts the sealed columns under a cipher, whoever looks at them.
    pub fn seal(&mut self, cipher: &Arc<dyn ColumnCipher>) {
        for db in [
            &mut self.db,
            &mut self.web,
            &mut self.worker,
            &mut self.scheduler,
        ] {
            *db = db.with_cipher(Arc::clone(cipher));
        }
    }

    /// How the owner of the tables connects.
    pub fn connect_options(&self) -> ConnectOptions {
        Postgres::shared().connect_options(&self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        drop_later(&self.name);
    }
}

/// A database without any table; dropped with it.
#[derive(Debug)]
pub struct EmptyDatabase {
    name: String,
}

impl EmptyDatabase {
    /// Makes one.
    pub async fn create() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("empty_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let create = format!("create database {name}");
        tokio::task::spawn_blocking(move || Postgres::shared().execute(&create))
            .await
            .expect("the database is made");
        Self { name }
    }

    /// Tells how to connect to it as its owner.
    #[must_use]
    pub fn connect_options(&self) -> ConnectOptions {
        Postgres::shared().connect_options(&self.name)
    }
}

impl Drop for EmptyDatabase {
    fn drop(&mut self) {
        drop_later(&self.name);
    }
}

fn drop_later(name: &str) {
    let drop = format!("drop database if exists {name} with (force)");
    // Not worth waiting for; the server goes anyway.
    thread::spawn(move || Postgres::shared().execute(&drop));
}

async fn migrate() {
    tokio::task::spawn_blocking(|| {
        Postgres::shared().execute(&format!("create database {TEMPLATE}"));
    })
    .await
    .expect("the template is made");
    let options = Postgres::shared().connect_options(TEMPLATE);
    let done = schema::migrate(&options, true, |_| ()).await;
    done.expect("the schema is right");
    tokio::task::spawn_blocking(|| Postgres::shared().execute(LOGINS))
        .await
        .expect("the roles are made");
}
