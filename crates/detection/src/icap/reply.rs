//! The head of an answer, read strictly (RFC 3507, 4.3 and 4.4).

mod head;

#[cfg(test)]
mod tests;

pub(super) use head::is_token;
use head::{Headers, Lines};

/// The most bytes of a head, ICAP's or the enclosed one's.
pub(super) const LONGEST: usize = 64 << 10;

/// An answer, up to where the enclosed content would begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub status: u16,
    pub headers: Headers,
    /// The enclosed HTTP head.
    pub http: Option<Http>,
}

/// An enclosed HTTP head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Http {
    /// None of a request, which is what an unmodified REQMOD brings back.
    pub status: Option<u16>,
    pub headers: Headers,
}

/// What some bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Read {
    /// The beginning of an answer.
    More,
    /// An answer.
    Whole(Reply),
    /// No answer.
    Wrong(&'static str),
}

/// Reads what a server has written so far.
pub(super) fn read(bytes: &[u8]) -> Read {
    match parse(bytes) {
        Ok(Some(reply)) => Read::Whole(reply),
        Ok(None) if bytes.len() > 2 * LONGEST => Read::Wrong("the head is too long"),
        Ok(None) => Read::More,
        Err(why) => Read::Wrong(why),
    }
}

fn parse(bytes: &[u8]) -> Result<Option<Reply>, &'static str> {
    let Some((head, rest)) = head::split(bytes)? else {
        return Ok(None);
    };
    let mut lines = Lines::of(head);
    let first = lines.next().unwrap_or_default();
    let status = status(first, &[b"ICAP/1.0"]).ok_or("the status line is not ICAP's")?;
    let headers = Headers::read(lines)?;
    let enclosed = enclosed_head(&headers)?;
    // Nothing is enclosed in a refusal, whatever it claims.
    let Some((from, to)) = enclosed.filter(|_| status < 400) else {
        return Ok(Some(Reply {
            status,
            headers,
            http: None,
        }));
    };
    let Some(head) = rest.get(from..to) else {
        return Ok(None);
    };
    let http = http(head)?;
    Ok(Some(Reply {
        status,
        headers,
        http: Some(http),
    }))
}

fn http(head: &[u8]) -> Result<Http, &'static str> {
    match head::split(head)? {
        Some((_, [])) => {}
        _ => return Err("the enclosed head is not as long as it says"),
    }
    let mut lines = Lines::of(head);
    let first = lines.next().unwrap_or_default();
    let answer = first.starts_with(b"HTTP/");
    let status = status(first, &[b"HTTP/1.0", b"HTTP/1.1"]);
    let request = || {
        let mut words = first.split(|byte| *byte == b' ');
        let method = words.next().is_some_and(is_token);
        method && words.count() == 2 && first.ends_with(b"HTTP/1.1")
    };
    if status.is_none() && (answer || !request()) {
        return Err("the enclosed status line is not HTTP's");
    }
    Ok(Http {
        status,
        headers: Headers::read(lines)?,
    })
}

/// Reads `ICAP/1.0 204 Words`.
fn status(line: &[u8], versions: &[&[u8]]) -> Option<u16> {
    let mut words = line.splitn(3, |byte| *byte == b' ');
    let version = words.next()?;
    let code = words.next()?;
    let digits = code.len() == 3 && code.iter().all(u8::is_ascii_digit);
    if !versions.contains(&version) || !digits {
        return None;
    }
    std::str::from_utf8(code).ok()?.parse().ok()
}

/// Where the enclosed HTTP head is, by the header `Encapsulated` (4.4.1): `res-hdr=0, res-body=137`.
fn enclosed_head(headers: &Headers) -> Result<Option<(usize, usize)>, &'static str> {
    const WRONG: &str = "the header Encapsulated can't be read";
    let mut values = headers.all("encapsulated");
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(WRONG);
    }
    let mut parts: Vec<(&str, usize)> = Vec::new();
    for part in value.split(',') {
        let (name, offset) = part.trim().split_once('=').ok_or(WRONG)?;
        let known = [
            "req-hdr",
            "res-hdr",
            "req-body",
            "res-body",
            "opt-body",
            "null-body",
        ];
        let digits = !offset.is_empty() && offset.bytes().all(|byte| byte.is_ascii_digit());
        if !known.contains(&name) || !digits {
            return Err(WRONG);
        }
        let offset = offset.parse().map_err(|_| WRONG)?;
        let before = parts.last().map(|(_, before)| *before);
        // The first part begins at the beginning, and no head is empty.
        if before.map_or(offset != 0, |before| offset <= before) || offset > LONGEST {
            return Err(WRONG);
        }
        parts.push((name, offset));
    }
    let body_last =
        parts.iter().position(|(name, _)| name.ends_with("body")) == Some(parts.len() - 1);
    if !body_last {
        return Err(WRONG);
    }
    let wanted = ["res-hdr", "req-hdr"];
    let at = wanted
        .iter()
        .find_map(|name| parts.iter().position(|(part, _)| part == name));
    Ok(at.map(|at| (parts[at].1, parts[at + 1].1)))
}
