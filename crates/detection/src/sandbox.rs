//! What sandboxes have in common: they take minutes, so a file is looked up by its SHA-256, handed over once, and asked
//! after by what they call it (DET-14).

use async_trait::async_trait;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::adapter::{Failure, failed};
use crate::body::Body;
use crate::engine::Scan;
use crate::ticket::Ticket;
use crate::verdict::{EngineReport, ErrorKind};

/// What a sandbox answers about a file.
pub(crate) enum Answer {
    /// What it thinks of it; boxed, since it is much larger than the others.
    Said(Box<EngineReport>),
    /// It has the file and works on it.
    Working,
    /// It knows nothing of it.
    Unknown,
}

/// One product, at one address.
#[async_trait]
pub(crate) trait Sandbox: Send + Sync {
    /// Asks what it thinks of the content with this SHA-256, in hexadecimal.
    async fn known(&self, scan: &Scan, sha256: &str) -> Result<Answer, Failure>;

    /// Hands the file over; returns what the product calls it, and how many bytes it took.
    async fn submit(&self, scan: &Scan, body: &mut Body) -> Result<(String, u64), Failure>;

    /// Asks what became of a file that it was given.
    async fn ask_after(&self, scan: &Scan, job: &str) -> Result<Answer, Failure>;
}

/// How often a product is given a file in one round: what it forgets twice, it can't keep.
const MOST_GIVEN: u8 = 2;

/// What is remembered of a file between two questions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Slip {
    /// The address at which it holds: another product would mean another file by the same name.
    at: String,
    /// What the product calls the file; without it the product had it from somebody else, and is asked by hash.
    job: Option<String>,
    /// The file's SHA-256, as far as it was known.
    sha256: Option<String>,
    /// How often it was handed over.
    given: u8,
}

impl Slip {
    fn new(at: &Url, scan: &Scan) -> Self {
        Self {
            at: at.to_string(),
            sha256: scan.sha256.clone(),
            ..Self::default()
        }
    }

    /// Reads a slip; nothing if it is for another address or from another release.
    fn read(text: &str, at: &Url) -> Option<Self> {
        let slip: Self = serde_json::from_str(text).ok()?;
        (slip.at == at.as_str()).then_some(slip)
    }

    fn text(&self) -> Result<String, Failure> {
        let text = serde_json::to_string(self);
        text.map_err(|error| failed(ErrorKind::EngineInternal, error.to_string()))
    }
}

/// Looks at a file: asks after it if the product works on it, else looks it up, else hands it over.
pub(crate) async fn scan(
    sandbox: &dyn Sandbox,
    (id, at): (&str, &Url),
    scan: &Scan,
    body: &mut Body,
) -> EngineReport {
    match look(sandbox, (id, at), scan, body).await {
        Ok(row) => row,
        Err(failure) => EngineReport::failed(id, scan, failure.kind, &failure.words),
    }
}

async fn look(
    sandbox: &dyn Sandbox,
    (id, at): (&str, &Url),
    scan: &Scan,
    body: &mut Body,
) -> Result<EngineReport, Failure> {
    let begun = match scan.tickets.get(id) {
        Some(Ticket::Given(text)) => {
            if let Some(slip) = Slip::read(text, at) {
                return ask_after(sandbox, id, scan, slip).await;
            }
            None
        }
        Some(Ticket::Again(text)) => Slip::read(text, at),
        None => None,
    };
    if scan.without_content {
        // What was remembered is no good here: it must be given the file.
        let slip = Slip::new(at, scan);
        return Ok(pending(id, scan, Ticket::Again(slip.text()?)));
    }
    let mut slip = begun.unwrap_or_else(|| Slip::new(at, scan));
    slip.job = None;
    if let Some(sha256) = &scan.sha256 {
        slip.sha256 = Some(sha256.clone());
        match sandbox.known(scan, sha256).await? {
            Answer::Said(report) => return Ok(*report),
            Answer::Working => return Ok(pending(id, scan, Ticket::Given(slip.text()?))),
            Answer::Unknown => {}
        }
    }
    if slip.given >= MOST_GIVEN {
        return Err(failed(ErrorKind::EngineInternal, "it forgets the file"));
    }
    let (job, sent) = sandbox.submit(scan, body).await?;
    slip.job = Some(job);
    slip.given += 1;
    let row = pending(id, scan, Ticket::Given(slip.text()?));
    Ok(row.with_bytes_sent(sent))
}

async fn ask_after(
    sandbox: &dyn Sandbox,
    id: &str,
    scan: &Scan,
    slip: Slip,
) -> Result<EngineReport, Failure> {
    let answer = match (&slip.job, &slip.sha256) {
        (Some(job), _) => sandbox.ask_after(scan, job).await?,
        (None, Some(sha256)) => sandbox.known(scan, sha256).await?,
        (None, None) => Answer::Unknown,
    };
    match answer {
        Answer::Said(report) => Ok(*report),
        Answer::Working => Ok(EngineReport::pending(id, scan, None)),
        Answer::Unknown if slip.given >= MOST_GIVEN => Err(failed(
            ErrorKind::EngineInternal,
            "it forgot the file twice",
        )),
        Answer::Unknown => Ok(pending(id, scan, Ticket::Again(slip.text()?))),
    }
}

fn pending(id: &str, scan: &Scan, ticket: Ticket) -> EngineReport {
    EngineReport::pending(id, scan, Some(ticket))
}
