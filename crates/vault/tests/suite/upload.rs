//! Appending, resuming, committing: whatever the chunking, the file is the same.

use crate::common::{CHUNK, PART, appender, data, memory, read_all, spec};
use bytes::Bytes;
use proptest::prelude::*;
use sofie_vault::{BlobSpec, Error, Vault};

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// One append: how many bytes, in writes of what size, with which hint, and how it ends.
#[derive(Clone, Debug)]
struct Step {
    len: usize,
    write: usize,
    hint: Option<usize>,
    is_dropped: bool,
}

fn length() -> impl Strategy<Value = usize> {
    prop_oneof![
        1..200usize,
        (1..5usize, -2..3i64)
            .prop_map(|(n, d)| (n * CHUNK) as i64 + d)
            .prop_map(|n| n as usize),
        1..3 * PART,
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let write = prop_oneof![Just(usize::MAX), 1000..70_000usize];
    let hint = prop_oneof![
        1 => Just(None),
        2 => Just(Some(0)),
        1 => length().prop_map(Some),
    ];
    (length(), write, hint, any::<bool>()).prop_map(|(len, write, hint, is_dropped)| Step {
        len,
        write,
        // Zero stands for the truth.
        hint: hint.map(|h| if h == 0 { len } else { h }),
        is_dropped,
    })
}

async fn take_step(vault: &Vault, spec: &BlobSpec, file: &Bytes, at: usize, step: &Step) -> usize {
    let end = (at + step.len).min(file.len());
    let mut writer = appender(vault, spec, at as u64).await;
    if let Some(hint) = step.hint {
        writer = writer.expecting(hint as u64, false);
    }
    for piece in file[at..end].chunks(step.write) {
        writer.write(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    assert_eq!(writer.offset(), end as u64);
    if step.is_dropped {
        drop(writer);
        appender_when_free(vault, spec).await;
    } else {
        assert_eq!(writer.finish().await.unwrap(), end as u64);
    }
    assert_eq!(vault.durable_len(spec).await.unwrap(), end as u64);
    end
}

async fn appender_when_free(vault: &Vault, spec: &BlobSpec) {
    loop {
        match vault.appender(spec, u64::MAX).await {
            Err(Error::Busy) => tokio::task::yield_now().await,
            Err(Error::OffsetMismatch { .. }) => return,
            other => panic!("{other:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_chunking_gives_the_same_file(steps in prop::collection::vec(step(), 0..12)) {
        run(async {
            let (vault, spec) = (memory(), spec(1));
            let total: usize = steps.iter().map(|s| s.len).sum();
            let file = data(total);
            vault.create(&spec).await.unwrap();
            let mut at = 0;
            for step in &steps {
                at = take_step(&vault, &spec, &file, at, step).await;
            }
            vault.commit(&spec, total as u64).await.unwrap();
            assert_eq!(read_all(&vault, &spec).await.unwrap(), file);
            assert_eq!(vault.durable_len(&spec).await.unwrap(), total as u64);
        });
    }

    #[test]
    fn ranges_equal_slices(
        len in prop_oneof![Just(0), Just(PART), Just(3 * PART), 0..4 * PART],
        cuts in prop::collection::vec((0.0..=1.0, 0.0..=1.0), 20),
        is_put: bool,
    ) {
        run(async {
            let (vault, spec, file) = (memory(), spec(2), data(len));
            if is_put {
                vault.put(&spec, file.clone()).await.unwrap();
            } else {
                vault.create(&spec).await.unwrap();
                let mut writer = vault.appender(&spec, 0).await.unwrap();
                writer.write(file.clone()).await.unwrap();
                writer.commit(len as u64).await.unwrap();
            }
            let reader = vault.open(&spec, Some(len as u64)).await.unwrap();
            reader.verify().await.unwrap();
            for (a, b) in cuts {
                let (a, b) = ((a * len as f64) as usize, (b * len as f64) as usize);
                let (a, b) = (a.min(b), a.max(b));
                assert_eq!(reader.bytes(a as u64..b as u64).await.unwrap(), file[a..b]);
            }
        });
    }
}

#[tokio::test]
async fn tiny_appends_stay_small_on_disk() {
    let (vault, spec, file) = (memory(), spec(3), data(PART + 300));
    vault.create(&spec).await.unwrap();
    let mut at = 0;
    while at < file.len() {
        let end = (at + 150).min(file.len());
        let writer = appender(&vault, &spec, at as u64).await;
        let mut writer = writer.expecting((end - at) as u64, false);
        writer.write(file.slice(at..end)).await.unwrap();
        writer.finish().await.unwrap();
        at = end;
        let stored = vault.backend().list(3).unwrap()[0].size;
        assert!(stored < 8 * PART as u64, "{stored} bytes for {at}");
    }
    vault.commit(&spec, file.len() as u64).await.unwrap();
    assert_eq!(read_all(&vault, &spec).await.unwrap(), file);
}

#[tokio::test]
async fn one_writer_at_the_durable_end() {
    let (vault, spec) = (memory(), spec(4));
    assert!(matches!(
        vault.durable_len(&spec).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        vault.appender(&spec, 0).await,
        Err(Error::NotFound)
    ));
    vault.create(&spec).await.unwrap();
    assert!(matches!(
        vault.create(&spec).await,
        Err(Error::AlreadyExists)
    ));
    let first = vault.appender(&spec, 0).await.unwrap();
    assert!(matches!(vault.appender(&spec, 0).await, Err(Error::Busy)));
    assert!(matches!(vault.delete(spec.blob).await, Err(Error::Busy)));
    assert_eq!(vault.durable_len(&spec).await.unwrap(), 0);
    first.finish().await.unwrap();
    assert!(matches!(
        vault.appender(&spec, 1).await,
        Err(Error::OffsetMismatch { actual: 0 })
    ));
}

#[tokio::test]
async fn a_committed_blob_is_immutable() {
    let (vault, spec) = (memory(), spec(5));
    vault.create(&spec).await.unwrap();
    let mut writer = vault.appender(&spec, 0).await.unwrap();
    writer.write("abc".into()).await.unwrap();
    assert!(matches!(
        vault.open(&spec, None).await,
        Err(Error::NotFound)
    ));
    let wrong = writer.commit(4).await;
    assert!(matches!(
        wrong,
        Err(Error::LengthMismatch {
            actual: 3,
            expected: 4
        })
    ));
    assert_eq!(vault.durable_len(&spec).await.unwrap(), 3);
    assert!(matches!(
        vault.commit(&spec, 2).await,
        Err(Error::LengthMismatch { .. })
    ));
    vault.commit(&spec, 3).await.unwrap();
    vault.commit(&spec, 3).await.unwrap();
    assert!(matches!(
        vault.commit(&spec, 2).await,
        Err(Error::LengthMismatch { .. })
    ));
    assert!(matches!(
        vault.appender(&spec, 3).await,
        Err(Error::Committed)
    ));
    assert!(matches!(
        vault.create(&spec).await,
        Err(Error::AlreadyExists)
    ));
    assert!(matches!(
        vault.put(&spec, "x".into()).await,
        Err(Error::AlreadyExists)
    ));
    assert!(matches!(
        vault.open(&spec, Some(4)).await,
        Err(Error::LengthMismatch { .. })
    ));
    let reader = vault.open(&spec, Some(3)).await.unwrap();
    assert!(matches!(
        reader.bytes(2..4).await,
        Err(Error::Range { len: 3 })
    ));
    vault.delete(spec.blob).await.unwrap();
    vault.delete(spec.blob).await.unwrap();
    assert_eq!(reader.bytes(0..3).await.unwrap(), "abc");
    assert!(matches!(
        vault.open(&spec, None).await,
        Err(Error::NotFound)
    ));
}

#[tokio::test]
async fn a_stream_is_stored_whole_or_not_at_all() {
    use futures_util::stream;
    let vault = Vault::new(std::sync::Arc::new(sofie_vault::MemoryBackend::new()));
    for (seed, len) in [(6, 0), (7, 1000), (8, (1 << 20) + 1), (9, 9 << 20)] {
        let (spec, file) = (spec(seed), data(len));
        let pieces: Vec<_> = file
            .chunks(300_000)
            .map(|c| Ok(Bytes::copy_from_slice(c)))
            .collect();
        let stored = vault
            .put_stream::<_, Error>(&spec, stream::iter(pieces))
            .await
            .unwrap();
        assert_eq!(stored, len as u64);
        assert_eq!(read_all(&vault, &spec).await.unwrap(), file);
    }
    let broken = stream::iter([Ok(data(2 << 20)), Err(Error::Stopped)]);
    vault.put_stream(&spec(10), broken).await.unwrap_err();
    assert!(matches!(
        vault.open(&spec(10), None).await,
        Err(Error::NotFound)
    ));
}

#[tokio::test]
async fn a_cancelled_write_keeps_a_prefix() {
    use std::{future::poll_fn, pin::pin, task::Poll};
    let (vault, spec, file) = (memory(), spec(11), data(40 * PART));
    vault.create(&spec).await.unwrap();
    let mut writer = vault.appender(&spec, 0).await.unwrap();
    for polls in 1..6 {
        let at = writer.offset() as usize;
        let mut write = pin!(writer.write(file.slice(at..)));
        for _ in 0..polls {
            if poll_fn(|cx| Poll::Ready(write.as_mut().poll(cx).is_ready())).await {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    let reached = writer.offset();
    assert!(reached > 0);
    assert_eq!(writer.finish().await.unwrap(), reached);
    let mut writer = appender(&vault, &spec, reached).await;
    writer.write(file.slice(reached as usize..)).await.unwrap();
    writer.commit(file.len() as u64).await.unwrap();
    assert_eq!(read_all(&vault, &spec).await.unwrap(), file);
}

/// Bytes of a tentative appender count only when it is finished, wherever it is dropped.
#[test]
fn a_tentative_appender_is_all_or_nothing() {
    run(async {
        let file = data(6 * PART);
        for (known, tried, hint) in [
            (0, 10, None),
            (10, 20, Some(20)),
            (CHUNK, 3 * PART, None),
            (PART + 7, PART - 7, Some(PART - 7)),
            (PART + 7, 4 * PART, Some(4 * PART)),
            (2 * PART, 1, Some(1)),
        ] {
            let (vault, spec) = (memory(), spec(9));
            vault.create(&spec).await.unwrap();
            let mut writer = appender(&vault, &spec, 0).await;
            writer.write(file.slice(..known)).await.unwrap();
            assert_eq!(writer.finish().await.unwrap(), known as u64);
            for keeps in [false, false, true] {
                let mut writer = vault
                    .appender(&spec, known as u64)
                    .await
                    .unwrap()
                    .tentative();
                if let Some(hint) = hint {
                    writer = writer.expecting(hint as u64, false);
                }
                let mut noise = file.slice(known..known + tried).to_vec();
                if !keeps {
                    noise.reverse();
                }
                writer.write(noise.into()).await.unwrap();
                if keeps {
                    assert_eq!(writer.finish().await.unwrap(), (known + tried) as u64);
                } else {
                    drop(writer);
                    appender_when_free(&vault, &spec).await;
                    assert_eq!(vault.durable_len(&spec).await.unwrap(), known as u64);
                }
            }
            let mut writer = appender(&vault, &spec, (known + tried) as u64).await;
            writer.write(file.slice(known + tried..)).await.unwrap();
            writer.commit(file.len() as u64).await.unwrap();
            assert_eq!(read_all(&vault, &spec).await.unwrap(), file);
        }
    });
}

#[tokio::test]
async fn a_tentative_appender_counts_only_when_it_says_so() {
    let (vault, spec, file) = (memory(), spec(12), data(5 * PART));
    vault.create(&spec).await.unwrap();
    let mut writer = vault.appender(&spec, 0).await.unwrap();
    writer.write(file.slice(..700)).await.unwrap();
    writer.finish().await.unwrap();
    for len in [10, 2 * PART] {
        let writer = vault.appender(&spec, 700).await.unwrap();
        let mut writer = writer.expecting(len as u64, false).tentative();
        writer.write(Bytes::from(vec![0; len])).await.unwrap();
        drop(writer);
        appender_when_free(&vault, &spec).await;
        assert_eq!(vault.durable_len(&spec).await.unwrap(), 700);
    }
    let mut writer = vault.appender(&spec, 700).await.unwrap().tentative();
    writer.write(file.slice(700..)).await.unwrap();
    assert_eq!(writer.finish().await.unwrap(), file.len() as u64);
    vault.commit(&spec, file.len() as u64).await.unwrap();
    assert_eq!(read_all(&vault, &spec).await.unwrap(), file);
}
