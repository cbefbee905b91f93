//! Engines' words, made safe to store and show.

/// `text` without control characters and direction marks, at most `longest` bytes.
pub fn displayable(text: &str, longest: usize) -> String {
    let mut safe = String::new();
    for symbol in text.chars() {
        let hidden = symbol.is_control()
            || matches!(symbol, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let symbol = if hidden { '\u{fffd}' } else { symbol };
        if safe.len() + symbol.len_utf8() > longest {
            break;
        }
        safe.push(symbol);
    }
    safe
}

/// The same for bytes of unknown encoding.
pub fn displayable_bytes(bytes: &[u8], longest: usize) -> String {
    let bytes = &bytes[..bytes.len().min(longest)];
    displayable(&String::from_utf8_lossy(bytes), longest)
}
