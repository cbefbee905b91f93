//! A bucket, called from blocking threads: requests with limits, errors sorted, retries that can't
//! do a thing twice.

use std::{
    error::Error as _,
    fmt,
    future::Future,
    io,
    ops::Range,
    sync::{Arc, mpsc},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::{
    BackoffConfig, Certificate, ClientOptions, Error as StoreError, GetOptions, GetRange,
    ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutPayload, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut},
    client::{HttpError, HttpErrorKind},
    path::Path,
};
use secrecy::ExposeSecret;
use tokio::runtime::Runtime;

use super::{S3Options, reason::Reason};
use crate::Error;

/// Reaching the store, and one request for 8 MiB over a slow line.
const CONNECT: Duration = Duration::from_secs(5);
const REQUEST: Duration = Duration::from_mins(2);
/// A store that restarts is waited for; one that is gone is not.
const RETRIES: usize = 6;
const RETRY_FOR: Duration = Duration::from_secs(30);
/// The same for looks that somebody waits for.
const PROBE: Duration = Duration::from_secs(5);
/// A conditional put whose answer got lost is repeated here: only we can tell our own object.
const PUTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);
/// Requests of one call at once.
const AT_ONCE: usize = 16;

/// An object, as a listing shows it.
#[derive(Clone, Debug)]
pub(super) struct Object {
    /// Its name below the prefix.
    pub(super) key: String,
    pub(super) size: u64,
    pub(super) modified: SystemTime,
}

/// Part of an object, and how large the whole is.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) bytes: Bytes,
    pub(super) size: u64,
    pub(super) modified: SystemTime,
}

/// Everything below one prefix of one bucket.
pub(super) struct Bucket {
    store: Arc<AmazonS3>,
    /// The same store for short looks.
    probe: Arc<AmazonS3>,
    prefix: String,
    shown: String,
    /// Of its own, so that it can be waited for from any thread. `None` only while it is dropped.
    runtime: Option<Runtime>,
}

