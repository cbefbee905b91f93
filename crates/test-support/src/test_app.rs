//! The app.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::Router;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use sofie_app::{
    App, Changes, Parts,
    downloads::Permits,
    engines::Engines,
    jobs,
    keys::Keyring,
    licences::{LicenceServer, Licences},
    sessions,
    settings::SettingsCache,
    setup,
    uploads::{Pace, Uploads},
};
use sofie_domain::{
    AccountState, Administrator, AdministratorId, AdministratorPermission, Clock, TokenId, User,
    UserId, UserPermission, VisitorId,
};
use sofie_identity::{Params, Passwords, PlainToken, TokenKind};
use sofie_queue::Waker;
use sofie_store::{
    ConnectOptions, Database, NoCipher, administrators, engines, tokens, users, visitors,
};
use sofie_vault::{BlobBackend as _, Kek, KekSource as _, MemoryBackend, MemoryKeks, Vault};
use tokio_util::task::TaskTracker;

use crate::{Client, FrozenClock, databases::TestDatabase, inspector, licences};

/// The password of every account that a test makes.
pub const PASSWORD: &str = "violet harbour seldom tickets";

/// What of a test's app is not as usual.
#[derive(Debug, Default)]
pub struct TestOptions {
    /// How the HTTP door behaves.
    pub http: sofie_api::Options,
    /// How slowly a body may come.
    pub pace: Pace,
    /// Where a local clamd is looked for; nowhere without it.
    pub local_clamd: Option<std::path::PathBuf>,
    /// Who gives new licences; nobody without it.
    pub licence_server: Option<Arc<dyn LicenceServer>>,
}

/// A whole app on a database of its own. Each process reaches the database in its own role, so a test shows that the
/// rights of the roles are enough.
#[derive(Debug)]
pub struct TestApp {
    /// The use cases, for the test itself, which may do everything.
    pub app: App,
    /// What requests use.
    pub web: App,
    /// What jobs use.
    pub worker: App,
    /// What the schedule uses.
    pub scheduler: Database,
    /// The time.
    pub clock: Arc<FrozenClock>,
    /// The encrypted files.
    pub blobs: Arc<MemoryBackend>,
    /// Where the key-encryption keys are kept.
    pub keks: MemoryKeks,
    router: Router,
    database: TestDatabase,
}

impl TestApp {
    /// Starts an app in which nobody has an account.
    pub async fn start() -> Self {
        Self::with(TestOptions::default()).await
    }

    /// Starts an app that is not as usual.
    pub async fn with(options: TestOptions) -> Self {
        let clock = Arc::new(FrozenClock::default());
        let mut database = TestDatabase::create(Arc::new(NoCipher)).await;
        let (keks, ring) = keys(&database.db, clock.now()).await;
        database.seal(&ring.columns());
        let blobs = Arc::new(MemoryBackend::new());
        blobs.set_now(clock.now().into());
        let app = app(&database.db, ring, (&clock, &blobs), &options).await;
        let marked = blobs.ensure_marker(&app.parts().instance.to_string());
        marked.expect("the store is new");
        let web = app.with_database(database.web.clone());
        Self {
            router: sofie_api::router(web.clone(), options.http),
            worker: app.with_database(database.worker.clone()),
            scheduler: database.scheduler.clone(),
            web,
            app,
            clock,
            blobs,
            keks,
            database,
        }
    }

    /// Tells how the owner of the tables connects.
    #[must_use]
    pub fn connect_options(&self) -> ConnectOptions {
        self.database.connect_options()
    }

    /// Starts another process of the same installation, with what keys it finds now.
    pub async fn beside(&self) -> App {
        let db = self.app.db();
        let found = self.keks.load().expect("the keys");
        let keys = Keyring::open(db, Arc::new(self.keks.clone()), &found, self.app.now()).await;
        let keys = Arc::new(keys.expect("the keys open the database"));
        let ground = (&self.clock, &self.blobs);
        app(db, keys, ground, &TestOptions::default()).await
    }

