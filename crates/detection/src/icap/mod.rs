//! Scanners behind ICAP (RFC 3507), as many vendors offer them.
//!
//! The protocol has no word for a verdict: it is read from the ICAP status, the ICAP headers and the enclosed
//! HTTP status together, and products differ. Whatever says that something is wrong wins over whatever says that
//! nothing is; what can't be read is an error ([`verdict`]). `200` is no word for clean, and neither is `204` if it
//! came before the content had ended. No preview is asked for: a verdict on the first bytes is none.
//!
//! Facts about the products are from their documents: c-icap (observed with 0.5.10), Kaspersky Scan Engine
//! <https://support.kaspersky.com/scanengine/201129>, ESET <https://help.eset.com/essl/11.0/en-US/>, OPSWAT
//! <https://www.opswat.com/docs/mdicap/operating/icap-response-headers>, FortiSandbox
//! <https://docs.fortinet.com/document/fortisandbox/4.0.1/administration-guide/939729>, Trend Micro
//! <https://docs.trendmicro.com>; those of Symantec, Skyhigh, Sophos and WithSecure from what their users report.

mod address;
mod engine;
mod profile;
mod reply;
mod session;
mod verdict;

use std::sync::Arc;

use tokio_rustls::TlsConnector;

use crate::adapter::Adapter;
use crate::config::{Config, Fault, Field, Holds};
use crate::engine::{Class, Scan};
use crate::kinds::Kind;
use crate::runtime::Setup;
use crate::tls;
use crate::verdict::EngineReport;
use address::Address;

/// What an answer to a file of `scan` makes, when so much was sent, for the fuzz target.
pub(crate) fn row(
    scan: &Scan,
    profile: &str,
    answer: &[u8],
    (bytes, ended): (u64, bool),
) -> Option<EngineReport> {
    let profile = profile::find(profile)?;
    let sent = verdict::Sent { bytes, ended };
    Some(verdict::row("icap", scan, (profile, &[]), answer, sent))
}

/// c-icap's services look into 5 MiB unless told otherwise, and pass the rest as if it were clean; the self-test
/// tries it out. Files above our limit are never sent.
pub(crate) const KIND: Kind = Kind {
    name: "icap",
    title: "ICAP",
    class: Class::Antivirus,
    fields: &[
        Field {
            name: "addresses",
            holds: Holds::List {
                example: "icap://scanner.example.org:1344/avscan",
            },
            required: true,
        },
        Field {
            name: "profile",
            holds: Holds::Choice {
                words: profile::NAMES,
                default: "generic",
            },
            required: true,
        },
        Field {
            name: "infection_headers",
            holds: Holds::List {
                example: "X-Virus-ID",
            },
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
    seconds: 120,
    build,
};

fn build(setup: &Setup, config: &Config) -> Result<Arc<dyn Adapter>, Fault> {
    let profile = profile::find(config.text("profile")).ok_or(Fault::invalid("profile"))?;
    let addresses = config.list("addresses").map(|text| {
        let address = Address::parse(text, profile.service);
        address.ok_or(Fault::invalid("addresses"))
    });
    let addresses: Vec<Address> = addresses.collect::<Result<_, _>>()?;
    let headers: Vec<String> = config
        .list("infection_headers")
        .map(str::to_owned)
        .collect();
    if !headers.iter().all(|name| reply::is_token(name.as_bytes())) {
        return Err(Fault::invalid("infection_headers"));
    }
    let certificate = config.text("certificate");
    let encrypted = addresses.iter().any(|address| address.encrypted);
    let tls = if encrypted || !certificate.is_empty() {
        let config = tls::config(certificate).map_err(|_| Fault::invalid("certificate"))?;
        Some(TlsConnector::from(Arc::new(config)))
    } else {
        None
    };
    Ok(Arc::new(engine::Icap {
        id: setup.id.clone(),
        addresses,
        profile,
        headers,
        tls,
        times: setup.times,
    }))
}
