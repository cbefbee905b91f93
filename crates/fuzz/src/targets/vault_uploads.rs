//! Unfinished uploads: damage costs progress or the upload, never gives other bytes.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use sofie_vault::{Area, BlobSpec, Error, MemoryBackend, Vault};

use super::vault_blobs::{PART, RUNTIME, plain, read_area, spec, vault, write_area};
use crate::input::{Input, Script};

const TOTAL: usize = 3 * PART as usize + 500;

/// An upload as it lay on the disk after some requests.
struct Stage {
    spec: BlobSpec,
    data: Vec<u8>,
    tail: Vec<u8>,
    durable: u64,
}

static PLAIN: LazyLock<Bytes> = LazyLock::new(|| plain(TOTAL));

static STAGES: LazyLock<Vec<Stage>> = LazyLock::new(|| {
    let part = PART as usize;
    let requests: [&[usize]; 5] = [
        &[],
        &[100],
        &[100, 50, 1],
        &[part + 10, 20, part],
        &[3 * part, 499],
    ];
    requests.into_iter().map(stage).collect()
});

fn stage(requests: &[usize]) -> Stage {
    let backend = Arc::new(MemoryBackend::new());
    let (vault, spec) = (vault(&backend), spec(1));
    let mut at = 0;
    RUNTIME.block_on(async {
        vault.create(&spec).await.expect("an upload begins");
        for len in requests {
            append(&vault, &spec, at, at + len)
                .await
                .expect("an upload goes on");
            at += len;
        }
    });
    Stage {
        data: read_area(&backend, spec.blob, Area::Data),
        tail: read_area(&backend, spec.blob, Area::Tail),
        durable: at as u64,
        spec,
    }
}

async fn append(vault: &Vault, spec: &BlobSpec, from: usize, to: usize) -> Result<(), Error> {
    let mut appender = vault.appender(spec, from as u64).await?;
    appender.write(PLAIN.slice(from..to)).await?;
    appender.finish().await.map(drop)
}

/// Goes on where the store says, as a client does, and reads the whole file back.
async fn go_on(vault: &Vault, spec: &BlobSpec, known: u64, step: usize) -> Result<Bytes, Error> {
    let durable = vault.durable_len(spec).await?;
    assert!(
        durable <= known,
        "{durable} bytes are said to be there, {known} were sent"
    );
    let mut at = usize::try_from(durable).expect("it is below what was sent");
    while at < TOTAL {
        let next = (at + step).min(TOTAL);
        append(vault, spec, at, next).await?;
        at = next;
    }
    vault.commit(spec, TOTAL as u64).await?;
    let reader = vault.open(spec, Some(TOTAL as u64)).await?;
    reader.bytes(0..TOTAL as u64).await
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let stage = &STAGES[input.below(STAGES.len())];
    let other = &STAGES[input.below(STAGES.len())];
    let step = 1000 + input.below(TOTAL);
    let (mut data, mut tail) = (stage.data.clone(), stage.tail.clone());
    match input.byte() % 3 {
        0 => input.damage(&mut tail, &other.tail),
        1 => input.damage(&mut data, &other.data),
        _ => {
            let half = input.bytes();
            Input::new(half).damage(&mut data, &other.data);
            input.damage(&mut tail, &other.tail);
        }
    }
    let backend = Arc::new(MemoryBackend::new());
    write_area(&backend, stage.spec.blob, Area::Data, &data);
    if !tail.is_empty() {
        write_area(&backend, stage.spec.blob, Area::Tail, &tail);
    }
    let vault = vault(&backend);
    match RUNTIME.block_on(go_on(&vault, &stage.spec, stage.durable, step)) {
        Ok(read) => assert_eq!(read, *PLAIN, "a damaged upload gave other bytes"),
        Err(error) => assert!(
            data != stage.data || tail != stage.tail,
            "an untouched upload gave {error}"
        ),
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for stage in 0..5 {
        for area in 0..3 {
            let script = Script::default()
                .below(stage)
                .below(3)
                .below(5_000)
                .byte(area);
            seeds.push(script.byte(0).below(4100).below(7).rest(&[0x10]));
        }
    }
    seeds
}
