//! Backups: what is restored is what was there, and nothing else is taken for a backup (OPS-10).

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::TimeDelta;
use serde_json::Value;
use sofie_app::{
    Context,
    backup::{self, Backup, BackupError, Wanted, Written},
    keys::Keyring,
    schedule::{Task, run_task},
};
use sofie_store::{Database, NoCipher, dump};
use sofie_test_support::{TestApp, TestDatabase};
use sofie_vault::{BlobBackend as _, KekSource as _, MemoryBackend};
use tempfile::TempDir;

use super::fixture::send;

struct Ground {
    app: TestApp,
    temp: TempDir,
    package: String,
}

impl Ground {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let eva = app.user("eva@example.org").await;
        let large = vec![7; 3 << 20];
        let package = send(&eva, "bob@example.org", &[("b.bin", &large)]).await;
        send(&eva, "bob@example.org", &[("a.txt", b"hello")]).await;
        Self {
            app,
            temp: tempfile::tempdir().unwrap(),
            package,
        }
    }

    fn dir(&self) -> PathBuf {
        self.temp.path().join("backup")
    }

    async fn write(&self) -> Result<Written, BackupError> {
        let ctx = Context::system(self.app.app.now());
        let wanted = Wanted {
            to: self.dir(),
            link: false,
            configuration: "[http]\n".to_owned(),
            program: "0.1.0".to_owned(),
        };
        backup::write(&self.app.app, &ctx, &wanted, |_| ()).await
    }
}

async fn empty() -> TestDatabase {
    TestDatabase::create(Arc::new(NoCipher)).await
}

/// All rows of a database that a dump holds, as text.
async fn rows(db: &Database) -> Vec<(String, String)> {
    use futures_util::TryStreamExt as _;
    let mut snapshot = dump::Snapshot::take(db).await.unwrap();
    let mut all = Vec::new();
    for table in dump::tables(snapshot.tx()).await.unwrap() {
        let parts: Vec<bytes::Bytes> = snapshot
            .rows(&table)
            .await
            .unwrap()
            .try_collect()
            .await
            .unwrap();
        let mut lines: Vec<String> = String::from_utf8(parts.concat())
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect();
        lines.sort();
        all.push((table.name, lines.join("\n")));
    }
    all
}

