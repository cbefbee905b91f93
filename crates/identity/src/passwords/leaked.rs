//! Passwords that were leaked often (ASVS 5.0 V6.2.4, V6.2.12): a list too long to read, kept as hashes.
//!
//! `scripts/leaked-passwords.py` makes the file and names its sources.

/// What is kept of a password: its length in characters, and a 32-bit hash (FNV-1a, big endian). Few are long, so
/// the longer a text, the less likely it is taken for a listed one by chance.
type Record = [u8; 5];

/// Sorted records of folded passwords.
static LIST: &[u8] = include_bytes!("../../data/leaked-passwords.bin");
const SHORTEST: u8 = 6;
const LONGEST: usize = 24;

/// Returns the length of the longest listed password that a folded text begins with; 0 when there is none.
pub(super) fn longest(text: &[char]) -> usize {
    let (list, _) = LIST.as_chunks::<5>();
    let mut hash = 0x811c_9dc5_u32;
    let mut found = 0;
    for (length, c) in (1_u8..).zip(text.iter().take(LONGEST)) {
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
        let [a, b, c, d] = hash.to_be_bytes();
        let record: Record = [length, a, b, c, d];
        if length >= SHORTEST && list.binary_search(&record).is_ok() {
            found = usize::from(length);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_whole() {
        let (list, rest) = LIST.as_chunks::<5>();
        assert!(rest.is_empty());
        assert!(list.len() > 40_000, "{}", list.len());
        assert!(list.windows(2).all(|pair: &[Record]| pair[0] < pair[1]));
    }

    #[test]
    fn listed_passwords_are_found_folded() {
        for (text, length) in [
            ("manchesterunited", 16),
            ("manchesterunited and more", 16),
            ("kartoffelpuffer", 15),
            ("zqjphsyf6ctifgu", 15),
            ("trustnol", 8),
            ("kuvbrtdghzpm", 0),
            ("", 0),
        ] {
            let text: Vec<char> = text.chars().collect();
            assert_eq!(longest(&text), length, "{text:?}");
        }
    }
}
