//! Addresses of services.

/// Where a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// The host, without the brackets of an IPv6 address.
    pub host: String,
    pub port: u16,
    /// With its slash, and perhaps arguments.
    pub path: String,
    /// TLS from the first byte.
    pub encrypted: bool,
}

impl Address {
    /// Reads `icap://host:port/service?arguments`, or `icaps://…`; `service` is for addresses without one.
    ///
    /// The ports without a word about them are 1344 (RFC 3507, 4.2) and, by custom, 11344.
    pub(super) fn parse(text: &str, service: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let encrypted = match scheme {
            "icap" => false,
            "icaps" => true,
            _ => return None,
        };
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let path = match path {
            "" | "/" => format!("/{service}"),
            path => path.to_owned(),
        };
        let usual = if encrypted { 11344 } else { 1344 };
        let (host, port) = host_and_port(authority, usual)?;
        let visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let plain = |text: &str| !text.contains(['@', '#', '"', '<', '>']);
        let fits = !host.is_empty()
            && [host, &path]
                .iter()
                .all(|text| visible(text) && plain(text));
        fits.then(|| Self {
            host: host.to_owned(),
            port,
            path,
            encrypted,
        })
    }

    /// `host:port`, with brackets where they belong.
    pub(super) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

fn host_and_port(authority: &str, usual: u16) -> Option<(&str, u16)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        let port = match port.strip_prefix(':') {
            Some(port) => port.parse().ok()?,
            None if port.is_empty() => usual,
            None => return None,
        };
        return Some((host, port));
    }
    match authority.split_once(':') {
        Some((host, port)) => Some((host, port.parse().ok()?)),
        None => Some((authority, usual)),
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn addresses_are_read() {
        let read = |text| Address::parse(text, "avscan").unwrap();
        let plain = read("icap://scan.example.org");
        assert_eq!(
            (plain.authority().as_str(), plain.path.as_str()),
            ("scan.example.org:1344", "/avscan")
        );
        let full = read("icaps://[::1]:99/virus_scan?force=on");
        assert_eq!(
            (full.authority().as_str(), full.path.as_str()),
            ("[::1]:99", "/virus_scan?force=on")
        );
        assert!(full.encrypted);
        assert_eq!(read("icaps://a").port, 11344);
    }

    #[test]
    fn mistakes_are_refused() {
        let wrong = [
            "",
            "scan.example.org",
            "http://a/b",
            "icap://",
            "icap://a:x/b",
            "icap://a:70000",
            "icap://a/b c",
            "icap://a/b\r\nX: y",
            "icap://u@a/b",
            "icap://[::1/b",
        ];
        for wrong in wrong {
            assert_eq!(Address::parse(wrong, "avscan"), None, "{wrong}");
        }
    }
}
