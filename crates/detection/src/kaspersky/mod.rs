//! Kaspersky Scan Engine in its HTTP mode.
//!
//! Facts: requests <https://support.kaspersky.com/ScanEngine/2.1/en-US/193000.htm>, answers
//! <https://support.kaspersky.com/ScanEngine/2.0/en-US/193001.htm>, time-outs <https://support.kaspersky.com/15644>.
//! Guesses, not tried with the product: what `version` and `basesdate` answer, and the statuses for a wrong token.
//!
//! The content goes as base64 inside a JSON text whose length is known beforehand, so it is streamed.

mod engine;
mod reply;
mod request;

use std::sync::Arc;

use reqwest::header::{HeaderName, HeaderValue};

use crate::adapter::Adapter;
use crate::config::{Config, Fault, Field, Holds};
use crate::engine::{Class, Scan};
use crate::http;
use crate::kinds::Kind;
use crate::runtime::Setup;
use crate::verdict::EngineReport;

/// What an answer to a file of `scan` makes, when so much was sent, for the fuzz target.
pub(crate) fn row(scan: &Scan, answer: (u16, &[u8]), sent: (u64, bool)) -> EngineReport {
    reply::row("kaspersky", scan, answer, sent)
}

pub(crate) const KIND: Kind = Kind {
    name: "kaspersky",
    title: "Kaspersky Scan Engine (HTTP)",
    class: Class::Antivirus,
    fields: &[
        Field {
            name: "addresses",
            holds: Holds::List {
                example: "http://scanner.example.org:9998",
            },
            required: true,
        },
        Field {
            name: "token_header",
            holds: Holds::Text { default: "" },
            required: false,
        },
        Field {
            name: "token",
            holds: Holds::Secret,
            required: false,
        },
        Field {
            name: "certificate",
            holds: Holds::LongText,
            required: false,
        },
    ],
    largest_file: 100 << 20,
    at_once: 8,
    seconds: 60,
    build,
};

fn build(setup: &Setup, config: &Config) -> Result<Arc<dyn Adapter>, Fault> {
    let client = http::client(setup, config.text("certificate"))?;
    Ok(Arc::new(engine::Kaspersky {
        id: setup.id.clone(),
        addresses: http::servers(config)?,
        token: token(config)?,
        client,
        times: setup.times,
    }))
}

fn token(config: &Config) -> Result<Option<(HeaderName, HeaderValue)>, Fault> {
    let (name, token) = (config.text("token_header"), config.text("token"));
    if token.is_empty() {
        return Ok(None);
    }
    let name = name.parse().map_err(|_| Fault::invalid("token_header"))?;
    let mut value = HeaderValue::from_str(token).map_err(|_| Fault::invalid("token"))?;
    value.set_sensitive(true);
    Ok(Some((name, value)))
}
