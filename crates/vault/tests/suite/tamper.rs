//! Whoever changes, cuts, swaps or replays stored bytes gets an error and never a wrong byte.

use std::{fs, path::Path};

use crate::common::{CHUNK, PART, appender, data, local, path, read_all, spec};
use bytes::Bytes;
use sofie_vault::{BlobSpec, Context, Error, FileKey, Vault};

const HEADER: usize = 72;
const PART_SEALED: usize = 56 + PART + 16 * (PART / CHUNK + 1);

async fn stored(root: &Path, vault: &Vault, spec: &BlobSpec, file: &Bytes) -> Vec<u8> {
    vault.create(spec).await.unwrap();
    let mut writer = vault.appender(spec, 0).await.unwrap();
    writer.write(file.clone()).await.unwrap();
    writer.commit(file.len() as u64).await.unwrap();
    assert_eq!(read_all(vault, spec).await.unwrap(), file);
    fs::read(path(root, spec, "")).unwrap()
}

/// Whether `bytes` in place of the blob are refused, and as corrupt, not by accident.
async fn is_refused(root: &Path, vault: &Vault, spec: &BlobSpec, bytes: &[u8]) -> bool {
    fs::write(path(root, spec, ""), bytes).unwrap();
    match read_all(vault, spec).await {
        Err(Error::Corrupt(_)) => true,
        Err(e) => panic!("{e:?}"),
        Ok(_) => false,
    }
}

#[tokio::test]
async fn every_bit_of_a_small_blob_counts() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, spec) = (local(dir.path()), spec(1));
    vault.put(&spec, data(40)).await.unwrap();
    let good = fs::read(path(dir.path(), &spec, "")).unwrap();
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(
            is_refused(dir.path(), &vault, &spec, &bad).await,
            "bit {bit}"
        );
    }
    for len in 0..good.len() {
        assert!(
            is_refused(dir.path(), &vault, &spec, &good[..len]).await,
            "cut to {len}"
        );
    }
    for more in [&[0][..], &good[good.len() - 4..], &good[good.len() - 152..]] {
        assert!(is_refused(dir.path(), &vault, &spec, &[&good[..], more].concat()).await);
    }
    assert!(!is_refused(dir.path(), &vault, &spec, &good).await);
}

#[tokio::test]
async fn parts_and_chunks_stay_where_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, spec, file) = (local(dir.path()), spec(1), data(3 * PART + 50));
    let good = stored(dir.path(), &vault, &spec, &file).await;
    let (header, rest) = good.split_at(HEADER);
    let part = |i: usize| &rest[i * PART_SEALED..(i + 1) * PART_SEALED];
    let end = &rest[3 * PART_SEALED..];
    let joined = |parts: &[&[u8]]| [&[header], parts, &[end]].concat().concat();
    assert_eq!(joined(&[part(0), part(1), part(2)]), good);
    let mut swapped = part(0).to_vec();
    swapped[56..].rotate_left(CHUNK + 16);
    for bad in [
        joined(&[part(1), part(0), part(2)]),
        joined(&[part(0), part(0), part(2)]),
        joined(&[part(0), part(2)]),
        joined(&[part(0)]),
        joined(&[&swapped, part(1), part(2)]),
    ] {
        assert!(is_refused(dir.path(), &vault, &spec, &bad).await);
    }
    for at in (0..good.len()).step_by(997) {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        assert!(
            is_refused(dir.path(), &vault, &spec, &bad).await,
            "byte {at}"
        );
        assert!(
            is_refused(dir.path(), &vault, &spec, &good[..at]).await,
            "cut to {at}"
        );
    }
}

#[tokio::test]
async fn an_older_attempt_of_a_part_is_not_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, spec, file) = (local(dir.path()), spec(1), data(2 * PART));
    // Two uploads of the same file under the same name and key: both sets of parts are honest.
    let old = stored(dir.path(), &vault, &spec, &file).await;
    vault.delete(spec.blob).await.unwrap();
    let mut new = stored(dir.path(), &vault, &spec, &file).await;
    let second = HEADER + PART_SEALED..HEADER + 2 * PART_SEALED;
    new[second.clone()].copy_from_slice(&old[second]);
    assert!(is_refused(dir.path(), &vault, &spec, &new).await);
}

