//! Measures one synced upload, a read and small files: `throughput [DIR] [MIB] [ROUNDS]`.
//!
//! Run it in release mode on the volume in question. Before each upload a file of the same size is
//! written and removed, because a cold page cache hides everything else.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use bytes::Bytes;
use futures_util::TryStreamExt;
use sofie_vault::{BlobId, BlobSpec, Context, Error, FileKey, LocalBackend, Vault};

/// As large as what an HTTP server hands over at once.
const WRITE: usize = 256 * 1024;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let mib: u64 = args.next().and_then(|n| n.parse().ok()).unwrap_or(1024);
    let rounds: u32 = args.next().and_then(|n| n.parse().ok()).unwrap_or(3);
    let root = dir.join(format!("sofie-throughput-{}", std::process::id()));
    let vault = Vault::new(Arc::new(LocalBackend::open(&root)?));
    for _ in 0..rounds {
        warm(&root, mib);
        plain(&root, mib);
        large(&vault, mib << 20).await?;
        large_held(&vault, 64, 8 << 20).await?;
        small(&vault, 2000, 1).await?;
        small(&vault, 4000, 16).await?;
    }
    fs::remove_dir_all(&root).map_err(|source| Error::Io {
        action: "remove the directory",
        source,
    })
}

fn spec() -> Result<BlobSpec, Error> {
    Ok(BlobSpec {
        blob: BlobId::random()?,
        generation: 1,
        context: Context::new("tenant", "package", "file"),
        key: FileKey::generate()?,
    })
}

fn warm(root: &Path, mib: u64) {
    let path = root.join("warm");
    let block = vec![1; 1 << 20];
    if let Ok(mut file) = fs::File::create(&path) {
        for _ in 0..mib + mib / 8 {
            if std::io::Write::write_all(&mut file, &block).is_err() {
                break;
            }
        }
    }
    let _ = fs::remove_file(&path);
}

/// The bound: the same bytes unencrypted, from one thread.
fn plain(root: &Path, mib: u64) {
    let path = root.join("plain");
    let block = vec![1; WRITE];
    let start = Meter::start();
    if let Ok(mut file) = fs::File::create(&path) {
        for _ in 0..mib * 4 {
            if std::io::Write::write_all(&mut file, &block).is_err() {
                break;
            }
        }
        report("plain write, unsynced", mib << 20, &start);
        let _ = file.sync_data();
        report("plain write, synced", mib << 20, &start);
    }
    let _ = fs::remove_file(&path);
}

async fn large(vault: &Vault, total: u64) -> Result<(), Error> {
    let spec = spec()?;
    let block = Bytes::from(vec![7; WRITE]);
    let start = Meter::start();
    vault.create(&spec).await?;
    let mut appender = vault.appender(&spec, 0).await?.expecting(total, true);
    while appender.offset() < total {
        appender.write(block.clone()).await?;
    }
    report("upload, before the last sync", total, &start);
    appender.commit(total).await?;
    report("upload, committed", total, &start);
    let start = Meter::start();
    let reader = vault.open(&spec, Some(total)).await?;
    let mut stream = std::pin::pin!(reader.stream(0..total));
    while stream.try_next().await?.is_some() {}
    report("read", total, &start);
    ranges(&reader, 20_000).await?;
    vault.delete(spec.blob).await
}

async fn ranges(reader: &sofie_vault::Reader, count: u64) -> Result<(), Error> {
    const RANGE: u64 = 64 * 1024;
    let start = Instant::now();
    for n in 0..count {
        let at = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (reader.len() - RANGE);
        reader.bytes(at..at + RANGE).await?;
    }
    let rate = u128::from(count) * 1_000_000 / start.elapsed().as_micros().max(1);
    println!("{:32} {rate:8} /s", "64 KiB ranges, one after another");
    Ok(())
}

/// Many uploads side by side that stop in the middle: what memory do they hold?
async fn large_held(vault: &Vault, count: u64, total: u64) -> Result<(), Error> {
    let block = Bytes::from(vec![7; WRITE]);
    let (mut held, mut specs) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let spec = spec()?;
        vault.create(&spec).await?;
        let mut appender = vault.appender(&spec, 0).await?;
        while appender.offset() < total / 2 {
            appender.write(block.clone()).await?;
        }
        held.push(appender);
        specs.push(spec);
    }
    println!(
        "{:32} {:8} KiB resident",
        format!("{count} held uploads"),
        resident()
    );
    for (appender, spec) in held.into_iter().zip(specs) {
        appender.finish().await?;
        vault.delete(spec.blob).await?;
    }
    Ok(())
}

async fn small(vault: &Vault, count: usize, parallel: usize) -> Result<(), Error> {
    let data = Bytes::from(vec![7; 10 * 1024]);
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..parallel {
        let (vault, data) = (vault.clone(), data.clone());
        tasks.spawn(async move {
            for _ in 0..count / parallel {
                vault.put(&spec()?, data.clone()).await?;
            }
            Ok::<_, Error>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.map_err(|_| Error::Stopped)??;
    }
    let rate = count as u128 * 1_000_000 / start.elapsed().as_micros().max(1);
    println!(
        "{:32} {rate:8} /s",
        format!("10 KiB files, synced, {parallel} clients")
    );
    Ok(())
}

fn report(what: &str, bytes: u64, start: &Meter) {
    let micros = start.at.elapsed().as_micros().max(1);
    let rate = u128::from(bytes) * 1_000_000 / micros / (1 << 20);
    let cpu = (cpu_ticks() - start.cpu) * 10;
    println!("{what:32} {rate:8} MiB/s {cpu:6} ms of CPU");
}

/// Elapsed time and processor time: the latter means something on a busy machine too.
struct Meter {
    at: Instant,
    cpu: u64,
}

impl Meter {
    fn start() -> Self {
        Self {
            at: Instant::now(),
            cpu: cpu_ticks(),
        }
    }
}

/// User and system time in ticks of 10 ms: fields 14 and 15 of proc(5) stat.
fn cpu_ticks() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks.filter_map(|n| n.parse::<u64>().ok()).sum()
}

fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS:"));
    line.and_then(|l| l.split_whitespace().nth(1))
        .and_then(|n| n.parse().ok())
        .unwrap_or(0)
}
