//! The described server as an engine.

use async_trait::async_trait;
use futures_util::FutureExt;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url};

use super::condition::{Condition, Pointer};
use super::reply::Reading;
use super::request::{self, Question};
use crate::adapter::{self, Adapter, Reached};
use crate::body::Body;
use crate::engine::{Capabilities, Scan};
use crate::http::{self, Failure, Pace, Sent};
use crate::runtime::Times;
use crate::verdict::{EngineReport, ErrorKind};

/// A server at one or more addresses.
#[derive(Debug)]
pub(super) struct Rest {
    pub id: String,
    pub addresses: Vec<Url>,
    pub question: Question,
    pub reading: Reading,
    pub later: Option<Later>,
    pub exports_content: bool,
    pub client: Client,
    pub times: Times,
}

/// How it is asked again, if its first answer is no verdict.
#[derive(Debug)]
pub(super) struct Later {
    /// Where its first answer says what it calls the file.
    pub job: Pointer,
    /// Where that is asked for.
    pub path: String,
    /// What holds when the answer is the verdict.
    pub done: Vec<Condition>,
}

impl Rest {
    async fn look(
        &self,
        endpoint: usize,
        scan: &Scan,
        body: &mut Body,
    ) -> Result<EngineReport, Failure> {
        let Some((frame, form)) = self.question.frame(scan) else {
            let words = "this machine has no chance";
            return Ok(self.failed(scan, ErrorKind::EngineInternal, words));
        };
        let url = self.question.url(&self.addresses[endpoint], scan);
        let request = self
            .client
            .request(self.question.method.clone(), url)
            .headers(self.question.headers.clone())
            .header(CONTENT_TYPE, form);
        let content = (&frame, scan.meta.size);
        let (status, answer, sent) = http::send(request, content, body, self.times).await?;
        match &self.later {
            Some(later) if (200..=299).contains(&status) => {
                let job = http::json(&answer).and_then(|answer| later.job.text(&answer));
                match job.filter(|job| (1..=200).contains(&job.len())) {
                    Some(job) if http::all(scan, sent).is_some() => {
                        self.wait(endpoint, scan, (later, &job), sent).await
                    }
                    Some(_) => {
                        let words = "it took the file before its end";
                        Ok(self.failed(scan, ErrorKind::Protocol, words))
                    }
                    None => {
                        let words = "the answer does not say what it calls the file";
                        let row = self.failed(scan, ErrorKind::Protocol, words);
                        Ok(row.with_raw_reply(&answer))
                    }
                }
            }
            _ => Ok(self.reading.row(&self.id, scan, (status, &answer), sent)),
        }
    }

    /// Asks what has come of a file until something has.
    async fn wait(
        &self,
        endpoint: usize,
        scan: &Scan,
        (later, job): (&Later, &str),
        sent: Sent,
    ) -> Result<EngineReport, Failure> {
        let url = request::at(&self.addresses[endpoint], &later.path, ("{job}", job));
        let mut pace = Pace::new(self.times.verdict);
        loop {
            pace.next().await?;
            let request = self.client.get(url.clone());
            let request = request.headers(self.question.headers.clone());
            let (status, answer) = http::ask(request, self.times).await?;
            if status != 200 || later.is_done(&answer) {
                return Ok(self.reading.row(&self.id, scan, (status, &answer), sent));
            }
        }
    }

    fn failed(&self, scan: &Scan, kind: ErrorKind, words: &str) -> EngineReport {
        EngineReport::failed(&self.id, scan, kind, words)
    }
}

impl Later {
    /// Whether an answer is the last one; also one that can't be read, since nothing can be hoped for then.
    fn is_done(&self, answer: &[u8]) -> bool {
        let answer = http::json(answer);
        answer.is_none_or(|answer| self.done.iter().all(|one| one.holds_everywhere(&answer)))
    }
}

#[async_trait]
impl Adapter for Rest {
    fn endpoints(&self) -> usize {
        self.addresses.len()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reports_encrypted: !self.reading.encrypted.is_empty(),
            reports_limits: !self.reading.incomplete.is_empty(),
            reports_macros: false,
            exports_content: self.exports_content,
        }
    }

    /// Asks nothing: no question is known but the one with a file.
    async fn reach(&self, _endpoint: usize) -> Result<Reached, adapter::Failure> {
        Ok(Reached::default())
    }

    async fn scan(&self, endpoint: usize, scan: &Scan, body: &mut Body) -> EngineReport {
        match self.look(endpoint, scan, body).boxed().await {
            Ok(row) => row,
            Err(failure) => {
                let failure = adapter::Failure::from(failure);
                self.failed(scan, failure.kind, &failure.words)
            }
        }
    }
}
