//! clamd's answer to `VERSION`.

use chrono::{NaiveDateTime, TimeZone, Utc};

use crate::engine::Versions;
use crate::text;

/// Reads `ClamAV 1.4.6`, or `ClamAV 1.4.6/27500/Sun Nov 22 09:26:45 2026`; none for anything
/// else. The second form's time has no zone; it is taken as UTC, good enough for an age in days.
pub fn parse(answer: &[u8]) -> Option<Versions> {
    let line = std::str::from_utf8(answer.strip_suffix(b"\0")?).ok()?;
    let mut parts = line.strip_prefix("ClamAV ")?.splitn(3, '/');
    let program = parts.next().filter(|program| !program.is_empty())?;
    let signatures = parts.next().map(|number| text::displayable(number, 50));
    let time = parts
        .next()
        .and_then(|time| NaiveDateTime::parse_from_str(time.trim(), "%a %b %e %H:%M:%S %Y").ok());
    Some(Versions {
        program: Some(format!("ClamAV {}", text::displayable(program, 50))),
        signatures,
        signatures_time: time.map(|time| Utc.from_utc_datetime(&time)),
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn both_forms_are_read_and_others_refused() {
        let private = parse(b"ClamAV 1.4.6\0").unwrap();
        assert_eq!(private.program.as_deref(), Some("ClamAV 1.4.6"));
        assert_eq!(private.signatures, None);
        let official = parse(b"ClamAV 1.4.6/27500/Sun Nov 22 09:26:45 2026\0").unwrap();
        assert_eq!(official.signatures.as_deref(), Some("27500"));
        assert_eq!(
            official.signatures_time.unwrap().to_rfc3339(),
            "2026-11-22T09:26:45+00:00"
        );
        let odd = parse(b"ClamAV 1.4.6/27500/some day\0").unwrap();
        assert_eq!(odd.signatures_time, None);
        for other in [
            b"ClamAV 1.4.6".as_slice(),
            b"ClamAV \0",
            b"PONG\0",
            b"COMMAND UNAVAILABLE\0",
        ] {
            assert_eq!(parse(other), None);
        }
    }
}
