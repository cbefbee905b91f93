//! What statuses mean that are no success.

use super::Sent;
use crate::adapter::{Failure, failed};
use crate::engine::Scan;
use crate::verdict::{AllBytesSent, EngineReport, ErrorKind};

/// Why there is no verdict, by a status that is no success.
pub(crate) fn refusal(status: u16) -> (ErrorKind, String) {
    let (kind, words) = match status {
        401 | 403 => (ErrorKind::Auth, "the server does not take the key"),
        404 | 405 => (ErrorKind::Config, "the server does not know this question"),
        408 => (ErrorKind::Timeout, "the server stopped waiting"),
        429 | 503 => (ErrorKind::Overload, "the server has too much to do"),
        500.. => (ErrorKind::EngineInternal, "the server fails"),
        _ => (ErrorKind::Protocol, "the answer has no meaning here"),
    };
    (kind, format!("{words} ({status})"))
}

/// The row for a file of which a server says by a status that it gives no verdict.
pub(crate) fn refused(id: &str, scan: &Scan, status: u16) -> EngineReport {
    if status == 413 {
        return EngineReport::too_large(id, scan);
    }
    let (kind, words) = refusal(status);
    EngineReport::failed(id, scan, kind, &words)
}

/// Makes sure that a status is the one of an answer.
pub(crate) fn accepted(status: u16) -> Result<(), Failure> {
    if status == 200 {
        return Ok(());
    }
    let (kind, words) = refusal(status);
    Err(failed(kind, words))
}

/// Makes sure that a product that took a file took all of it.
pub(crate) fn taken_whole(scan: &Scan, sent: Sent) -> Result<(), Failure> {
    let words = "it took the file before its end";
    all(scan, sent)
        .map(|_| ())
        .ok_or_else(|| failed(ErrorKind::Protocol, words))
}

/// Proof that all of a file was sent, and what stands behind it.
pub(crate) fn all(scan: &Scan, (sent, ended): Sent) -> Option<AllBytesSent> {
    AllBytesSent::check(scan, sent).filter(|_| ended)
}
