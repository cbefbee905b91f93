//! The server as an engine.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDateTime, Utc};
use futures_util::FutureExt;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder, Url};
use tokio::time::timeout;

use super::{reply, request};
use crate::adapter::{self, Adapter, Reached};
use crate::body::Body;
use crate::engine::{Capabilities, Scan, Versions};
use crate::http::{self, Failure, Sent};
use crate::runtime::Times;
use crate::text;
use crate::verdict::{EngineReport, ErrorKind};

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
            Ok((status, words(&http::read(answer).await?)))
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
    ) -> Result<(u16, Vec<u8>, Sent), Failure> {
        let frame = request::frame(scan, self.times.verdict.as_millis());
        let request = self
            .request(endpoint, reqwest::Method::POST, "scanmemory")
            .header(CONTENT_TYPE, "application/json");
        http::send(request, (&frame, scan.meta.size), body, self.times).await
    }
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
