//! Check Point Threat Emulation, by the Threat Prevention interface of the cloud service or of an appliance.
//!
//! Facts, from descriptions by users of the interface (<https://habr.com/en/articles/517460>) and clients that Check Point
//! publishes: the addresses of its questions, the key in the header `Authorization`, the names of the states and of the
//! verdicts. Guesses, not tried with the product: the numbers beside the names (not used here), that a state without a
//! verdict of each image is not the last, the names of the states for a used-up quota and a refused key, and that an
//! appliance on port 18194 answers in the same way.
//!
//! Its verdict is believed only where it is about the SHA-256 that it was asked for; *benign* only of a file that it
//! has *found*, by every image that it names.

mod engine;
mod reply;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::adapter::Adapter;
use crate::config::{Config, Fault, Field, Holds};
use crate::engine::{Class, Scan};
use crate::http;
use crate::kinds::Kind;
use crate::runtime::Setup;
use crate::sandbox::Answer;
use crate::verdict::EngineReport;

/// What an answer about a hash makes, for the fuzz target; none without a verdict.
pub(crate) fn row(scan: &Scan, answer: &[u8], sha256: &str) -> Option<EngineReport> {
    match reply::answer("checkpoint", scan, answer, sha256) {
        Ok(Answer::Said(row)) => Some(*row),
        _ => None,
    }
}

pub(crate) const KIND: Kind = Kind {
    name: "checkpoint",
    title: "Check Point Threat Emulation",
    class: Class::Sandbox,
    fields: &[
        http::addresses("https://te.checkpoint.com"),
        Field {
            name: "apikey",
            holds: Holds::Secret,
            required: true,
        },
        Field {
            name: "images",
            holds: Holds::List {
                example: "e50e99f3-5963-4573-af9e-e3f4750b55e2:1",
            },
            required: false,
        },
        http::CERTIFICATE,
    ],
    largest_file: 100 << 20,
    at_once: 4,
    seconds: 120,
    build,
};

fn build(setup: &Setup, config: &Config) -> Result<Arc<dyn Adapter>, Fault> {
    let images = config.list("images").map(image);
    Ok(Arc::new(engine::CheckPoint::new(engine::Access {
        id: setup.id.clone(),
        address: http::server(config)?,
        key: http::secret(config, "apikey")?,
        images: images
            .collect::<Option<_>>()
            .ok_or(Fault::invalid("images"))?,
        client: http::client(setup, config.text("certificate"))?,
        times: setup.times,
    })))
}

/// An image that files run in: its id and its revision.
fn image(text: &str) -> Option<Value> {
    let (id, revision) = text.split_once(':')?;
    let plain = |c: char| c.is_ascii_hexdigit() || c == '-';
    let revision: u32 = revision.parse().ok()?;
    (id.len() == 36 && id.chars().all(plain)).then(|| json!({ "id": id, "revision": revision }))
}
