//! Lines and headers.

use super::LONGEST;

/// A head with its empty line, and what follows it.
type Split<'a> = (&'a [u8], &'a [u8]);

/// Splits off a head; none while there is no empty line yet.
pub(super) fn split(bytes: &[u8]) -> Result<Option<Split<'_>>, &'static str> {
    let mut at = 0;
    while let Some(length) = bytes[at..].iter().position(|byte| *byte == b'\n') {
        let line = &bytes[at..at + length];
        at += length + 1;
        if at > LONGEST {
            return Err("the head is too long");
        }
        if line.is_empty() || line == b"\r" {
            return Ok(Some(bytes.split_at(at)));
        }
    }
    if bytes.len() > LONGEST {
        return Err("the head is too long");
    }
    Ok(None)
}

/// The lines of a head, up to the empty one. They end by CR LF; LF alone is taken too, as many clients do.
#[derive(Debug, Clone)]
pub(super) struct Lines<'a>(&'a [u8]);

impl<'a> Lines<'a> {
    pub(super) fn of(head: &'a [u8]) -> Self {
        Self(head)
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|byte| *byte == b'\n')?;
        let line = &self.0[..end];
        self.0 = &self.0[end + 1..];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        (!line.is_empty()).then_some(line)
    }
}

/// Headers in their order; names in small letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Headers(Vec<(String, String)>);

impl Headers {
    /// Reads all lines; one that is no header spoils the whole.
    pub(super) fn read(lines: Lines<'_>) -> Result<Self, &'static str> {
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            if let [b' ' | b'\t', ..] = line {
                // Goes on with the line before it (X-Violations-Found does).
                let (_, value) = headers.last_mut().ok_or("a header begins with its end")?;
                value.push(' ');
                value.push_str(text(line.trim_ascii())?);
                continue;
            }
            let colon = line.iter().position(|byte| *byte == b':');
            let (name, value) = line.split_at(colon.ok_or("a header has no colon")?);
            if !is_token(name) {
                return Err("a header has no name");
            }
            let name = text(name)?.to_ascii_lowercase();
            headers.push((name, text(value[1..].trim_ascii())?.to_owned()));
        }
        Ok(Self(headers))
    }

    /// All values of a header.
    pub(in super::super) fn all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> {
        let same = move |(one, _): &&(String, String)| one.eq_ignore_ascii_case(name);
        self.0.iter().filter(same).map(|(_, value)| value.as_str())
    }

    /// The only value of a header; none if there are several.
    pub(in super::super) fn one(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(one, _)| one == name);
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value.as_str())
    }

    /// All of them.
    pub(in super::super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Values may hold what is not UTF-8, ESET's names of threats for one; control characters they may not.
fn text(bytes: &[u8]) -> Result<&str, &'static str> {
    if bytes
        .iter()
        .any(|byte| byte.is_ascii_control() && *byte != b'\t')
    {
        return Err("a header has control characters");
    }
    std::str::from_utf8(bytes).map_err(|_| "a header is not UTF-8")
}

/// Tells whether bytes are a name (RFC 9110, 5.6.2).
pub(in super::super) fn is_token(bytes: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty() && bytes.iter().all(allowed)
}
