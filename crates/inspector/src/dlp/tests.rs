use std::rc::Rc;

use proptest::prelude::*;

use super::config::{Detector, Dlp, DlpError};
use super::extract::Form;
use super::rules::Rules;
use super::scan::{Hits, Reader};

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|&line| line.to_owned()).collect()
}

fn rules(detectors: &[&str], expressions: &[&str]) -> Rc<Rules> {
    let dlp = Dlp::parse(&lines(detectors), &lines(expressions)).unwrap();
    Rc::new(Rules::compile(&dlp).unwrap())
}

fn all() -> Rc<Rules> {
    rules(&Detector::ALL.map(Detector::id), &[])
}

/// The hits by name, the bytes coming in pieces of this size.
fn search(rules: &Rc<Rules>, form: Form, text: &[u8], pieces: usize) -> Vec<(String, Hits)> {
    let mut reader = Reader::new(Rc::clone(rules), form, text);
    for piece in text.chunks(pieces) {
        reader.see(piece);
    }
    let mut hits: Vec<_> = reader
        .finish()
        .into_iter()
        .map(|(rule, hits)| (rules.finding(rule).into_owned(), hits))
        .collect();
    hits.sort_by(|one, other| one.0.cmp(&other.0));
    hits
}

/// Names and counts.
fn counts(form: Form, text: &[u8]) -> Vec<(String, u64)> {
    let hits = search(&all(), form, text, 4096);
    hits.into_iter()
        .map(|(name, hits)| (name, hits.count))
        .collect()
}

fn one(name: &str) -> Vec<(String, u64)> {
    vec![(format!("dlp-{name}"), 1)]
}

/// Put together at run time, so that no scanner of sources takes them for real ones.
fn secret(front: &str, rest: &str) -> String {
    format!("{front}{rest}")
}

fn key() -> String {
    format!(
        "-----BEGIN RSA {} KEY-----\nMIIEowIBAAKCAQEAvnbS1k3S0m9qYtV0\n",
        "PRIVATE"
    )
}

/// Numbers that schemes, issuers and standards publish as examples.
fn positives() -> Vec<(&'static str, String)> {
    let plain: &[(&str, &str)] = &[
        ("card", "pay with 4111111111111111 please"),
        ("card", "4111 1111 1111 1111"),
        ("card", "4111-1111-1111-1111, 12/27"),
        ("card", "4111 1111 1111 1111 12/27"),
        ("card", "4111\u{a0}1111\u{a0}1111\u{a0}1111"),
        ("card", "1,5555555555554444,Jan"),
        ("card", "pan=2223003122003222;"),
        ("card", "3782 822463 10005"),
        ("card", "371449635398431."),
        ("card", "30569309025904"),
        ("card", "3530111333300000"),
        ("card", "6011111111111117"),
        ("card", "Karta: 4222 222 222 222"),
        ("iban", "IBAN GB82 WEST 1234 5698 7654 32"),
        ("iban", "DE89370400440532013000"),
        ("iban", "(CZ65 0800 0000 1920 0014 5399)"),
        ("iban", "SK3112000000198742637541"),
        ("birth-number", "r. č. 736028/5163"),
        ("birth-number", "780123/3540"),
        ("birth-number", "rodné číslo 450101/123"),
        ("company-id", "IČO: 25596641"),
        ("company-id", "ičo 255 96 641"),
        ("company-id", "DIČ: CZ25596641"),
        ("steuer-id", "Steuer-ID 86095742719"),
        ("steuer-id", "IdNr. 47 036 892 816"),
        ("pesel", "PESEL: 44051401359"),
        ("ssn", "SSN 123-45-6789"),
        ("label", "This is CONFIDENTIAL."),
        ("label", "PŘÍSNĚ TAJNÉ"),
        ("label", "DŮVĚRNÉ\n"),
        ("label", "[TLP:AMBER+STRICT]"),
    ];
    let mut all: Vec<_> = plain
        .iter()
        .map(|(id, text)| (*id, (*text).to_owned()))
        .collect();
    let long = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
    all.extend([
        ("token", secret("AKIA", "Z7QH2LMN4RST8VWX")),
        ("token", secret("ghp_", long)),
        ("token", secret("github_pat_", &format!("{long}{long}"))),
        ("token", secret("token: glpat-", "x9Yz-8Wv7Ut6Sr5Qp4On")),
        ("token", secret("xoxb-", "123456789012-abcdefghijkl")),
        (
            "token",
            secret("AIza", "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q"),
        ),
        ("token", secret("sk_live_", &long[..24])),
        ("private-key", key()),
        ("private-key", key().replace('\n', "\\n")),
        ("private-key", key().replace("RSA ", "OPENSSH ")),
    ]);
    all
}

