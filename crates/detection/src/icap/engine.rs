//! A service as an engine.

use async_trait::async_trait;
use tokio_rustls::TlsConnector;

use super::address::Address;
use super::profile::Profile;
use super::reply::{self, Read, Reply};
use super::session::{self, Failure};
use super::verdict;
use crate::adapter::{self, Adapter, Reached};
use crate::body::{Body, Broken};
use crate::engine::{Capabilities, Scan, Versions};
use crate::runtime::Times;
use crate::text;
use crate::verdict::{EngineReport, ErrorKind};

/// A scanner behind one or more services that do the same.
pub(super) struct Icap {
    pub id: String,
    pub addresses: Vec<Address>,
    pub profile: &'static Profile,
    /// Headers that are there only when something was found, beside those of the profile.
    pub headers: Vec<String>,
    pub tls: Option<TlsConnector>,
    pub times: Times,
}

impl std::fmt::Debug for Icap {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Icap")
            .field("addresses", &self.addresses)
            .field("profile", &self.profile.name)
            .finish_non_exhaustive()
    }
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

impl Icap {
    /// What a service offers must be what it is asked for.
    fn offered(&self, reply: &Reply) -> Result<Reached, adapter::Failure> {
        let refuse = |kind, words: String| Err(adapter::Failure { kind, words });
        if reply.status != 200 {
            let words = format!(
                "the server refuses to tell what it offers, with {}",
                reply.status
            );
            return refuse(ErrorKind::Config, words);
        }
        let methods: Vec<&str> = reply.headers.all("methods").collect();
        let method = self.profile.method.as_str();
        let offers = |list: &&str| list.split(',').any(|one| one.trim() == method);
        if !methods.is_empty() && !methods.iter().any(offers) {
            return refuse(ErrorKind::Config, format!("the service offers no {method}"));
        }
        let program = reply.headers.one("service").or(reply.headers.one("server"));
        let most = reply.headers.one("max-connections");
        Ok(Reached {
            versions: Versions {
                program: program.map(|program| text::displayable(program, 100)),
                signatures: verdict::tag(reply),
                signatures_time: None,
            },
            at_once: most
                .and_then(|most| most.parse().ok())
                .filter(|most| *most > 0),
        })
    }
}

#[async_trait]
impl Adapter for Icap {
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

    async fn reach(&self, endpoint: usize) -> Result<Reached, adapter::Failure> {
        let address = &self.addresses[endpoint];
        let answer = session::options(address, self.tls.as_ref(), &self.times).await?;
        let words = match reply::read(&answer) {
            Read::Whole(reply) => return self.offered(&reply),
            Read::More => "the answer breaks off",
            Read::Wrong(why) => why,
        };
        Err(adapter::Failure {
            kind: ErrorKind::Protocol,
            words: words.to_owned(),
        })
    }

    async fn scan(&self, endpoint: usize, scan: &Scan, body: &mut Body) -> EngineReport {
        let address = &self.addresses[endpoint];
        let asked = (self.profile.method, scan);
        let answer = session::modify(address, self.tls.as_ref(), asked, body, &self.times).await;
        match answer {
            Ok(answer) => {
                let known = (self.profile, self.headers.as_slice());
                verdict::row(&self.id, scan, known, &answer.reply, answer.sent)
                    .with_raw_reply(&answer.reply)
            }
            Err(failure) => {
                let failure = adapter::Failure::from(failure);
                EngineReport::failed(&self.id, scan, failure.kind, &failure.words)
            }
        }
    }
}
