//! The platform as an engine.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, RequestBuilder, Url};

use super::reply::{self, State};
use crate::adapter::{Adapter, Failure, Reached, failed};
use crate::body::Body;
use crate::engine::{Capabilities, Scan, Versions};
use crate::http;
use crate::runtime::Times;
use crate::sandbox::{self, Answer, Sandbox};
use crate::verdict::{EngineReport, ErrorKind, Outcome};

/// How to get in.
pub(super) struct Access {
    pub id: String,
    pub address: Url,
    /// The external system's id, which an administrator of the platform has accepted.
    pub sensor: String,
    /// Which of several installations with that id this is.
    pub instance: String,
    /// What *detect* is.
    pub detect: Outcome,
    pub client: Client,
    pub times: Times,
}

/// The platform at one address.
pub(super) struct Kata {
    access: Access,
}

impl std::fmt::Debug for Kata {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Kata")
            .field("id", &self.access.id)
            .finish_non_exhaustive()
    }
}

const SECONDS_A_DAY: i64 = 24 * 60 * 60;
/// How long results stay there, in days.
const DAYS_KEPT: i64 = 2;
/// How many old ones are deleted beside a question.
const MOST_DELETED: usize = 4;

/// What a file is handed over as.
fn name(sha256: &str, now: DateTime<Utc>) -> String {
    format!("{sha256}x{}", now.timestamp() / SECONDS_A_DAY)
}

/// Whether a name is one of ours, and so old that nobody asks for it any more.
fn is_old(name: &str, now: DateTime<Utc>) -> bool {
    let Some((sha256, day)) = name.split_once('x') else {
        return false;
    };
    let is_ours = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
    let oldest = now.timestamp() / SECONDS_A_DAY - DAYS_KEPT;
    is_ours && day.parse::<i64>().is_ok_and(|day| day < oldest)
}

impl Kata {
    pub(super) fn new(access: Access) -> Self {
        Self { access }
    }

    fn request(&self, method: Method, what: &str, more: &[(&str, &str)]) -> RequestBuilder {
        let mut url = self.access.address.clone();
        let sensor = &self.access.sensor;
        url.set_path(&format!("kata/scanner/v1/sensors/{sensor}/scans{what}"));
        url.query_pairs_mut()
            .append_pair("sensorInstanceId", &self.access.instance)
            .extend_pairs(more);
        self.access.client.request(method, url)
    }

    /// What it says of all that it was given and that was not deleted.
    async fn states(&self) -> Result<Vec<(String, State)>, Failure> {
        let request = self.request(Method::GET, "/state", &[("state", reply::STATES)]);
        let (status, answer) = http::ask(request, self.access.times).await?;
        match status {
            200 => reply::states(&answer),
            // It has nothing.
            204 | 404 => Ok(Vec::new()),
            _ => http::accepted(status).map(|()| Vec::new()),
        }
    }

    /// Keeps its list short. Whether that works is nobody's trouble but its own.
    async fn delete_old(&self, states: &[(String, State)], now: DateTime<Utc>) {
        let old = states.iter().filter(|(name, _)| is_old(name, now));
        for (name, _) in old.take(MOST_DELETED) {
            let request = self.request(Method::DELETE, &format!("/{name}"), &[]);
            if let Err(error) = http::ask(request, self.access.times).await {
                tracing::debug!(engine = self.access.id, %error, "an old result stays at the sandbox");
                return;
            }
        }
    }

    fn answer(
        &self,
        scan: &Scan,
        states: &[(String, State)],
        name: &str,
    ) -> Result<Answer, Failure> {
        reply::answer(&self.access.id, scan, states, (name, self.access.detect))
    }
}

#[async_trait]
impl Sandbox for Kata {
    async fn known(&self, scan: &Scan, sha256: &str) -> Result<Answer, Failure> {
        let states = self.states().await?;
        self.delete_old(&states, scan.now).await;
        // What failed is handed over once more.
        let sound: Vec<_> = states
            .into_iter()
            .filter(|(_, state)| *state != State::Failed)
            .collect();
        self.answer(scan, &sound, &name(sha256, scan.now))
    }

    async fn submit(&self, scan: &Scan, body: &mut Body) -> Result<(String, u64), Failure> {
        // Its word is bound to the file by nothing else.
        let sha256 = scan
            .sha256
            .as_deref()
            .ok_or_else(|| failed(ErrorKind::Source, "the file's SHA-256 is not known"))?;
        let name = name(sha256, scan.now);
        let about = [("scanId", name.as_str()), ("objectType", "file")];
        let framed = http::multipart(&about, ("content", &scan.meta.name));
        let (frame, form) =
            framed.ok_or_else(|| failed(ErrorKind::EngineInternal, "there is no chance"))?;
        let request = self.request(Method::POST, "", &[]);
        let request = request.header(CONTENT_TYPE, form);
        let content = (&frame, scan.meta.size);
        let (status, _, sent) = http::send(request, content, body, self.access.times).await?;
        match status {
            413 => {
                let words = "it takes no file of this size: set a smaller largest file here";
                return Err(failed(ErrorKind::Config, words));
            }
            _ => http::accepted(status)?,
        }
        http::taken_whole(scan, sent)?;
        Ok((name, sent.0))
    }

    async fn ask_after(&self, scan: &Scan, job: &str) -> Result<Answer, Failure> {
        self.answer(scan, &self.states().await?, job)
    }
}

#[async_trait]
impl Adapter for Kata {
    fn endpoints(&self) -> usize {
        1
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reports_encrypted: false,
            reports_limits: true,
            reports_macros: false,
            exports_content: false,
        }
    }

    fn answers_later(&self) -> bool {
        true
    }

    async fn reach(&self, _endpoint: usize) -> Result<Reached, Failure> {
        self.states().await?;
        Ok(Reached {
            versions: Versions {
                program: Some("Kaspersky Anti Targeted Attack".to_owned()),
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

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn only_our_own_old_names_are_deleted() {
        let now = Utc.with_ymd_and_hms(2026, 11, 28, 12, 0, 0).unwrap();
        let days = |days| now - chrono::TimeDelta::days(days);
        let sha256 = "ab".repeat(32);
        assert!(!is_old(&name(&sha256, now), now));
        assert!(!is_old(&name(&sha256, days(2)), now));
        assert!(is_old(&name(&sha256, days(3)), now));
        for other in ["", "report-7", "x1", &format!("{sha256}x"), &"x".repeat(70)] {
            assert!(!is_old(other, now), "{other}");
        }
    }
}
