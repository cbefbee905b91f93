//! Why a store said no, in one line.

use std::{error::Error, fmt};

/// As much of an error as an administrator can use: the store's own code and words if it gave some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reason {
    code: Option<String>,
    text: String,
}

/// No line of a log is longer.
const LONGEST: usize = 400;

impl Reason {
    pub(super) fn of(error: &dyn Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let more = error.to_string();
            if !text.contains(&more) {
                text = format!("{text}: {more}");
            }
            cause = error.source();
        }
        Self::from_text(&text)
    }

    fn from_text(text: &str) -> Self {
        let code = element(text, "Code").map(str::to_owned);
        let text = match &code {
            Some(code) => match element(text, "Message") {
                Some(message) => format!("{code}: {message}"),
                None => code.clone(),
            },
            None => text.to_owned(),
        };
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let cut = text
            .char_indices()
            .nth(LONGEST)
            .map_or(text.len(), |(at, _)| at);
        Self {
            code,
            text: text[..cut].to_owned(),
        }
    }

    /// The code of the store's answer, such as `AccessDenied`.
    pub(super) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Whether there is no room left, in the words of several makers.
    pub(super) fn is_full(&self) -> bool {
        const FULL: &[&str] = &[
            "InsufficientCapacity",
            "InsufficientStorage",
            "QuotaExceeded",
            "StorageFull",
            "XMinioAdminBucketQuotaExceeded",
            "XMinioStorageFull",
        ];
        self.code().is_some_and(|code| FULL.contains(&code))
            || self.text.contains("507 Insufficient Storage")
    }
}

/// The text of an element of the XML in an answer.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (found, _) = rest.split_once(&format!("</{name}>"))?;
    Some(found)
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Reason {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stores_own_words_are_kept_and_the_rest_is_not() {
        let answer = "Server returned non-2xx status code: 403 Forbidden: <?xml version=\"1.0\"?><Error><Code>\
                      SignatureDoesNotMatch</Code><Message>The key is wrong</Message><StringToSign>AWS4</StringToSign></Error>";
        let reason = Reason::from_text(answer);
        assert_eq!(reason.code(), Some("SignatureDoesNotMatch"));
        assert_eq!(
            reason.to_string(),
            "SignatureDoesNotMatch: The key is wrong"
        );
        assert!(!reason.is_full());
        let plain = Reason::from_text(&"connection  refused\n".repeat(100));
        assert!(plain.to_string().len() <= LONGEST);
        assert!(Reason::from_text("<Code>XMinioStorageFull</Code>").is_full());
    }
}
