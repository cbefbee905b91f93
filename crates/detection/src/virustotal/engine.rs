//! The service as an engine: the content goes by, and is asked about at its end.

use async_trait::async_trait;
use aws_lc_rs::digest::{Context, SHA256};
use futures_util::FutureExt;
use reqwest::header::HeaderValue;
use reqwest::{Client, Url};
use tokio::time::Instant;

use super::rate::Rate;
use super::reply::{self, Thresholds};
use crate::adapter::{self, Adapter, Reached};
use crate::body::Body;
use crate::engine::{Capabilities, Scan, Versions};
use crate::http::{self, Failure};
use crate::runtime::Times;
use crate::verdict::{AllBytesSent, EngineReport, ErrorKind};

/// `VirusTotal`, or what answers like it.
#[derive(Debug)]
pub(super) struct VirusTotal {
    pub id: String,
    pub addresses: Vec<Url>,
    pub key: HeaderValue,
    pub thresholds: Thresholds,
    pub rate: Rate,
    pub client: Client,
    pub times: Times,
}

impl VirusTotal {
    async fn look(
        &self,
        endpoint: usize,
        scan: &Scan,
        body: &mut Body,
    ) -> Result<EngineReport, Failure> {
        let (sha256, size) = digest(body).await?;
        let failed = |kind, words| Ok(EngineReport::failed(&self.id, scan, kind, words));
        if AllBytesSent::check(scan, size).is_none() {
            return failed(ErrorKind::Source, "the size is wrong");
        }
        let patience = Instant::now() + self.times.verdict;
        if !self.rate.may_ask(patience.min(scan.deadline)).await {
            return failed(ErrorKind::Overload, "no question is left for now");
        }
        let mut url = self.addresses[endpoint].clone();
        url.set_path(&format!("api/v3/files/{sha256}"));
        let request = self.client.get(url).header("x-apikey", &self.key);
        let (status, answer) = http::ask(request, self.times).await?;
        if status == 429 {
            self.rate.pause();
        }
        let about = (sha256.as_str(), self.thresholds);
        Ok(reply::row(&self.id, scan, (status, &answer), about))
    }
}

/// SHA-256 in hexadecimal of a content, and its size.
async fn digest(body: &mut Body) -> Result<(String, u64), Failure> {
    let (mut digest, mut size) = (Context::new(&SHA256), 0);
    while let Some(piece) = body.next().await? {
        digest.update(&piece);
        size += piece.len() as u64;
    }
    let digest = digest.finish();
    let hex = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
    Ok((hex.collect(), size))
}

#[async_trait]
impl Adapter for VirusTotal {
    fn endpoints(&self) -> usize {
        self.addresses.len()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reports_encrypted: false,
            reports_limits: false,
            reports_macros: false,
            exports_content: false,
        }
    }

    /// Asks nothing: every question is counted.
    async fn reach(&self, _endpoint: usize) -> Result<Reached, adapter::Failure> {
        Ok(Reached {
            versions: Versions {
                program: Some("VirusTotal v3".to_owned()),
                ..Versions::default()
            },
            at_once: None,
        })
    }

    async fn scan(&self, endpoint: usize, scan: &Scan, body: &mut Body) -> EngineReport {
        match self.look(endpoint, scan, body).boxed().await {
            Ok(row) => row,
            Err(failure) => {
                let failure = adapter::Failure::from(failure);
                EngineReport::failed(&self.id, scan, failure.kind, &failure.words)
            }
        }
    }
}
