//! Byte ranges (RFC 9110 §14): one range at most; several are answered with the whole.

use std::ops::Range;

use axum::http::{HeaderMap, header};

/// What a request wants of a representation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// One part.
    Part(Range<u64>),
    /// A part that does not exist.
    Unsatisfiable,
}

/// What can be said of a request before its representation is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// It begins with the first byte, or wants all.
    Start,
    /// It begins behind the first byte.
    Later,
    /// That depends on the length or the entity tag.
    Depends,
}

/// Tells where a request will begin.
#[must_use]
pub fn beginning(headers: &HeaderMap) -> Beginning {
    let Some(range) = headers.get(header::RANGE).and_then(|v| v.to_str().ok()) else {
        return Beginning::Start;
    };
    // As it were for the shortest and for the longest representation.
    match (parse(range, 1), parse(range, u64::MAX)) {
        (_, Wanted::Whole | Wanted::Part(Range { start: 0, .. })) => Beginning::Start,
        (Wanted::Unsatisfiable, Wanted::Part(_)) if !headers.contains_key(header::IF_RANGE) => {
            Beginning::Later
        }
        _ => Beginning::Depends,
    }
}

/// Reads the `Range` and `If-Range` headers for a representation of `len` bytes with the strong `etag`.
#[must_use]
pub fn wanted(headers: &HeaderMap, len: u64, etag: &str) -> Wanted {
    let Some(range) = headers.get(header::RANGE).and_then(|v| v.to_str().ok()) else {
        return Wanted::Whole;
    };
    if let Some(condition) = headers.get(header::IF_RANGE)
        && condition.as_bytes() != etag.as_bytes()
    {
        return Wanted::Whole;
    }
    parse(range, len)
}

fn parse(range: &str, len: u64) -> Wanted {
    let Some((unit, spec)) = range.split_once('=') else {
        return Wanted::Whole;
    };
    let spec = spec.trim();
    if !unit.trim().eq_ignore_ascii_case("bytes") || spec.contains(',') {
        return Wanted::Whole;
    }
    let Some((first, last)) = spec.split_once('-') else {
        return Wanted::Whole;
    };
    match (number(first), number(last)) {
        (Number::Is(first), Number::Is(last)) if first > last => Wanted::Whole,
        (Number::Is(first), _) if first >= len => Wanted::Unsatisfiable,
        (Number::Is(first), Number::Is(last)) => {
            Wanted::Part(first..last.saturating_add(1).min(len))
        }
        (Number::Is(first), Number::Missing) => Wanted::Part(first..len),
        (Number::Missing, Number::Is(0)) => Wanted::Unsatisfiable,
        (Number::Missing, Number::Is(_)) if len == 0 => Wanted::Unsatisfiable,
        (Number::Missing, Number::Is(suffix)) => Wanted::Part(len.saturating_sub(suffix)..len),
        _ => Wanted::Whole,
    }
}

enum Number {
    Is(u64),
    Missing,
    Wrong,
}

fn number(text: &str) -> Number {
    if text.is_empty() {
        return Number::Missing;
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Number::Wrong;
    }
    // More digits than a length can have: beyond every end.
    Number::Is(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_part_is_one_whatever_the_length() {
        let at = |range: &str, if_range: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, range.parse().unwrap());
            if let Some(tag) = if_range {
                headers.insert(header::IF_RANGE, tag.parse().unwrap());
            }
            beginning(&headers)
        };
        assert_eq!(beginning(&HeaderMap::new()), Beginning::Start);
        for range in [
            "bytes=0-",
            "BYTES=0-",
            "bytes=00-",
            "bytes=1-,2-",
            "x",
            "bytes=5-2",
        ] {
            assert_eq!(at(range, None), Beginning::Start, "{range}");
        }
        for range in ["bytes=1-", "bytes=7-9", "bytes= 7-9"] {
            assert_eq!(at(range, None), Beginning::Later, "{range}");
            assert_eq!(at(range, Some("\"x\"")), Beginning::Depends, "{range}");
        }
        for range in ["bytes=-1", "bytes=-99999999999", "bytes=-0"] {
            assert_eq!(at(range, None), Beginning::Depends, "{range}");
        }
    }

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        for (text, wanted) in [
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=5-", Wanted::Part(5..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-30", Wanted::Part(0..10)),
            ("bytes=2-100", Wanted::Part(2..10)),
            ("bytes=10-", Wanted::Unsatisfiable),
            (
                "bytes=18446744073709551615-18446744073709551615",
                Wanted::Unsatisfiable,
            ),
            ("bytes=0-99999999999999999999999", Wanted::Part(0..10)),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=5-2", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
            ("bytes", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
        ] {
            assert_eq!(parse(text, 10), wanted, "{text}");
        }
        assert_eq!(parse("bytes=0-0", 0), Wanted::Unsatisfiable);
    }
}