    /// Puts an enabled, mandatory engine into the table, whether it answers or not.
    pub async fn engine(&self, kind: &str, config: serde_json::Value) {
        let kind = sofie_detection::kind(kind).expect("a kind");
        let engine = engines::Engine {
            id: kind.name.to_owned(),
            kind: kind.name.to_owned(),
            name: kind.title.to_owned(),
            stage: kind.class.as_str().to_owned(),
            position: 0,
            enabled: true,
            mandatory: true,
            largest_file: kind.largest_file,
            oversize: "unscannable".to_owned(),
            types: serde_json::json!(sofie_detection::Types::all()),
            at_once: kind.at_once,
            seconds: kind.seconds,
            config: config.as_object().expect("an object").clone(),
            secrets: serde_json::Map::new(),
            version: 1,
            updated_at: self.app.now(),
        };
        let mut tx = self.app.db().begin().await.expect("a transaction");
        let done = engines::insert(&mut tx, &engine).await;
        assert!(done.expect("the insert"), "the engine is new");
        tx.commit().await.expect("the commit");
        sofie_app::engines::look_again(&self.app).await;
    }

    /// Puts a clamd at this address into the table, whether it answers or not.
    pub async fn clamd(&self, address: &str) {
        let config = serde_json::json!({ "addresses": [address] });
        self.engine("clamd", config).await;
    }

    /// Lets time pass.
    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
        self.blobs.set_now(self.clock.now().into());
    }

    /// Changes a setting.
    pub async fn set(&self, key: &str, value: impl Into<serde_json::Value>) {
        let ctx = sofie_app::Context::system(self.app.now());
        let values = [(key.to_owned(), value.into())].into();
        let done = sofie_app::settings::change(&self.app, &ctx, &values).await;
        done.expect("the setting takes the value");
    }

    /// Lets time pass for everybody, the jobs that wait for a later moment included.
    pub async fn pass(&self, by: TimeDelta) {
        self.advance(by);
        let by = by.to_std().expect("time goes forward");
        jobs::pass(&self.app, by).await.expect("the rows are moved");
    }

    /// Waits until somebody waits for a lock that another transaction holds.
    pub async fn blocked(&self) {
        let waiting = "select count(*) from pg_stat_activity
                        where datname = current_database() and wait_event_type = 'Lock'";
        let mut tx = self.app.db().read().await.expect("a connection");
        while tx.number(waiting).await.expect("the query runs") == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// Waits for what goes on after requests were answered.
    pub async fn tasks(&self) {
        let tasks = &self.app.parts().tasks;
        tasks.close();
        tasks.wait().await;
        tasks.reopen();
    }

    /// Runs jobs until none is due.
    pub async fn drain(&self) {
        jobs::drain(&self.worker).await.expect("the jobs run");
    }

    /// Returns somebody whom nobody knows.
    #[must_use]
    pub fn anonymous(&self) -> Client {
        Client::new(self.router.clone())
    }

    /// Returns a user with every permission, logged in; makes the account when it is new.
    pub async fn user(&self, email: &str) -> Client {
        self.user_who_may(email, UserPermission::ALL).await
    }

    /// Returns a user with some permissions, logged in; an account that exists keeps its own.
    pub async fn user_who_may(&self, email: &str, permissions: &[UserPermission]) -> Client {
        self.ensure_user(email, permissions).await;
        let client = self.anonymous();
        self.log_in(&client, sessions::AccountKind::User, email)
            .await;
        client
    }

    /// Returns an administrator with every permission, logged in; makes the account when it is new.
    pub async fn administrator(&self, email: &str) -> Client {
        self.administrator_who_may(email, AdministratorPermission::ALL)
            .await
    }

    /// Returns an administrator with some permissions, logged in; an account that exists keeps its own.
    pub async fn administrator_who_may(
        &self,
        email: &str,
        permissions: &[AdministratorPermission],
    ) -> Client {
        let mut tx = self.app.db().begin().await.expect("a transaction");
        let address = email.parse().expect("an address");
        let found = administrators::find_by_email(&mut tx, &address).await;
        if found.expect("the query runs").is_none() {
            let administrator = Administrator {
                id: AdministratorId::fresh(),
                email: address,
                name: email.to_owned(),
                state: AccountState::Active,
                permissions: permissions.to_vec(),
                created_at: self.app.now(),
                last_login_at: None,
            };
            let hash = self.hash().await;
            let done = administrators::insert(&mut tx, &administrator, &hash).await;
            done.expect("the administrator is new");
        }
        tx.commit().await.expect("the commit");
        let client = self.anonymous();
        self.log_in(&client, sessions::AccountKind::Administrator, email)
            .await;
        client
    }

    /// Returns a program that acts for a user through an API token; makes the account when it is new.
    pub async fn token(&self, email: &str) -> Client {
        let user = self.ensure_user(email, UserPermission::ALL).await;
        let token = PlainToken::generate(TokenKind::Api);
        let row = tokens::Token {
            id: TokenId::fresh(),
            name: "test".to_owned(),
            created_at: self.app.now(),
            expires_at: None,
            last_used_at: None,
        };
        let mut tx = self.app.db().begin().await.expect("a transaction");
        let done = tokens::insert(&mut tx, user, &row, token.hash().as_bytes()).await;
        done.expect("the token is new");
        tx.commit().await.expect("the commit");
        self.anonymous().with_token(token.expose())
    }

    /// Returns a browser of somebody without an account that opened some link before.
    pub async fn visitor(&self) -> Client {
        let token = PlainToken::generate(TokenKind::Visitor);
        let now = self.app.now();
        let mut tx = self.app.db().begin().await.expect("a transaction");
        let hash = token.hash();
        let end = now + TimeDelta::days(30);
        let done = visitors::insert(&mut tx, VisitorId::fresh(), hash.as_bytes(), now, end).await;
        done.expect("the visitor is new");
        tx.commit().await.expect("the commit");
        let client = self.anonymous();
        client.set_cookie(sofie_api::cookies::VISITOR, token.expose());
        client
    }

    async fn ensure_user(&self, email: &str, permissions: &[UserPermission]) -> UserId {
        let mut tx = self.app.db().begin().await.expect("a transaction");
        let address = email.parse().expect("an address");
        let found = users::find_by_email(&mut tx, &address).await;
        if let Some(found) = found.expect("the query runs") {
            return found.user.id;
        }
        let user = User {
            id: UserId::fresh(),
            email: address,
            name: email.to_owned(),
            state: AccountState::Active,
            locale: None,
            permissions: permissions.to_vec(),
            created_at: self.app.now(),
            last_login_at: None,
        };
        let hash = self.hash().await;
        let done = users::insert(&mut tx, &user, Some(&hash)).await;
        done.expect("the user is new");
        tx.commit().await.expect("the commit");
        user.id
    }

    async fn hash(&self) -> String {
        let password = SecretString::from(PASSWORD);
        let hash = self.app.parts().passwords.hash(&password).await;
        hash.expect("the password is hashed")
    }

    /// Logs in from an address of its own, so that no rate limit is in the way.
    async fn log_in(&self, client: &Client, kind: sessions::AccountKind, email: &str) {
        static ADDRESS: AtomicU32 = AtomicU32::new(0x0A00_0001);
        let address = Ipv4Addr::from_bits(ADDRESS.fetch_add(1, Ordering::Relaxed));
        let ctx = sofie_app::Context {
            ip: Some(address.into()),
            ..sofie_app::Context::anonymous(self.app.now())
        };
        let password = SecretString::from(PASSWORD);
        let begun = sessions::log_in(&self.app, &ctx, kind, email, &password).await;
        let name = match kind {
            sessions::AccountKind::User => sofie_api::cookies::USER,
            sessions::AccountKind::Administrator => sofie_api::cookies::ADMINISTRATOR,
        };
        client.set_cookie(name, begun.expect("the log-in").cookie.expose());
    }
}

