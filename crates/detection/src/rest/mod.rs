//! Any scanner that takes a file over HTTP and answers in JSON, described by an administrator.
//!
//! The description says where the file goes, in which form, and what in the answer means what. Nothing is assumed:
//! an answer that no condition fits is an error, and *clean* has conditions of its own.

mod condition;
mod engine;
mod reply;
mod request;

use std::sync::Arc;

use crate::adapter::Adapter;
use crate::config::{Config, Fault, Field, Holds};
use crate::engine::{Class, Scan};
use crate::http;
use crate::kinds::Kind;
use crate::runtime::Setup;
use crate::verdict::EngineReport;

use self::condition::{Condition, Pointer};

/// The row that an answer makes which is read by these conditions, for the fuzz target: *infected*, then *clean*;
/// none if one of them can't be read.
pub(crate) fn row(
    scan: &Scan,
    (infected, clean): (&str, &str),
    answer: (u16, &[u8]),
    sent: http::Sent,
) -> Option<EngineReport> {
    let reading = reply::Reading {
        infected: vec![Condition::parse(infected)?],
        suspicious: Vec::new(),
        encrypted: Vec::new(),
        incomplete: Vec::new(),
        clean: vec![Condition::parse(clean)?],
        name: None,
    };
    Some(reading.row("rest", scan, answer, sent))
}

pub(crate) const KIND: Kind = Kind {
    name: "rest",
    title: "REST",
    class: Class::Antivirus,
    fields: &[
        http::addresses("https://scanner.example.org:8443"),
        choice("method", &["POST", "PUT"], "POST"),
        line("path", "/", true),
        choice("body", &["raw", "multipart"], "raw"),
        line("part", "file", true),
        list("headers", "Accept: application/json", false),
        line("token_header", "", false),
        Field {
            name: "token",
            holds: Holds::Secret,
            required: false,
        },
        list("infected", "/verdict = malicious", true),
        list("suspicious", "/score > 50", false),
        list("encrypted", "/error = password*", false),
        list("incomplete", "/skipped != 0", false),
        list("clean", "/verdict = clean", true),
        line("finding", "", false),
        line("job", "", false),
        line("poll_path", "", false),
        list("done", "/state = finished", false),
        Field {
            name: "outside",
            holds: Holds::Flag { default: false },
            required: false,
        },
        http::CERTIFICATE,
    ],
    largest_file: 100 << 20,
    at_once: 4,
    seconds: 60,
    build,
};

const fn line(name: &'static str, default: &'static str, required: bool) -> Field {
    Field {
        name,
        holds: Holds::Text { default },
        required,
    }
}

const fn list(name: &'static str, example: &'static str, required: bool) -> Field {
    Field {
        name,
        holds: Holds::List { example },
        required,
    }
}

const fn choice(
    name: &'static str,
    words: &'static [&'static str],
    default: &'static str,
) -> Field {
    Field {
        name,
        holds: Holds::Choice { words, default },
        required: true,
    }
}

fn build(setup: &Setup, config: &Config) -> Result<Arc<dyn Adapter>, Fault> {
    Ok(Arc::new(engine::Rest {
        id: setup.id.clone(),
        addresses: http::servers(config)?,
        question: request::Question::read(config)?,
        reading: reply::Reading {
            infected: conditions(config, "infected")?,
            suspicious: conditions(config, "suspicious")?,
            encrypted: conditions(config, "encrypted")?,
            incomplete: conditions(config, "incomplete")?,
            clean: conditions(config, "clean")?,
            name: pointer(config, "finding")?,
        },
        later: later(config)?,
        exports_content: config.flag("outside"),
        client: http::client(setup, config.text("certificate"))?,
        times: setup.times,
    }))
}

fn conditions(config: &Config, field: &'static str) -> Result<Vec<Condition>, Fault> {
    let read = |text| Condition::parse(text).ok_or(Fault::invalid(field));
    config.list(field).map(read).collect()
}

fn pointer(config: &Config, field: &'static str) -> Result<Option<Pointer>, Fault> {
    match config.text(field) {
        "" => Ok(None),
        text => Pointer::parse(text).map(Some).ok_or(Fault::invalid(field)),
    }
}

