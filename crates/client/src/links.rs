//! The link of a package, as it stands in a mail.

use reqwest::Url;

use crate::{Error, Result};

/// The two halves of a link: who to ask, and what to say.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// The server's address, without a path.
    pub server: Url,
    /// What stands behind the `#`.
    pub secret: String,
}

impl Link {
    /// Parses `https://host/p#SECRET`.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::Usage(
                "that is not the link of a package; it looks like https://HOST/p#SECRET".to_owned(),
            )
        };
        let mut server = Url::parse(text.trim()).map_err(|_| wrong())?;
        let secret = server.fragment().unwrap_or_default().to_owned();
        let path = server.path().trim_end_matches('/');
        let base = path.strip_suffix("/p").ok_or_else(wrong)?.to_owned();
        if secret.is_empty()
            || !secret
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b))
        {
            return Err(wrong());
        }
        server.set_fragment(None);
        server.set_query(None);
        server.set_path(&base);
        Ok(Self { server, secret })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_taken_apart() {
        let link = Link::parse(" https://files.example.org/p#sofie_abc-1 ")
            .unwrap_or_else(|_| panic!("parses"));
        assert_eq!(link.server.as_str(), "https://files.example.org/");
        assert_eq!(link.secret, "sofie_abc-1");
        for wrong in [
            "",
            "p#x",
            "https://h/p",
            "https://h/r#x",
            "https://h/p#",
            "https://h/p#a b",
        ] {
            assert!(Link::parse(wrong).is_err(), "{wrong}");
        }
    }
}
