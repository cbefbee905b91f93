//! The embedded front end.

use std::borrow::Cow;

use rust_embed::RustEmbed;
use sofie_api::FrontEnd;

/// Every file that the front end's build left, with its compressed twins.
#[derive(RustEmbed)]
#[folder = "$SOFIE_FRONTEND"]
struct Files;

/// The front end in this binary.
#[derive(Clone, Copy, Debug)]
pub struct Embedded;

impl FrontEnd for Embedded {
    fn file(&self, path: &str) -> Option<Cow<'static, [u8]>> {
        Files::get(path).map(|file| file.data)
    }
}

/// Whether the front end was built before this binary; without it there is a page that says so.
pub fn is_built() -> bool {
    env!("SOFIE_FRONTEND_BUILT") == "true"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_a_page() {
        let page = Embedded.file("index.html").unwrap();
        assert!(String::from_utf8_lossy(&page).contains("<title>SOFiE</title>"));
        assert!(Embedded.file("../Cargo.toml").is_none());
    }
}