/// How an engine is asked again that does not answer at once: all of the three fields, or none.
fn later(config: &Config) -> Result<Option<engine::Later>, Fault> {
    let (job, done) = (pointer(config, "job")?, conditions(config, "done")?);
    let path = config.text("poll_path");
    let required = |field| Fault {
        field,
        code: "required",
    };
    match (job, path, done.as_slice()) {
        (None, "", []) => Ok(None),
        (None, ..) => Err(required("job")),
        (_, "", _) => Err(required("poll_path")),
        (.., []) => Err(required("done")),
        (Some(job), path, _) if request::is_path(path, "{job}") && path.contains("{job}") => {
            let path = path.to_owned();
            Ok(Some(engine::Later { job, path, done }))
        }
        _ => Err(Fault::invalid("poll_path")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use crate::engine::Class;
    use crate::runtime::{Refusal, Setup, Times, Types};

    fn faults(change: &Value) -> Vec<(&'static str, &'static str)> {
        let mut config = json!({
            "addresses": ["https://scanner.example.org"], "path": "/scan?name={name}",
            "infected": ["/verdict = bad"], "clean": ["/verdict = good"],
        });
        let changes = change.as_object().unwrap().clone();
        config.as_object_mut().unwrap().extend(changes);
        let setup = Setup {
            id: "rest".to_owned(),
            name: "REST".to_owned(),
            class: Class::Antivirus,
            largest_file: 1,
            oversize: Refusal::Skip,
            types: Types::all(),
            at_once: 1,
            times: Times::usual(Duration::from_secs(1)),
        };
        let made = super::KIND.engine(setup, config.as_object().unwrap());
        let faults = made.err().unwrap_or_default();
        faults
            .iter()
            .map(|fault| (fault.field, fault.code))
            .collect()
    }

    #[test]
    fn every_field_is_looked_at() {
        assert_eq!(faults(&json!({})), []);
        let polls = json!({ "job": "/id", "poll_path": "/jobs/{job}", "done": ["/state = done"] });
        assert_eq!(faults(&polls), []);
        let headers = json!({ "headers": ["X-Client: sofie"], "token_header": "Authorization", "token": "x" });
        assert_eq!(faults(&headers), []);
        for (change, field) in [
            (json!({ "addresses": ["scanner"] }), "addresses"),
            (json!({ "path": "scan" }), "path"),
            (json!({ "path": "//elsewhere.example.org/" }), "path"),
            (json!({ "path": "/\\elsewhere.example.org/" }), "path"),
            (json!({ "path": "/{job}" }), "path"),
            (json!({ "path": "/a#b" }), "path"),
            (json!({ "part": "a\"b" }), "part"),
            (json!({ "headers": ["X-Client"] }), "headers"),
            (json!({ "headers": ["Content-Length: 5"] }), "headers"),
            (json!({ "headers": ["host: elsewhere"] }), "headers"),
            (json!({ "token": "x" }), "token_header"),
            (
                json!({ "token": "x", "token_header": "a b" }),
                "token_header",
            ),
            (
                json!({ "token": "x", "token_header": "Transfer-Encoding" }),
                "token_header",
            ),
            (json!({ "infected": ["verdict"] }), "infected"),
            (json!({ "suspicious": ["/a > b"] }), "suspicious"),
            (json!({ "encrypted": ["/a"] }), "encrypted"),
            (json!({ "incomplete": ["a = b"] }), "incomplete"),
            (json!({ "clean": ["/a ? b"] }), "clean"),
            (json!({ "finding": "name" }), "finding"),
            (
                json!({ "job": "id", "poll_path": "/{job}", "done": ["/a = b"] }),
                "job",
            ),
            (
                json!({ "job": "/id", "poll_path": "/jobs", "done": ["/a = b"] }),
                "poll_path",
            ),
            (
                json!({ "job": "/id", "poll_path": "/{job}", "done": ["a"] }),
                "done",
            ),
        ] {
            assert_eq!(faults(&change), [(field, "invalid")], "{change}");
        }
        for (change, field) in [
            (json!({ "clean": [] }), "clean"),
            (json!({ "infected": null }), "infected"),
            (json!({ "poll_path": "/{job}", "done": ["/a = b"] }), "job"),
            (json!({ "job": "/id", "done": ["/a = b"] }), "poll_path"),
            (json!({ "job": "/id", "poll_path": "/{job}" }), "done"),
        ] {
            assert_eq!(faults(&change), [(field, "required")], "{change}");
        }
    }
}
