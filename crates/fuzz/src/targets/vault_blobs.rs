//! Committed blobs: whatever is done to one, it gives its plain bytes or an error.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use sofie_vault::{
    Area, BlobBackend, BlobId, BlobSpec, Context, Error, FileKey, MemoryBackend, Vault,
};
use tokio::runtime::Runtime;

use crate::input::{Input, Script};

/// The smallest parts there are, so that small blobs have several.
pub(super) const PART: u32 = 16 << 10;

pub(super) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(2)
        .build()
        .expect("a runtime without drivers needs nothing")
});

struct Sample {
    spec: BlobSpec,
    plain: Bytes,
    sealed: Vec<u8>,
}

static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
    let first = spec(1);
    // The last two are one file, sealed twice under one key: an old state put in place of the new one.
    let again = BlobSpec {
        generation: 2,
        ..first.clone()
    };
    let of = [
        (spec(1), 0),
        (spec(1), 5),
        (spec(1), 16 << 10),
        (spec(1), (16 << 10) + 1),
        (first, 3 * (16 << 10) + 7),
        (again, 3 * (16 << 10) + 7),
    ];
    of.into_iter()
        .map(|(spec, len)| sample(spec, len))
        .collect()
});

pub(super) fn spec(generation: u64) -> BlobSpec {
    BlobSpec {
        blob: BlobId::random().expect("the system has randomness"),
        generation,
        context: Context::new("tenant", "package", "file"),
        key: FileKey::generate().expect("the system has randomness"),
    }
}

pub(super) fn plain(len: usize) -> Bytes {
    (0..len)
        .map(|i| u8::try_from(i % 251).unwrap_or(0))
        .collect()
}

pub(super) fn vault(backend: &Arc<MemoryBackend>) -> Vault {
    let backend: Arc<dyn BlobBackend> = Arc::<MemoryBackend>::clone(backend);
    Vault::with_part_size(backend, PART).expect("a multiple of the chunk")
}

pub(super) fn read_area(backend: &MemoryBackend, blob: BlobId, area: Area) -> Vec<u8> {
    let Ok(file) = backend.open(blob, area) else {
        return Vec::new();
    };
    let size = file.size().expect("memory can be read");
    let mut bytes = vec![0; usize::try_from(size).expect("it is in memory")];
    file.read_at(&mut bytes, 0).expect("memory can be read");
    bytes
}

pub(super) fn write_area(backend: &MemoryBackend, blob: BlobId, area: Area, bytes: &[u8]) {
    let file = backend.create(blob, area).expect("nothing is there yet");
    file.write_at(bytes, 0).expect("memory can be written");
}

fn sample(spec: BlobSpec, len: usize) -> Sample {
    let backend = Arc::new(MemoryBackend::new());
    let (vault, plain) = (vault(&backend), plain(len));
    let put = vault.put(&spec, plain.clone());
    RUNTIME.block_on(put).expect("a good blob is stored");
    let sealed = read_area(&backend, spec.blob, Area::Blob);
    Sample {
        spec,
        plain,
        sealed,
    }
}

async fn read(sample: &Sample, bytes: &[u8], from: usize, to: usize) -> Result<[Bytes; 2], Error> {
    let backend = Arc::new(MemoryBackend::new());
    write_area(&backend, sample.spec.blob, Area::Blob, bytes);
    let reader = vault(&backend).open(&sample.spec, None).await?;
    assert_eq!(
        reader.len(),
        sample.plain.len() as u64,
        "another length was believed"
    );
    let part = reader.bytes(from as u64..to as u64).await;
    if let Ok(part) = &part {
        assert_eq!(*part, sample.plain[from..to], "a range gave other bytes");
    }
    Ok([part?, reader.bytes(0..reader.len()).await?])
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let which = input.below(SAMPLES.len() + 1);
    let Some(sample) = SAMPLES.get(which) else {
        let read = RUNTIME.block_on(read(&SAMPLES[1], input.rest(), 0, 0));
        assert!(read.is_err(), "noise was opened");
        return;
    };
    let (a, b) = (
        input.below(sample.plain.len() + 1),
        input.below(sample.plain.len() + 1),
    );
    let mut bytes = sample.sealed.clone();
    input.damage(
        &mut bytes,
        &SAMPLES[SAMPLES.len() - 1 - usize::from(which == SAMPLES.len() - 1)].sealed,
    );
    match RUNTIME.block_on(read(sample, &bytes, a.min(b), a.max(b))) {
        Ok([_, whole]) => assert_eq!(whole, sample.plain, "a changed blob gave other bytes"),
        Err(error) => assert_ne!(bytes, sample.sealed, "an untouched blob gave {error}"),
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = (0..7)
        .map(|which| {
            Script::default()
                .below(which)
                .below(3)
                .below(20_000)
                .rest(&[])
        })
        .collect();
    for act in 0..6 {
        let script = Script::default().below(4).below(0).below(40_000);
        seeds.push(
            script
                .byte(act)
                .below(100)
                .below(16_500)
                .below(16_600)
                .rest(&[1]),
        );
    }
    seeds
}
