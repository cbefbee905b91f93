//! The server as an engine.

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, NaiveDateTime, Utc};
use futures_util::{FutureExt, StreamExt, stream};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, Url};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::reply;
use super::request::{Encoder, Frame};
use crate::adapter::{self, Adapter, Reached};
use crate::body::{Body, Broken};
use crate::engine::{Capabilities, Scan, Versions};
use crate::runtime::Times;
use crate::text;
use crate::verdict::{EngineReport, ErrorKind};

/// How much is handed over at once, in bytes.
const PIECE: usize = 64 << 10;

/// Kaspersky Scan Engine at one or more addresses.
#[derive(Debug)]
pub(super) struct Kaspersky {
    pub id: String,
    pub addresses: Vec<Url>,
    /// How we prove who we are; the header's name is the administrator's choice there.
    pub token: Option<(HeaderName, HeaderValue)>,
    pub client: Client,
    pub times: Times,
}

/// Why a conversation failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("talking to the server")]
    Talk(#[source] reqwest::Error),
    #[error("waiting for the server: {0}")]
    Late(&'static str),
    #[error("the answer is too long")]
    TooLong,
    #[error(transparent)]
    Content(#[from] Broken),
}

impl Failure {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Talk(error) if error.is_connect() => ErrorKind::Connect,
            Self::Talk(error) if error.is_timeout() => ErrorKind::Timeout,
            Self::Talk(_) | Self::TooLong => ErrorKind::Protocol,
            Self::Late(_) | Self::Content(Broken::TooSlow) => ErrorKind::Timeout,
            Self::Content(Broken::Source) => ErrorKind::Source,
        }
    }
}

impl From<Failure> for adapter::Failure {
    fn from(failure: Failure) -> Self {
        Self::new(failure.kind(), &failure)
    }
}

impl Kaspersky {
    fn request(&self, endpoint: usize, method: reqwest::Method, name: &str) -> RequestBuilder {
        let mut url = self.addresses[endpoint].clone();
        url.set_path(&format!("/api/v3.0/{name}"));
        let request = self.client.request(method, url);
        match &self.token {
            Some((name, token)) => request.header(name, token),
            None => request,
        }
    }

    /// Asks a trivial question; its answer as a short text.
    async fn ask(&self, endpoint: usize, name: &str) -> Result<(u16, String), Failure> {
        let talk = async {
            let request = self.request(endpoint, reqwest::Method::GET, name);
            let answer = request.send().await.map_err(Failure::Talk)?;
            let status = answer.status().as_u16();
            Ok((status, words(&read(answer).await?)))
        };
        timeout(self.times.connect, talk)
            .await
            .map_err(|_| Failure::Late("it does not answer"))?
    }

    /// Hands content over and brings back the status, the answer, and what was sent.
    async fn send(
        &self,
        endpoint: usize,
        scan: &Scan,
        body: &mut Body,
    ) -> Result<(u16, Vec<u8>, (u64, bool)), Failure> {
        let frame = Frame::new(scan, self.times.verdict.as_millis());
        // Little is under way that the server has not taken: what it says before the end must be seen to be early.
        let (pieces, taken) = mpsc::channel::<Bytes>(1);
        let content = stream::unfold(taken, |mut taken| async move {
            let piece = taken.recv().await?;
            Some((Ok::<_, std::io::Error>(piece), taken))
        });
        let request = self
            .request(endpoint, reqwest::Method::POST, "scanmemory")
            .header(CONTENT_TYPE, "application/json")
            .header(CONTENT_LENGTH, frame.length)
            .body(reqwest::Body::wrap_stream(content));
        let mut sent = (0, false);
        let answer = {
            let mut answer = Box::pin(request.send());
            let feed = feed(&frame, body, pieces, self.times, &mut sent);
            tokio::select! {
                biased;
                early = &mut answer => Ok(early),
                all_handed = feed => match all_handed {
                    Err(failure) => return Err(failure),
                    Ok(()) => timeout(self.times.verdict, answer).await,
                },
            }
        };
        let answer = answer.map_err(|_| Failure::Late("no verdict"))?;
        let answer = answer.map_err(Failure::Talk)?;
        let status = answer.status().as_u16();
        let read = timeout(self.times.idle, read(answer)).await;
        let bytes = read.map_err(|_| Failure::Late("its answer does not end"))??;
        Ok((status, bytes, sent))
    }
}

