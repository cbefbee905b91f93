//! Numbers in text: where one begins and ends, and which detector it belongs to.

use super::config::Detector;
use super::rules::Rules;
use super::{luhn, people};

/// The most groups of digits that a number of interest has.
const MOST_GROUPS: usize = 6;
/// The most digits that a number of interest has.
const MOST_DIGITS: usize = 20;

/// What was found: by which detector, and where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    pub detector: Detector,
    pub end: usize,
}

/// A number: groups of digits with the same separator between them.
struct Number {
    digits: [u8; MOST_DIGITS],
    count: usize,
    /// How many digits each group has, and where it ends.
    groups: [(usize, usize); MOST_GROUPS],
    grouped: usize,
}

/// What stands for the separator at the front of `text`, a blank or a hyphen, and its length.
fn separator(text: &[u8]) -> (u8, usize) {
    match text {
        [mark @ (b' ' | b'-'), ..] => (*mark, 1),
        // No-break space in UTF-8.
        [0xc2, 0xa0, ..] => (b' ', 2),
        // Narrow spaces, then hyphens and dashes in UTF-8.
        [0xe2, 0x80, 0x87..=0x8a | 0xaf, ..] => (b' ', 3),
        [0xe2, 0x80, 0x90..=0x93, ..] => (b'-', 3),
        _ => (0, 0),
    }
}

impl Number {
    /// Reads on from `start`, where a digit is.
    fn read(text: &[u8], start: usize) -> Self {
        let mut number = Self {
            digits: [0; MOST_DIGITS],
            count: 0,
            groups: [(0, 0); MOST_GROUPS],
            grouped: 0,
        };
        let mut at = start;
        let mut between = None;
        while number.grouped < MOST_GROUPS {
            let begin = at;
            while let Some(digit) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
                let Some(slot) = number.digits.get_mut(number.count) else {
                    return number;
                };
                *slot = digit - b'0';
                number.count += 1;
                at += 1;
            }
            number.groups[number.grouped] = (at - begin, at);
            number.grouped += 1;
            let (own, length) = separator(&text[at..]);
            let goes_on = text.get(at + length).is_some_and(u8::is_ascii_digit);
            if length == 0 || !goes_on || between.is_some_and(|between| between != own) {
                break;
            }
            between = Some(own);
            at += length;
        }
        number
    }

    /// The first `groups` groups: their digits and their end.
    fn front(&self, groups: usize) -> (&[u8], usize) {
        let all = &self.groups[..groups];
        let count: usize = all.iter().map(|(count, _)| count).sum();
        let end = all.last().map_or(0, |(_, end)| *end);
        (&self.digits[..count], end)
    }

    /// Whether the groups begin with groups of these lengths.
    fn begins(&self, lengths: &[usize]) -> bool {
        let own = self.groups[..self.grouped].iter().map(|(count, _)| count);
        own.clone().count() >= lengths.len() && own.zip(lengths).all(|(own, it)| own == it)
    }

    /// Exactly `count` digits in the first groups together.
    fn digits(&self, count: usize) -> Option<(&[u8], usize)> {
        (1..=self.grouped)
            .map(|groups| self.front(groups))
            .find(|(digits, _)| digits.len() == count)
    }
}

/// Whether a number may begin at `start`: not within a word, a fraction, a path or a code with
/// hyphens such as a UUID.
fn may_begin(text: &[u8], start: usize) -> bool {
    let before = |back: usize| start.checked_sub(back).and_then(|at| text.get(at)).copied();
    let is_word = |byte: Option<u8>| byte.is_some_and(|it| it.is_ascii_alphanumeric());
    match before(1) {
        None => true,
        Some(b'_') => false,
        Some(b'-' | b'/' | b'+') => !is_word(before(2)),
        Some(b'.') => !before(2).is_some_and(|byte| byte.is_ascii_digit()),
        Some(byte) => !byte.is_ascii_alphanumeric(),
    }
}

/// Whether a number may end before `end`.
pub fn may_end(text: &[u8], end: usize) -> bool {
    let next = text.get(end + 1);
    match text.get(end) {
        None => true,
        Some(b'_') => false,
        Some(b'-' | b'.' | b'/' | b'+') => !next.is_some_and(u8::is_ascii_alphanumeric),
        Some(byte) => !byte.is_ascii_alphanumeric(),
    }
}

