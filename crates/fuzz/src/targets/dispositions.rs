//! `Content-Disposition`: always one file to save, under exactly the safe name.

use sofie_api::fuzzing::attachment;
use sofie_domain::safe_name;

fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        if *first == b'%' {
            let (digits, more) = rest.split_at_checked(2)?;
            bytes.extend(hex::decode(digits).ok()?);
            rest = more;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

pub(crate) fn run(data: &[u8]) {
    let name = String::from_utf8_lossy(data);
    let header = attachment(&name);
    let text = header.to_str().expect("the header is ASCII");
    let rest = text.strip_prefix("attachment; filename=\"");
    let (plain, real) = rest
        .and_then(|rest| rest.split_once("\"; filename*=UTF-8''"))
        .expect("the header has its two names");
    let quoted = |c: char| c.is_ascii_control() || matches!(c, '"' | '\\' | '/' | '%');
    assert!(!plain.is_empty() && !plain.contains(quoted), "{text}");
    assert!(!real.contains(['"', ';', ' ', ',', '\'']), "{text}");
    assert_eq!(
        decoded(real).as_deref(),
        Some(safe_name(&name).as_str()),
        "{text}"
    );
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    [
        "report.pdf",
        "a\"; filename=evil.html; x=\"",
        "a\r\nSet-Cookie: x=1",
        "žluťoučký kůň.pdf",
        "%0d%0a",
        "",
    ]
    .map(|name| name.as_bytes().to_vec())
    .to_vec()
}
