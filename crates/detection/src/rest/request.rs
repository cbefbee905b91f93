//! The question, as an administrator described it.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use crate::config::{Config, Fault};
use crate::engine::Scan;
use crate::http::{self, Form, Frame};

/// Headers that say how the question is sent, which is ours to know.
const OURS: [&str; 6] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "te",
    "transfer-encoding",
];

/// How a file is handed over.
#[derive(Debug)]
pub(super) struct Question {
    pub method: Method,
    path: String,
    /// The name of its part of a form; none if the file is all there is.
    part: Option<String>,
    pub headers: HeaderMap,
}

impl Question {
    pub(super) fn read(config: &Config) -> Result<Self, Fault> {
        let path = config.text("path");
        if !is_path(path, "{name}") {
            return Err(Fault::invalid("path"));
        }
        let part = config.text("part");
        let plain = |symbol: char| symbol.is_ascii_alphanumeric() || "-_.[]".contains(symbol);
        if !part.chars().all(plain) {
            return Err(Fault::invalid("part"));
        }
        let method = match config.text("method") {
            "PUT" => Method::PUT,
            _ => Method::POST,
        };
        Ok(Self {
            method,
            path: path.to_owned(),
            part: (config.text("body") == "multipart").then(|| part.to_owned()),
            headers: headers(config)?,
        })
    }

    /// Where a file goes.
    pub(super) fn url(&self, server: &Url, scan: &Scan) -> Url {
        at(server, &self.path, ("{name}", &scan.meta.name))
    }

    /// What stands around a file, and what that is called; none if there is no chance for a border.
    pub(super) fn frame(&self, scan: &Scan) -> Option<(Frame, String)> {
        let Some(part) = &self.part else {
            let kind = "application/octet-stream".to_owned();
            return Some((Frame::only(Form::Plain), kind));
        };
        http::multipart(&[], (part, &scan.meta.name))
    }
}

/// The address of a path at a server, with a value in a place of it. It is the same server whatever the value.
pub(super) fn at(server: &Url, path: &str, (place, value): (&str, &str)) -> Url {
    let path = path.replace(place, &http::percent(value));
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path.as_str(), None),
    };
    let mut url = server.clone();
    url.set_path(path);
    url.set_query(query);
    url
}

/// Whether a text is a path at a server, with no place for a value but this one.
pub(super) fn is_path(text: &str, place: &str) -> bool {
    let rest = text.replace(place, "");
    let plain = |symbol: char| symbol.is_ascii_graphic() && !"\\#{}".contains(symbol);
    text.starts_with('/') && !text.starts_with("//") && rest.chars().all(plain)
}

fn headers(config: &Config) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    for text in config.list("headers") {
        let (name, value) = header(text).ok_or(Fault::invalid("headers"))?;
        headers.append(name, value);
    }
    if !config.text("token").is_empty() {
        let name = name(config.text("token_header")).ok_or(Fault::invalid("token_header"))?;
        headers.insert(name, http::secret(config, "token")?);
    }
    Ok(headers)
}

fn header(text: &str) -> Option<(HeaderName, HeaderValue)> {
    let (header, value) = text.split_once(':')?;
    Some((name(header)?, value.trim().parse().ok()?))
}

fn name(text: &str) -> Option<HeaderName> {
    let name: HeaderName = text.parse().ok()?;
    // How the content is called goes with its form.
    let ours = OURS.contains(&name.as_str()) || name == CONTENT_TYPE;
    (!ours).then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_value_leads_to_another_server(value: String) {
            let server: Url = "https://scanner.example.org:8443".parse().unwrap();
            for path in ["/jobs/{job}", "/{job}?id={job}"] {
                prop_assume!(is_path(path, "{job}"));
                let url = at(&server, path, ("{job}", &value));
                prop_assert_eq!(url.origin(), server.origin());
                prop_assert!(url.fragment().is_none());
            }
        }
    }
}
