//! Who is at the other end: the socket's peer, or whom a trusted proxy speaks for.

use std::net::IpAddr;

use http::HeaderMap;

use crate::config::Network;

/// The address of the client.
///
/// Each proxy adds the address it heard from at the end of `X-Forwarded-For`. From the end, everything that a
/// trusted proxy added is believed: the first address that is not a trusted proxy is the client.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    let lines: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !is_trusted(client) {
            break;
        }
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        client = address.to_canonical();
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(peer: &str, forwarded: &[&str]) -> String {
        let trusted = [
            "127.0.0.0/8".parse().unwrap(),
            "10.0.0.0/8".parse().unwrap(),
        ];
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(found("203.0.113.9", &[]), "203.0.113.9");
        assert_eq!(
            found("203.0.113.9", &["198.51.100.1"]),
            "203.0.113.9",
            "a stranger forges"
        );
        assert_eq!(found("127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            found("127.0.0.1", &["1.2.3.4, 198.51.100.1"]),
            "198.51.100.1",
            "the client forges"
        );
        assert_eq!(
            found("127.0.0.1", &["1.2.3.4, 198.51.100.1, 10.0.0.7"]),
            "198.51.100.1",
            "two proxies"
        );
        assert_eq!(
            found("127.0.0.1", &["1.2.3.4", "198.51.100.1"]),
            "198.51.100.1",
            "two lines"
        );
        assert_eq!(found("127.0.0.1", &["198.51.100.1, nonsense"]), "127.0.0.1");
        assert_eq!(found("::ffff:127.0.0.1", &["2001:db8::1"]), "2001:db8::1");
    }
}
