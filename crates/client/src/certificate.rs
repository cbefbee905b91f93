//! The one thing of a certificate that TLS does not tell: until when it holds (RFC 5280 §4.1, DER).

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Returns the end of a certificate in seconds since 1970; nothing if it is not one.
pub(crate) fn not_after(der: &[u8]) -> Option<i64> {
    let (tag, certificate, _) = element(der)?;
    let (inner, body, _) = element(certificate)?;
    if (tag, inner) != (SEQUENCE, SEQUENCE) {
        return None;
    }
    let mut rest = body;
    // Before the validity are: version (if it is said), serial number, algorithm, issuer.
    let before = if *rest.first()? == VERSION { 4 } else { 3 };
    for _ in 0..before {
        rest = element(rest)?.2;
    }
    let (_, validity, _) = element(rest)?;
    let (_, _, rest) = element(validity)?;
    let (tag, text, _) = element(rest)?;
    let text = std::str::from_utf8(text).ok()?;
    match tag {
        UTC_TIME => {
            let year: i64 = text.get(..2)?.parse().ok()?;
            seconds(
                if year < 50 { 2000 + year } else { 1900 + year },
                text.get(2..)?,
            )
        }
        GENERALIZED_TIME => seconds(text.get(..4)?.parse().ok()?, text.get(4..)?),
        _ => None,
    }
}

/// Splits the first element off: its tag, its content, and what comes behind it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if bytes.len() > 4 {
            return None;
        }
        let len = bytes
            .iter()
            .fold(0, |len, byte| (len << 8) | usize::from(*byte));
        (len, rest)
    };
    let (content, behind) = rest.split_at_checked(len)?;
    Some((tag, content, behind))
}

/// `MMDDhhmmssZ` of a year, as seconds since 1970.
fn seconds(year: i64, text: &str) -> Option<i64> {
    let part = |at: usize| text.get(at..at + 2)?.parse::<i64>().ok();
    let (month, day) = (part(0)?, part(2)?);
    let (hour, minute, second) = (part(4)?, part(6)?, part(8)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !text.ends_with('Z') {
        return None;
    }
    // Days since 1970 of a date, counted from March so that the leap day is the last of a year.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    Some((days - 719_468) * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wrapped(tag: u8, content: &[u8]) -> Vec<u8> {
        let len = u8::try_from(content.len()).unwrap();
        [&[tag, 0x81, len], content].concat()
    }

    fn certificate(version: bool, tag: u8, end: &str) -> Vec<u8> {
        let validity = [
            wrapped(UTC_TIME, b"250101000000Z"),
            wrapped(tag, end.as_bytes()),
        ]
        .concat();
        let mut body = if version {
            wrapped(VERSION, &[2, 1, 2])
        } else {
            Vec::new()
        };
        for (tag, content) in [
            (2, &[7][..]),
            (SEQUENCE, &[]),
            (SEQUENCE, &[]),
            (SEQUENCE, &validity),
        ] {
            body.extend(wrapped(tag, content));
        }
        wrapped(SEQUENCE, &wrapped(SEQUENCE, &body))
    }

    #[test]
    fn the_end_is_read_in_both_forms() {
        for version in [true, false] {
            let utc = certificate(version, UTC_TIME, "260301123456Z");
            assert_eq!(not_after(&utc), Some(1_772_368_496));
            let general = certificate(version, GENERALIZED_TIME, "20560229000000Z");
            assert_eq!(not_after(&general), Some(2_719_008_000));
        }
        let old = certificate(true, UTC_TIME, "700101000000Z");
        assert_eq!(not_after(&old), Some(0));
        for wrong in ["", "26030112345", "269901000000Z", "2603011234ééZ"] {
            assert_eq!(
                not_after(&certificate(true, UTC_TIME, wrong)),
                None,
                "{wrong}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = not_after(&bytes);
        }
    }
}
