//! The setting `clamd.address`.

use std::path::Path;

use sofie_detection::clamd::Endpoint;

/// Where clamd is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// Nowhere: there is no antivirus.
    Off,
    /// A local one, if there is one.
    Auto,
    /// Here. What could not be read is left out; an empty list is an engine that never answers.
    At(Vec<Endpoint>),
}

impl Address {
    /// Reads the setting.
    pub(super) fn parse(text: &str) -> Self {
        match text.trim() {
            "" | "off" => Self::Off,
            "auto" => Self::Auto,
            list => Self::At(
                list.split(',')
                    .filter_map(|one| endpoint(one.trim()))
                    .collect(),
            ),
        }
    }

    /// Returns a local one at a path.
    pub(super) fn local(path: &Path) -> Vec<Endpoint> {
        vec![Endpoint::Unix(path.to_owned())]
    }
}

fn endpoint(text: &str) -> Option<Endpoint> {
    let found = match text.split_once(':') {
        Some(("unix", path)) if path.starts_with('/') => Some(Endpoint::Unix(path.into())),
        Some(("tcp", address)) if address.contains(':') => Some(Endpoint::Tcp(address.to_owned())),
        _ => None,
    };
    if found.is_none() {
        tracing::warn!(
            setting = "clamd.address",
            "an address of clamd is neither unix:/path nor tcp:host:port"
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_mistakes_are_no_permission() {
        assert_eq!(Address::parse("off"), Address::Off);
        assert_eq!(Address::parse(" auto "), Address::Auto);
        let both = Address::parse("unix:/run/a, tcp:scan.example.org:3310");
        let Address::At(endpoints) = both else {
            panic!("{both:?}")
        };
        assert_eq!(
            endpoints,
            [
                Endpoint::Unix("/run/a".into()),
                Endpoint::Tcp("scan.example.org:3310".into())
            ]
        );
        // A typing error must not switch the antivirus off.
        for wrong in ["on", "unix:relative", "tcp:host", "http://x", ","] {
            assert_eq!(Address::parse(wrong), Address::At(vec![]), "{wrong}");
        }
    }
}
