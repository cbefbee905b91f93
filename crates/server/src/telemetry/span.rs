//! What of a span leaves: where it stands in its trace, its times, and attributes of a closed list.
//!
//! The trace of a request is its id, which its jobs carry anyway; so what follows of a request, in another process
//! and days later, is in the same trace without anything being handed on for that.

use std::fmt;

use chrono::{DateTime, Utc};
use tracing::field::{Field, Visit};
use uuid::Uuid;

/// All that a span may tell. None of it is about a person: no address, no name, no title, no path.
const ATTRIBUTES: &[&str] = &[
    "http.method",
    "http.route",
    "http.status",
    "job.name",
    "job.id",
    "job.attempt",
    "mail.id",
    "mail.kind",
    "package.id",
    "request.id",
];
/// What a job calls the request that asked for it.
const REQUEST: (&str, &str) = ("request_id", "request.id");

/// What a span is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Request,
    Job,
    Mail,
}

impl Kind {
    /// The kind of a span of this name; of others nothing leaves.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "http" => Some(Self::Request),
            "job" => Some(Self::Job),
            "mail" => Some(Self::Mail),
            _ => None,
        }
    }
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Number(i64),
}

/// Attributes as they are found in a span or in an event within it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(pub Vec<(&'static str, Value)>);

impl Attributes {
    pub fn find(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        match self.find(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn id(&self, name: &str) -> Option<Uuid> {
        self.text(name)?.parse().ok()
    }

    fn put(&mut self, field: &Field, value: Value) {
        let name = if field.name() == REQUEST.0 {
            REQUEST.1
        } else {
            field.name()
        };
        let Some(name) = ATTRIBUTES.iter().find(|known| **known == name) else {
            return;
        };
        self.0.retain(|(known, _)| known != name);
        self.0.push((name, value));
    }
}

impl Visit for Attributes {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::Number(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(
            field,
            Value::Number(i64::try_from(value).unwrap_or(i64::MAX)),
        );
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::Text(value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, Value::Text(format!("{value:?}")));
    }
}

/// Where a span stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub trace: u128,
    pub span: u64,
    pub parent: Option<u64>,
}

impl Place {
    /// Finds the place of a span within `around`, if that is known; `fresh` is a new id.
    pub fn of(kind: Kind, told: &Attributes, around: Option<Self>, fresh: Uuid) -> Option<Self> {
        let request = told.id("request.id");
        match kind {
            Kind::Request => request.map(Self::of_request),
            Kind::Job => {
                let job = told.id("job.id")?;
                let asked = request.map(Self::of_request);
                let attempt = match told.find("job.attempt") {
                    Some(Value::Number(attempt)) => attempt.unsigned_abs(),
                    _ => 0,
                };
                Some(Self {
                    trace: asked.map_or(job.as_u128(), |asked| asked.trace),
                    span: low(job).wrapping_add(attempt),
                    parent: asked.map(|asked| asked.span),
                })
            }
            Kind::Mail => around.map(|around| Self {
                trace: around.trace,
                span: low(fresh),
                parent: Some(around.span),
            }),
        }
    }

    fn of_request(request: Uuid) -> Self {
        Self {
            trace: request.as_u128(),
            span: low(request),
            parent: None,
        }
    }
}

/// The half of an id in which it is random; never zero, since its variant is there too.
fn low(id: Uuid) -> u64 {
    id.as_u64_pair().1
}

/// A span that has ended, or will.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub kind: Kind,
    pub place: Place,
    pub begun: DateTime<Utc>,
    pub ended: DateTime<Utc>,
    pub attributes: Attributes,
    /// Whether an error was logged in it.
    pub failed: bool,
}

impl Span {
    /// A short name of which there are few.
    pub fn name(&self) -> String {
        let text = |name| self.attributes.text(name).unwrap_or("?");
        match self.kind {
            Kind::Request => format!("{} {}", text("http.method"), text("http.route")),
            Kind::Job => text("job.name").to_owned(),
            Kind::Mail => format!("mail {}", text("mail.kind")),
        }
    }

    pub fn is_fault(&self) -> bool {
        let status = self.attributes.find("http.status");
        self.failed || matches!(status, Some(Value::Number(500..)))
    }
}
