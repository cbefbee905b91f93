//! How products differ, as data.

/// How a product is asked, and what of its answers needs to be known beforehand.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub name: &'static str,
    /// The service where the address names none.
    pub service: &'static str,
    pub method: Method,
    /// Headers that are there only when something was found, beside those that all products share.
    pub headers: &'static [&'static str],
    /// An enclosed redirection means a finding.
    pub redirects: bool,
    /// It knows files, or does not; that it says nothing against one means nothing.
    pub reputation: bool,
}

/// How content is enclosed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// As the answer of a server.
    Respmod,
    /// As what a browser sends.
    Reqmod,
}

impl Method {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Respmod => "RESPMOD",
            Self::Reqmod => "REQMOD",
        }
    }
}

const GENERIC: Profile = Profile {
    name: "generic",
    service: "avscan",
    method: Method::Respmod,
    headers: &[],
    redirects: false,
    reputation: false,
};

/// All profiles. Where it is not said otherwise, a service is the one of the vendor's examples.
pub(crate) const PROFILES: &[Profile] = &[
    GENERIC,
    // `force=on`: its own list of types would pass what is not on it, unseen (0.5.10, observed).
    Profile {
        name: "c_icap",
        service: "virus_scan?allow204=on&force=on&sizelimit=off&mode=simple",
        ..GENERIC
    },
    // It redirects the browser to a page of its own.
    Profile {
        name: "squidclamav",
        service: "squidclamav",
        redirects: true,
        ..GENERIC
    },
    Profile {
        name: "eset",
        service: "scan",
        ..GENERIC
    },
    // All its headers and blocking itself are off until a rule switches them on; the self-test tells.
    Profile {
        name: "kaspersky_scan_engine",
        service: "resp",
        ..GENERIC
    },
    Profile {
        name: "kaspersky_kwts",
        service: "av/respmod",
        ..GENERIC
    },
    // It answers "unmodified" while it has no verdict yet.
    Profile {
        name: "fortisandbox",
        service: "respmod",
        reputation: true,
        ..GENERIC
    },
    Profile {
        name: "opswat",
        service: "OMSScanReq-AV",
        method: Method::Reqmod,
        ..GENERIC
    },
    Profile {
        name: "symantec",
        service: "avscan?action=SCAN",
        ..GENERIC
    },
    Profile {
        name: "trend",
        service: "avscan",
        ..GENERIC
    },
    Profile {
        name: "skyhigh",
        service: "respmod",
        headers: &["X-WWBlockResult"],
        ..GENERIC
    },
    Profile {
        name: "sophos",
        service: "sophos",
        ..GENERIC
    },
    Profile {
        name: "withsecure",
        service: "respmod",
        ..GENERIC
    },
];

/// The profiles' names, in the same order.
pub(super) const NAMES: &[&str] = &{
    let mut names = [""; PROFILES.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = PROFILES[at].name;
        at += 1;
    }
    names
};

/// Finds a profile.
pub(super) fn find(name: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|profile| profile.name == name)
}
