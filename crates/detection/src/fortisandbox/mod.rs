//! Fortinet `FortiSandbox`, by its JSON interface.
//!
//! Facts: submission, session and status
//! <https://community.fortinet.com/t5/FortiSandbox/Technical-Tip-Submitting-a-scan-file-to-FortiSandbox-via-cURL/ta-p/411553>,
//! ratings and jobs as clients of version 4.4 use them. Guesses, not tried with the product: the meaning of the numeric
//! `score`, that codes other than 0, 3 and 29 are failures, and the name of the version in its status.
//!
//! It is asked by SHA-256 first; only what it does not know is submitted, once, and then asked after by the number of
//! the submission. An archive makes several jobs: the worst of them is the verdict.

mod engine;
mod reply;

use std::sync::Arc;

use crate::adapter::Adapter;
use crate::config::{Config, Fault, Field, Holds};
use crate::engine::{Class, Scan};
use crate::http;
use crate::kinds::Kind;
use crate::runtime::Setup;
use crate::verdict::EngineReport;

/// What an answer about a job makes, for the fuzz target; none while it works.
pub(crate) fn row(scan: &Scan, answer: &[u8]) -> Option<EngineReport> {
    let heard = reply::heard(answer)?;
    match reply::job(&heard) {
        Ok(reply::Job::Over(rating)) => Some(reply::row("fortisandbox", scan, &[rating])),
        _ => None,
    }
}

pub(crate) const KIND: Kind = Kind {
    name: "fortisandbox",
    title: "FortiSandbox",
    class: Class::Sandbox,
    fields: &[
        http::addresses("https://fortisandbox.example.org"),
        Field {
            name: "user",
            holds: Holds::Text { default: "" },
            required: true,
        },
        Field {
            name: "password",
            holds: Holds::Secret,
            required: true,
        },
        http::CERTIFICATE,
    ],
    // Larger ones are uploaded in another way, which is not known for sure.
    largest_file: 20 << 20,
    at_once: 4,
    seconds: 120,
    build,
};

fn build(setup: &Setup, config: &Config) -> Result<Arc<dyn Adapter>, Fault> {
    Ok(Arc::new(engine::FortiSandbox::new(engine::Access {
        id: setup.id.clone(),
        address: http::server(config)?,
        user: config.text("user").to_owned(),
        password: config.text("password").to_owned(),
        client: http::client(setup, config.text("certificate"))?,
        times: setup.times,
    })))
}