#[test]
fn every_sample_is_found_by_its_own_detector_alone() {
    for (id, text) in positives() {
        assert_eq!(counts(Form::Plain, text.as_bytes()), one(id), "{text}");
        let own = search(&rules(&[id], &[]), Form::Plain, text.as_bytes(), 7);
        assert_eq!(own.len(), 1, "{text}");
        let others = Detector::ALL.map(Detector::id);
        let others: Vec<&str> = others.into_iter().filter(|other| *other != id).collect();
        let none = search(&rules(&others, &[]), Form::Plain, text.as_bytes(), 7);
        assert_eq!(none, [], "{text}");
    }
}

#[test]
fn what_only_looks_like_it_is_not_found() {
    let negatives = [
        // Wrong checksums, lengths and prefixes.
        "4111111111111112",
        "4111 1111 1111 1112",
        "1234567812345670",
        "411111111111111",
        "GB82 WEST 1234 5698 7654 33",
        "ZZ82 WEST 1234 5698 7654 32",
        "736028/5164",
        "731328/5163",
        "450101/123",
        "r.č. 540101/123",
        "IČO: 25596642",
        "Steuer-ID 86095742718",
        "PESEL: 44051401358",
        "666-45-6789, 900-45-6789, 123-00-6789, 123-45-0000, 078-05-1120",
        // The number without its word.
        "25596641 and 86095742719 and 44051401359",
        // Other numbers.
        "550e8400-e29b-41d4-a716-446655440000",
        "0.4111111111111111",
        "x4111111111111111",
        "41111111111111111111",
        "1111 4111 1111 1111 1111",
        "4111 1111 1111 1111 1111",
        "1700000000000 2026-11-27T10:51:21.000000 +420 601 234 567",
        "sha256 = 4d7a1f00112233445566778899aabbccddeeff00112233445566778899aabbcc",
        "https://example.org/4111/1111/1111/1111",
        // Words in other words, small letters, words about keys.
        "confidential Confidential CONFIDENTIALITY NON_CONFIDENTIAL TAJNÉHO TLP:GREEN",
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n",
        "it starts with -----BEGIN PRIVATE KEY----- and ends",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx AKIAIOSFODNN7EXAMPLE ghp_[A-Za-z0-9]{36}",
    ];
    for text in negatives {
        assert_eq!(counts(Form::Plain, text.as_bytes()), [], "{text}");
    }
}

#[test]
fn source_code_and_lock_files_give_no_hit() {
    let code = concat!(include_str!("scan.rs"), include_str!("words.rs"));
    let lock = include_str!("../../../../Cargo.lock");
    let quiet = rules(
        &["card", "iban", "birth-number", "company-id", "steuer-id"],
        &[],
    );
    let loud = rules(&["pesel", "ssn", "private-key", "token"], &[]);
    for text in [code, lock] {
        assert_eq!(search(&quiet, Form::Plain, text.as_bytes(), 9999), []);
        assert_eq!(search(&loud, Form::Plain, text.as_bytes(), 9999), []);
    }
}

#[test]
fn text_is_read_out_of_its_encoding_and_markup() {
    let cases: &[(Form, &[u8])] = &[
        (Form::Markup, b"<p>4111<b>1111</b>11111111</p>"),
        (Form::Markup, b"<w:t>4111 1111</w:t></w:r><w:r><w:rPr><w:sz w:val=\"2\"/></w:rPr><w:t> 1111 1111</w:t>"),
        (Form::Markup, b"<row><c><v>1</v></c><c><v>4111111111111111</v></c><c><v>2</v></c></row>"),
        (Form::Markup, b"<!-- 4111111111111111 -->"),
        (Form::Markup, b"a < b &amp; &#52;111&nbsp;1111&#xa0;1111 1111"),
        (Form::Markup, b"<text:p>4111<text:s/>1111<text:s/>1111<text:span>&#x20;1111</text:span></text:p>"),
        (Form::Rtf, b"{\\rtf1\\ansi 4111{\\b 1111}1111\\'31111\\par}"),
        (Form::Rtf, b"{\\rtf1 \\u52?111\\_1111\\_1111\\_1111\\cell 5}"),
        (Form::Header, b"Subject: 4111111111111111\r\nTo: a@b\r\n\r\n5555555555554444"),
        (Form::Plain, b"\xe8\xed 4111111111111111 \xfd"),
        (Form::Plain, b"stray \0 4111111111111111"),
    ];
    for (form, text) in cases {
        assert_eq!(counts(*form, text), one("card"), "{}", text.escape_ascii());
    }
    assert_eq!(
        counts(Form::Markup, b"<c>4111</c><c>1111</c><c>11111111</c>"),
        []
    );
    let units = "Karta 4111111111111111".encode_utf16();
    let little: Vec<u8> = units.clone().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units.flat_map(u16::to_be_bytes).collect();
    for text in [&little, &big] {
        assert_eq!(counts(Form::Plain, text), one("card"));
    }
    assert_eq!(
        counts(Form::Plain, &[b"\xff\xfe", &little[..]].concat()),
        one("card")
    );
    assert_eq!(
        counts(Form::Plain, b"P\xd8\xcdSN\xcc TAJN\xc9"),
        one("label")
    );
}

