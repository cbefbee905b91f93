//! Where a request comes from, seen through proxies.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, Request, header::USER_AGENT},
};
use sofie_app::sessions::Source;

/// A network of addresses, such as `10.0.0.0/8` or `::1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

/// The text is not a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address or network, such as 127.0.0.1 or 10.0.0.0/8")]
pub struct InvalidNetwork;

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| InvalidNetwork)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(text) => text.trim().parse().map_err(|_| InvalidNetwork)?,
            None => bits,
        };
        if prefix > bits {
            return Err(InvalidNetwork);
        }
        Ok(Self { address, prefix })
    }
}

impl Network {
    /// Tells whether an address is in the network; an IPv4 address mapped into IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.address, ip.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                let mask = u32::MAX.checked_shl(32 - self.prefix).unwrap_or(0);
                net.to_bits() & mask == ip.to_bits() & mask
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                let mask = u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0);
                net.to_bits() & mask == ip.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// What the outermost layer found out about a request.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// Where from.
    pub source: Source,
    /// Whether the path belongs to the administration, where only the administrator's cookie counts.
    pub administration: bool,
    /// Whether a proxy that we trust said for whom it speaks.
    pub forwarded: bool,
    /// Whether it was handed on by a proxy that we don't trust to say for whom.
    pub forwarded_blindly: bool,
}

impl Arrival {
    pub fn of<B>(request: &Request<B>, proxies: &[Network], request_id: String) -> Self {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|ConnectInfo(address)| address.ip().to_canonical());
        let headers = request.headers();
        // A peer without an address is on our own unix socket.
        let trusted = peer.is_none_or(|ip| proxies.iter().any(|net| net.contains(ip)));
        let told = if trusted {
            told_address(headers, proxies)
        } else {
            None
        };
        let user_agent = headers.get(USER_AGENT).and_then(|v| v.to_str().ok());
        let path = request.uri().path();
        Self {
            source: Source {
                ip: told.or(peer),
                user_agent: user_agent.map(str::to_owned),
                request_id: Some(request_id),
            },
            administration: path == "/api/v1/admin" || path.starts_with("/api/v1/admin/"),
            forwarded: told.is_some(),
            forwarded_blindly: told.is_none()
                && FORWARDING.iter().any(|h| headers.contains_key(*h)),
        }
    }
}

const FORWARDING: [&str; 3] = ["x-real-ip", "x-forwarded-for", "forwarded"];

/// Returns the client's address as a trusted proxy tells it: `X-Real-IP`, which the shipped proxy
/// configuration overwrites, else the last address of `X-Forwarded-For` that is not itself a trusted proxy.
fn told_address(headers: &HeaderMap, proxies: &[Network]) -> Option<IpAddr> {
    let real = headers.get("x-real-ip").and_then(|v| v.to_str().ok());
    if let Some(ip) = real.and_then(|text| text.trim().parse::<IpAddr>().ok()) {
        return Some(ip.to_canonical());
    }
    let chain: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in chain.iter().rev() {
        // Whatever stands before an unreadable hop can't be believed.
        let ip = hop.trim().parse::<IpAddr>().ok()?.to_canonical();
        if !proxies.iter().any(|net| net.contains(ip)) {
            return Some(ip);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip_of(peer: &str, headers: &[(&str, &str)]) -> String {
        let mut request = Request::builder().uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(()).unwrap();
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let proxies = ["127.0.0.1".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        let arrival = Arrival::of(&request, &proxies, String::new());
        arrival.source.ip.unwrap().to_string()
    }

    #[test]
    fn only_a_trusted_peer_is_believed() {
        let spoof = [
            ("x-real-ip", "198.51.100.7"),
            ("x-forwarded-for", "198.51.100.8"),
        ];
        assert_eq!(ip_of("203.0.113.5:1", &spoof), "203.0.113.5");
        assert_eq!(ip_of("127.0.0.1:1", &spoof), "198.51.100.7");
        assert_eq!(ip_of("[::ffff:127.0.0.1]:1", &spoof), "198.51.100.7");
    }

    #[test]
    fn the_nearest_untrusted_hop_counts() {
        let hops = |list| ip_of("127.0.0.1:1", &[("x-forwarded-for", list)]);
        assert_eq!(hops("1.2.3.4, 198.51.100.8, 10.0.0.7"), "198.51.100.8");
        assert_eq!(hops("1.2.3.4, nonsense, 10.0.0.7"), "127.0.0.1");
        assert_eq!(hops("10.0.0.7"), "127.0.0.1");
    }

    #[test]
    fn networks_are_read_and_compared() {
        let net: Network = "2001:db8::/33".parse().unwrap();
        assert!(net.contains("2001:db8:7fff::1".parse().unwrap()));
        assert!(!net.contains("2001:db8:8000::1".parse().unwrap()));
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("255.255.255.255".parse().unwrap()));
        assert!(!all.contains("::1".parse().unwrap()));
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/x"] {
            assert_eq!(bad.parse::<Network>(), Err(InvalidNetwork), "{bad}");
        }
    }
}
