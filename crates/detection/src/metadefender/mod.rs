//! OPSWAT `MetaDefender` Core, version 4 of its REST interface (products 4 and 5).
//!
//! Facts: the conversation <https://www.opswat.com/docs/mdcore/metadefender-core>, results
//! <https://www.opswat.com/docs/mdcore/v5.22.0/integration/description-of-scan-result-codes>, results of its engines
//! <https://www.opswat.com/docs/mdcore/metascan-engines/av-engine-return-code>; codes that only older documents have are
//! known too. Guesses, not tried with the product: what `version` answers, the words of reasons for blocking, and
//! that a `filename` may be written with percent signs.
//!
//! It is not asked by hash first: what it knows of a content was said with older signatures, perhaps by another
//! rule, and the content comes by only once.

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

/// What an answer about a file of `scan` makes, when so much was sent, for the fuzz target; none while it works.
pub(crate) fn row(scan: &Scan, answer: (u16, &[u8]), sent: http::Sent) -> Option<EngineReport> {
    reply::row("metadefender", scan, answer, sent)
}

pub(crate) const KIND: Kind = Kind {
    name: "metadefender",
    title: "OPSWAT MetaDefender Core",
    class: Class::Antivirus,
    fields: &[
        http::addresses("http://metadefender.example.org:8008"),
        Field {
            name: "apikey",
            holds: Holds::Secret,
            required: false,
        },
        Field {
            name: "rule",
            holds: Holds::Text { default: "" },
            required: false,
        },
        http::CERTIFICATE,
    ],
    largest_file: 100 << 20,
    at_once: 8,
    seconds: 120,
    build,
};

fn build(setup: &Setup, config: &Config) -> Result<Arc<dyn Adapter>, Fault> {
    let header = |field| {
        let value = HeaderValue::from_str(config.text(field));
        let value = value.map_err(|_| Fault::invalid(field))?;
        Ok(Some(value).filter(|value| !value.is_empty()))
    };
    Ok(Arc::new(engine::MetaDefender {
        id: setup.id.clone(),
        addresses: http::servers(config)?,
        key: Some(http::secret(config, "apikey")?).filter(|key| !key.is_empty()),
        rule: header("rule")?,
        client: http::client(setup, config.text("certificate"))?,
        times: setup.times,
    }))
}
