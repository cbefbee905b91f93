//! The service, or an appliance, as an engine.

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, RequestBuilder, Url};
use serde_json::{Value, json};

use super::reply;
use crate::adapter::{Adapter, Failure, Reached, failed};
use crate::body::Body;
use crate::engine::{Capabilities, Scan, Versions};
use crate::http;
use crate::runtime::Times;
use crate::sandbox::{self, Answer, Sandbox};
use crate::verdict::{EngineReport, ErrorKind};

/// How to get in.
pub(super) struct Access {
    pub id: String,
    pub address: Url,
    pub key: HeaderValue,
    /// What files run in; empty: what the product chooses.
    pub images: Vec<Value>,
    pub client: Client,
    pub times: Times,
}

/// Threat Emulation at one address.
pub(super) struct CheckPoint {
    access: Access,
}

impl std::fmt::Debug for CheckPoint {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("CheckPoint")
            .field("id", &self.access.id)
            .finish_non_exhaustive()
    }
}

/// A hash that nothing has: knowing nothing of it is an answer.
const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl CheckPoint {
    pub(super) fn new(access: Access) -> Self {
        Self { access }
    }

    fn request(&self, what: &str) -> RequestBuilder {
        let mut url = self.access.address.clone();
        url.set_path(&format!("tecloud/api/v1/file/{what}"));
        let request = self.access.client.post(url);
        request.header(AUTHORIZATION, self.access.key.clone())
    }

    /// What a question says of a file: that only emulation is asked for, and in which images.
    fn about(&self, sha256: &str, name: Option<&str>) -> Value {
        let mut about = json!({ "sha256": sha256, "features": ["te"], "te": {} });
        if !self.access.images.is_empty() {
            about["te"]["images"] = self.access.images.clone().into();
        }
        if let Some(name) = name {
            about["file_name"] = name.into();
            let kind = name.rsplit_once('.').map(|(_, kind)| kind);
            if let Some(kind) = kind.filter(|kind| kind.chars().all(|c| c.is_ascii_alphanumeric()))
            {
                about["file_type"] = kind.into();
            }
        }
        json!({ "request": about })
    }

    async fn query(&self, sha256: &str) -> Result<Vec<u8>, Failure> {
        let question = self.about(sha256, None).to_string();
        let request = self
            .request("query")
            .header(CONTENT_TYPE, "application/json");
        let (status, answer) = http::ask(request.body(question), self.access.times).await?;
        http::accepted(status)?;
        Ok(answer)
    }
}

#[async_trait]
impl Sandbox for CheckPoint {
    async fn known(&self, scan: &Scan, sha256: &str) -> Result<Answer, Failure> {
        reply::answer(&self.access.id, scan, &self.query(sha256).await?, sha256)
    }

    async fn submit(&self, scan: &Scan, body: &mut Body) -> Result<(String, u64), Failure> {
        // Its word is bound to the file by nothing else.
        let sha256 = scan
            .sha256
            .as_deref()
            .ok_or_else(|| failed(ErrorKind::Source, "the file's SHA-256 is not known"))?;
        let about = self.about(sha256, Some(&scan.meta.name)).to_string();
        let framed = http::multipart(&[("request", &about)], ("file", &scan.meta.name));
        let (frame, form) =
            framed.ok_or_else(|| failed(ErrorKind::EngineInternal, "there is no chance"))?;
        let request = self.request("upload").header(CONTENT_TYPE, form);
        let content = (&frame, scan.meta.size);
        let (status, answer, sent) = http::send(request, content, body, self.access.times).await?;
        http::accepted(status)?;
        reply::taken(&answer, sha256)?;
        http::taken_whole(scan, sent)?;
        Ok((sha256.to_owned(), sent.0))
    }

    /// It calls files by their hashes.
    async fn ask_after(&self, scan: &Scan, job: &str) -> Result<Answer, Failure> {
        self.known(scan, job).await
    }
}

#[async_trait]
impl Adapter for CheckPoint {
    fn endpoints(&self) -> usize {
        1
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reports_encrypted: false,
            reports_limits: false,
            reports_macros: false,
            exports_content: true,
        }
    }

    fn answers_later(&self) -> bool {
        true
    }

    async fn reach(&self, _endpoint: usize) -> Result<Reached, Failure> {
        reply::reached(&self.query(NOTHING).await?)?;
        Ok(Reached {
            versions: Versions {
                program: Some("Threat Emulation".to_owned()),
                ..Versions::default()
            },
            at_once: None,
        })
    }

    async fn scan(&self, _endpoint: usize, scan: &Scan, body: &mut Body) -> EngineReport {
        let (id, address) = (&self.access.id, &self.access.address);
        sandbox::scan(self, (id, address), scan, body).await
    }
}
