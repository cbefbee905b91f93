//! Mail and files written into text (DET-5).

use sofie_inspector::{Outcome, eicar};

use super::build::{deflated, zip};
use super::{assert_clean, found, inspect, names};

pub fn base64(content: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for (index, group) in content.chunks(3).enumerate() {
        let mut bits = 0_u32;
        (0..3).for_each(|at| bits = bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            text.push(if digit > group.len() {
                '='
            } else {
                DIGITS[value as usize].into()
            });
        }
        if index % 19 == 18 {
            text.push_str("\r\n");
        }
    }
    text
}

fn uuencode(name: &str, content: &[u8]) -> String {
    let digit = |value: u32| {
        char::from(u8::try_from(value & 63).unwrap() + b' ')
            .to_string()
            .replace(' ', "`")
    };
    let mut text = format!("begin 644 {name}\n");
    for line in content.chunks(45) {
        text += &digit(u32::try_from(line.len()).unwrap());
        for group in line.chunks(3) {
            let mut bits = 0_u32;
            (0..3).for_each(|at| bits = bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
            (0..4).for_each(|at| text += &digit(bits >> (18 - 6 * at)));
        }
        text.push('\n');
    }
    text + "`\nend\n"
}

fn quoted(content: &[u8]) -> String {
    let escapes: Vec<String> = content.iter().map(|byte| format!("={byte:02X}")).collect();
    escapes.concat()
}

const HEADER: &str = "From: a@example.org\r\nTo: b@example.org\r\nSubject: =?utf-8?B?xI0=?=\r\nMIME-Version: 1.0\r\n";

fn multipart(boundary: &str, parts: &[String]) -> String {
    let head = format!(
        "Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\nThis is a message of several parts.\r\n"
    );
    let mut text = vec![head];
    text.extend(
        parts
            .iter()
            .map(|part| format!("--{boundary}\r\n{part}\r\n")),
    );
    text.push(format!("--{boundary}--\r\n"));
    text.concat()
}

fn text_part() -> String {
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGood=20day,=\r\n dear reader.\r\n".to_owned()
}

fn attached(name: &str, content: &[u8]) -> String {
    format!(
        "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; {name}\r\n\r\n{}\r\n",
        base64(content)
    )
}

fn message(parts: &[String]) -> Vec<u8> {
    format!("{HEADER}{}", multipart("=_b1", parts)).into_bytes()
}

#[test]
fn ordinary_messages_are_clean() {
    let archive = zip(&[deflated("a.txt", b"text\n")]);
    let parts = [text_part(), attached("filename=\"a.zip\"", &archive)];
    assert_clean("m.eml", &message(&parts));
    let plain = format!("{HEADER}Content-Type: text/plain\r\n\r\nOnly text.\r\n");
    assert_clean("m.eml", plain.as_bytes());
    assert_clean("m.eml", plain.replace("\r\n", "\n").as_bytes());
    let html = "Content-Type: text/html\r\n\r\n<html><p>x</html>\r\n".to_owned();
    let inner = format!("{}\r\n", multipart("=_b2", &[text_part(), html]));
    assert_clean(
        "m.eml",
        &message(&[inner, attached("filename=a.zip", &archive)]),
    );
    let nested = format!("Content-Type: message/rfc822\r\n\r\n{plain}");
    assert_clean("m.eml", &message(&[text_part(), nested]));
}

#[test]
fn attachments_are_found_whatever_they_are_written_in() {
    let objects = |parts: &[String]| {
        let report = inspect("m.eml", &message(parts));
        found(&report, "eicar-test-file").object.clone()
    };
    assert_eq!(
        objects(&[text_part(), attached("filename=e.txt", &eicar())]),
        "m.eml/e.txt"
    );
    let word = "filename=\"=?utf-8?Q?p=C5=99=C3=ADloha?= =?utf-8?B?LnR4dA==?=\"";
    assert_eq!(objects(&[attached(word, &eicar())]), "m.eml/příloha.txt");
    let split = "filename*0*=utf-8''p%C5%99; filename*1*=%C3%ADloha; filename*2=.txt";
    assert_eq!(objects(&[attached(split, &eicar())]), "m.eml/příloha.txt");
    let archive = zip(&[deflated("e.com", &eicar())]);
    assert_eq!(
        objects(&[attached("filename=a.zip", &archive)]),
        "m.eml/a.zip/e.com"
    );

    let quoted = quoted(&eicar());
    let quoted = format!("Content-Transfer-Encoding: quoted-printable\r\n\r\n{quoted}\r\n");
    assert_eq!(objects(&[quoted]), "m.eml/part-1.txt");
    let uu = format!(
        "Content-Transfer-Encoding: x-uuencode\r\n\r\n{}\r\n",
        uuencode("e", &eicar())
    );
    assert_eq!(objects(&[uu]), "m.eml/part-1.txt");
    let inner = format!(
        "Content-Type: message/rfc822\r\n\r\n{}",
        String::from_utf8(message(&[attached("filename=e.txt", &eicar())]))
            .unwrap()
            .replace("=_b1", "=_b2")
    );
    assert_eq!(objects(&[text_part(), inner]), "m.eml/part-2.eml/e.txt");
    // A message within, packed as no standard allows, but as some programs do it.
    let packed = format!(
        "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        base64(&message(&[attached("filename=e.txt", &eicar())]))
    );
    assert_eq!(objects(&[packed]), "m.eml/part-1.eml/e.txt");
}

#[test]
fn long_quoted_lines_are_decoded_across_pieces() {
    for lead in 4080..4100 {
        let quoted = quoted(&eicar());
        let body = format!(
            "{HEADER}Content-Transfer-Encoding: quoted-printable\r\n\r\n{}{quoted}\r\n",
            "x".repeat(lead)
        );
        found(&inspect("m.eml", body.as_bytes()), "eicar-test-file");
    }
}

#[test]
fn mailboxes_are_opened() {
    let one = message(&[text_part(), attached("filename=e.txt", &eicar())]);
    let mut mailbox = b"From a@example.org Sun Nov 22 20:00:00 2026\r\n".to_vec();
    mailbox.extend(message(&[text_part()]));
    mailbox.extend(b"\r\nFrom b@example.org Sun Nov 22 20:01:00 2026\r\n");
    mailbox.extend(one);
    let report = inspect("a.mbox", &mailbox);
    assert_eq!(
        found(&report, "eicar-test-file").object,
        "a.mbox/message-2.eml/e.txt"
    );
    assert_eq!(report.objects[0].media_type, "application/mbox");
    let cut = String::from_utf8(mailbox).unwrap().replace(
        "text/plain; charset",
        "text/plain;\r\n\r\nFrom x 10:00 2026\r\n charset",
    );
    found(&inspect("a.mbox", cut.as_bytes()), "mbox-odd-message");
}

#[test]
fn messages_are_told_by_name_too() {
    let odd = format!(
        "X-Odd: 1\r\n{}",
        multipart("=_b1", &[attached("filename=e.txt", &eicar())])
    );
    found(&inspect("m.eml", odd.as_bytes()), "eicar-test-file");
}

#[test]
fn what_programs_read_differently_is_suspicious() {
    let suspicious = |text: String, name: &str| {
        let report = inspect("m.eml", text.as_bytes());
        assert!(matches!(
            found(&report, name).outcome,
            Outcome::Suspicious { .. }
        ));
    };
    let body = multipart("=_b1", &[text_part()]);
    let twice = format!("{HEADER}Content-Type: text/plain\r\n{body}");
    suspicious(twice, "mail-duplicate-field");
    suspicious(
        format!(
            "{HEADER}{}",
            body.replace("; boundary", "; boundary=x; boundary")
        ),
        "mail-duplicate-boundary",
    );
    suspicious(
        format!("{HEADER}{}", body.replace("; boundary=\"=_b1\"", "")),
        "mail-missing-boundary",
    );
    suspicious(
        format!(
            "{HEADER}{}",
            body.replace("; boundary=\"=_b1\"", "; boundary=other")
        ),
        "mail-hidden-part",
    );
    suspicious(
        format!(
            "{HEADER}{}",
            body.replace("Content-Type:", "Content-Type :")
        ),
        "mail-odd-field",
    );
    suspicious(
        format!("{HEADER}Content-Transfer-Encoding: base64\r\n{body}"),
        "mail-encoded-multipart",
    );
    suspicious(
        format!("{HEADER}{body}Content-Type: text/plain\r\n\r\nhidden\r\n"),
        "mail-hidden-part",
    );
    suspicious(
        format!(
            "{HEADER}{}",
            body.replace("dear reader.", "dear\r\n--=_b1x\r\n")
        ),
        "mail-odd-boundary",
    );
    suspicious(
        format!("{HEADER}Content-Transfer-Encoding: base64\r\n\r\nTWFu=TWFu\r\n"),
        "mail-base64-ambiguous",
    );
    let two =
        attached("filename=a.exe", b"t\n").replace("octet-stream", "octet-stream; name=a.txt");
    suspicious(
        String::from_utf8(message(&[two])).unwrap(),
        "mail-two-names",
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let encrypted = body_of("multipart/encrypted; protocol=\"application/pgp-encrypted\"");
    assert_eq!(
        found(&inspect("m.eml", &encrypted), "encrypted-mail").outcome,
        Outcome::Encrypted
    );
    let smime = format!(
        "{HEADER}Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nx\r\n"
    );
    found(&inspect("m.eml", smime.as_bytes()), "encrypted-mail");
    let partial = format!("{HEADER}Content-Type: message/partial; number=1\r\n\r\nx\r\n");
    found(&inspect("m.eml", partial.as_bytes()), "mail-partial");
    let unknown = format!("{HEADER}Content-Transfer-Encoding: x-own\r\n\r\nx\r\n");
    found(
        &inspect("m.eml", unknown.as_bytes()),
        "mail-unknown-encoding",
    );
    let deep = (0..40).fold(text_part(), |inner, level| {
        multipart(&format!("b{level}"), &[inner])
    });
    found(
        &inspect("m.eml", format!("{HEADER}{deep}").as_bytes()),
        "depth-limit",
    );
}

fn body_of(media: &str) -> Vec<u8> {
    let body = multipart("=_b1", &[text_part()]);
    format!("{HEADER}{}", body.replace("multipart/mixed", media)).into_bytes()
}

#[test]
fn files_in_text_are_found() {
    let text = format!("Here it is:\n\n{}\nBye.\n", uuencode("e.txt", &eicar()));
    assert_eq!(
        found(&inspect("n.txt", text.as_bytes()), "eicar-test-file").object,
        "n.txt/e.txt"
    );
    let far = format!("{}\nbegin 644 x\n{text}", "line of text\n".repeat(10_000));
    found(&inspect("n.txt", far.as_bytes()), "eicar-test-file");
    let mail = format!("{HEADER}\r\n{text}");
    assert_eq!(
        found(&inspect("m.eml", mail.as_bytes()), "eicar-test-file").object,
        "m.eml/part-1.txt/e.txt"
    );
    let coded = format!("begin-base64 644 e.txt\n{}\n====\n", base64(&eicar()));
    found(&inspect("n.txt", coded.as_bytes()), "eicar-test-file");
    let mut yenc = b"=ybegin line=128 size=68 name=e.txt\r\n".to_vec();
    for byte in eicar() {
        match byte.wrapping_add(42) {
            special @ (0 | b'\n' | b'\r' | b'=') => yenc.extend([b'=', special.wrapping_add(64)]),
            plain => yenc.push(plain),
        }
    }
    yenc.extend(b"\r\n=yend size=68\r\n");
    found(&inspect("n.txt", &yenc), "eicar-test-file");
    found(
        &inspect("n.txt", &[b"words\n".to_vec(), yenc].concat()),
        "eicar-test-file",
    );
    assert_clean(
        "n.txt",
        b"We begin with this.\nbegin 644 times\nand go on\n",
    );
    let damaged = text.replace("`\nend", "\u{7f}\u{7f}");
    assert!(names(&inspect("n.txt", damaged.as_bytes())).contains(&"text-encoded-file-damaged"));
}
