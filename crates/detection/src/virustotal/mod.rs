//! `VirusTotal`, asked for what it knows of a content by its SHA-256; the content itself never leaves the house.
//!
//! Facts: the question <https://docs.virustotal.com/reference/file-info>, errors
//! <https://docs.virustotal.com/reference/errors>, limits of the public interface
//! <https://docs.virustotal.com/docs/api-overview>, which products may not use.
//!
//! It vouches for nothing: what nobody there has found anything in, and what nobody has sent there, is no opinion.

mod engine;
mod rate;
mod reply;

use std::num::NonZeroU32;
use std::sync::Arc;

use crate::adapter::Adapter;
use crate::config::{Config, Fault, Field, Holds};
use crate::engine::{Class, Scan};
use crate::http;
use crate::kinds::Kind;
use crate::runtime::Setup;
use crate::verdict::EngineReport;

/// What an answer about a content with this hash makes, for the fuzz target.
pub(crate) fn row(scan: &Scan, answer: (u16, &[u8]), sha256: &str) -> EngineReport {
    let thresholds = reply::Thresholds {
        malicious: NonZeroU32::MIN.saturating_add(2),
        suspicious: NonZeroU32::MIN,
    };
    reply::row("virustotal", scan, answer, (sha256, thresholds))
}

pub(crate) const KIND: Kind = Kind {
    name: "virustotal",
    title: "VirusTotal",
    class: Class::Reputation,
    fields: &[
        http::addresses("https://www.virustotal.com"),
        Field {
            name: "apikey",
            holds: Holds::Secret,
            required: true,
        },
        number("malicious", "3"),
        number("suspicious", "1"),
        number("a_minute", "4"),
        http::CERTIFICATE,
    ],
    largest_file: 1 << 40,
    at_once: 4,
    seconds: 60,
    build,
};

const fn number(name: &'static str, default: &'static str) -> Field {
    Field {
        name,
        holds: Holds::Text { default },
        required: true,
    }
}

fn build(setup: &Setup, config: &Config) -> Result<Arc<dyn Adapter>, Fault> {
    // In another stage it would count as an antivirus, which it is not.
    if setup.class != Class::Reputation {
        return Err(Fault::invalid("stage"));
    }
    let count = |field| {
        let number: Option<NonZeroU32> = config.text(field).parse().ok();
        let small = number.filter(|number| number.get() <= 100_000);
        small.ok_or(Fault::invalid(field))
    };
    let thresholds = reply::Thresholds {
        malicious: count("malicious")?,
        suspicious: count("suspicious")?,
    };
    if thresholds.suspicious > thresholds.malicious {
        return Err(Fault::invalid("suspicious"));
    }
    Ok(Arc::new(engine::VirusTotal {
        id: setup.id.clone(),
        addresses: http::servers(config)?,
        key: http::secret(config, "apikey")?,
        thresholds,
        rate: rate::Rate::new(count("a_minute")?),
        client: http::client(setup, config.text("certificate"))?,
        times: setup.times,
    }))
}
