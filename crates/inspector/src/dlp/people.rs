//! Numbers of people and companies; each has the checksum that its issuer gave it.
//! The sources are in `docs/manual/dlp.md`.

use super::numbers::may_end;

/// How far before a number a word that gives it a meaning may stand.
const NEAR: usize = 48;

/// The bytes before a number in which its word may stand.
pub fn before(text: &[u8], start: usize) -> &[u8] {
    &text[start.saturating_sub(NEAR)..start]
}

/// Whether one of `words` (lowercase) begins a word of `text`.
fn has_word(text: &[u8], words: &[&[u8]]) -> bool {
    let lower = text.to_ascii_lowercase();
    words.iter().any(|word| {
        memchr::memmem::find_iter(&lower, word).any(|at| {
            let before = at.checked_sub(1).map(|at| lower[at]);
            !before.is_some_and(|byte| byte.is_ascii_alphanumeric())
        })
    })
}

/// Whether one of `words` (lowercase) stands in `text` as a whole.
fn has_whole_word(text: &[u8], words: &[&[u8]]) -> bool {
    let lower = text.to_ascii_lowercase();
    words.iter().any(|word| {
        memchr::memmem::find_iter(&lower, word).any(|at| {
            let before = at.checked_sub(1).map(|at| lower[at]);
            let behind = lower.get(at + word.len());
            let joins = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
            !before.is_some_and(joins) && !behind.is_some_and(|byte| joins(*byte))
        })
    })
}

/// `IČO`, `IČ` and `DIČ` with and without the caron, in UTF-8, Windows-1250 and ISO 8859-2.
static COMPANY: &[&[u8]] = &[
    b"i\xc4\x8co",
    b"i\xc4\x8do",
    b"i\xc8o",
    b"i\xe8o",
    b"ico",
    b"i\xc4\x8c",
    b"i\xc4\x8d",
    b"i\xc8",
    b"i\xe8",
    b"di\xc4\x8c",
    b"di\xc4\x8d",
    b"di\xc8",
    b"di\xe8",
    b"dic",
];

/// A Czech or Slovak company id beside its word: weights 8 to 2, modulo 11.
pub fn is_company_id(digits: &[u8], words: &[u8]) -> bool {
    let weights = (2..=8).rev();
    let sum: u32 = weights.zip(digits).map(|(w, d)| w * u32::from(*d)).sum();
    let check = (11 - sum % 11) % 10;
    digits.iter().any(|digit| *digit > 0)
        && digits.last().is_some_and(|last| u32::from(*last) == check)
        && has_whole_word(words, COMPANY)
}

/// A PESEL beside its word: weights 1 3 7 9, and a date whose month tells the century.
pub fn is_pesel(digits: &[u8], words: &[u8]) -> bool {
    const WEIGHTS: [u32; 10] = [1, 3, 7, 9, 1, 3, 7, 9, 1, 3];
    let pairs = WEIGHTS.into_iter().zip(digits);
    let sum: u32 = pairs.map(|(w, d)| w * u32::from(*d)).sum();
    let check = (10 - sum % 10) % 10;
    let [_, _, tens, ones, day_tens, day_ones, ..] = digits else {
        return false;
    };
    let month = (tens % 2) * 10 + ones;
    digits.last().is_some_and(|last| u32::from(*last) == check)
        && is_day(month, day_tens * 10 + day_ones)
        && has_word(words, &[b"pesel"])
}

/// A German tax id beside its word: ISO/IEC 7064, MOD 11,10, and one digit of the first ten
/// that is there twice or three times.
pub fn is_steuer_id(digits: &[u8], words: &[u8]) -> bool {
    let [front @ .., last] = digits else {
        return false;
    };
    let mut counts = [0_u8; 10];
    let mut product = 10;
    for digit in front {
        counts[usize::from(*digit)] += 1;
        let sum = (u32::from(*digit) + product) % 10;
        product = if sum == 0 { 10 } else { sum } * 2 % 11;
    }
    let check = (11 - product) % 10;
    let repeated = counts.iter().filter(|count| **count > 1).count();
    let most = counts.into_iter().max().unwrap_or(0);
    front.first() != Some(&0)
        && repeated == 1
        && most <= 3
        && check == u32::from(*last)
        && has_word(
            words,
            &[
                b"steuer",
                b"idnr",
                b"id-nr",
                b"identifikationsnummer",
                b"tin",
            ],
        )
}

/// `rodné číslo` and its short forms, as they begin in UTF-8, Windows-1250 and ISO 8859-2.
static BIRTH: &[&[u8]] = &[
    b"rodn",
    b"r.c.",
    b"r. c.",
    b"r.\xc4\x8d",
    b"r. \xc4\x8d",
    b"r\xc4\x8c",
    b"r\xc4\x8d",
    b"r.\xe8",
    b"r. \xe8",
    b"r\xc8",
    b"r\xe8",
];

/// A birth number with its slash, and where it ends. Ten digits are divisible by 11; until 1985
/// some have the remainder 10 in the first nine and 0 behind. Nine digits (births before 1954)
/// have no checksum, so they count only beside their word.
pub fn birth_number(text: &[u8], start: usize) -> Option<usize> {
    let front = text.get(start..start + 6)?;
    let rest = text.get(start + 6..)?.strip_prefix(b"/")?;
    let count = rest.iter().take(5).take_while(|byte| byte.is_ascii_digit());
    let count = count.count();
    let digit = |byte: &u8| byte.wrapping_sub(b'0');
    if !matches!(count, 3 | 4) || !front.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let end = start + 7 + count;
    let pair = |at: usize| digit(&front[at]) * 10 + digit(&front[at + 1]);
    let (year, month, day) = (pair(0), pair(2), pair(4));
    let month = match month {
        51..=62 => month - 50,
        21..=32 if year >= 4 => month - 20,
        71..=82 if year >= 4 => month - 70,
        _ => month,
    };
    if !may_end(text, end) || !is_day(month, day) {
        return None;
    }
    let all = front.iter().chain(&rest[..count]).map(digit);
    let value = all.fold(0_u64, |sum, digit| sum * 10 + u64::from(digit));
    let good = if count == 3 {
        year < 54 && value % 1000 > 0 && has_word(before(text, start), BIRTH)
    } else {
        let exception =
            (54..=85).contains(&year) && value / 10 % 11 == 10 && value.is_multiple_of(10);
        value.is_multiple_of(11) || exception
    };
    good.then_some(end)
}

fn is_day(month: u8, day: u8) -> bool {
    let longest = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=longest).contains(&day)
}
