//! The wire between a caller and the inspecting child process.
//!
//! Caller to child, each frame a 32-bit big-endian length and that many bytes:
//! one [`Header`] as JSON, then the content in frames of 1 … [`MAX_DATA_FRAME`] bytes, then an
//! empty frame ([`END`]). Child to caller: if the header says that the content can be had again, any number of
//! [`Request`]s, each behind [`REQUEST`] and each answered by one frame with exactly these bytes; then one frame with a
//! [`Report`] as JSON, then end of file and exit code 0. If another process listens at standard error, what is shown to it is told in
//! [`crate::shown`]. Anything else means that the file was not inspected.

use std::io::Write;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::dlp::Dlp;
use crate::limits::Limits;
use crate::passwords::Passwords;
use crate::report::Report;

/// Longest header in bytes.
pub const MAX_HEADER: usize = 128 << 10;
/// Longest frame of content in bytes.
pub const MAX_DATA_FRAME: usize = 4 << 20;
/// Longest report in bytes.
pub const MAX_REPORT: usize = 16 << 20;
/// The frame that says that all content was sent.
pub const END: [u8; 4] = [0; 4];

/// What stands before a [`Request`] where a report has its length; no report is so long.
pub const REQUEST: [u8; 4] = [0xFF; 4];

/// A part of the content that the child wants once more: 64-bit offset, 32-bit length, big-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Where it begins.
    pub offset: u64,
    /// How long it is, in bytes.
    pub count: u32,
}

impl Request {
    /// Length of the encoded form.
    pub const LENGTH: usize = 12;

    /// Encodes a request, with what stands before it.
    pub(crate) fn encode(self) -> [u8; 4 + Self::LENGTH] {
        let mut frame = [0; 4 + Self::LENGTH];
        frame[..4].copy_from_slice(&REQUEST);
        frame[4..12].copy_from_slice(&self.offset.to_be_bytes());
        frame[12..].copy_from_slice(&self.count.to_be_bytes());
        frame
    }

    /// Decodes what stands behind [`REQUEST`].
    #[must_use]
    pub fn decode(frame: [u8; Self::LENGTH]) -> Self {
        let (mut offset, mut count) = ([0; 8], [0; 4]);
        offset.copy_from_slice(&frame[..8]);
        count.copy_from_slice(&frame[8..]);
        Self {
            offset: u64::from_be_bytes(offset),
            count: u32::from_be_bytes(count),
        }
    }

    /// The bytes of a file of `size` bytes that it is about; none if it asks for nothing, for more than fits a frame,
    /// or beyond the end.
    #[must_use]
    pub fn range(self, size: u64) -> Option<std::ops::Range<u64>> {
        let count = u64::from(self.count);
        let end = self.offset.checked_add(count)?;
        let fits = (1..=MAX_DATA_FRAME as u64).contains(&count) && end <= size;
        fits.then_some(self.offset..end)
    }
}

/// What the child must know before the content comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Name of the file, as the sender gave it.
    pub name: String,
    /// Number of content bytes that will follow.
    pub size: u64,
    /// How far to go.
    pub limits: Limits,
    /// Which sensitive data to look for.
    pub dlp: Dlp,
    /// What to try on encrypted content.
    pub passwords: Passwords,
    /// Whether another process listens at the child's standard error, to which every object is shown.
    pub shows: bool,
    /// Whether parts of the content can be had once more.
    pub again: bool,
}

/// Why what the child wrote is not a report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The child wrote too little, too much, or a false length.
    #[error("reading the inspector's report: its length is wrong")]
    Length,
    /// The child wrote something that is not a report.
    #[error("reading the inspector's report")]
    Syntax(#[source] serde_json::Error),
    /// The child did not see the whole file.
    #[error("reading the inspector's report: it saw {seen} of {sent} bytes")]
    Bytes {
        /// Bytes that the child counted.
        seen: u64,
        /// Bytes that the caller sent.
        sent: u64,
    },
    /// The child asked for what it can't have.
    #[error("listening to the inspector: it asked for what it can't have")]
    Request,
    /// What should be a SHA-256 is not one.
    #[error("reading the inspector's report: its digest is not one")]
    Digest,
    /// Findings are said to be missing from an empty list.
    #[error("reading the inspector's report: its findings are missing")]
    Findings,
    /// The child was not locked in.
    #[error("reading the inspector's report: the inspector ran without its jail")]
    Unjailed,
}

/// Encodes the first frame.
///
/// # Errors
/// When the name is too long for [`MAX_HEADER`].
pub fn encode_header(header: &Header) -> Result<Zeroizing<Vec<u8>>, std::io::Error> {
    // Of its full length from the start: growing would leave copies of the passwords behind.
    let mut frame = Zeroizing::new(Vec::with_capacity(4 + MAX_HEADER));
    frame.extend_from_slice(&[0; 4]);
    let mut room = Room(&mut frame);
    serde_json::to_writer(&mut room, header)?;
    let length = u32::try_from(frame.len() - 4).map_err(std::io::Error::other)?;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    Ok(frame)
}

/// Takes bytes as long as a header is not too long.
struct Room<'f>(&'f mut Vec<u8>);

impl Write for Room<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > 4 + MAX_HEADER {
            return Err(std::io::Error::other("the header is too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The four bytes that go before `length` bytes of content.
///
/// # Panics
/// When `length` is 0 or above [`MAX_DATA_FRAME`]: the caller cuts its content first.
pub fn data_prefix(length: usize) -> [u8; 4] {
    assert!(
        (1..=MAX_DATA_FRAME).contains(&length),
        "content is cut before it is framed"
    );
    u32::try_from(length).unwrap_or(0).to_be_bytes()
}

pub(crate) fn encode_report(report: &Report) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(report).map(|json| with_length(&json))
}

/// Reads everything that a child wrote, and checks it against what was sent.
///
/// # Errors
/// When the output is not exactly one report over `sent` bytes from inside the jail.
pub fn parse_report(output: &[u8], sent: u64) -> Result<Report, ReportError> {
    let (length, json) = output.split_first_chunk::<4>().ok_or(ReportError::Length)?;
    if u32::from_be_bytes(*length) as usize != json.len() || json.len() > MAX_REPORT {
        return Err(ReportError::Length);
    }
    let report: Report = serde_json::from_slice(json).map_err(ReportError::Syntax)?;
    if report.bytes_seen != sent {
        return Err(ReportError::Bytes {
            seen: report.bytes_seen,
            sent,
        });
    }
    let of_objects = report
        .objects
        .iter()
        .filter_map(|object| object.sha256.as_ref());
    if !of_objects
        .chain([&report.sha256])
        .all(|sha256| is_digest(sha256))
    {
        return Err(ReportError::Digest);
    }
    if report.findings.is_empty() && report.findings_unlisted > 0 {
        return Err(ReportError::Findings);
    }
    if !report.jail.seccomp {
        return Err(ReportError::Unjailed);
    }
    Ok(report)
}

fn is_digest(sha256: &str) -> bool {
    let mut digits = sha256.bytes();
    sha256.len() == 64 && digits.all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

fn with_length(json: &[u8]) -> Vec<u8> {
    let length = u32::try_from(json.len()).expect("headers and reports are bounded");
    let mut frame = Vec::with_capacity(json.len() + 4);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(json);
    frame
}

#[cfg(test)]
mod tests;
