//! What begins with a letter or a hyphen: account numbers, tokens, keys, labels.

use super::config::Detector;
use super::numbers::Hit;
use super::people;
use super::rules::Rules;

/// What begins with the letter or hyphen at `start`.
pub fn at(rules: &Rules, text: &[u8], start: usize) -> Option<Hit> {
    let begins = start.checked_sub(1).is_none_or(|before| {
        let byte = text[before];
        !byte.is_ascii_alphanumeric() && byte != b'_' && !(byte == b'-' && text[start] == b'-')
    });
    if !begins {
        return None;
    }
    let rest = &text[start..];
    let find = |detector, length: Option<usize>| {
        let end = start + length.filter(|_| rules.has(detector))?;
        Some(Hit { detector, end })
    };
    let company = || {
        let length = tax_id(text, start)?;
        find(Detector::CompanyId, Some(length))
    };
    find(Detector::Token, token(rest))
        .or_else(|| find(Detector::Iban, iban(rest)))
        .or_else(|| find(Detector::Label, label(rest)))
        .or_else(|| find(Detector::PrivateKey, private_key(rest)))
        .or_else(company)
}

/// How many bytes at the front fit.
fn run(text: &[u8], fits: impl Fn(u8) -> bool) -> usize {
    const LONGEST: usize = 300;
    let longest = &text[..text.len().min(LONGEST)];
    longest.iter().take_while(|byte| fits(**byte)).count()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// A CZ tax id: the company id behind its country.
fn tax_id(text: &[u8], start: usize) -> Option<usize> {
    let digits = text[start..].strip_prefix(b"CZ")?;
    if run(digits, is_word) != 8 || !digits[..8].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let values: Vec<u8> = digits[..8].iter().map(|byte| byte - b'0').collect();
    people::is_company_id(&values, people::before(text, start)).then_some(10)
}

/// A service's token: what it begins with, how long the rest is at least and at most, and
/// whether the rest may have hyphens and low lines.
struct Service {
    prefix: &'static [u8],
    least: usize,
    most: usize,
    marks: bool,
}

const fn service(prefix: &'static [u8], least: usize, most: usize, marks: bool) -> Service {
    Service {
        prefix,
        least,
        most,
        marks,
    }
}

static SERVICES: &[Service] = &[
    service(b"AKIA", 16, 16, false),
    service(b"ASIA", 16, 16, false),
    service(b"AIza", 35, 35, true),
    service(b"ghp_", 36, 255, false),
    service(b"gho_", 36, 255, false),
    service(b"ghu_", 36, 255, false),
    service(b"ghs_", 36, 255, false),
    service(b"ghr_", 36, 255, false),
    service(b"github_pat_", 50, 255, true),
    service(b"glpat-", 20, 255, true),
    service(b"xoxb-", 20, 255, true),
    service(b"xoxp-", 20, 255, true),
    service(b"xoxa-", 20, 255, true),
    service(b"xoxr-", 20, 255, true),
    service(b"xoxs-", 20, 255, true),
    service(b"sk_live_", 24, 255, false),
    service(b"rk_live_", 24, 255, false),
];

fn token(text: &[u8]) -> Option<usize> {
    let service = SERVICES.iter().find(|it| text.starts_with(it.prefix))?;
    let rest = &text[service.prefix.len()..];
    let length = run(rest, |byte| is_word(byte) || service.marks && byte == b'-');
    let body = &rest[..length];
    let mut seen = [false; 256];
    for byte in body {
        seen[usize::from(*byte)] = true;
    }
    // A row of x in a manual is no token; nor is the key in the manual of its service.
    let random = seen.iter().filter(|seen| **seen).count() >= 8;
    let amazon = service.most == 16;
    let upper = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let fits = (service.least..=service.most).contains(&length)
        && (service.marks || !body.contains(&b'_'))
        && (!amazon || body.iter().all(upper) && !body.ends_with(b"EXAMPLE"));
    (fits && random).then_some(service.prefix.len() + length)
}

/// Countries and lengths of the IBAN registry (ISO 13616, SWIFT).
static COUNTRIES: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NL", 18),
    (b"NO", 15),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"SA", 24),
    (b"SC", 31),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
];

