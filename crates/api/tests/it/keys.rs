//! Several key-encryption keys: rotation, and what can go wrong with it (ADM-8).

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::TryStreamExt as _;
use serde_json::json;
use sofie_app::{
    App, Context, Error,
    keys::{self, KekState, KekView, Keyring, RingError},
};
use sofie_domain::{AdministratorPermission, PackageId};
use sofie_test_support::{Client, TestApp};
use sofie_vault::{Escrow, EscrowCost, Kek, KekSource as _, MemoryKeks};

use super::fixture::send;

const PACKAGES: usize = 12;

/// An installation with packages under its first key, and a second process beside it.
struct Ground {
    app: TestApp,
    other: App,
    eva: Client,
    packages: Vec<PackageId>,
    first: String,
}

impl Ground {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let eva = app.user("eva@example.org").await;
        let mut packages = Vec::new();
        for number in 0..PACKAGES {
            let content = format!("content {number}");
            let id = send(&eva, "bob@example.org", &[("a.txt", content.as_bytes())]).await;
            packages.push(id.parse().unwrap());
        }
        Self {
            other: app.beside().await,
            first: app.app.parts().keys.active().id().to_string(),
            app,
            eva,
            packages,
        }
    }

    fn ctx(&self) -> Context {
        Context::system(self.app.app.now())
    }

    /// The other process makes another key the active one.
    async fn second(&self) -> String {
        // Lists are by age.
        self.app.advance(TimeDelta::seconds(1));
        let made = keys::add(&self.other, &self.ctx(), None).await.unwrap();
        let id = made.kek.id().to_string();
        keys::activate(&self.other, &self.ctx(), &id).await.unwrap();
        id
    }

    async fn list(&self) -> Vec<KekView> {
        keys::list(&self.app.app, &self.ctx()).await.unwrap()
    }

    async fn readable(&self, app: &App) {
        for (number, package) in self.packages.iter().enumerate() {
            let content = read(app, *package).await.unwrap();
            assert_eq!(content, format!("content {number}").as_bytes());
        }
    }

    async fn audited(&self, event: &str) -> usize {
        let admin = self.app.administrator("root@example.org").await;
        let path = format!("/api/v1/admin/audit?event={event}");
        let list = admin.get(&path).await.expect(200).json();
        list["items"].as_array().unwrap().len()
    }
}

/// The bytes of a package's one file, as its row says now.
async fn read(app: &App, package: PackageId) -> Result<Vec<u8>, Error> {
    let mut tx = app.db().read().await?;
    let specs = keys::blob_specs(app, &mut tx, package).await?;
    drop(tx);
    let spec = specs.values().next().ok_or(Error::NotFound)?;
    let reader = app.parts().vault.open(spec, None).await;
    let reader = reader.map_err(Error::internal)?;
    let parts: Vec<_> = reader
        .stream(0..reader.len())
        .try_collect()
        .await
        .map_err(Error::internal)?;
    Ok(parts.concat())
}

#[tokio::test]
async fn a_rotation_may_be_killed_anywhere_and_every_package_stays_readable() {
    let ground = Ground::new().await;
    let second = ground.second().await;
    let ctx = ground.ctx();
    let all = keys::begin_rotation(&ground.other, &ctx).await.unwrap();
    assert_eq!(all, PACKAGES as u64);
    let mut kills = 0;
    // Each try lives a little longer than the one before, so they end at every await there is; what one of them
    // holds is dropped with it, as a killed process drops its connection.
    for micros in (0..).map(|step| step * 150) {
        let batch = keys::rotate_some(&ground.other, &ctx, 2);
        let ended = tokio::time::timeout(Duration::from_micros(micros), batch).await;
        ground.readable(&ground.app.app).await;
        ground.readable(&ground.other).await;
        match ended.map(Result::unwrap) {
            Ok(progress) if progress.done => break,
            Ok(_) => {}
            Err(_) => kills += 1,
        }
    }
    assert!(kills > 3, "{kills} kills");
    let views = ground.list().await;
    let counts: Vec<_> = views
        .iter()
        .map(|v| (&*v.id, v.active, v.packages))
        .collect();
    assert_eq!(
        counts,
        [
            (&*ground.first, false, 0),
            (&*second, true, PACKAGES as u64)
        ]
    );
    assert!(views.iter().all(|view| view.state == KekState::Ready));
    assert_eq!(ground.audited("KEY_ROTATION_BEGUN").await, 1);
    assert_eq!(ground.audited("KEY_ROTATION_ENDED").await, 1);
}