#[tokio::test]
async fn a_part_exchanged_during_the_upload_stops_the_commit() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, spec, file) = (local(dir.path()), spec(1), data(2 * PART));
    let old = stored(dir.path(), &vault, &spec, &file).await;
    vault.delete(spec.blob).await.unwrap();
    vault.create(&spec).await.unwrap();
    let mut writer = vault.appender(&spec, 0).await.unwrap();
    writer.write(file.clone()).await.unwrap();
    writer.finish().await.unwrap();
    let unfinished = path(dir.path(), &spec, ".data");
    let mut bytes = fs::read(&unfinished).unwrap();
    let first = HEADER..HEADER + PART_SEALED;
    bytes[first.clone()].copy_from_slice(&old[first]);
    fs::write(&unfinished, bytes).unwrap();
    let refused = vault.commit(&spec, file.len() as u64).await;
    assert!(matches!(refused, Err(Error::Corrupt(_))), "{refused:?}");
}

#[tokio::test]
async fn only_the_exact_spec_opens_a_blob() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, good, other) = (local(dir.path()), spec(1), spec(2));
    vault.put(&good, data(100)).await.unwrap();
    vault.put(&other, data(100)).await.unwrap();
    let context = |t, p, f| Context::new(t, p, f);
    for bad in [
        BlobSpec {
            generation: 2,
            ..good.clone()
        },
        BlobSpec {
            key: FileKey::generate().unwrap(),
            ..good.clone()
        },
        BlobSpec {
            blob: other.blob,
            ..good.clone()
        },
        BlobSpec {
            context: context("tenant-1", "package-1", "file-1"),
            ..good.clone()
        },
        BlobSpec {
            context: context("tenant-0", "package-2", "file-1"),
            ..good.clone()
        },
        BlobSpec {
            context: context("tenant-0", "package-1", "file-2"),
            ..good.clone()
        },
        BlobSpec {
            context: context("tenant-0p", "ackage-1", "file-1"),
            ..good.clone()
        },
    ] {
        assert!(matches!(
            vault.open(&bad, None).await,
            Err(Error::Corrupt(_))
        ));
    }
    fs::copy(path(dir.path(), &other, ""), path(dir.path(), &good, "")).unwrap();
    assert!(matches!(
        vault.open(&good, None).await,
        Err(Error::Corrupt(_))
    ));
}

#[tokio::test]
async fn a_bad_chunk_ends_the_stream_after_the_good_ones() {
    use futures_util::TryStreamExt;
    let dir = tempfile::tempdir().unwrap();
    let (vault, spec, file) = (local(dir.path()), spec(1), data(3 * PART));
    let mut bad = stored(dir.path(), &vault, &spec, &file).await;
    bad[HEADER + 2 * PART_SEALED + 100] ^= 1;
    fs::write(path(dir.path(), &spec, ""), &bad).unwrap();
    let reader = vault.open(&spec, None).await.unwrap();
    let mut stream = std::pin::pin!(reader.stream(0..reader.len()));
    let mut got = Vec::new();
    let end = loop {
        match stream.try_next().await {
            Ok(Some(bytes)) => got.extend_from_slice(&bytes),
            Ok(None) => panic!("a clean end"),
            Err(e) => break e,
        }
    };
    assert!(matches!(end, Error::Corrupt(_)));
    assert_eq!(got, file[..2 * PART]);
    assert!(stream.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn a_marker_is_nowhere_on_disk_at_any_stage() {
    const MARKER: &[u8] = b"a phrase that nobody else may ever read";
    let dir = tempfile::tempdir().unwrap();
    let (vault, spec) = (local(dir.path()), spec(1));
    let file = Bytes::from(MARKER.repeat(4 * PART / MARKER.len()));
    let mut files = 0;
    let mut check = |stage: &str| {
        for shard in fs::read_dir(dir.path()).unwrap() {
            for entry in fs::read_dir(shard.unwrap().path()).unwrap() {
                let bytes = fs::read(entry.unwrap().path()).unwrap();
                files += 1;
                assert!(!bytes.windows(12).any(|w| w == &MARKER[..12]), "{stage}");
            }
        }
    };
    vault.create(&spec).await.unwrap();
    let mut at = 0;
    for len in [100, 20_000, PART, 2 * PART, 1] {
        let mut writer = appender(&vault, &spec, at as u64).await;
        writer.write(file.slice(at..at + len)).await.unwrap();
        check("while appending");
        at = writer.finish().await.unwrap() as usize;
        check("after an append");
    }
    vault.commit(&spec, at as u64).await.unwrap();
    check("committed");
    vault
        .put(&crate::common::spec(2), file.slice(..1000))
        .await
        .unwrap();
    check("put");
    assert!(files > 15);
}
