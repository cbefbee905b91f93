//! clamd's words: one answer alone is *clean*, and only after every byte.

use sofie_detection::{Outcome, fuzzing};

use super::inspector::assert_displayable;
use super::wire::scan;
use crate::input::Input;

const SIZE: u64 = 10;

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let flags = input.byte();
    let reply = input.rest();
    let (ended, sent) = (
        flags & 1 == 0,
        if flags & 2 == 0 {
            SIZE
        } else {
            u64::from(flags)
        },
    );
    let row = fuzzing::clamd_row(&scan(SIZE), reply, sent, ended);
    let clean = matches!(row.outcome, Outcome::Clean { .. });
    let may = reply == b"stream: OK\0" && ended && sent == SIZE;
    assert_eq!(
        clean,
        may,
        "{:?} became {:?}",
        String::from_utf8_lossy(reply),
        row.outcome
    );
    assert_eq!(clean, row.findings.is_empty());
    if let Some(said) = reply
        .strip_prefix(b"stream: ")
        .and_then(|said| said.strip_suffix(b" FOUND\0"))
        && !said.is_empty()
        && !said.iter().any(|byte| matches!(byte, 0 | b'\n' | b'\r'))
        && said.len() < 60_000
    {
        let retryable = matches!(row.outcome, Outcome::Error { .. });
        assert!(!retryable, "a name that was found was lost");
    }
    assert_displayable(row.raw_reply.as_deref().unwrap_or_default());
    for finding in &row.findings {
        assert_displayable(&finding.name);
        assert_displayable(&finding.detail);
    }
    if let Some(versions) = fuzzing::clamd_version(reply) {
        assert!(versions.program.is_some());
        assert_displayable(versions.program.as_deref().unwrap_or_default());
        assert_displayable(versions.signatures.as_deref().unwrap_or_default());
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let replies = [
        "stream: OK\0",
        "stream: Eicar-Test-Signature FOUND\0",
        "stream: Heuristics.Limits.Exceeded.MaxRecursion FOUND\0",
        "stream: Heuristics.Encrypted.Zip FOUND\0",
        "stream: PUA.Win.Tool FOUND\0",
        "INSTREAM size limit exceeded. ERROR\0",
        "COMMAND READ TIMED OUT\n",
        "stream: Can't allocate memory ERROR\0",
        "ClamAV 1.4.6/27500/Sun Nov 22 09:26:45 2026\0",
        "PONG\0",
    ];
    let with = |flags: u8| move |reply: &str| [&[flags], reply.as_bytes()].concat();
    replies
        .into_iter()
        .flat_map(|reply| (0..3).map(move |flags| with(flags)(reply)))
        .collect()
}