#[tokio::test]
async fn when_the_old_key_is_gone_everything_is_readable_by_the_new_one() {
    let ground = Ground::new().await;
    let ctx = ground.ctx();
    let refused = keys::remove(&ground.other, &ctx, &ground.first).await;
    assert!(matches!(refused, Err(Error::Conflict("key_active"))));
    ground.second().await;
    let refused = keys::remove(&ground.other, &ctx, &ground.first).await;
    assert!(matches!(refused, Err(Error::Conflict("key_in_use"))));

    // A process that runs for long goes on without a restart: it takes the new key from its place.
    let late = send(&ground.eva, "bob@example.org", &[("a.txt", b"late")]).await;
    assert_eq!(ground.list().await[1].packages, 1, "under the new key");

    keys::begin_rotation(&ground.other, &ctx).await.unwrap();
    let done = keys::rotate(&ground.other, &ctx, |_| {}).await.unwrap();
    assert_eq!(done.moved, PACKAGES as u64);
    keys::remove(&ground.other, &ctx, &ground.first)
        .await
        .unwrap();
    assert_eq!(ground.audited("KEY_REMOVED").await, 1);
    let unknown = keys::remove(&ground.other, &ctx, &ground.first).await;
    assert!(matches!(unknown, Err(Error::NotFound)));

    ground.app.keks.lose(&ground.first);
    let fresh = ground.app.beside().await;
    ground.readable(&fresh).await;
    ground.readable(&ground.app.app).await;
    assert_eq!(read(&fresh, late.parse().unwrap()).await.unwrap(), b"late");
}

#[tokio::test]
async fn a_lost_key_is_named_and_nothing_else_fails() {
    let ground = Ground::new().await;
    ground.second().await;
    let late = send(&ground.eva, "bob@example.org", &[("a.txt", b"late")]).await;
    ground.app.keks.lose(&ground.first);
    let fresh = ground.app.beside().await;
    assert_eq!(read(&fresh, late.parse().unwrap()).await.unwrap(), b"late");
    let error = read(&fresh, ground.packages[0]).await.unwrap_err();
    let Error::Unavailable(cause) = error else {
        panic!("{error}");
    };
    assert!(cause.to_string().contains(&ground.first), "{cause}");
    let rotated = keys::begin_rotation(&fresh, &ground.ctx()).await;
    rotated.unwrap();
    let refused = keys::rotate(&fresh, &ground.ctx(), |_| {}).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))));
    assert!(ground.list().await[0].place.is_none());
}

#[tokio::test]
async fn the_key_of_another_installation_opens_nothing() {
    let app = TestApp::start().await;
    let keks = MemoryKeks::default();
    let other = keks.store(&Kek::generate().unwrap()).unwrap();
    let (db, now) = (app.app.db(), app.app.now());
    let found = keks.load().unwrap();
    let source = std::sync::Arc::new(keks);
    let refused = Keyring::open(db, source, &found, now).await;
    let error = refused.err().unwrap();
    assert!(matches!(error, RingError::Foreign { .. }));
    let ours = app.app.parts().keys.active().id().to_string();
    let text = error.to_string();
    assert!(
        text.contains(&ours) && text.contains(other.kek.id().as_str()),
        "{text}"
    );
}

