//! Moving blobs between stores, sealed as they are.

use std::{path::Path, sync::Arc};

use sofie_vault::{
    Area, BlobBackend, BlobId, LocalBackend, MemoryBackend, Move, Moved, Pass, Vault,
};

use crate::common::{PART, data, read_all, spec};

fn vault(backend: &Arc<dyn BlobBackend>) -> Vault {
    Vault::with_part_size(Arc::clone(backend), PART as u32).unwrap()
}

fn stores(root: &Path) -> (Arc<dyn BlobBackend>, Arc<dyn BlobBackend>) {
    (
        Arc::new(MemoryBackend::new()),
        Arc::new(LocalBackend::open(root).unwrap()),
    )
}

async fn pass(from: &Arc<dyn BlobBackend>, to: &Arc<dyn BlobBackend>, pass: Pass) -> Moved {
    let moving = Move::new(Arc::clone(from), Arc::clone(to), pass);
    moving.run().await.unwrap()
}

#[tokio::test]
async fn blobs_are_copied_once_and_uploads_in_the_end() {
    let root = tempfile::tempdir().unwrap();
    let (from, to) = stores(root.path());
    let source = vault(&from);
    let (small, large, running) = (spec(1), spec(2), spec(3));
    source.put(&small, data(100)).await.unwrap();
    source.put(&large, data(3_000_000)).await.unwrap();
    source.create(&running).await.unwrap();
    let mut appender = source.appender(&running, 0).await.unwrap();
    appender.write(data(100_000)).await.unwrap();
    appender.finish().await.unwrap();
    // An earlier pass was killed here.
    let half = to.create(large.blob, Area::Data).unwrap();
    half.write_at(b"half", 0).unwrap();

    let first = pass(&from, &to, Pass::Ahead).await;
    assert_eq!(
        (first.seen, first.copied, first.same, first.left),
        (3, 2, 0, 1)
    );
    let second = pass(&from, &to, Pass::Ahead).await;
    assert_eq!((second.copied, second.same, second.left), (0, 2, 1));
    let last = pass(&from, &to, Pass::Final).await;
    assert_eq!((last.copied, last.same, last.left), (1, 2, 0));
    let compared = pass(&from, &to, Pass::Compare).await;
    assert_eq!((compared.same, compared.different), (2, 0));

    let target = vault(&to);
    assert_eq!(read_all(&target, &small).await.unwrap(), data(100));
    assert_eq!(read_all(&target, &large).await.unwrap(), data(3_000_000));
    let offset = target.durable_len(&running).await.unwrap();
    assert_eq!(offset, 100_000);
    let mut appender = target.appender(&running, offset).await.unwrap();
    appender
        .write(data(100_001).slice(100_000..))
        .await
        .unwrap();
    appender.commit(100_001).await.unwrap();
    assert_eq!(read_all(&target, &running).await.unwrap(), data(100_001));
    // What went on in the target is not set back.
    let again = pass(&from, &to, Pass::Final).await;
    assert_eq!((again.copied, again.left), (0, 1));
    assert_eq!(read_all(&target, &running).await.unwrap(), data(100_001));
}

#[tokio::test]
async fn a_store_in_use_gets_what_it_lacks_and_no_more() {
    let root = tempfile::tempdir().unwrap();
    let (from, to) = stores(root.path());
    let (source, target) = (vault(&from), vault(&to));
    let (missing, running) = (spec(1), spec(2));
    source.put(&missing, data(5)).await.unwrap();
    source.put(&running, data(7)).await.unwrap();
    target.create(&running).await.unwrap();
    let moved = pass(&from, &to, Pass::Missing).await;
    assert_eq!((moved.copied, moved.same), (1, 1));
    assert_eq!(target.durable_len(&running).await.unwrap(), 0);
    assert_eq!(read_all(&target, &missing).await.unwrap(), data(5));
}

#[tokio::test]
async fn differences_are_told() {
    let root = tempfile::tempdir().unwrap();
    let (from, to) = stores(root.path());
    let source = vault(&from);
    for seed in 1..=3 {
        source.put(&spec(seed), data(1000)).await.unwrap();
    }
    pass(&from, &to, Pass::Ahead).await;
    to.remove(BlobId([1; 16])).unwrap();
    let path = crate::common::path(root.path(), &spec(2), "");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[500] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let compared = pass(&from, &to, Pass::Compare).await;
    assert_eq!((compared.same, compared.different), (1, 2));
}
