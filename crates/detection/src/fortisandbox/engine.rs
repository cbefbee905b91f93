//! The appliance as an engine.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder, Url};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::reply::{self, Heard, Job};
use crate::adapter::{Adapter, Failure, Reached, failed};
use crate::body::Body;
use crate::engine::{Capabilities, Scan, Versions};
use crate::http::{self, Form, Frame};
use crate::runtime::Times;
use crate::sandbox::{self, Answer, Sandbox};
use crate::text;
use crate::verdict::{EngineReport, ErrorKind};

/// How to get in.
pub(super) struct Access {
    pub id: String,
    pub address: Url,
    pub user: String,
    pub password: String,
    pub client: Client,
    pub times: Times,
}

/// `FortiSandbox`, with a session.
pub(super) struct FortiSandbox {
    access: Access,
    session: Mutex<Option<String>>,
}

impl std::fmt::Debug for FortiSandbox {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("FortiSandbox")
            .field("id", &self.access.id)
            .finish_non_exhaustive()
    }
}

/// Stands for the content in a question, and nowhere else.
const MARK: &str = "@content@";

impl FortiSandbox {
    pub(super) fn new(access: Access) -> Self {
        let session = Mutex::default();
        Self { access, session }
    }

    fn request(&self) -> RequestBuilder {
        let mut url = self.access.address.clone();
        url.set_path("jsonrpc");
        self.access
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
    }

    /// Asks a question as it is.
    async fn say(&self, question: &Value) -> Result<Heard, Failure> {
        let request = self.request().body(question.to_string());
        let (status, answer) = http::ask(request, self.access.times).await?;
        understood(status, &answer)
    }

    /// Returns the session; begins one if there is none, or if `over` is the one that there was.
    async fn session(&self, over: Option<&str>) -> Result<String, Failure> {
        let mut session = self.session.lock().await;
        if let Some(present) = &*session
            && over != Some(present)
        {
            return Ok(present.clone());
        }
        *session = None;
        let data = json!([{ "user": self.access.user, "passwd": self.access.password }]);
        let question = json!({
            "method": "exec", "params": [{ "url": "/sys/login/user", "data": data }],
            "id": 1, "ver": "2.0",
        });
        let heard = self.say(&question).await?;
        if heard.code != 0 {
            let (_, words) = heard.failure();
            return Err(failed(ErrorKind::Auth, words));
        }
        let begun = heard
            .session
            .ok_or_else(|| failed(ErrorKind::Protocol, "it begins no session"))?;
        *session = Some(begun.clone());
        Ok(begun)
    }

    /// Asks a question within the session; once more in another one if that is over.
    async fn ask(&self, what: &Value) -> Result<Heard, Failure> {
        let mut session = self.session(None).await?;
        for last in [false, true] {
            let question = json!({
                "method": "get", "params": [what], "session": session, "id": 2, "ver": "4.0.2",
            });
            let heard = self.say(&question).await?;
            if last || heard.code == 0 || !heard.session_is_over() {
                return Ok(heard);
            }
            session = self.session(Some(&session)).await?;
        }
        Err(failed(ErrorKind::Auth, "no session lasts"))
    }

    /// What an answer about one job, or about a hash, makes.
    fn answer(&self, scan: &Scan, heard: &Heard) -> Result<Answer, Failure> {
        let job = reply::job(heard).map_err(|(kind, words)| failed(kind, words))?;
        Ok(match job {
            Job::Over(rating) => said(reply::row(&self.access.id, scan, &[rating])),
            Job::Working => Answer::Working,
            Job::Unknown => Answer::Unknown,
        })
    }
}

fn said(report: EngineReport) -> Answer {
    Answer::Said(Box::new(report))
}

#[async_trait]
impl Sandbox for FortiSandbox {
    async fn known(&self, scan: &Scan, sha256: &str) -> Result<Answer, Failure> {
        let what = json!({ "url": "/scan/result/file", "ctype": "sha256", "checksum": sha256 });
        let heard = self.ask(&what).await?;
        if !reply::is_about(&heard, sha256) {
            return Err(failed(ErrorKind::Protocol, "it speaks of another file"));
        }
        self.answer(scan, &heard)
    }

    async fn submit(&self, scan: &Scan, body: &mut Body) -> Result<(String, u64), Failure> {
        let session = self.session(None).await?;
        let name = STANDARD.encode(&scan.meta.name);
        let question = json!({
            "method": "set", "session": session, "id": 3, "ver": "2.5",
            "params": [{
                "url": "/alert/ondemand/submit-file", "type": "file", "filename": name, "file": MARK,
            }],
        });
        let question = question.to_string();
        let around = question
            .split_once(MARK)
            .filter(|(_, after)| !after.contains(MARK));
        let (before, after) =
            around.ok_or_else(|| failed(ErrorKind::Config, "the session is no name"))?;
        let frame = Frame {
            before: before.to_owned().into(),
            after: after.to_owned().into(),
            form: Form::Base64,
        };
        let content = (&frame, scan.meta.size);
        let (request, times) = (self.request(), self.access.times);
        let (status, answer, sent) = http::send(request, content, body, times).await?;
        let heard = understood(status, &answer)?;
        if heard.code != 0 {
            if heard.session_is_over() {
                self.session(Some(&session)).await?;
            }
            let (kind, words) = heard.failure();
            return Err(failed(kind, words));
        }
        http::taken_whole(scan, sent)?;
        let job = reply::submission(&heard);
        let job = job.ok_or_else(|| failed(ErrorKind::Protocol, "the submission has no number"))?;
        Ok((job, sent.0))
    }

    /// A submission makes one job, or several for an archive: the worst of them is the verdict, once all are over.
    async fn ask_after(&self, scan: &Scan, job: &str) -> Result<Answer, Failure> {
        let what = json!({ "url": "/scan/result/get-jobs-of-submission", "sid": job });
        let heard = self.ask(&what).await?;
        if reply::is_unknown(&heard) {
            return Ok(Answer::Unknown);
        }
        let Some(jobs) = reply::jobs(&heard) else {
            return Ok(Answer::Working);
        };
        let mut ratings = Vec::with_capacity(jobs.len());
        for job in jobs {
            let what = json!({ "url": "/scan/result/job", "jid": job });
            let heard = self.ask(&what).await?;
            match reply::job(&heard).map_err(|(kind, words)| failed(kind, words))? {
                Job::Over(rating) => ratings.push(rating),
                Job::Working => return Ok(Answer::Working),
                Job::Unknown => return Ok(Answer::Unknown),
            }
        }
        Ok(said(reply::row(&self.access.id, scan, &ratings)))
    }
}

fn understood(status: u16, answer: &[u8]) -> Result<Heard, Failure> {
    http::accepted(status)?;
    reply::heard(answer).ok_or_else(|| failed(ErrorKind::Protocol, "the answer is none"))
}

#[async_trait]
impl Adapter for FortiSandbox {
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
        let heard = self.ask(&json!({ "url": "/sys/status" })).await?;
        if heard.code != 0 {
            let (kind, words) = heard.failure();
            return Err(failed(kind, words));
        }
        let version = heard
            .data
            .get("Version")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let program = text::displayable(&format!("FortiSandbox {version}"), 100);
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
