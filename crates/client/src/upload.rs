//! Bytes to the server: small files by one PUT, larger ones by tus, which goes on where it stopped.

use std::{
    io::SeekFrom,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::{
    Body, Method, Response,
    header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION},
};
use tokio::{
    io::{AsyncReadExt, AsyncSeekExt},
    sync::Mutex,
};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use crate::{
    Error, Progress, Result, backoff::Backoff, http::Api, send::Draft, sources::Source, wire,
};

/// Larger files go by tus.
const SMALL: u64 = 8 << 20;
const AT_ONCE: usize = 4;
const CHUNK: usize = 256 << 10;
/// The server has so long to take more bytes, or to answer after the last one, which it must store first.
const STALLED: Duration = Duration::from_mins(3);
const LOOK: Duration = Duration::from_secs(5);

/// Uploads into one draft.
#[derive(Debug)]
pub(crate) struct Uploads {
    pub api: Arc<Api>,
    pub draft: Mutex<Draft>,
    pub package: Uuid,
    pub progress: Arc<dyn Progress>,
}

impl Uploads {
    /// Uploads all files; the first failure that waiting does not cure ends all.
    pub async fn run(&self, sources: &[Source]) -> Result<()> {
        stream::iter(sources.iter().map(Ok))
            .try_for_each_concurrent(AT_ONCE, |source| self.one(source))
            .await
    }

    async fn one(&self, source: &Source) -> Result<()> {
        let known = self.draft.lock().await.uploads.get(&source.name).copied();
        if known.is_some() || self.draft.lock().await.resumed {
            match self.stored(source, known).await? {
                Stored::Whole => {
                    self.count(source.size, 0);
                    return Ok(());
                }
                Stored::Begun(id) if source.size >= SMALL => {
                    return self.tus(source, Some(id)).await;
                }
                Stored::Begun(id) => self.remove(id).await?,
                Stored::Nothing => {}
            }
        }
        if source.size < SMALL {
            self.put(source).await?;
        } else {
            self.tus(source, None).await?;
        }
        source.check_unchanged()
    }

    async fn put(&self, source: &Source) -> Result<()> {
        let mut backoff = Backoff::new();
        loop {
            source.check_unchanged()?;
            let sent = Arc::new(AtomicU64::new(0));
            let id = self.package.to_string();
            let mut segments = vec!["packages", &id, "files"];
            segments.extend(source.name.split('/'));
            let request = self
                .api
                .request(Method::PUT, &segments)
                .header(CONTENT_TYPE, "application/octet-stream")
                .header(CONTENT_LENGTH, source.size)
                .body(self.body(source, 0, &sent).await?);
            let Err(error) = watched(&sent, self.api.send(request)).await else {
                return Ok(());
            };
            self.count(0, sent.load(Ordering::Relaxed));
            backoff.wait(error, &*self.progress).await?;
            // Whether the server stored it before the connection broke is not known here.
            match self.stored(source, None).await? {
                Stored::Whole => {
                    self.count(source.size, 0);
                    return Ok(());
                }
                Stored::Begun(id) => self.remove(id).await?,
                Stored::Nothing => {}
            }
        }
    }

    async fn tus(&self, source: &Source, known: Option<Uuid>) -> Result<()> {
        let mut backoff = Backoff::new();
        let (id, mut position) = match known {
            Some(id) => (id, self.offset(id).await?),
            None => (self.create(source).await?, 0),
        };
        self.count(position, 0);
        while position < source.size {
            source.check_unchanged()?;
            let sent = Arc::new(AtomicU64::new(0));
            let file = id.to_string();
            let request = self
                .api
                .request(Method::PATCH, &["uploads", &file])
                .header("Tus-Resumable", "1.0.0")
                .header("Upload-Offset", position)
                .header(CONTENT_TYPE, "application/offset+octet-stream")
                .header(CONTENT_LENGTH, source.size - position)
                .body(self.body(source, position, &sent).await?);
            match watched(&sent, self.api.send(request)).await {
                Ok(_) => return Ok(()),
                Err(error) => backoff.wait(error, &*self.progress).await?,
            }
            let offset = self.offset(id).await?;
            if offset > position {
                backoff.reset();
            }
            self.count(offset, position + sent.load(Ordering::Relaxed));
            position = offset;
        }
        Ok(())
    }