#[test]
fn a_match_is_kept_as_its_mask_alone() {
    for (id, text) in positives() {
        let hits = search(&all(), Form::Plain, text.as_bytes(), 4096);
        let tail = &hits[0].1.tail;
        assert!(tail.chars().count() <= 4, "{id}: {tail}");
        let hidden = matches!(id, "private-key" | "label");
        assert_eq!(tail.is_empty(), hidden, "{id}: {tail}");
    }
    let expressions = rules(&[], &["short: ab[0-9]"]);
    let hits = search(&expressions, Form::Plain, b"ab1", 1);
    assert_eq!(hits[0].1.tail, "1");
}

#[test]
fn expressions_are_linear_bounded_and_never_empty() {
    let found = rules(&[], &["project: ^project-[0-9]+\\b", "word: (?i)secret"]);
    let text = b"project-1\nx project-2\nproject-33 Secret";
    let hits = search(&found, Form::Plain, text, 5);
    let counts: Vec<_> = hits
        .iter()
        .map(|(name, hits)| (name.as_str(), hits.count))
        .collect();
    assert_eq!(counts, [("dlp-regex-project", 2), ("dlp-regex-word", 1)]);

    let parse = |line: &str| Dlp::parse(&[], &lines(&[line])).unwrap_err();
    let wrong = DlpError::Expression("a".to_owned());
    for line in [
        "a: (",
        "a: x*",
        "a:",
        "a: (?:x{1000}){1000}",
        "a: (x)\\1",
        "a: x(?=y)",
    ] {
        assert_eq!(parse(line), wrong, "{line}");
    }
    assert_eq!(parse(&format!("a: {}", "x".repeat(1001))), wrong);
    for line in ["no name", "A: x", ": x", "a b: x"] {
        assert_eq!(parse(line), DlpError::Name(1), "{line}");
    }
    let twice = Dlp::parse(&[], &lines(&["a: x", "a: y"])).unwrap_err();
    assert_eq!(twice, DlpError::Name(2));
    let many: Vec<String> = (0..51).map(|number| format!("n{number}: x")).collect();
    assert_eq!(Dlp::parse(&[], &many).unwrap_err(), DlpError::Many);
}

#[test]
fn detectors_are_named_once_with_a_threshold_from_one_on() {
    let parse = |words: &[&str]| Dlp::parse(&lines(words), &[]);
    assert!(parse(&["card", "iban:3"]).is_ok_and(|dlp| !dlp.is_off()));
    assert!(parse(&[]).is_ok_and(|dlp| dlp.is_off()));
    for words in [["card", "card"], ["card", "cards"]] {
        assert_eq!(parse(&words), Err(DlpError::Detector(words[1].to_owned())));
    }
    for word in ["card:0", "card:x", "card:", "card:1000001", "card:-1"] {
        assert_eq!(parse(&[word]), Err(DlpError::Threshold("card".to_owned())));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Wherever the borders of pieces and windows are, as much is found.
    #[test]
    fn borders_hide_nothing(
        lead in 0_usize..70_000,
        between in 0_usize..3_000,
        pieces in 1_usize..70_000,
        which in any::<prop::sample::Index>(),
    ) {
        let samples = positives();
        let (id, text) = which.get(&samples);
        let blank = |count| " . ".repeat(count / 3);
        let text = [blank(lead), text.clone(), blank(between), text.clone()].join("\n");
        let hits = search(&all(), Form::Plain, text.as_bytes(), pieces);
        let found: Vec<_> = hits.into_iter().map(|(name, hits)| (name, hits.count)).collect();
        prop_assert_eq!(found, [(format!("dlp-{id}"), 2)]);
    }

    #[test]
    fn noise_is_survived_and_borders_change_nothing(
        noise in prop::collection::vec(prop::sample::select(b"0123456789 -/<>&;#\\{}u'\r\nAIKZx.".to_vec()), 0..600),
        pieces in 1_usize..100,
    ) {
        for form in [Form::Plain, Form::Markup, Form::Rtf, Form::Header] {
            let whole = search(&all(), form, &noise, 10_000);
            prop_assert_eq!(whole, search(&all(), form, &noise, pieces));
        }
    }
}
