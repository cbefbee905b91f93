//! Death at every step of an upload: nothing acknowledged is lost, nothing else is shown (K1–K9).

use std::sync::Arc;

use crate::common::{PART, data, read_all, spec};
use crate::disk::{Disk, Fault};
use bytes::Bytes;
use sofie_vault::{BlobSpec, Error, Vault};

/// Appends of one upload: in parts and across them, with and without a hint.
const APPENDS: [(usize, bool); 9] = [
    (100, true),
    (3000, true),
    (PART, false),
    (PART + 5000, true),
    (20_000, false),
    (PART - 28_100, false),
    (3 * PART, true),
    (1, true),
    (40_000, false),
];

fn total() -> usize {
    APPENDS.iter().map(|(len, _)| len).sum()
}

fn vault(disk: &Arc<Disk>) -> Vault {
    Vault::with_part_size(Arc::clone(disk) as _, PART as u32).unwrap()
}

/// What the client has been told.
#[derive(Debug, Default)]
struct Acked {
    created: bool,
    len: u64,
    committed: bool,
}

async fn upload(
    vault: &Vault,
    spec: &BlobSpec,
    file: &Bytes,
    acked: &mut Acked,
) -> Result<(), Error> {
    vault.create(spec).await?;
    acked.created = true;
    for (len, is_hinted) in APPENDS {
        let at = acked.len as usize;
        let mut writer = vault.appender(spec, acked.len).await?;
        if is_hinted {
            writer = writer.expecting(len as u64, false);
        }
        for piece in file[at..at + len].chunks(7000) {
            writer.write(Bytes::copy_from_slice(piece)).await?;
        }
        acked.len = writer.finish().await?;
        assert_eq!(acked.len as usize, at + len);
    }
    vault.commit(spec, acked.len).await?;
    acked.committed = true;
    Ok(())
}

/// Goes on after a crash as a client would, and checks what it finds.
async fn resume(disk: &Arc<Disk>, spec: &BlobSpec, file: &Bytes, acked: &Acked, case: &str) {
    let vault = vault(disk);
    let found = match vault.durable_len(spec).await {
        Ok(len) => len,
        Err(Error::NotFound | Error::Corrupt(_)) if !acked.created => return,
        Err(e) => panic!("{case}: {e:?} after {acked:?}"),
    };
    assert!(found >= acked.len, "{case}: {found} after {acked:?}");
    assert!(found <= file.len() as u64, "{case}");
    if let Err(e) = vault.open(spec, None).await {
        assert!(!acked.committed, "{case}: {e:?}");
        let mut writer = vault.appender(spec, found).await.unwrap();
        // Different bytes were never acknowledged: what comes now is what counts.
        writer.write(file.slice(found as usize..)).await.unwrap();
        writer.commit(file.len() as u64).await.unwrap();
    }
    assert_eq!(read_all(&vault, spec).await.unwrap(), file, "{case}");
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_at_any_step() {
    let file = data(total());
    let spec = spec(1);
    for granted in 1.. {
        let disk = Disk::new(granted, Fault::Dead);
        let mut acked = Acked::default();
        let result = upload(&vault(&disk), &spec, &file, &mut acked).await;
        resume(
            &disk.killed(),
            &spec,
            &file,
            &acked,
            &format!("kill at {granted}"),
        )
        .await;
        for seed in 0..6 {
            let case = format!("power lost at {granted}, seed {seed}");
            let after = disk.power_lost(granted as u64 * 100 + seed);
            resume(&after, &spec, &file, &acked, &case).await;
        }
        if result.is_ok() {
            assert!(granted > 60, "the sweep is shorter than the upload");
            return;
        }
    }
}

#[tokio::test]
async fn a_full_volume_costs_only_what_was_not_acknowledged() {
    let (file, spec) = (data(total()), spec(2));
    for granted in 1.. {
        let disk = Disk::new(granted, Fault::Full);
        let mut acked = Acked::default();
        match upload(&vault(&disk), &spec, &file, &mut acked).await {
            Ok(()) => return,
            Err(e) => assert!(e.is_no_space(), "{granted}: {e:?}"),
        }
        resume(
            &disk.killed(),
            &spec,
            &file,
            &acked,
            &format!("full at {granted}"),
        )
        .await;
    }
}

#[tokio::test]
async fn a_failed_sync_is_final() {
    let (file, spec) = (data(total()), spec(3));
    for granted in 1.. {
        let disk = Disk::new(granted, Fault::Sync);
        let mut acked = Acked::default();
        match upload(&vault(&disk), &spec, &file, &mut acked).await {
            Ok(()) => {
                assert!(granted > 20);
                return;
            }
            Err(Error::Sync(_)) => {}
            Err(e) => panic!("{granted}: {e:?}"),
        }
        let vault = vault(&disk.killed());
        if acked.len > 0 && vault.open(&spec, None).await.is_err() {
            let gone = vault.durable_len(&spec).await;
            let is_gone = matches!(gone, Err(Error::NotFound));
            // The name of the tail or of the blob: no content is in doubt.
            assert!(is_gone || gone.unwrap() >= acked.len, "{granted}");
        }
    }
}
