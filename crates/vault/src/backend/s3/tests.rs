//! On a store in this process, which checks signatures and honours conditions.
#![expect(
    clippy::cast_possible_truncation,
    reason = "the numbers of tests are small"
)]

use std::{net::SocketAddr, time::Instant};

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime};

use super::*;
use crate::{
    BlobSpec, Context, FileKey, Vault,
    backend::contract::{marker_suite, suite, unmarked_suite},
};

/// A store with one bucket.
pub(crate) struct Store {
    dir: TempDir,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Store {
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("files")).unwrap();
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(dir.path()).unwrap());
        service.set_auth(SimpleAuth::from_single("us", "our secret"));
        let service = service.build();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let runtime = Runtime::new().unwrap();
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let service = service.clone();
                tokio::spawn(async move {
                    let server = auto::Builder::new(TokioExecutor::new());
                    let _ = server.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self {
            dir,
            address,
            runtime: Some(runtime),
        }
    }

    pub(crate) fn options(&self, prefix: &str) -> S3Options {
        S3Options {
            endpoint: format!("http://{}", self.address),
            bucket: "files".to_owned(),
            prefix: prefix.to_owned(),
            region: "eu-west-1".to_owned(),
            access_key: "us".to_owned(),
            secret_key: "our secret".into(),
            ca_pem: None,
            path_style: true,
        }
    }

    fn backend(&self, prefix: &str) -> S3Backend {
        S3Backend::open(&self.options(prefix)).unwrap()
    }

    /// The names of all objects below a prefix.
    fn objects(&self, prefix: &str) -> Vec<String> {
        let objects = self.backend(prefix).bucket.list("", None).unwrap();
        objects.into_iter().map(|object| object.key).collect()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn spec(byte: u8) -> BlobSpec {
    BlobSpec {
        blob: BlobId([byte; 16]),
        generation: 1,
        context: Context::new("tenant", "package", "file"),
        key: FileKey::generate().unwrap(),
    }
}

fn content(len: usize) -> Bytes {
    (0..len).map(|i| (i * 31 + i / 251) as u8).collect()
}

#[test]
fn contract() {
    let store = Store::start();
    suite(&store.backend("a/b"));
    suite(&store.backend(""));
    marker_suite(&store.backend("marker"));
    unmarked_suite(&store.backend("unmarked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_in_other_processes_at_any_byte() {
    let store = Store::start();
    let (spec, data) = (spec(0x31), content(700_001));
    let process = || Vault::with_part_size(Arc::new(store.backend("p")), 128 << 10).unwrap();
    process().create(&spec).await.unwrap();
    let mut offset = 0;
    for step in [1, 100_000, 17, 31_055, 200_000, 4096, 66_000, 1, 298_831] {
        let vault = process();
        assert_eq!(vault.durable_len(&spec).await.unwrap(), offset);
        let mut appender = vault.appender(&spec, offset).await.unwrap();
        let from = usize::try_from(offset).unwrap();
        appender.write(data.slice(from..from + step)).await.unwrap();
        offset = appender.finish().await.unwrap();
    }
    assert_eq!(offset, 700_001);
    process().commit(&spec, offset).await.unwrap();
    process().commit(&spec, offset).await.unwrap();
    let reader = process().open(&spec, Some(offset)).await.unwrap();
    assert_eq!(reader.bytes(0..offset).await.unwrap(), data);
    assert_eq!(store.objects("p").len(), 1, "a small blob is one object");
    process().delete(spec.blob).await.unwrap();
    assert!(store.objects("p").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_blob_stays_in_its_segments() {
    let store = Store::start();
    let (spec, data) = (spec(0x32), content(20_000_003));
    let vault = Vault::new(Arc::new(store.backend("p")));
    vault.put(&spec, data.clone()).await.unwrap();
    let len = data.len() as u64;
    let other = Vault::new(Arc::new(store.backend("p")));
    let reader = other.open(&spec, Some(len)).await.unwrap();
    assert_eq!(reader.bytes(0..len).await.unwrap(), data);
    for range in [
        0..1,
        8_388_600..8_388_700,
        19_999_999..20_000_003,
        12_345_678..16_000_000,
    ] {
        let expected = data.slice(range.start as usize..range.end as usize);
        assert_eq!(reader.bytes(range).await.unwrap(), expected);
    }
    let objects = store.objects("p");
    assert!(
        objects.iter().any(|key| key.ends_with("/blob")),
        "{objects:?}"
    );
    assert!(
        !objects.iter().any(|key| key.contains("/tail/")),
        "{objects:?}"
    );
    assert!(objects.len() <= 8, "{objects:?}");
    let info = other.backend().list(0x32).unwrap().remove(0);
    assert!(info.committed && info.size > len && info.size < len + 100_000);
    assert!(matches!(
        other.create(&spec).await,
        Err(Error::AlreadyExists)
    ));
    other.delete(spec.blob).await.unwrap();
    assert!(store.objects("p").is_empty());
}

#[test]
fn of_two_processes_at_one_upload_one_goes_on() {
    let store = Store::start();
    let blob = BlobId([7; 16]);
    let (one, two) = (store.backend("p"), store.backend("p"));
    let first = one.create(blob, Area::Data).unwrap();
    let second = two.open(blob, Area::Data).unwrap();
    first.write_at(b"first", 0).unwrap();
    second.write_at(b"other", 0).unwrap();
    first.sync().unwrap();
    assert!(matches!(second.sync(), Err(Error::Busy)));
    let mut found = [0; 5];
    two.open(blob, Area::Data)
        .unwrap()
        .read_at(&mut found, 0)
        .unwrap();
    assert_eq!(&found, b"first");
}

#[test]
fn old_segments_are_cleared_away_under_a_reader() {
    let store = Store::start();
    let blob = BlobId([8; 16]);
    let (one, two) = (store.backend("p"), store.backend("p"));
    let writer = one.create(blob, Area::Tail).unwrap();
    writer.write_at(b"first", 0).unwrap();
    writer.sync().unwrap();
    let reader = two.open(blob, Area::Tail).unwrap();
    writer.write_at(b"later", 0).unwrap();
    writer.sync().unwrap();
    assert_eq!(store.objects("p").len(), 2, "the birth and the last one");
    let mut found = [0; 5];
    reader.read_at(&mut found, 0).unwrap();
    assert_eq!(&found, b"later");
}

#[test]
fn a_put_whose_answer_was_lost_is_known_again() {
    let store = Store::start();
    let bucket = store.backend("p").bucket;
    bucket.put_new("x", Bytes::from_static(b"one")).unwrap();
    bucket.put_new("x", Bytes::from_static(b"one")).unwrap();
    for other in [b"two".as_slice(), b"longer"] {
        let outcome = bucket.put_new("x", Bytes::copy_from_slice(other));
        assert!(matches!(outcome, Err(Error::AlreadyExists)));
    }
}

#[test]
fn a_store_that_is_not_there_or_not_ours_is_told_soon() {
    let store = Store::start();
    let error_of = |options: &S3Options| {
        let started = Instant::now();
        let error = S3Backend::open(options).unwrap().require_marker("one");
        assert!(started.elapsed().as_secs() < 15);
        let error = with_causes(&error.unwrap_err());
        assert!(!error.contains("secret"), "{error}");
        error
    };
    let base = store.options("p");
    let gone = S3Options {
        endpoint: "http://127.0.0.1:1".to_owned(),
        ..base.clone()
    };
    assert!(error_of(&gone).starts_with("could not read an object"));
    let wrong = S3Options {
        secret_key: "no secret".into(),
        ..base.clone()
    };
    assert!(error_of(&wrong).contains("SignatureDoesNotMatch"));
    let nowhere = S3Options {
        bucket: "nothing".to_owned(),
        ..base
    };
    let found = error_of(&nowhere);
    assert!(
        found.contains("NoSuchBucket") || found.contains("marker"),
        "{found}"
    );
    // A bucket that went away is no reason to believe that the blobs are gone.
    std::fs::remove_dir_all(store.dir.path().join("files")).unwrap();
    let listed = store.backend("p").list(1);
    assert!(listed.is_err(), "{listed:?}");
}

/// An error with its causes.
fn with_causes(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(with_causes);
    cause.map_or(error.to_string(), |cause| format!("{error}: {cause}"))
}
