//! `Content-Disposition` (RFC 6266) with names from people.

use std::fmt::Write as _;

use axum::http::HeaderValue;

/// Builds the header that makes a browser save a file, never show it: an ASCII fall-back and the real name in
/// UTF-8 (RFC 8187), both made safe first.
#[must_use]
pub fn attachment(name: &str) -> HeaderValue {
    let name = sofie_domain::safe_name(name);
    let ascii: String = name
        .chars()
        .map(|c| {
            if c.is_ascii() && !c.is_ascii_control() && !matches!(c, '"' | '\\' | '%') {
                c
            } else {
                '_'
            }
        })
        .collect();
    let mut header = format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''");
    for byte in name.bytes() {
        // attr-char of RFC 8187 §3.2.1.
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            header.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(header, "%{byte:02X}");
        }
    }
    HeaderValue::try_from(header).unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_one_parameter() {
        for name in [
            "a\"; filename=evil.html; x=\"",
            "a\r\nSet-Cookie: x=1",
            "žluťoučký kůň.pdf",
            "..\\..\\x.exe",
            "invoice\u{202E}fdp.exe",
            "%0d%0a",
            "a;b=c",
            "",
            "💣.zip",
        ] {
            let header = attachment(name);
            let text = header.to_str().unwrap();
            assert!(
                text.is_ascii() && text.starts_with("attachment; filename=\""),
                "{text}"
            );
            assert_eq!(text.matches("filename=\"").count(), 1, "{text}");
            assert_eq!(text.matches('"').count(), 2, "{text}");
            assert!(!text.contains(['\r', '\n', '\u{202E}']));
        }
        assert_eq!(
            attachment("kůň.pdf").to_str().unwrap(),
            "attachment; filename=\"k__.pdf\"; filename*=UTF-8''k%C5%AF%C5%88.pdf"
        );
    }
}
