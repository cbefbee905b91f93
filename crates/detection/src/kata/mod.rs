//! Kaspersky Anti Targeted Attack Platform, by its interface for objects of external systems.
//!
//! Facts: questions, states and statuses <https://support.kaspersky.com/kata/6.0/176830>,
//! <https://support.kaspersky.com/kata/247807>. Guesses, not tried with the product: that a file may be handed over again
//! under a name whose check failed, how a result is deleted (nothing depends on it), and the spelling of the states in
//! answers where it is not the one of the questions.
//!
//! It gives no names of its own and knows no hashes: a file goes by the name that it is handed over with. That is its SHA-256
//! with the day, so a result is found again after a broken conversation, and not taken for news on another day.

mod engine;
mod reply;

use std::sync::Arc;

use crate::adapter::Adapter;
use crate::config::{Config, Fault, Field, Holds};
use crate::engine::{Class, Scan};
use crate::http;
use crate::kinds::Kind;
use crate::runtime::Setup;
use crate::sandbox::Answer;
use crate::tls::Identity;
use crate::verdict::{EngineReport, Level, Outcome};

/// What a list of states makes of the file that is called `name`, for the fuzz target; none without a verdict.
pub(crate) fn row(scan: &Scan, answer: &[u8], name: &str) -> Option<EngineReport> {
    let states = reply::states(answer).ok()?;
    match reply::answer("kata", scan, &states, (name, Outcome::Infected)) {
        Ok(Answer::Said(row)) => Some(*row),
        _ => None,
    }
}

pub(crate) const KIND: Kind = Kind {
    name: "kata",
    title: "Kaspersky Anti Targeted Attack",
    class: Class::Sandbox,
    fields: &[
        http::addresses("https://kata.example.org"),
        Field {
            name: "sensor",
            holds: Holds::Text { default: "" },
            required: true,
        },
        Field {
            name: "instance",
            holds: Holds::Text { default: "sofie" },
            required: true,
        },
        Field {
            name: "client_certificate",
            holds: Holds::LongText,
            required: true,
        },
        Field {
            name: "client_key",
            holds: Holds::LongSecret,
            required: true,
        },
        Field {
            name: "detect",
            holds: Holds::Choice {
                words: &["infected", "suspicious"],
                default: "infected",
            },
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
    let identity = Identity {
        certificate: config.text("client_certificate"),
        key: config.text("client_key"),
    };
    let word = |field| {
        let text = config.text(field);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let fits = text.bytes().all(plain).then(|| text.to_owned());
        fits.ok_or(Fault::invalid(field))
    };
    let detect = match config.text("detect") {
        "suspicious" => Outcome::Suspicious { level: Level::High },
        _ => Outcome::Infected,
    };
    Ok(Arc::new(engine::Kata::new(engine::Access {
        id: setup.id.clone(),
        address: http::server(config)?,
        sensor: word("sensor")?,
        instance: word("instance")?,
        detect,
        client: http::client_as(setup, config.text("certificate"), identity)?,
        times: setup.times,
    })))
}