/// What begins with the digit at `start`.
pub fn at(rules: &Rules, text: &[u8], start: usize) -> Option<Hit> {
    if !may_begin(text, start) {
        return None;
    }
    let number = Number::read(text, start);
    if number.count < 6 {
        // Too short, but for the first part of a social security number.
        let ssn = number.begins(&[3, 2]);
        if !ssn {
            return None;
        }
    }
    let on = |detector| rules.has(detector);
    let hit = |detector, end| Hit { detector, end };
    let card = || card(text, start, &number).map(|end| hit(Detector::Card, end));
    let birth = || people::birth_number(text, start).map(|end| hit(Detector::BirthNumber, end));
    let ssn = || ssn(text, &number).map(|end| hit(Detector::Ssn, end));
    let company = || near(text, start, &number, 8, people::is_company_id);
    let pesel = || near(text, start, &number, 11, people::is_pesel);
    let steuer = || near(text, start, &number, 11, people::is_steuer_id);
    let found = on(Detector::Card).then(card).flatten();
    let found = found.or_else(|| on(Detector::BirthNumber).then(birth).flatten());
    let found = found.or_else(|| on(Detector::Ssn).then(ssn).flatten());
    let found = found.or_else(|| {
        let end = on(Detector::CompanyId).then(company).flatten()?;
        Some(hit(Detector::CompanyId, end))
    });
    let found = found.or_else(|| {
        let end = on(Detector::Pesel).then(pesel).flatten()?;
        Some(hit(Detector::Pesel, end))
    });
    found.or_else(|| {
        let end = on(Detector::SteuerId).then(steuer).flatten()?;
        Some(hit(Detector::SteuerId, end))
    })
}

/// A card's number in one piece, or in the groups that are embossed.
fn card(text: &[u8], start: usize, number: &Number) -> Option<usize> {
    static GROUPS: [&[usize]; 4] = [&[4, 6, 5], &[4, 6, 4], &[4, 3, 3, 3], &[4, 4, 4, 4]];
    let (digits, end) = number.front(1);
    if (13..=19).contains(&digits.len()) {
        return (may_end(text, end) && luhn::is_card(digits)).then_some(end);
    }
    let groups = GROUPS.into_iter().find(|groups| number.begins(groups))?;
    let goes_on = number.grouped > groups.len();
    let next = number.groups[groups.len()].0;
    if goes_on && next == 4 || groups[1] == 4 && follows_four(text, start) {
        // A column of numbers, not a card.
        return None;
    }
    let fits = |groups: usize| {
        let (digits, end) = number.front(groups);
        let good = may_end(text, end) && luhn::is_card(digits);
        good.then_some(end)
    };
    let longer = goes_on && groups[1] == 4 && next < 4;
    fits(groups.len()).or_else(|| longer.then(|| fits(groups.len() + 1)).flatten())
}

/// Whether another group of four digits stands before.
fn follows_four(text: &[u8], start: usize) -> bool {
    let before = &text[start.saturating_sub(6)..start];
    let [rest @ .., b' '] = before else {
        return false;
    };
    rest.last_chunk::<4>()
        .is_some_and(|group| group.iter().all(u8::is_ascii_digit))
}

/// Ranges by the Social Security Administration: no area 000, 666 and from 900 on, no group 00,
/// no serial number 0000.
fn ssn(text: &[u8], number: &Number) -> Option<usize> {
    let (digits, end) = number.front(number.grouped.min(3));
    if !number.begins(&[3, 2, 4]) || !may_end(text, end) {
        return None;
    }
    let first = end.checked_sub(5)?;
    let second = end.checked_sub(8)?;
    if text.get(first) != Some(&b'-') || text.get(second) != Some(&b'-') {
        return None;
    }
    let value = |part: &[u8]| part.iter().fold(0, |sum, it| sum * 10 + u32::from(*it));
    let (area, group, serial) = (
        value(&digits[..3]),
        value(&digits[3..5]),
        value(&digits[5..]),
    );
    // Two numbers that were printed as samples.
    let sample = matches!((area, group, serial), (78, 5, 1120) | (219, 9, 9999));
    let issued = !matches!(area, 0 | 666 | 900..) && group > 0 && serial > 0;
    (issued && !sample).then_some(end)
}

/// A number of `count` digits that means something only beside a word.
fn near(
    text: &[u8],
    start: usize,
    number: &Number,
    count: usize,
    is_one: fn(&[u8], &[u8]) -> bool,
) -> Option<usize> {
    let (digits, end) = number.digits(count)?;
    let words = people::before(text, start);
    (may_end(text, end) && is_one(digits, words)).then_some(end)
}
