//! Texts that people write: titles, notes, reasons.

use unicode_normalization::UnicodeNormalization;

/// The text does not fit its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// The field needs a text.
    #[error("the text is empty")]
    Empty,
    /// The text has more characters than the field takes.
    #[error("the text is longer than {max} characters")]
    TooLong {
        /// The most characters that the field takes.
        max: usize,
    },
    /// The text has a control character that the field does not take.
    #[error("the text has a control character")]
    Control,
}

fn parse(text: &str, max: usize, lines: bool) -> Result<String, InvalidText> {
    let text: String = text.trim().nfc().collect::<String>().replace("\r\n", "\n");
    if text.chars().count() > max {
        return Err(InvalidText::TooLong { max });
    }
    let allowed = |c: char| lines && matches!(c, '\n' | '\t');
    if text.chars().any(|c| c.is_control() && !allowed(c)) {
        return Err(InvalidText::Control);
    }
    Ok(text)
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident { max: $max:expr, lines: $lines:expr, empty: $empty:expr };)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Default)]
        pub struct $name(String);

        impl $name {
            /// The most characters that the field takes.
            pub const MAX: usize = $max;

            /// Parses what a person wrote: trimmed, NFC, bounded.
            pub fn parse(text: &str) -> Result<Self, InvalidText> {
                let text = parse(text, Self::MAX, $lines)?;
                if text.is_empty() && !$empty {
                    return Err(InvalidText::Empty);
                }
                Ok(Self(text))
            }

            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )+};
}

texts! {
    /// The title of a package or a request; one line, may be empty.
    Title { max: 200, lines: false, empty: true };
    /// The note of a package or a request; plain text of many lines, may be empty.
    Note { max: 10_000, lines: true, empty: true };
    /// Why an administrator did something; never empty.
    Reason { max: 1_000, lines: true, empty: false };
    /// The name of a person; one line, never empty.
    PersonName { max: 200, lines: false, empty: false };
    /// The name of a group; one line, never empty.
    GroupName { max: 100, lines: false, empty: false };
    /// What administrators say of a group; plain text of many lines, may be empty.
    GroupNote { max: 1_000, lines: true, empty: true };
    /// What somebody calls an API token; one line, never empty.
    TokenName { max: 100, lines: false, empty: false };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold() {
        assert_eq!(Title::parse(" a ").unwrap().as_str(), "a");
        assert_eq!(Title::parse("a\nb"), Err(InvalidText::Control));
        assert_eq!(
            Title::parse(&"é".repeat(201)),
            Err(InvalidText::TooLong { max: 200 })
        );
        assert!(Title::parse(&"é".repeat(200)).is_ok());
        assert_eq!(Note::parse("a\r\nb").unwrap().as_str(), "a\nb");
        assert_eq!(Reason::parse("  "), Err(InvalidText::Empty));
    }
}
