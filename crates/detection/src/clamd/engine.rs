//! clamd as an engine.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;

use super::reply::{self, Reply};
use super::session::{self, Answer, Endpoint, Failure};
use super::{Settings, probes, version};
use crate::body::{Body, Broken};
use crate::engine::{Capabilities, Class, Descriptor, Engine, EngineStatus, Scan, Versions};
use crate::self_test::{self, SelfTest, Warning};
use crate::verdict::{
    AllBytesSent, Coverage, EngineReport, ErrorKind, Finding, LimitKind, Outcome,
};

/// ClamAV, through one or more clamd that do the same.
#[derive(Debug)]
pub struct Clamd {
    descriptor: Descriptor,
    settings: Settings,
    /// Index of the endpoint that answered last.
    last_good: AtomicUsize,
    at_once: Semaphore,
}

impl Clamd {
    /// An engine called `id`.
    pub fn new(id: &str, settings: Settings) -> Self {
        let descriptor = Descriptor {
            id: id.to_owned(),
            name: "ClamAV".to_owned(),
            class: Class::Antivirus,
            capabilities: Capabilities {
                reports_encrypted: false,
                reports_limits: false,
                reports_macros: false,
                exports_content: false,
            },
            largest_file: Some(settings.largest_file),
            most_at_once: settings.most_at_once,
        };
        let at_once = Semaphore::new(usize::from(settings.most_at_once.max(1)));
        Self {
            descriptor,
            settings,
            last_good: AtomicUsize::new(0),
            at_once,
        }
    }

    /// Finds an endpoint that answers, and learns its versions on the way.
    async fn reach(&self) -> Result<(&Endpoint, Versions), Failure> {
        let endpoints = &self.settings.endpoints;
        let first = self.last_good.load(Ordering::Relaxed);
        let nobody = std::io::Error::other("no endpoint is configured");
        let mut last = Failure::Connect(nobody);
        for turn in 0..endpoints.len() {
            let index = (first + turn) % endpoints.len();
            match self.versions(&endpoints[index]).await {
                Ok(versions) => {
                    self.last_good.store(index, Ordering::Relaxed);
                    return Ok((&endpoints[index], versions));
                }
                Err(failure) => last = failure,
            }
        }
        Err(last)
    }

    async fn versions(&self, endpoint: &Endpoint) -> Result<Versions, Failure> {
        let time = Duration::from_millis(self.settings.timeouts.connect_ms);
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

    async fn converse(&self, scan: &Scan, mut body: Body) -> EngineReport {
        let Ok(_turn) = self.at_once.acquire().await else {
            return self.failed(scan, ErrorKind::Cancelled, "shut down");
        };
        let (endpoint, versions) = match self.reach().await {
            Ok(reached) => reached,
            Err(failure) => return self.fail(scan, &failure),
        };
        match session::stream(endpoint, &mut body, &self.settings.timeouts).await {
            Ok(answer) => self.judge(scan, &answer).with_versions(versions),
            Err(failure) => self.fail(scan, &failure).with_versions(versions),
        }
    }

    /// The only way to a clean row: the exact answer, after the end, over every byte.
    fn judge(&self, scan: &Scan, answer: &Answer) -> EngineReport {
        let id = &self.descriptor.id;
        let whole = AllBytesSent::check(scan, answer.sent).filter(|_| answer.ended);
        let row = match (reply::parse(&answer.reply), whole) {
            (Reply::Ok, Some(sent)) => EngineReport::clean(id, scan, sent, Coverage::Assumed),
            (Reply::Ok, None) if answer.ended => self.failed(
                scan,
                ErrorKind::Source,
                "the file has another size than it should",
            ),
            (Reply::Ok, None) => self.failed(scan, ErrorKind::Protocol, "OK before the end"),
            (Reply::Found(finding), _) => EngineReport::found(id, scan, vec![finding], answer.sent),
            (Reply::TooLarge, _) => self.too_large(scan),
            (Reply::TimedOut, _) => self.failed(scan, ErrorKind::Timeout, "clamd stopped waiting"),
            (Reply::Failed(words), _) => self.failed(scan, ErrorKind::EngineInternal, &words),
            (Reply::Unknown, _) => {
                self.failed(scan, ErrorKind::Protocol, "the answer is not clamd's")
            }
        };
        row.with_bytes_sent(answer.sent)
            .with_raw_reply(&answer.reply)
    }

    fn too_large(&self, scan: &Scan) -> EngineReport {
        let outcome = Outcome::Incomplete {
            limit: LimitKind::FileSize,
        };
        let finding = Finding::new(outcome, "too-large-for-engine");
        EngineReport::found(&self.descriptor.id, scan, vec![finding], 0)
    }

    fn fail(&self, scan: &Scan, failure: &Failure) -> EngineReport {
        let kind = match failure {
            Failure::Connect(_) => ErrorKind::Connect,
            Failure::Talk(_) => ErrorKind::Protocol,
            Failure::Late(_) | Failure::Content(Broken::TooSlow) => ErrorKind::Timeout,
            Failure::Content(Broken::Source) => ErrorKind::Source,
        };
        self.failed(scan, kind, &failure.to_string())
    }

    fn failed(&self, scan: &Scan, kind: ErrorKind, detail: &str) -> EngineReport {
        EngineReport::failed(&self.descriptor.id, scan, kind, detail)
    }
}

#[async_trait]
impl Engine for Clamd {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    async fn status(&self) -> EngineStatus {
        match self.reach().await {
            Ok((_, versions)) => EngineStatus {
                reachable: true,
                versions,
                last_error: None,
            },
            Err(failure) => EngineStatus {
                reachable: false,
                versions: Versions::default(),
                last_error: Some(failure.to_string()),
            },
        }
    }

    async fn self_test(&self, now: DateTime<Utc>) -> SelfTest {
        let mut test = self_test::known_files(self, now).await;
        let encrypted = self_test::ask(self, now, "encrypted.zip", &probes::encrypted_zip()).await;
        if matches!(encrypted.outcome, Outcome::Clean { .. }) {
            test.warnings.push(Warning::SilentOnEncrypted);
        }
        let nested = self_test::ask(self, now, "nested.zip", &probes::nested_zip()).await;
        if matches!(nested.outcome, Outcome::Clean { .. }) {
            test.warnings.push(Warning::SilentOnLimits);
        }
        test
    }

    async fn scan(&self, scan: &Scan, body: Body) -> EngineReport {
        if scan.meta.size > self.settings.largest_file {
            return self.too_large(scan);
        }
        tokio::select! {
            row = tokio::time::timeout_at(scan.deadline, self.converse(scan, body)) => {
                row.unwrap_or_else(|_| self.failed(scan, ErrorKind::Timeout, "no answer in time"))
            }
            () = scan.cancel.cancelled() => self.failed(scan, ErrorKind::Cancelled, "cancelled"),
        }
    }
}