/// An IBAN in one piece or in groups of four: the country's length, and ISO/IEC 7064, MOD 97-10.
fn iban(text: &[u8]) -> Option<usize> {
    let head = text.first_chunk::<4>()?;
    let country = [head[0], head[1]];
    if !head[2].is_ascii_digit() || !head[3].is_ascii_digit() {
        return None;
    }
    let (_, length) = COUNTRIES.iter().find(|(code, _)| **code == country)?;
    let is_one = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let mut symbols = Vec::with_capacity(*length);
    let mut at = 0;
    while symbols.len() < *length {
        let blank = match text.get(at..) {
            Some([b' ', ..]) => 1,
            Some([0xc2, 0xa0, ..]) => 2,
            _ => 0,
        };
        // Groups are of four, so what stands behind a shorter one is another word.
        if blank > 0 && (symbols.is_empty() || symbols.len() % 4 != 0) {
            return None;
        }
        at += blank;
        symbols.push(*text.get(at).filter(|byte| is_one(byte))?);
        at += 1;
    }
    if text.get(at).is_some_and(|byte| is_word(*byte)) {
        return None;
    }
    let turned = symbols[4..].iter().chain(&symbols[..4]);
    let rest = turned.fold(0_u32, |rest, symbol| match symbol {
        b'0'..=b'9' => (rest * 10 + u32::from(symbol - b'0')) % 97,
        _ => (rest * 100 + u32::from(symbol - b'A') + 10) % 97,
    });
    (rest == 1).then_some(at)
}

/// Words in capitals, in English and Czech (UTF-8, and what Windows-1250 and ISO 8859-2 share),
/// and the marks of the Traffic Light Protocol; a longer one before its own beginning.
static LABELS: &[&[u8]] = &[
    b"CONFIDENTIAL",
    b"TOP SECRET",
    b"INTERNAL USE ONLY",
    b"VYHRAZEN\xc3\x89",
    b"VYHRAZEN\xc9",
    b"D\xc5\xaeV\xc4\x9aRN\xc3\x89",
    b"D\xd9V\xccRN\xc9",
    b"TAJN\xc3\x89",
    b"TAJN\xc9",
    b"P\xc5\x98\xc3\x8dSN\xc4\x9a TAJN\xc3\x89",
    b"P\xd8\xcdSN\xcc TAJN\xc9",
    b"TLP:RED",
    b"TLP:AMBER+STRICT",
    b"TLP:AMBER",
];

fn label(text: &[u8]) -> Option<usize> {
    let label = LABELS.iter().find(|label| text.starts_with(label))?;
    let goes_on = text.get(label.len());
    let whole = !goes_on.is_some_and(|byte| is_word(*byte) || *byte >= 0x80);
    whole.then_some(label.len())
}

/// The header of a private key (RFC 7468, RFC 1421, OpenPGP, OpenSSH) with content behind it.
fn private_key(text: &[u8]) -> Option<usize> {
    const LONGEST_LABEL: usize = 40;
    let rest = text.strip_prefix(b"-----BEGIN ")?;
    let label = run(rest, |byte| byte.is_ascii_uppercase() || byte == b' ');
    let kind = rest[..label]
        .strip_suffix(b" BLOCK")
        .unwrap_or(&rest[..label]);
    if label > LONGEST_LABEL || !kind.ends_with(b"PRIVATE KEY") {
        return None;
    }
    let behind = rest[label..].strip_prefix(b"-----")?;
    // Line ends are also written as \n in configuration files.
    let blank = run(behind, |byte| byte.is_ascii_whitespace() || byte == b'\\');
    let behind = &behind[blank..];
    let behind = behind
        .strip_prefix(b"r\\n")
        .or(behind.strip_prefix(b"n"))
        .unwrap_or(behind);
    let base64 = run(behind, |byte| {
        byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
    });
    let field = [&b"Proc-Type:"[..], b"Version:", b"Comment:", b"DEK-Info:"]
        .iter()
        .any(|field| behind.starts_with(field));
    (base64 >= 24 || field).then_some(11 + label + 5)
}
