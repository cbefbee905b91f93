//! Text out of RTF: control words go, and those that end a line leave its end.

/// Longest control word with its number.
const LONGEST_WORD: usize = 34;

/// Between two bytes of RTF.
#[derive(Debug, Default)]
pub struct Rtf {
    /// A control word that began with a backslash.
    word: Option<Vec<u8>>,
    /// A character that stands for the one before it.
    skip: bool,
}

impl Rtf {
    pub(super) fn byte(&mut self, byte: u8, text: &mut Vec<u8>) {
        let Some(mut word) = self.word.take() else {
            match byte {
                b'\\' => self.word = Some(Vec::new()),
                b'{' | b'}' | b'\r' | b'\n' => {}
                _ => self.show(byte, text),
            }
            return;
        };
        let letters = word.first().is_none_or(u8::is_ascii_alphabetic);
        let goes_on = match byte {
            b'\'' => word.is_empty(),
            b'-' | b'0'..=b'9' => !word.is_empty() && letters,
            _ => byte.is_ascii_alphabetic() && letters && !word.iter().any(u8::is_ascii_digit),
        };
        if word.first() == Some(&b'\'') && word.len() < 3 {
            word.push(byte);
            if word.len() < 3 {
                self.word = Some(word);
            } else if let Some(byte) = hex(&word[1..]) {
                self.show(byte, text);
            }
            return;
        }
        if goes_on && word.len() < LONGEST_WORD {
            word.push(byte);
            self.word = Some(word);
            return;
        }
        if word.is_empty() {
            // A symbol behind a backslash.
            match byte {
                b'~' => self.show(b' ', text),
                b'_' => self.show(b'-', text),
                b'\\' | b'{' | b'}' => self.show(byte, text),
                _ => {}
            }
            return;
        }
        self.control(&word, text);
        // One blank ends a word and belongs to it.
        if byte != b' ' {
            self.byte(byte, text);
        }
    }

    fn show(&mut self, byte: u8, text: &mut Vec<u8>) {
        if !std::mem::take(&mut self.skip) {
            text.push(byte);
        }
    }

    fn control(&mut self, word: &[u8], text: &mut Vec<u8>) {
        let digits = word.iter().position(|byte| !byte.is_ascii_alphabetic());
        let (name, number) = word.split_at(digits.unwrap_or(word.len()));
        match name {
            b"par" | b"line" | b"tab" | b"cell" | b"row" | b"sect" | b"page" => text.push(b'\n'),
            b"u" => {
                let code: i32 = std::str::from_utf8(number)
                    .ok()
                    .and_then(|text| text.parse().ok())
                    .unwrap_or_default();
                // Units above 32767 are written as negative numbers.
                let symbol = u32::try_from(code & 0xffff).ok().and_then(char::from_u32);
                let mut buffer = [0; 4];
                let encoded = symbol.unwrap_or('\u{fffd}').encode_utf8(&mut buffer);
                text.extend_from_slice(encoded.as_bytes());
                self.skip = true;
            }
            _ => {}
        }
    }
}

fn hex(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
