//! Inner doors for `sofie-fuzz`; no part of the interface.

use sofie_inspector::protocol::{self, ReportError};

use crate::clamd::{Answer, judge, parse_version};
use crate::engine::{Scan, Versions};
use crate::inspect::{Inspection, answer};
use crate::verdict::EngineReport;

/// The row that a reply of clamd makes, when it was given `sent` bytes and perhaps their end.
pub fn clamd_row(scan: &Scan, reply: &[u8], sent: u64, ended: bool) -> EngineReport {
    let answer = Answer {
        reply: reply.to_vec(),
        sent,
        ended,
    };
    judge("clamd", scan, &answer)
}

/// The row that an answer of an ICAP server makes; none if there is no such profile.
pub fn icap_row(
    scan: &Scan,
    profile: &str,
    answer: &[u8],
    sent: (u64, bool),
) -> Option<EngineReport> {
    crate::icap::row(scan, profile, answer, sent)
}

/// The row that an answer of Kaspersky Scan Engine makes: its status and its words.
pub fn kaspersky_row(scan: &Scan, answer: (u16, &[u8]), sent: (u64, bool)) -> EngineReport {
    crate::kaspersky::row(scan, answer, sent)
}

/// The row that an answer of `MetaDefender` makes; none while it works.
pub fn metadefender_row(
    scan: &Scan,
    answer: (u16, &[u8]),
    sent: (u64, bool),
) -> Option<EngineReport> {
    crate::metadefender::row(scan, answer, sent)
}

/// The row that an answer of `FortiSandbox` about a job makes; none while it works, and if it has no meaning.
pub fn fortisandbox_row(scan: &Scan, answer: &[u8]) -> Option<EngineReport> {
    crate::fortisandbox::row(scan, answer)
}

/// The row that an answer of Check Point about a hash makes; none without a verdict.
pub fn checkpoint_row(scan: &Scan, answer: &[u8], sha256: &str) -> Option<EngineReport> {
    crate::checkpoint::row(scan, answer, sha256)
}

/// The row that a list of states of KATA makes of the file with this name; none without a verdict.
pub fn kata_row(scan: &Scan, answer: &[u8], name: &str) -> Option<EngineReport> {
    crate::kata::row(scan, answer, name)
}

/// The row that CAPE's description of a task makes; none without a verdict.
pub fn cape_row(scan: &Scan, answer: &[u8]) -> Option<EngineReport> {
    crate::cape::row(scan, answer)
}

/// The row that an answer of `VirusTotal` about a hash makes.
pub fn virustotal_row(scan: &Scan, answer: (u16, &[u8]), sha256: &str) -> EngineReport {
    crate::virustotal::row(scan, answer, sha256)
}

/// The row that an answer makes which these conditions are for; none if they can't be read.
pub fn rest_row(
    scan: &Scan,
    conditions: (&str, &str),
    answer: (u16, &[u8]),
    sent: (u64, bool),
) -> Option<EngineReport> {
    crate::rest::row(scan, conditions, answer, sent)
}

/// What clamd's answer to `VERSION` says.
pub fn clamd_version(answer: &[u8]) -> Option<Versions> {
    parse_version(answer)
}

/// The rows that the output of an inspecting child makes.
pub fn inspector_rows(scan: &Scan, output: &[u8]) -> Result<Inspection, ReportError> {
    protocol::parse_report(output, scan.meta.size).map(|report| answer(scan, report))
}
