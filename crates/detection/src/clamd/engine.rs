//! clamd as an engine.

use async_trait::async_trait;

use super::reply::{self, Reply};
use super::session::{self, Answer, Endpoint, Failure};
use super::version;
use crate::adapter::{self, Adapter, Reached};
use crate::body::{Body, Broken};
use crate::engine::{Capabilities, Scan, Versions};
use crate::runtime::Times;
use crate::verdict::{AllBytesSent, Coverage, EngineReport, ErrorKind};

/// ClamAV, through one or more clamd that do the same.
#[derive(Debug)]
pub(super) struct Clamd {
    id: String,
    endpoints: Vec<Endpoint>,
    times: Times,
}

impl Clamd {
    pub(super) fn new(id: &str, endpoints: Vec<Endpoint>, times: Times) -> Self {
        Self {
            id: id.to_owned(),
            endpoints,
            times,
        }
    }

    async fn versions(&self, endpoint: &Endpoint) -> Result<Versions, Failure> {
        let time = self.times.connect;
        let answer = session::ask(endpoint, b"zVERSION\0", time).await?;
        if let Some(versions) = version::parse(&answer) {
            return Ok(versions);
        }
        // The version may be forbidden to ask for; that it is clamd is not.
        match session::ask(endpoint, b"zPING\0", time).await?.as_slice() {
            b"PONG\0" => Ok(Versions::default()),
            _ => Err(Failure::Talk(std::io::Error::other(
                "the answer is not clamd's",
            ))),
        }
    }
}

/// The row that an answer makes. The only way to a clean one: the exact answer, after the end, over every byte.
pub(crate) fn judge(id: &str, scan: &Scan, answer: &Answer) -> EngineReport {
    let failed = |kind, detail: &str| EngineReport::failed(id, scan, kind, detail);
    let whole = AllBytesSent::check(scan, answer.sent).filter(|_| answer.ended);
    let row = match (reply::parse(&answer.reply), whole) {
        (Reply::Ok, Some(sent)) => EngineReport::clean(id, scan, sent, Coverage::Assumed),
        (Reply::Ok, None) if answer.ended => failed(
            ErrorKind::Source,
            "the file has another size than it should",
        ),
        (Reply::Ok, None) => failed(ErrorKind::Protocol, "OK before the end"),
        (Reply::Found(finding), _) => EngineReport::found(id, scan, vec![finding], answer.sent),
        (Reply::TooLarge, _) => EngineReport::too_large(id, scan),
        (Reply::TimedOut, _) => failed(ErrorKind::Timeout, "clamd stopped waiting"),
        (Reply::Failed(words), _) => failed(ErrorKind::EngineInternal, &words),
        (Reply::Unknown, _) => failed(ErrorKind::Protocol, "the answer is not clamd's"),
    };
    row.with_bytes_sent(answer.sent)
        .with_raw_reply(&answer.reply)
}

impl Failure {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Connect(_) => ErrorKind::Connect,
            Self::Talk(_) => ErrorKind::Protocol,
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

#[async_trait]
impl Adapter for Clamd {
    fn endpoints(&self) -> usize {
        self.endpoints.len()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reports_encrypted: false,
            reports_limits: false,
            reports_macros: false,
            exports_content: false,
        }
    }

    fn sees_name(&self) -> bool {
        false
    }

    async fn reach(&self, endpoint: usize) -> Result<Reached, adapter::Failure> {
        let versions = self.versions(&self.endpoints[endpoint]).await?;
        Ok(Reached {
            versions,
            at_once: None,
        })
    }

    async fn scan(&self, endpoint: usize, scan: &Scan, body: &mut Body) -> EngineReport {
        match session::stream(&self.endpoints[endpoint], body, &self.times).await {
            Ok(answer) => judge(&self.id, scan, &answer),
            Err(failure) => {
                let failure = adapter::Failure::from(failure);
                EngineReport::failed(&self.id, scan, failure.kind, &failure.words)
            }
        }
    }
}
