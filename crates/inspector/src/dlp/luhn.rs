//! Numbers of payment cards: prefixes and lengths of the schemes, and the checksum of
//! ISO/IEC 7812-1, annex B.

/// Whether digits (as numbers) are those of a card.
pub fn is_card(digits: &[u8]) -> bool {
    is_issued(digits) && is_luhn(digits)
}

fn is_luhn(digits: &[u8]) -> bool {
    let weigh = |(at, digit): (usize, &u8)| {
        let doubled = u32::from(*digit) * 2;
        match at % 2 {
            0 => u32::from(*digit),
            _ => doubled / 10 + doubled % 10,
        }
    };
    let sum: u32 = digits.iter().rev().enumerate().map(weigh).sum();
    sum.is_multiple_of(10)
}

/// Whether a scheme has cards with this beginning and of this length.
fn is_issued(digits: &[u8]) -> bool {
    let Some(head) = digits.first_chunk::<4>() else {
        return false;
    };
    let prefix = head
        .iter()
        .fold(0, |sum, digit| sum * 10 + u32::from(*digit));
    match prefix {
        // Visa
        4000..=4999 => matches!(digits.len(), 13 | 16 | 19),
        // Mastercard
        5100..=5599 | 2221..=2720 => digits.len() == 16,
        // American Express
        3400..=3499 | 3700..=3799 => digits.len() == 15,
        // Discover, UnionPay, JCB
        6011 | 6440..=6599 | 6200..=6299 | 3528..=3589 => (16..=19).contains(&digits.len()),
        // Diners Club
        3000..=3059 | 3095 | 3600..=3699 | 3800..=3999 => digits.len() == 14,
        // Maestro
        5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763 => (13..=19).contains(&digits.len()),
        _ => false,
    }
}
