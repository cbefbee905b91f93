//! Short questions over HTTPS, from threads that may wait.

use std::{future::Future, sync::mpsc, time::Duration};

use reqwest::{Certificate, Client, RequestBuilder, Url, redirect::Policy};
use serde_json::Value;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use super::SealError;

const CONNECT: Duration = Duration::from_secs(5);
const REQUEST: Duration = Duration::from_secs(15);
/// The longest answer that is one.
const LONGEST: usize = 64 << 10;
/// No line of a log is longer.
const WORDS: usize = 300;

/// An answer: the status, and the bytes, which may hold a key.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    body: Zeroizing<Vec<u8>>,
}

impl Answer {
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    pub(super) fn is_fine(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// A client for one service, with threads of its own, so that it can be waited for from any other.
#[derive(Debug)]
pub(super) struct Http {
    client: Client,
    place: String,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

impl Http {
    /// `ca_pem`: the only certificates that are trusted; without it the machine's are.
    pub(super) fn open(place: &str, ca_pem: Option<&[u8]>) -> Result<Self, SealError> {
        let unusable = |what: &str| SealError::Options(format!("{place}: {what}"));
        let mut builder = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .timeout(REQUEST);
        if let Some(pem) = ca_pem {
            let wrong = || unusable("the file of certificates has none, or is damaged");
            let trusted = Certificate::from_pem_bundle(pem).map_err(|_| wrong())?;
            if trusted.is_empty() {
                return Err(wrong());
            }
            builder = builder.tls_certs_only(trusted);
        }
        let client = builder
            .build()
            .map_err(|_| unusable("the certificates can't be used"))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("sofie-seal")
            .enable_all()
            .build()
            .map_err(|error| unusable(&format!("cannot start a thread: {error}")))?;
        Ok(Self {
            client,
            place: place.to_owned(),
            runtime: Some(runtime),
        })
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Asks, and waits here for the answer.
    pub(super) fn ask(&self, request: RequestBuilder) -> Result<Answer, SealError> {
        let away = self.away();
        self.run(async move {
            let mut answer = request.send().await.map_err(|e| away(&chain(&e)))?;
            let status = answer.status().as_u16();
            // Of its full size at once: a buffer that grows leaves copies of what was in it.
            let mut body = Zeroizing::new(Vec::with_capacity(LONGEST));
            while let Some(piece) = answer.chunk().await.map_err(|e| away(&chain(&e)))? {
                if body.len() + piece.len() > LONGEST {
                    return Err(away("the answer is too long"));
                }
                body.extend_from_slice(&piece);
            }
            Ok(Answer { status, body })
        })
    }

    /// Runs something on our thread and waits for it here.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, SealError>> + Send + 'static,
    ) -> Result<T, SealError> {
        let away = self.away();
        let runtime = self.runtime.as_ref().ok_or_else(|| away("stopping"))?;
        let (done, outcome) = mpsc::sync_channel(1);
        runtime.spawn(async move { done.send(work.await) });
        outcome.recv().map_err(|_| away("stopping"))?
    }

    fn away(&self) -> impl Fn(&str) -> SealError + Send + 'static {
        let place = self.place.clone();
        move |said| SealError::Away {
            place: place.clone(),
            said: short(said),
        }
    }

    /// What an answer that is not fine means; `said` are the service's own words.
    pub(super) fn refusal(&self, answer: &Answer, said: &str) -> SealError {
        let said = match said {
            "" => format!("status {}", answer.status),
            said => format!("status {}, {}", answer.status, short(said)),
        };
        let place = self.place.clone();
        // 412 and 472, 473 are Vault's: a node that is behind, or stands by.
        if answer.status >= 500 || matches!(answer.status, 408 | 412 | 429 | 472 | 473) {
            SealError::Away { place, said }
        } else {
            SealError::Refused { place, said }
        }
    }

    pub(super) fn odd(&self, said: &'static str) -> SealError {
        let place = self.place.clone();
        SealError::Odd { place, said }
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The address of a service, without a slash at its end.
pub(super) fn address(what: &str, text: &str) -> Result<String, SealError> {
    let url: Option<Url> = text.parse().ok();
    let fine = url.is_some_and(|url| {
        let bare = url.username().is_empty() && url.password().is_none() && url.has_host();
        let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        bare && plain && ["https", "http"].contains(&url.scheme())
    });
    if fine {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err(SealError::Options(format!(
            "{what} is not the address of a service, such as https://vault.example.org:8200"
        )))
    }
}

/// An error and its causes.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}

fn short(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(WORDS).collect()
}
