//! The sandbox as an engine.

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Url};

use super::reply::{self, Task};
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
    pub token: Option<HeaderValue>,
    /// What files run in; empty: what the product chooses.
    pub machine: String,
    pub tags: String,
    /// Below this score a file is clean.
    pub clean_below: f64,
    pub client: Client,
    pub times: Times,
}

/// The sandbox at one address.
pub(super) struct Cape {
    access: Access,
}

impl std::fmt::Debug for Cape {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Cape")
            .field("id", &self.access.id)
            .finish_non_exhaustive()
    }
}

impl Cape {
    pub(super) fn new(access: Access) -> Self {
        Self { access }
    }

    fn request(&self, method: Method, what: &str) -> RequestBuilder {
        let mut url = self.access.address.clone();
        url.set_path(&format!("apiv2/{what}/"));
        let request = self.access.client.request(method, url);
        match &self.access.token {
            Some(token) => request.header(AUTHORIZATION, token.clone()),
            None => request,
        }
    }

    async fn ask(&self, what: &str) -> Result<Vec<u8>, Failure> {
        let request = self.request(Method::GET, what);
        let (status, answer) = http::ask(request, self.access.times).await?;
        http::accepted(status)?;
        Ok(answer)
    }

    /// What became of these tasks.
    async fn tasks(&self, scan: &Scan, numbers: &[u64]) -> Result<Answer, Failure> {
        let mut over = Vec::new();
        for number in numbers {
            let answer = self.ask(&format!("tasks/view/{number}")).await?;
            // A member of an archive has another hash than the file.
            let sha256 = scan.sha256.as_deref().filter(|_| numbers.len() == 1);
            match reply::task(&answer, sha256)? {
                Task::Unknown => return Ok(Answer::Unknown),
                Task::Working => return Ok(Answer::Working),
                Task::Over(found) => over.push(found),
            }
        }
        let row = reply::row(&self.access.id, scan, over, self.access.clean_below);
        Ok(Answer::Said(Box::new(row)))
    }
}

#[async_trait]
impl Sandbox for Cape {
    async fn known(&self, scan: &Scan, sha256: &str) -> Result<Answer, Failure> {
        let answer = self.ask(&format!("tasks/search/sha256/{sha256}")).await?;
        match reply::latest(&answer)? {
            Some(number) => self.tasks(scan, &[number]).await,
            None => Ok(Answer::Unknown),
        }
    }

    async fn submit(&self, scan: &Scan, body: &mut Body) -> Result<(String, u64), Failure> {
        let wishes = [
            ("machine", self.access.machine.as_str()),
            ("tags", self.access.tags.as_str()),
        ];
        let about: Vec<_> = wishes
            .into_iter()
            .filter(|(_, is)| !is.is_empty())
            .collect();
        let framed = http::multipart(&about, ("file", &scan.meta.name));
        let (frame, form) =
            framed.ok_or_else(|| failed(ErrorKind::EngineInternal, "there is no chance"))?;
        let request = self.request(Method::POST, "tasks/create/file");
        let request = request.header(CONTENT_TYPE, form);
        let content = (&frame, scan.meta.size);
        let (status, answer, sent) = http::send(request, content, body, self.access.times).await?;
        http::accepted(status)?;
        let numbers = reply::taken(&answer)?;
        http::taken_whole(scan, sent)?;
        Ok((reply::join(&numbers), sent.0))
    }

    async fn ask_after(&self, scan: &Scan, job: &str) -> Result<Answer, Failure> {
        match reply::split(job) {
            Some(numbers) => self.tasks(scan, &numbers).await,
            None => Ok(Answer::Unknown),
        }
    }
}

#[async_trait]
impl Adapter for Cape {
    fn endpoints(&self) -> usize {
        1
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reports_encrypted: false,
            reports_limits: false,
            reports_macros: false,
            exports_content: false,
        }
    }

    fn answers_later(&self) -> bool {
        true
    }

    async fn reach(&self, _endpoint: usize) -> Result<Reached, Failure> {
        let version = reply::version(&self.ask("cuckoo/status").await?)?;
        let program = format!("CAPE {}", version.unwrap_or_default());
        Ok(Reached {
            versions: Versions {
                program: Some(program.trim_end().to_owned()),
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
