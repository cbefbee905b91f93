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

/// A `ContentInfo` of signed data, with these bytes behind the digests' names.
fn signed(content: &[u8]) -> Vec<u8> {
    let wrap = |tag: u8, content: &[u8]| -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82, length[0], length[1]][..], content].concat()
    };
    let inner = [b"\x02\x01\x01\x31\0".as_slice(), &wrap(0x30, content)].concat();
    let id = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
    let whole = wrap(0xa0, &wrap(0x30, &inner));
    wrap(0x30, &[id.as_slice(), &whole].concat())
}

const DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";

/// What is signed lies within the signature.
fn opaque() -> Vec<u8> {
    signed(&[DATA, b"\xa0\x06\x04\x04text"].concat())
}

/// The same with lengths that only an end mark tells.
fn open_ended(carried: bool) -> Vec<u8> {
    let mut bytes = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02".to_vec();
    bytes.extend(b"\xa0\x80\x30\x80\x02\x01\x01\x31\x80\x30\x80\x05\0\0\0\0\0\x30\x80");
    bytes.extend(DATA);
    if carried {
        bytes.extend(b"\xa0\x80\x04\x04text\0\0");
    }
    bytes.extend([0; 8]);
    bytes
}

#[test]
fn what_is_signed_within_a_signature_is_not_clean() {
    let enveloped = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0\x80";
    let unopened = "container-not-supported";
    for (content, expected) in [
        (opaque(), vec![unopened]),
        (signed(DATA), vec![]),
        (open_ended(true), vec![unopened]),
        (open_ended(false), vec![]),
        (opaque()[..30].to_vec(), vec![unopened]),
        (enveloped.to_vec(), vec!["encrypted-message"]),
    ] {
        assert_eq!(names(&inspect("smime.p7m", &content)), expected);
        let part = attached("filename=smime.p7m", &content);
        let certificates = part.replace("octet-stream", "pkcs7-mime; smime-type=certs-only");
        for part in [part, certificates] {
            assert_eq!(names(&inspect("m.eml", &message(&[part]))), expected);
        }
        let armour = format!(
            "Words\n-----BEGIN PKCS7-----\n{}\n-----END PKCS7-----\nmore\n",
            base64(&content)
        );
        assert_eq!(names(&inspect("a.txt", armour.as_bytes())), expected);
    }
    let mail = attached("filename=smime.p7m", b"what is this")
        .replace("octet-stream", "pkcs7-mime; smime-type=signed-data");
    assert_eq!(
        found(&inspect("m.eml", &message(&[mail])), "mail-not-opened").outcome,
        Outcome::Unsupported
    );
    let armour = b"-----BEGIN CMS-----\nAAAA\n-----END CMS-----\n";
    assert_eq!(names(&inspect("a.pem", armour)), ["armour-damaged"]);
}