#[tokio::test]
async fn the_schedule_ends_a_rotation_that_was_given_up() {
    let ground = Ground::new().await;
    ground.second().await;
    let task = sofie_app::schedule::Task::RewrapPackages;
    let run = || sofie_app::schedule::run_task(&ground.app.app, task);
    run().await.unwrap();
    assert_eq!(
        ground.list().await[0].packages,
        PACKAGES as u64,
        "not before somebody asks for it"
    );
    keys::begin_rotation(&ground.other, &ground.ctx())
        .await
        .unwrap();
    run().await.unwrap();
    assert_eq!(ground.list().await[0].packages, 0);
    ground.readable(&ground.app.app).await;
}

#[tokio::test]
async fn keys_in_escrow_open_the_database() {
    let ground = Ground::new().await;
    let second = ground.second().await;
    let escrow = keys::export(&ground.app.app, &ground.ctx()).await.unwrap();
    assert_eq!(escrow.keks[0].id().as_str(), second, "the active one first");
    let cost = EscrowCost {
        memory: 64,
        passes: 1,
        lanes: 1,
    };
    let text = escrow
        .seal(b"a long pass phrase", cost, keys::derive)
        .unwrap();
    assert_eq!(ground.audited("KEYS_EXPORTED").await, 1);

    for id in [&ground.first, &second] {
        ground.app.keks.lose(id);
    }
    for kek in Escrow::open(&text, b"a long pass phrase", keys::derive)
        .unwrap()
        .keks
    {
        ground.app.keks.store(&kek).unwrap();
    }
    ground.readable(&ground.app.beside().await).await;
    let known = keys::add(&ground.other, &ground.ctx(), Some(escrow.keks[0].clone())).await;
    assert!(matches!(known, Err(Error::Conflict("key_known"))));
}

#[tokio::test]
async fn a_rotation_is_stopped_and_begun_again() {
    let ground = Ground::new().await;
    ground.second().await;
    let ctx = ground.ctx();
    let states = async || {
        let views = ground.list().await;
        let states = views.iter().map(|view| (view.state, view.packages));
        states.collect::<Vec<_>>()
    };
    let all = PACKAGES as u64;
    keys::begin_rotation(&ground.other, &ctx).await.unwrap();
    keys::rotate_some(&ground.other, &ctx, 5).await.unwrap();
    assert_eq!(
        states().await,
        [(KekState::Removing, all - 5), (KekState::Adding, 5)]
    );
    keys::stop_rotation(&ground.other, &ctx).await.unwrap();
    keys::stop_rotation(&ground.other, &ctx).await.unwrap();
    assert_eq!(ground.audited("KEY_ROTATION_STOPPED").await, 1);
    // Whoever was moving them finds nothing to do, and the schedule goes on with nothing.
    let rest = keys::rotate(&ground.app.app, &ctx, |_| {}).await.unwrap();
    assert_eq!((rest.moved, rest.done), (0, true));
    sofie_app::jobs::drain(&ground.app.app).await.unwrap();
    assert_eq!(
        states().await,
        [(KekState::Ready, all - 5), (KekState::Ready, 5)]
    );
    ground.readable(&ground.app.app).await;

    assert_eq!(
        keys::begin_rotation(&ground.other, &ctx).await.unwrap(),
        all - 5
    );
    sofie_app::jobs::drain(&ground.app.app).await.unwrap();
    assert_eq!(
        states().await,
        [(KekState::Ready, 0), (KekState::Ready, all)],
        "a job does it, without waiting for the schedule"
    );
}