/// Hands the question over piece by piece. That nobody takes more is no failure: there may be an answer.
async fn feed(
    frame: &Frame,
    body: &mut Body,
    pieces: mpsc::Sender<Bytes>,
    times: Times,
    sent: &mut (u64, bool),
) -> Result<(), Failure> {
    let hand = async |mut piece: Bytes| -> Result<bool, Failure> {
        while !piece.is_empty() {
            let next = piece.split_to(piece.len().min(PIECE));
            let handed = timeout(times.idle, pieces.send(next)).await;
            if handed
                .map_err(|_| Failure::Late("it accepts no more content"))?
                .is_err()
            {
                return Ok(false);
            }
        }
        Ok(true)
    };
    let mut encoder = Encoder::default();
    let mut taken = hand(frame.before.clone()).await?;
    while let Some(piece) = body.next().await? {
        taken = taken && hand(encoder.piece(&piece)).await?;
        if !taken {
            return Ok(());
        }
        sent.0 += piece.len() as u64;
    }
    sent.1 = taken && hand(encoder.end()).await? && hand(frame.after.clone()).await?;
    Ok(())
}

async fn read(answer: Response) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let mut pieces = answer.bytes_stream();
    while let Some(piece) = pieces.next().await {
        bytes.extend_from_slice(&piece.map_err(Failure::Talk)?);
        if bytes.len() > reply::LONGEST {
            return Err(Failure::TooLong);
        }
    }
    Ok(bytes)
}

/// A short answer in words: the values of a JSON object, or the text as it is.
fn words(answer: &[u8]) -> String {
    let read: Option<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_slice(answer).ok();
    let values = read.map(|read| {
        let values = read.into_iter().map(|(_, value)| value);
        let texts = values.filter_map(|value| value.as_str().map(str::to_owned));
        texts.collect::<Vec<_>>().join(" ")
    });
    match values {
        Some(values) => text::displayable(&values, 100),
        None => text::displayable_bytes(answer.trim_ascii(), 100),
    }
}

/// The time of the signatures, in one of the forms that its documents use for dates.
fn time(words: &str) -> Option<DateTime<Utc>> {
    let words = words.trim_end_matches("GMT").trim();
    ["%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(words, form).ok())
        .map(|time| time.and_utc())
}

#[async_trait]
impl Adapter for Kaspersky {
    fn endpoints(&self) -> usize {
        self.addresses.len()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reports_encrypted: true,
            reports_limits: false,
            reports_macros: true,
            exports_content: false,
        }
    }

    async fn reach(&self, endpoint: usize) -> Result<Reached, adapter::Failure> {
        let (status, program) = self.ask(endpoint, "version").await?;
        let refuse = |kind, words: &str| {
            let words = format!("{words} ({status})");
            Err(adapter::Failure { kind, words })
        };
        match status {
            200 => {}
            401 | 403 => return refuse(ErrorKind::Auth, "the server does not take the token"),
            _ => return refuse(ErrorKind::Config, "the server is not what it should be"),
        }
        let signatures = self.ask(endpoint, "basesdate").await;
        let signatures = signatures.ok().filter(|(status, _)| *status == 200);
        let signatures = signatures
            .map(|(_, date)| date)
            .filter(|date| !date.is_empty());
        Ok(Reached {
            versions: Versions {
                program: Some(format!("Kaspersky Scan Engine {program}").trim().to_owned()),
                signatures_time: signatures.as_deref().and_then(time),
                signatures,
            },
            at_once: None,
        })
    }

    async fn scan(&self, endpoint: usize, scan: &Scan, body: &mut Body) -> EngineReport {
        match self.send(endpoint, scan, body).boxed().await {
            Ok((status, answer, sent)) => reply::row(&self.id, scan, (status, &answer), sent),
            Err(failure) => {
                let failure = adapter::Failure::from(failure);
                EngineReport::failed(&self.id, scan, failure.kind, &failure.words)
            }
        }
    }
}