impl Bucket {
    pub(super) fn open(options: &S3Options) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("sofie-s3")
            .enable_all()
            .build()
            .map_err(Error::io("start the threads of the object store"))?;
        Ok(Self {
            store: Arc::new(connect(options, REQUEST, RETRIES, RETRY_FOR)?),
            probe: Arc::new(connect(options, PROBE, 1, PROBE)?),
            prefix: options.prefix.trim_matches('/').to_owned(),
            shown: format!("{}/{}", options.bucket, options.prefix),
            runtime: Some(runtime),
        })
    }

    fn path(&self, key: &str) -> Path {
        let separator = if self.prefix.is_empty() { "" } else { "/" };
        Path::from(format!("{}{separator}{key}", self.prefix))
    }

    /// Runs a request on our threads and waits for it here.
    fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let runtime = self.runtime.as_ref().ok_or(Error::Stopped)?;
        let (done, outcome) = mpsc::sync_channel(1);
        runtime.spawn(async move { done.send(work.await) });
        outcome.recv().map_err(|_| Error::Stopped)?
    }

    /// Makes an object. [`Error::AlreadyExists`] if one of other content is there; the same content
    /// is an earlier try of ours whose answer got lost.
    pub(super) fn put_new(&self, key: &str, bytes: Bytes) -> Result<(), Error> {
        let (store, path) = (Arc::clone(&self.store), self.path(key));
        self.run(async move {
            let mut tries = 0;
            loop {
                tries += 1;
                let payload = PutPayload::from(bytes.clone());
                match store.put_opts(&path, payload, PutMode::Create.into()).await {
                    Ok(_) => return Ok(()),
                    Err(StoreError::AlreadyExists { .. }) => {
                        let found = store.get(&path).await.map_err(sort("read an object"))?;
                        if found.meta.size != bytes.len() as u64 {
                            return Err(Error::AlreadyExists);
                        }
                        let found = found.bytes().await.map_err(sort("read an object"))?;
                        return if found == bytes {
                            Ok(())
                        } else {
                            Err(Error::AlreadyExists)
                        };
                    }
                    Err(error) if tries < PUTS && is_lost(&error) => {
                        tokio::time::sleep(PAUSE * tries).await;
                    }
                    Err(error) => return Err(sort("write an object")(error)),
                }
            }
        })
    }

    /// Whether the store refuses a second object of the same name, which everything here stands on.
    pub(super) fn refuses_a_second(&self, key: &str) -> Result<bool, Error> {
        let (store, path) = (Arc::clone(&self.probe), self.path(key));
        self.run(async move {
            let payload = PutPayload::from_static(b"second");
            match store.put_opts(&path, payload, PutMode::Create.into()).await {
                Err(StoreError::AlreadyExists { .. }) => Ok(true),
                Ok(_) => Ok(false),
                Err(error) => Err(sort("write an object twice")(error)),
            }
        })
    }

    /// The bytes `range` of an object.
    pub(super) fn get(&self, key: &str, range: Range<u64>) -> Result<Bytes, Error> {
        let (store, path) = (Arc::clone(&self.store), self.path(key));
        self.run(async move { get(&store, &path, range).await })
    }

    /// Some bytes each of many objects, a few at once, in the order asked for.
    pub(super) fn get_each(&self, places: Vec<(String, Range<u64>)>) -> Result<Vec<Bytes>, Error> {
        let store = Arc::clone(&self.store);
        let places: Vec<_> = places
            .into_iter()
            .map(|(key, range)| (self.path(&key), range))
            .collect();
        self.run(async move {
            let one = |(path, range)| {
                let store = Arc::clone(&store);
                async move { get(&store, &path, range).await }
            };
            stream::iter(places.into_iter().map(one))
                .buffered(AT_ONCE)
                .try_collect()
                .await
        })
    }

    /// The first `len` bytes of an object that has at least one.
    pub(super) fn head(&self, key: &str, len: u64) -> Result<Head, Error> {
        read_head(&self.store, self, key, len)
    }

    /// The same as [`Bucket::head`], with little patience.
    pub(super) fn look(&self, key: &str, len: u64) -> Result<Head, Error> {
        read_head(&self.probe, self, key, len)
    }

    /// All objects below `folder` and, unless `None`, at most `limit` of them; sorted by name.
    pub(super) fn list(&self, folder: &str, limit: Option<usize>) -> Result<Vec<Object>, Error> {
        let (store, path) = (Arc::clone(&self.store), self.path(folder));
        let below = if self.prefix.is_empty() {
            0
        } else {
            self.prefix.len() + 1
        };
        self.run(async move {
            let objects = store.list(Some(&path)).take(limit.unwrap_or(usize::MAX));
            let objects = objects.map_ok(move |meta| object(&meta, below));
            objects.try_collect().await.map_err(sort("list objects"))
        })
    }

    /// Removes objects; fine if there are none.
    pub(super) fn delete(&self, keys: &[String]) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        let store = Arc::clone(&self.store);
        let paths: Vec<Path> = keys.iter().map(|key| self.path(key)).collect();
        self.run(async move {
            let one = |path: Path| {
                let store = Arc::clone(&store);
                async move {
                    match store.delete(&path).await.map_err(sort("delete an object")) {
                        Ok(()) | Err(Error::NotFound) => Ok(()),
                        other => other,
                    }
                }
            };
            stream::iter(paths.into_iter().map(one))
                .buffer_unordered(AT_ONCE)
                .try_collect()
                .await
        })
    }
}

fn read_head(store: &Arc<AmazonS3>, bucket: &Bucket, key: &str, len: u64) -> Result<Head, Error> {
    let (store, path) = (Arc::clone(store), bucket.path(key));
    bucket.run(async move {
        let options = GetOptions {
            range: Some(GetRange::Bounded(0..len)),
            ..GetOptions::default()
        };
        let found = store.get_opts(&path, options).await;
        let found = found.map_err(sort("read an object"))?;
        let (size, modified) = (found.meta.size, found.meta.last_modified.into());
        let bytes = found.bytes().await.map_err(sort("read an object"))?;
        Ok(Head {
            bytes,
            size,
            modified,
        })
    })
}