#[test]
fn pgp_messages_are_encrypted() {
    let armour = "-----BEGIN PGP MESSAGE-----\n\nhQEMA0\n-----END PGP MESSAGE-----\n";
    let packet = b"\x85\x01\x0c\x03\x11\x22\x33\x44\x55\x66\x77\x88\x01\x07\xff";
    let binary = inspect("a.gpg", packet);
    assert_eq!(names(&binary), ["encrypted-message"]);
    assert_eq!(binary.findings[0].outcome, Outcome::Encrypted);
    let cases = [
        ("a.asc", armour.to_owned()),
        ("a.txt", format!("Dear reader,\n\n{armour}Bye\n")),
        ("m.eml", format!("{HEADER}\r\n{armour}")),
        ("m.eml", format!("{HEADER}\r\nWords\r\n{armour}")),
        (
            "m.eml",
            format!("{HEADER}Content-Type: text/html\r\n\r\n<html>\n{armour}</html>\n"),
        ),
    ];
    for (name, text) in cases {
        assert_eq!(
            names(&inspect(name, text.as_bytes())),
            ["encrypted-message"],
            "{text}"
        );
    }
    assert_clean("a.asc", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\nmQEN\n");
}

#[test]
fn what_is_outside_of_all_parts_is_looked_at() {
    let body = multipart("=_b1", &[text_part()]);
    let file = uuencode("e.txt", &eicar());
    let preamble = body.replace("This is a message", &format!("{file}\nThis is a message"));
    let report = inspect("m.eml", format!("{HEADER}{preamble}").as_bytes());
    assert_eq!(
        found(&report, "eicar-test-file").object,
        "m.eml/outside-1.txt/e.txt"
    );
    let epilogue = format!("{HEADER}{body}\r\nBye.\r\n{file}");
    let report = inspect("m.eml", epilogue.as_bytes());
    assert_eq!(
        found(&report, "eicar-test-file").object,
        "m.eml/outside-2.txt/e.txt"
    );
    let header = "Content-Disposition: attachment; filename=a.exe\r\n";
    let hidden = format!("{HEADER}{body}{header}\r\nMZ\r\n");
    found(&inspect("m.eml", hidden.as_bytes()), "mail-hidden-part");
    let between = format!(
        "{HEADER}{}",
        multipart("=_b1", &[multipart("=_b2", &[text_part()]) + header])
    );
    found(&inspect("m.eml", between.as_bytes()), "mail-hidden-part");
}

#[test]
fn a_multipart_without_parts_is_suspicious() {
    let never = "Content-Type: multipart/mixed; boundary=never\r\n\r\nWords\r\n";
    let inner = multipart("=_b1", &[never.to_owned()]);
    let closed = format!("{never}--never--\r\n");
    for text in [never, inner.as_str(), &closed] {
        let report = inspect("m.eml", format!("{HEADER}{text}").as_bytes());
        assert!(matches!(
            found(&report, "mail-missing-parts").outcome,
            Outcome::Suspicious { .. }
        ));
    }
}

#[test]
fn files_in_bodies_are_found_whatever_the_body_seems_to_be() {
    let file = uuencode("e.txt", &eicar());
    for start in [
        "{\"a\": 1}",
        "<html>",
        "#!/bin/sh",
        "GIF89a",
        "\u{1}\0",
        "\u{2}",
    ] {
        for media in ["", "Content-Type: text/html\r\n"] {
            let mail = format!("{HEADER}{media}\r\n{start}\r\n{file}");
            let report = inspect("m.eml", mail.as_bytes());
            assert!(
                found(&report, "eicar-test-file").object.ends_with("/e.txt"),
                "{start}"
            );
        }
    }
}

#[test]
fn files_in_bodies_of_another_kind_are_suspicious() {
    let file = uuencode("e.txt", &eicar());
    for start in [
        format!("{}%PDF-1.4", " ".repeat(1000)),
        "{\\rtf1 x}".to_owned(),
    ] {
        let mail = format!("{HEADER}\r\n{start}\r\n{file}");
        found(&inspect("m.eml", mail.as_bytes()), "mail-hidden-part");
        let mail = format!("{HEADER}\r\n{start}\r\nbegin with this\r\n");
        assert_clean("m.eml", mail.as_bytes());
    }
    // Whatever its subject, a message is a message.
    let nested =
        format!("Content-Type: message/rfc822\r\n\r\n{HEADER}Subject: %PDF-\r\n\r\n{file}");
    found(
        &inspect("m.eml", &message(std::slice::from_ref(&nested))),
        "eicar-test-file",
    );
    let odd = nested.replacen("\r\n\r\nFrom", "\r\n\r\n%PDF-: x\r\nFrom", 1);
    found(&inspect("m.eml", &message(&[odd])), "type-mismatch");
    // A message in the text of another is opened like one.
    let mail = format!("{HEADER}\r\n{HEADER}\r\nWords\r\n{file}");
    let report = inspect("m.eml", mail.as_bytes());
    assert_eq!(names(&report), ["eicar-test-file"]);
}

#[test]
fn text_beside_a_uuencoded_file_is_suspicious() {
    let file = uuencode("a.txt", b"text\n");
    let part = |text: &str| {
        let mail = format!("{HEADER}Content-Transfer-Encoding: x-uuencode\r\n\r\n{text}");
        names(&inspect("m.eml", mail.as_bytes())).join(" ")
    };
    assert_eq!(part(&format!("\n{file}\n \n")), "");
    let twice = format!("{file}{file}");
    let nested = file.replacen('\n', "\nbegin 644 b.txt\n", 1);
    let others = [format!("hidden\n{file}"), format!("{file}hidden\n")];
    for text in others.iter().chain([&twice, &nested]) {
        assert_eq!(part(text), "mail-uuencode-ambiguous", "{text}");
    }
}

#[test]
fn all_names_of_a_part_are_compared() {
    let mail = |names: &str| message(&[attached(names, b"text\n")]);
    for odd in [
        "filename=\"run.js\"; filename*=UTF-8''notes.txt",
        "filename*=UTF-8''notes.txt; filename*0=run.js",
        "filename=notes.txt; filename=run.js",
        "filename=notes; filename*=UTF-8''run.js",
    ] {
        found(&inspect("m.eml", &mail(odd)), "mail-two-names");
    }
    for plain in [
        "filename=\"p?loha.TXT\"; filename*=UTF-8''p%C5%99%C3%ADloha.txt",
        "filename=scan; filename*=UTF-8''sk%C3%A9n",
    ] {
        assert_clean("m.eml", &mail(plain));
    }
}

#[test]
fn names_that_nobody_gave_promise_nothing() {
    let binary = attached("x", b"\0\x01\x02\x03").replace("octet-stream", "x");
    let part = binary.replace("application/x", "text/plain");
    assert_clean("m.eml", &message(&[part]));
    let named = attached("filename=a.txt", b"\0\x01\x02\x03");
    assert_eq!(
        names(&inspect("m.eml", &message(&[named]))),
        ["type-mismatch"]
    );
}

#[test]
fn long_headers_of_encoded_words_take_no_time() {
    let words = "=?a?b?x".repeat(70_000);
    let mail =
        format!("{HEADER}Content-Disposition: attachment; filename=\"{words}\"\r\n\r\nx\r\n");
    let start = std::time::Instant::now();
    inspect("m.eml", mail.as_bytes());
    assert!(start.elapsed().as_secs() < 2, "{:?}", start.elapsed());
}

#[test]
fn lines_that_only_seem_to_announce_a_file_take_no_time() {
    let content = "begin 644 x\nnot so\n".repeat(1 << 20);
    let start = std::time::Instant::now();
    assert_clean("a.txt", content.as_bytes());
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}