#[tokio::test]
async fn uses_are_counted_over_all_processes() {
    let ground = Ground::new().await;
    let counts = async || {
        for app in [&ground.app.app, &ground.other] {
            keys::tell_uses(app).await.unwrap();
        }
        let view = ground.list().await.remove(0);
        (view.wraps, view.unwraps, view.last_used_at)
    };
    let (wraps, unwraps, last) = counts().await;
    assert_eq!(wraps, PACKAGES as u64);
    assert!(unwraps >= PACKAGES as u64, "each was written to");
    assert_eq!(last, Some(ground.app.app.now()));
    ground.app.advance(TimeDelta::hours(1));
    assert_eq!(counts().await, (wraps, unwraps, last), "nothing happened");
    ground.readable(&ground.app.app).await;
    ground.readable(&ground.other).await;
    let now = Some(ground.app.app.now());
    let read = unwraps + 2 * PACKAGES as u64;
    assert_eq!(counts().await, (wraps, read, now));

    ground.second().await;
    keys::begin_rotation(&ground.other, &ground.ctx())
        .await
        .unwrap();
    keys::rotate(&ground.other, &ground.ctx(), |_| {})
        .await
        .unwrap();
    let moved = PACKAGES as u64;
    assert_eq!(counts().await.1, read + moved);
    assert_eq!(ground.list().await[1].wraps, moved);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn administrators_see_keys_and_move_packages() {
    const PATH: &str = "/api/v1/admin/keys";
    let ground = Ground::new().await;
    // Lists are by age.
    ground.app.advance(TimeDelta::seconds(1));
    let ctx = ground.ctx();
    let made = keys::add(&ground.other, &ctx, None).await.unwrap();
    let second = made.kek.id().to_string();
    let root = ground.app.administrator("root@example.org").await;
    let listed = root.get(PATH).await.expect(200).json();
    let (old, new) = (&listed["items"][0], &listed["items"][1]);
    assert_eq!(
        (&old["active"], &old["packages"], &old["found"], &old["can"]),
        (
            &json!(true),
            &json!(PACKAGES),
            &json!(true),
            &json!({ "activate": false, "remove": false })
        )
    );
    assert_eq!(new["can"], json!({ "activate": true, "remove": true }));
    let text = listed.to_string();
    assert!(
        !text.contains("column_key") && !text.contains("memory"),
        "{text}"
    );

    let activated = root
        .post_empty(&format!("{PATH}/{second}/activate"))
        .await
        .expect(200)
        .json();
    assert_eq!(activated["items"][1]["active"], true);
    assert_eq!(
        activated["rotation"],
        json!({ "running": false, "left": PACKAGES, "total": PACKAGES })
    );
    let _ = root
        .delete(&format!("{PATH}/{}", ground.first))
        .await
        .expect(409);
    let begun = root
        .post_empty(&format!("{PATH}/rotation"))
        .await
        .expect(200)
        .json();
    assert_eq!(begun["rotation"]["running"], true);
    assert_eq!(begun["items"][0]["state"], "removing");
    let stopped = root
        .delete(&format!("{PATH}/rotation"))
        .await
        .expect(200)
        .json();
    assert_eq!(stopped["rotation"]["running"], false);
    let _ = root
        .post_empty(&format!("{PATH}/rotation"))
        .await
        .expect(200);
    ground.app.drain().await;
    let done = root.get(PATH).await.expect(200).json();
    assert_eq!(
        done["rotation"],
        json!({ "running": false, "left": 0, "total": PACKAGES })
    );
    let _ = root
        .delete(&format!("{PATH}/{}", ground.first))
        .await
        .expect(204);
    let _ = root
        .delete(&format!("{PATH}/{}", ground.first))
        .await
        .expect(404);

    let clerk = ground
        .app
        .administrator_who_may("clerk@example.org", &[AdministratorPermission::Settings])
        .await;
    let _ = clerk.get(PATH).await.expect(403);
    let _ = clerk
        .post_empty(&format!("{PATH}/rotation"))
        .await
        .expect(403);
    let _ = clerk.get("/api/v1/admin/integrity").await.expect(403);
    // Whoever gave the password long ago is asked for it again.
    ground.app.advance(TimeDelta::minutes(6));
    let late = root.post_empty(&format!("{PATH}/rotation")).await;
    late.expect_problem(403, "reauthentication_required");
}
