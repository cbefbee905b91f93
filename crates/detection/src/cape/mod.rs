//! `CAPEv2`, the open sandbox, by its interface `apiv2`.
//!
//! Facts: questions and states <https://github.com/kevoreilly/CAPEv2> (`web/apiv2`, `docs/book/src/usage/api.rst`). Guesses,
//! not tried with the product: that a task which is *reported* carries `malscore`, `detections` and `sample` in its
//! description, and that a question that it can't answer has `error` true with status 200.
//!
//! It is asked by SHA-256 first; only what it does not know is handed over, once. An archive makes several tasks: all must be
//! over, and the worst of them is the verdict. Its score (0 … 10) is an opinion; only what it has a name for is *infected*.

mod engine;
mod reply;

use std::sync::Arc;

use reqwest::header::HeaderValue;

use crate::adapter::Adapter;
use crate::config::{Config, Fault, Field, Holds};
use crate::engine::{Class, Scan};
use crate::http;
use crate::kinds::Kind;
use crate::runtime::Setup;
use crate::verdict::EngineReport;

/// What the description of a task makes, for the fuzz target; none without a verdict.
pub(crate) fn row(scan: &Scan, answer: &[u8]) -> Option<EngineReport> {
    match reply::task(answer, scan.sha256.as_deref()) {
        Ok(reply::Task::Over(found)) => Some(reply::row("cape", scan, vec![found], CLEAN_BELOW)),
        _ => None,
    }
}

/// Below this score a file is clean, if nothing else is set: nearly every file gets a few tenths.
const CLEAN_BELOW: f64 = 1.0;

pub(crate) const KIND: Kind = Kind {
    name: "cape",
    title: "CAPEv2",
    class: Class::Sandbox,
    fields: &[
        http::addresses("https://cape.example.org"),
        Field {
            name: "token",
            holds: Holds::Secret,
            required: false,
        },
        Field {
            name: "machine",
            holds: Holds::Text { default: "" },
            required: false,
        },
        Field {
            name: "tags",
            holds: Holds::Text { default: "" },
            required: false,
        },
        Field {
            name: "clean_below",
            holds: Holds::Text { default: "1" },
            required: true,
        },
        http::CERTIFICATE,
    ],
    largest_file: 100 << 20,
    at_once: 4,
    seconds: 120,
    build,
};

fn build(setup: &Setup, config: &Config) -> Result<Arc<dyn Adapter>, Fault> {
    let token = match config.text("token") {
        "" => None,
        token => {
            let value = HeaderValue::from_str(&format!("Token {token}"));
            let mut value = value.map_err(|_| Fault::invalid("token"))?;
            value.set_sensitive(true);
            Some(value)
        }
    };
    let clean_below = config.text("clean_below").parse::<f64>().ok();
    let clean_below = clean_below.filter(|score| (0.0..=10.0).contains(score));
    Ok(Arc::new(engine::Cape::new(engine::Access {
        id: setup.id.clone(),
        address: http::server(config)?,
        token,
        machine: config.text("machine").to_owned(),
        tags: config.text("tags").to_owned(),
        clean_below: clean_below.ok_or(Fault::invalid("clean_below"))?,
        client: http::client(setup, config.text("certificate"))?,
        times: setup.times,
    })))
}