/// Whether nobody knows if the request was carried out. The library repeats only what it may repeat blindly.
fn is_lost(error: &StoreError) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(http) = error.downcast_ref::<HttpError>() {
            return matches!(
                http.kind(),
                HttpErrorKind::Timeout | HttpErrorKind::Interrupted
            );
        }
        cause = error.source();
    }
    false
}

async fn get(store: &AmazonS3, path: &Path, range: Range<u64>) -> Result<Bytes, Error> {
    let wanted = range.end - range.start;
    let bytes = store.get_range(path, range).await;
    let bytes = bytes.map_err(sort("read an object"))?;
    if bytes.len() as u64 == wanted {
        Ok(bytes)
    } else {
        Err(Error::Corrupt("object too short"))
    }
}

fn object(meta: &ObjectMeta, below: usize) -> Object {
    Object {
        key: meta
            .location
            .as_ref()
            .get(below..)
            .unwrap_or_default()
            .to_owned(),
        size: meta.size,
        modified: meta.last_modified.into(),
    }
}

fn connect(
    options: &S3Options,
    request: Duration,
    max_retries: usize,
    retry_timeout: Duration,
) -> Result<AmazonS3, Error> {
    let action = "prepare the object store";
    let mut client = ClientOptions::new()
        .with_connect_timeout(CONNECT)
        .with_timeout(request)
        .with_allow_http(options.endpoint.starts_with("http://"));
    if let Some(pem) = &options.ca_pem {
        for certificate in Certificate::from_pem_bundle(pem).map_err(sort(action))? {
            client = client.with_root_certificate(certificate);
        }
    }
    let retry = RetryConfig {
        backoff: BackoffConfig {
            max_backoff: CONNECT,
            ..BackoffConfig::default()
        },
        max_retries,
        retry_timeout,
    };
    // With names of buckets in the host, the endpoint is that of the bucket.
    let endpoint = match options.endpoint.split_once("://") {
        Some((scheme, host)) if !options.path_style => {
            format!("{scheme}://{}.{host}", options.bucket)
        }
        _ => options.endpoint.clone(),
    };
    AmazonS3Builder::new()
        .with_endpoint(endpoint)
        .with_bucket_name(&options.bucket)
        .with_region(&options.region)
        .with_access_key_id(&options.access_key)
        .with_secret_access_key(options.secret_key.expose_secret())
        .with_virtual_hosted_style_request(!options.path_style)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        // Not every store can delete many at once, and those that can want another digest for it.
        .with_disable_bulk_delete(true)
        .with_client_options(client)
        .with_retry(retry)
        .build()
        .map_err(sort(action))
}

/// Sorts a store's error: the caller acts on a missing object, an existing one and a full store.
fn sort(action: &'static str) -> impl FnOnce(StoreError) -> Error {
    move |error| match error {
        StoreError::NotFound { .. } => {
            // A bucket that is gone is not a blob that is gone.
            match Reason::of(&error) {
                reason if reason.code() == Some("NoSuchBucket") => Error::Io {
                    action,
                    source: io::Error::other(reason),
                },
                _ => Error::NotFound,
            }
        }
        StoreError::AlreadyExists { .. } => Error::AlreadyExists,
        error => {
            let reason = Reason::of(&error);
            if reason.is_full() {
                return Error::NoSpace(io::Error::new(io::ErrorKind::StorageFull, reason));
            }
            Error::Io {
                action,
                source: io::Error::other(reason),
            }
        }
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        // Waiting is forbidden in an async thread, and nobody waits for these requests any more.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bucket({})", self.shown)
    }
}
