//! The server as an engine: a file is handed over, and then asked after.

use async_trait::async_trait;
use futures_util::FutureExt;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Url};

use super::reply;
use crate::adapter::{self, Adapter, Reached};
use crate::body::Body;
use crate::engine::{Capabilities, Scan, Versions};
use crate::http::{self, Failure, Form, Frame, Pace};
use crate::runtime::Times;
use crate::verdict::{EngineReport, ErrorKind};

/// `MetaDefender` Core at one or more addresses.
#[derive(Debug)]
pub(super) struct MetaDefender {
    pub id: String,
    pub addresses: Vec<Url>,
    pub key: Option<HeaderValue>,
    /// The workflow that it follows; its usual one if there is none.
    pub rule: Option<HeaderValue>,
    pub client: Client,
    pub times: Times,
}

impl MetaDefender {
    fn request(&self, endpoint: usize, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.addresses[endpoint].clone();
        url.set_path(path);
        let request = self.client.request(method, url);
        match &self.key {
            Some(key) => request.header("apikey", key),
            None => request,
        }
    }

    async fn look(
        &self,
        endpoint: usize,
        scan: &Scan,
        body: &mut Body,
    ) -> Result<EngineReport, Failure> {
        let mut request = self
            .request(endpoint, Method::POST, "file")
            .header(CONTENT_TYPE, "application/octet-stream")
            .header("filename", http::percent(&scan.meta.name));
        if let Some(rule) = &self.rule {
            request = request.header("rule", rule);
        }
        let content = (&Frame::only(Form::Plain), scan.meta.size);
        let (status, answer, sent) = http::send(request, content, body, self.times).await?;
        if status != 200 {
            let row = http::refused(&self.id, scan, status);
            return Ok(row.with_bytes_sent(sent.0).with_raw_reply(&answer));
        }
        let failed = |words| {
            let row = EngineReport::failed(&self.id, scan, ErrorKind::Protocol, words);
            row.with_bytes_sent(sent.0).with_raw_reply(&answer)
        };
        let Some(job) = reply::job(&answer) else {
            return Ok(failed("the answer does not say what it calls the file"));
        };
        if http::all(scan, sent).is_none() {
            return Ok(failed("it took the file before its end"));
        }
        let mut pace = Pace::new(self.times.verdict);
        loop {
            pace.next().await?;
            let request = self.request(endpoint, Method::GET, &format!("file/{job}"));
            let (status, answer) = http::ask(request, self.times).await?;
            if let Some(row) = reply::row(&self.id, scan, (status, &answer), sent) {
                return Ok(row);
            }
        }
    }
}

#[async_trait]
impl Adapter for MetaDefender {
    fn endpoints(&self) -> usize {
        self.addresses.len()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reports_encrypted: true,
            reports_limits: true,
            reports_macros: false,
            exports_content: false,
        }
    }

    async fn reach(&self, endpoint: usize) -> Result<Reached, adapter::Failure> {
        let request = self.request(endpoint, Method::GET, "version");
        let (status, answer) = http::ask(request, self.times).await?;
        if status != 200 {
            let (kind, words) = http::refusal(status);
            return Err(adapter::Failure { kind, words });
        }
        let version = reply::version(&answer);
        let program = format!("MetaDefender Core {}", version.unwrap_or_default());
        Ok(Reached {
            versions: Versions {
                program: Some(program.trim_end().to_owned()),
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