    /// Announces a file and remembers its upload for a later run.
    async fn create(&self, source: &Source) -> Result<Uuid> {
        let mut backoff = Backoff::new();
        loop {
            let file_name = source.name.rsplit('/').next().unwrap_or(&source.name);
            let metadata = [
                ("package", &*self.package.to_string()),
                ("filename", file_name),
                ("relativePath", &*source.name),
            ]
            .map(|(key, value)| format!("{key} {}", BASE64_STANDARD.encode(value)))
            .join(",");
            let request = self
                .api
                .request(Method::POST, &["uploads"])
                .header("Tus-Resumable", "1.0.0")
                .header("Upload-Length", source.size)
                .header("Upload-Metadata", metadata);
            let error = match self
                .api
                .send(request)
                .await
                .and_then(|response| created(&response))
            {
                Ok(id) => {
                    self.draft.lock().await.remember(&source.name, id)?;
                    return Ok(id);
                }
                Err(error) => error,
            };
            backoff.wait(error, &*self.progress).await?;
            if let Stored::Begun(id) = self.stored(source, None).await? {
                self.draft.lock().await.remember(&source.name, id)?;
                return Ok(id);
            }
        }
    }

    async fn offset(&self, id: Uuid) -> Result<u64> {
        let mut backoff = Backoff::new();
        let id = id.to_string();
        loop {
            let request = self
                .api
                .request(Method::HEAD, &["uploads", &id])
                .header("Tus-Resumable", "1.0.0");
            match self.api.send(request).await {
                Ok(response) => {
                    let offset = response
                        .headers()
                        .get("Upload-Offset")
                        .and_then(|v| v.to_str().ok()?.parse().ok());
                    return offset
                        .ok_or_else(|| Error::Strange("an upload without an offset".to_owned()));
                }
                Err(error) => backoff.wait(error, &*self.progress).await?,
            }
        }
    }

    async fn stored(&self, source: &Source, known: Option<Uuid>) -> Result<Stored> {
        let id = self.package.to_string();
        let package: wire::Package = self.api.read(&["packages", &id], &*self.progress).await?;
        let file = package
            .files
            .into_iter()
            .find(|file| known == Some(file.id) || file.path == source.name);
        Ok(match file {
            Some(file) if file.complete && file.size == source.size => Stored::Whole,
            Some(file) => Stored::Begun(file.id),
            None => Stored::Nothing,
        })
    }

    async fn remove(&self, file: Uuid) -> Result<()> {
        self.api
            .delete(&[
                "packages",
                &self.package.to_string(),
                "files",
                &file.to_string(),
            ])
            .await
    }

    async fn body(&self, source: &Source, from: u64, sent: &Arc<AtomicU64>) -> Result<Body> {
        let mut file = tokio::fs::File::open(&source.path)
            .await
            .map_err(Error::file("read", &source.path))?;
        file.seek(SeekFrom::Start(from))
            .await
            .map_err(Error::file("read", &source.path))?;
        let (sent, progress) = (Arc::clone(sent), Arc::clone(&self.progress));
        let chunks = ReaderStream::with_capacity(file.take(source.size - from), CHUNK).inspect_ok(
            move |chunk| {
                sent.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                progress.advance(i64::try_from(chunk.len()).unwrap_or(0));
            },
        );
        Ok(Body::wrap_stream(chunks.fuse()))
    }

    /// Corrects what was counted as done from `counted` to `done` bytes.
    fn count(&self, done: u64, counted: u64) {
        let signed = |bytes| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.progress.advance(signed(done) - signed(counted));
    }
}

/// How far the server is with a file.
enum Stored {
    Nothing,
    Begun(Uuid),
    Whole,
}

fn created(response: &Response) -> Result<Uuid> {
    response
        .headers()
        .get(LOCATION)
        .and_then(|value| value.to_str().ok()?.rsplit('/').next()?.parse().ok())
        .ok_or_else(|| Error::Strange("an upload without an address".to_owned()))
}

/// Runs an upload request, but not longer than its bytes move or the server may take to store them.
async fn watched(
    sent: &AtomicU64,
    request: impl Future<Output = Result<Response>>,
) -> Result<Response> {
    let stalled = async {
        let (mut seen, mut quiet) = (0, Duration::ZERO);
        while quiet < STALLED {
            tokio::time::sleep(LOOK).await;
            let now = sent.load(Ordering::Relaxed);
            quiet = if now == seen {
                quiet + LOOK
            } else {
                Duration::ZERO
            };
            seen = now;
        }
    };
    tokio::select! {
        answer = request => answer,
        () = stalled => Err(Error::Stalled),
    }
}