fn change(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn what_is_restored_is_what_was_there() {
    let ground = Ground::new().await;
    let before = rows(ground.app.app.db()).await;
    let manifest = ground.write().await.unwrap().manifest;
    assert_eq!((manifest.blobs, manifest.lost.len()), (2, 0));
    assert_eq!(manifest.keys.len(), 1);
    let read = Backup::open(&ground.dir()).await.unwrap();
    assert_eq!(read.manifest, manifest);

    let other = empty().await;
    assert!(read.fill(&other.db).await.unwrap() > 10);
    assert_eq!(
        rows(&other.db).await,
        before,
        "the entry of the backup came after its snapshot"
    );
    let found = ground.app.keks.load().unwrap();
    let source = Arc::new(ground.app.keks.clone());
    let ring = Keyring::open(&other.db, source, &found, ground.app.app.now()).await;
    read.authenticate(&*ring.unwrap().columns()).await.unwrap();

    let blobs = Arc::new(MemoryBackend::new());
    let restored = read.copy_blobs(blobs.clone(), |_| ()).await.unwrap();
    assert_eq!((restored.blobs, restored.bytes), (2, manifest.blob_bytes));
    for shard in 0..=u8::MAX {
        let ids = |backend: &MemoryBackend| -> Vec<_> {
            let mut found = backend.list(shard).unwrap();
            found.sort_by_key(|info| info.blob);
            found
                .into_iter()
                .map(|info| (info.blob, info.size))
                .collect()
        };
        assert_eq!(ids(&blobs), ids(&ground.app.blobs));
    }
    let again = read.fill(&other.db).await;
    assert!(matches!(again, Err(BackupError::DatabaseNotEmpty)));
    let again = ground.write().await;
    assert!(matches!(again, Err(BackupError::NotEmpty(_))));

    // New rows count on from the old ones.
    let mut tx = other.db.begin().await.unwrap();
    let next = "insert into schedule_ticks (task, tick_at) values ('x', now())";
    tx.run(next).await.unwrap();
    let job = "insert into jobs (id, name, queue, payload, run_at, turn, created_at)
               values (gen_random_uuid(), 'x', 'x', '{}', now(), now(), now())";
    tx.run(job).await.unwrap();
}

#[tokio::test]
async fn a_changed_backup_is_refused() {
    let ground = Ground::new().await;
    ground.write().await.unwrap();
    let dir = ground.dir();
    let read = Backup::open(&dir).await.unwrap();

    change(&dir.join("database/audit.copy"));
    let other = empty().await;
    let refused = read.fill(&other.db).await;
    assert!(
        matches!(
            refused,
            Err(BackupError::Damaged(_) | BackupError::Store(_))
        ),
        "{refused:?}"
    );
    let mut tx = other.db.read().await.unwrap();
    let count = tx.number("select count(*) from users").await.unwrap();
    assert_eq!(count, 0, "all or nothing");
    drop(tx);

    let shards = fs::read_dir(dir.join("blobs")).unwrap();
    let shard = shards
        .map(|entry| entry.unwrap().path())
        .find(|path| path.is_dir())
        .unwrap();
    change(&fs::read_dir(shard).unwrap().next().unwrap().unwrap().path());
    let refused = read
        .copy_blobs(Arc::new(MemoryBackend::new()), |_| ())
        .await;
    assert!(
        matches!(refused, Err(BackupError::Damaged(_))),
        "{refused:?}"
    );

    let path = dir.join("backup.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest["lost"] = serde_json::json!(["nothing"]);
    fs::write(&path, manifest.to_string()).unwrap();
    let forged = Backup::open(&dir).await.unwrap();
    let columns = ground.app.app.parts().keys.columns();
    let refused = forged.authenticate(&*columns).await;
    assert!(matches!(refused, Err(BackupError::Forged)));

    fs::remove_file(path).unwrap();
    let refused = Backup::open(&dir).await;
    assert!(matches!(refused, Err(BackupError::NoBackup(_))));
}

#[tokio::test]
async fn no_blob_of_a_backup_is_unlinked_while_it_is_written() {
    let ground = Ground::new().await;
    let app = &ground.app;
    let mut tx = app.app.db().begin().await.unwrap();
    let lasting = std::time::Duration::from_mins(1);
    let held = sofie_store::schedule::lead(&mut tx, "backup", "somebody", lasting).await;
    assert!(held.unwrap());
    let id = ground.package.parse().unwrap();
    sofie_store::package_keys::destroy(&mut tx, id, app.app.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let count = || {
        (0..=u8::MAX)
            .map(|s| app.blobs.list(s).unwrap().len())
            .sum::<usize>()
    };
    app.advance(TimeDelta::minutes(1));
    run_task(&app.app, Task::UnlinkBlobs).await.unwrap();
    assert_eq!(count(), 2, "a backup may still want it");
    let busy = ground.write().await;
    assert!(matches!(busy, Err(BackupError::Busy)));

    let mut tx = app.app.db().begin().await.unwrap();
    sofie_store::schedule::resign(&mut tx, "backup", "somebody")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    run_task(&app.app, Task::UnlinkBlobs).await.unwrap();
    assert_eq!(count(), 1);
}

#[tokio::test]
async fn a_blob_that_is_missing_already_is_named() {
    let ground = Ground::new().await;
    let found = (0..=u8::MAX).find_map(|s| ground.app.blobs.list(s).unwrap().pop());
    ground.app.blobs.remove(found.unwrap().blob).unwrap();
    let manifest = ground.write().await.unwrap().manifest;
    assert_eq!((manifest.blobs, manifest.lost.len()), (1, 1));
}
