//! The appliance as an engine.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder, Url};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::reply::{self, Heard, Job};
use crate::adapter::{self, Adapter, Reached};
use crate::body::Body;
use crate::engine::{Capabilities, Scan, Versions};
use crate::http::{self, Form, Frame};
use crate::runtime::Times;
use crate::text;
use crate::ticket::Ticket;
use crate::verdict::{EngineReport, ErrorKind};

/// How to get in.
pub(super) struct Access {
    pub id: String,
    pub addresses: Vec<Url>,
    pub user: String,
    pub password: String,
    pub client: Client,
    pub times: Times,
}

/// `FortiSandbox` at one or more addresses, with a session at each.
pub(super) struct FortiSandbox {
    access: Access,
    sessions: Vec<Mutex<Option<String>>>,
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

/// Why there is no answer.
type Failure = adapter::Failure;

fn failed(kind: ErrorKind, words: impl Into<String>) -> Failure {
    let words = words.into();
    Failure { kind, words }
}

impl FortiSandbox {
    pub(super) fn new(access: Access) -> Self {
        let sessions = access.addresses.iter().map(|_| Mutex::default()).collect();
        Self { access, sessions }
    }

    fn request(&self, endpoint: usize) -> RequestBuilder {
        let mut url = self.access.addresses[endpoint].clone();
        url.set_path("jsonrpc");
        self.access
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
    }

    /// Asks a question as it is.
    async fn say(&self, endpoint: usize, question: &Value) -> Result<Heard, Failure> {
        let request = self.request(endpoint).body(question.to_string());
        let (status, answer) = http::ask(request, self.access.times).await?;
        understood(status, &answer)
    }

    /// Returns the session at an address; begins one if there is none, or if `over` is the one that there was.
    async fn session(&self, endpoint: usize, over: Option<&str>) -> Result<String, Failure> {
        let mut session = self.sessions[endpoint].lock().await;
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
        let heard = self.say(endpoint, &question).await?;
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
    async fn ask(&self, endpoint: usize, what: &Value) -> Result<Heard, Failure> {
        let mut session = self.session(endpoint, None).await?;
        for last in [false, true] {
            let question = json!({
                "method": "get", "params": [what], "session": session, "id": 2, "ver": "4.0.2",
            });
            let heard = self.say(endpoint, &question).await?;
            if last || heard.code == 0 || !heard.session_is_over() {
                return Ok(heard);
            }
            session = self.session(endpoint, Some(&session)).await?;
        }
        Err(failed(ErrorKind::Auth, "no session lasts"))
    }

    async fn look(
        &self,
        endpoint: usize,
        scan: &Scan,
        body: &mut Body,
    ) -> Result<EngineReport, Failure> {
        let id = &self.access.id;
        if let Some(ticket) = scan.tickets.get(id) {
            return self.ask_after(endpoint, scan, ticket).await;
        }
        if let Some(sha256) = &scan.sha256 {
            let what = json!({ "url": "/scan/result/file", "ctype": "sha256", "checksum": sha256 });
            let heard = self.ask(endpoint, &what).await?;
            if let Job::Over(rating) =
                reply::job(&heard).map_err(|(kind, words)| failed(kind, words))?
            {
                return Ok(reply::row(id, scan, &[rating]));
            }
        }
        self.submit(endpoint, scan, body).await
    }

    /// Hands the file over.
    async fn submit(
        &self,
        endpoint: usize,
        scan: &Scan,
        body: &mut Body,
    ) -> Result<EngineReport, Failure> {
        let session = self.session(endpoint, None).await?;
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
        let times = self.access.times;
        let (status, answer, sent) =
            http::send(self.request(endpoint), content, body, times).await?;
        let heard = understood(status, &answer)?;
        if heard.code != 0 {
            if heard.session_is_over() {
                self.session(endpoint, Some(&session)).await?;
            }
            let (kind, words) = heard.failure();
            return Err(failed(kind, words));
        }
        if http::all(scan, sent).is_none() {
            return Err(failed(
                ErrorKind::Protocol,
                "it took the file before its end",
            ));
        }
        let ticket = reply::submission(&heard);
        let ticket =
            ticket.ok_or_else(|| failed(ErrorKind::Protocol, "the submission has no number"))?;
        let row = EngineReport::pending(&self.access.id, scan, Some(Ticket::Given(ticket)));
        Ok(row.with_bytes_sent(sent.0))
    }

    /// Asks what became of a file that it was given.
    async fn ask_after(
        &self,
        endpoint: usize,
        scan: &Scan,
        ticket: &str,
    ) -> Result<EngineReport, Failure> {
        let id = &self.access.id;
        let what = json!({ "url": "/scan/result/get-jobs-of-submission", "sid": ticket });
        let heard = self.ask(endpoint, &what).await?;
        if reply::is_unknown(&heard) {
            return Ok(EngineReport::pending(id, scan, Some(Ticket::Void)));
        }
        let Some(jobs) = reply::jobs(&heard) else {
            return Ok(EngineReport::pending(id, scan, None));
        };
        let mut ratings = Vec::with_capacity(jobs.len());
        for job in jobs {
            let what = json!({ "url": "/scan/result/job", "jid": job });
            let heard = self.ask(endpoint, &what).await?;
            match reply::job(&heard).map_err(|(kind, words)| failed(kind, words))? {
                Job::Over(rating) => ratings.push(rating),
                Job::Working | Job::Unknown => return Ok(EngineReport::pending(id, scan, None)),
            }
        }
        Ok(reply::row(id, scan, &ratings))
    }
}

fn understood(status: u16, answer: &[u8]) -> Result<Heard, Failure> {
    if status != 200 {
        let (kind, words) = http::refusal(status);
        return Err(failed(kind, words));
    }
    reply::heard(answer).ok_or_else(|| failed(ErrorKind::Protocol, "the answer is none"))
}

#[async_trait]
impl Adapter for FortiSandbox {
    fn endpoints(&self) -> usize {
        self.access.addresses.len()
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

    async fn reach(&self, endpoint: usize) -> Result<Reached, adapter::Failure> {
        let heard = self.ask(endpoint, &json!({ "url": "/sys/status" })).await?;
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

    async fn scan(&self, endpoint: usize, scan: &Scan, body: &mut Body) -> EngineReport {
        match self.look(endpoint, scan, body).boxed().await {
            Ok(row) => row,
            Err(failure) => {
                EngineReport::failed(&self.access.id, scan, failure.kind, &failure.words)
            }
        }
    }
}