async fn keys(db: &Database, now: DateTime<Utc>) -> (MemoryKeks, Arc<Keyring>) {
    let keks = MemoryKeks::default();
    let kek = keks.store(&Kek::generate().expect("a key"));
    kek.expect("a place in memory");
    let found = keks.load().expect("the keys");
    let ring = Keyring::open(db, Arc::new(keks.clone()), &found, now).await;
    (keks, Arc::new(ring.expect("the database is new")))
}

async fn app(
    db: &Database,
    keys: Arc<Keyring>,
    (clock, blobs): (&Arc<FrozenClock>, &Arc<MemoryBackend>),
    options: &TestOptions,
) -> App {
    let installation = setup::open(db, clock.now())
        .await
        .expect("the keys open the database");
    let clamd = options.local_clamd.clone();
    let clamd = clamd.unwrap_or_else(|| "/nowhere".into());
    let parts = Parts {
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        vault: Vault::new(Arc::clone(blobs) as _),
        keys,
        engines: Engines::with_local_clamd(inspector::program(), 4, clamd),
        uploads: Uploads::at(options.pace),
        permits: Permits::default(),
        instance: installation.id,
        waker: Waker::default(),
        kafka: None,
        changes: Changes::default(),
        local_url: "http://127.0.0.1:9090".to_owned(),
        passwords: Passwords::new(Params::weak()),
        cookies: installation.cookies,
        settings: SettingsCache::default(),
        licences: Licences::new(
            vec![licences::checking_key()],
            options.licence_server.clone(),
        ),
        tasks: TaskTracker::new(),
    };
    App::new(db.clone(), parts)
}
