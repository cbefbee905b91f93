//! Inner doors for `sofie-fuzz`; no part of the interface.

use crate::{links::Link, names};

/// The folders and the name that a path from the server becomes on this machine.
pub fn safe_parts(path: &str) -> Vec<String> {
    names::safe_parts(path)
}

/// A name as the terminal shows it.
pub fn printable(name: &str) -> String {
    names::printable(name)
}

/// Address of the server and secret out of a link.
pub fn link(text: &str) -> Option<(String, String)> {
    let link = Link::parse(text).ok()?;
    Some((link.server.into(), link.secret))
}
