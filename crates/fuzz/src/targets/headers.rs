//! Headers of requests: ranges, addresses behind proxies, cookies, bearer tokens.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use sofie_api::fuzzing::{Wanted, bearer, source_address, wanted};
use sofie_api::{Network, cookies};

use crate::input::{Input, Script};

const ETAG: &str = "\"one\"";

fn with(headers: &mut HeaderMap, name: HeaderName, value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        headers.append(name, value);
    }
}

/// Any text is the whole, a part inside the file, or nothing; and a plain range is what arithmetic says.
fn ranges(input: &mut Input<'_>) {
    let (len, first, last) = (
        input.number() >> (input.byte() % 64),
        input.number(),
        input.number(),
    );
    let mut headers = HeaderMap::new();
    with(&mut headers, header::RANGE, input.bytes());
    match wanted(&headers, len, ETAG) {
        Wanted::Part(part) => assert!(
            part.start < part.end && part.end <= len,
            "{part:?} of {len}"
        ),
        Wanted::Whole | Wanted::Unsatisfiable => {}
    }
    let condition = input.bytes();
    with(&mut headers, header::IF_RANGE, condition);
    if headers.contains_key(header::IF_RANGE) && condition.trim_ascii() != ETAG.as_bytes() {
        assert_eq!(
            wanted(&headers, len, ETAG),
            Wanted::Whole,
            "an old part would be mixed in"
        );
    }
    let (first, last) = (first.min(last), first.max(last));
    let exact = |text: &str| {
        let mut headers = HeaderMap::new();
        with(&mut headers, header::RANGE, text.as_bytes());
        wanted(&headers, len, ETAG)
    };
    let expected = if first < len {
        Wanted::Part(first..last.saturating_add(1).min(len))
    } else {
        Wanted::Unsatisfiable
    };
    assert_eq!(exact(&format!("bytes={first}-{last}")), expected);
    let tail = if last > 0 && len > 0 {
        Wanted::Part(len.saturating_sub(last)..len)
    } else {
        Wanted::Unsatisfiable
    };
    assert_eq!(exact(&format!("bytes=-{last}")), tail);
}

/// Whatever a client says of its own address, the one that our proxy adds is the one that counts.
fn addresses(input: &mut Input<'_>) {
    let client = IpAddr::V4(Ipv4Addr::from([198, 51, 100, input.byte()]));
    let proxies: Vec<Network> = ["127.0.0.0/8", "::1", "10.0.0.0/8"]
        .iter()
        .map(|text| text.parse().expect("a good network"))
        .collect();
    let (claimed, peer) = (input.bytes(), SocketAddr::from(([127, 0, 0, 1], 9)));
    let forwarded = HeaderName::from_static("x-forwarded-for");
    let mut headers = HeaderMap::new();
    with(&mut headers, forwarded.clone(), claimed);
    with(&mut headers, HeaderName::from_static("x-real-ip"), claimed);
    let stranger = SocketAddr::new(client, 9);
    let believed = source_address(stranger, headers, &proxies);
    assert_eq!(believed, Some(client), "a stranger was believed");
    let mut headers = HeaderMap::new();
    let chain = [claimed, format!(", {client}").as_bytes()].concat();
    with(&mut headers, forwarded, &chain);
    if headers.is_empty() {
        return;
    }
    let believed = source_address(peer, headers, &proxies);
    // A chain that is no text is not read at all; then it is the proxy itself that asks.
    let text = chain.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    let expected = if text { client } else { peer.ip() };
    assert_eq!(believed, Some(expected), "a claimed address was believed");
}

fn networks(input: &mut Input<'_>) {
    let text = input.text();
    if let Ok(network) = text.parse::<Network>() {
        let address = text.split('/').next().unwrap_or_default().trim();
        let address: IpAddr = address.parse().expect("a network has an address");
        let mapped = address.to_canonical() != address;
        assert!(
            mapped || network.contains(address),
            "{text} is not in itself"
        );
    }
}

/// A cookie is found among any others, unless one of its own name stands before it.
fn cookies_and_tokens(input: &mut Input<'_>) {
    let (before, after) = (input.bytes(), input.bytes());
    let mut headers = HeaderMap::new();
    let line = [before, b"; __Host-sofie-session=a=b; ", after].concat();
    with(&mut headers, header::COOKIE, &line);
    let found = cookies::find(&headers, cookies::USER);
    let text = String::from_utf8_lossy(&line);
    if line.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
        && !String::from_utf8_lossy(before).contains(cookies::USER)
    {
        assert_eq!(found.as_deref(), Some("a=b"), "{text}");
    }
    assert!(!found.unwrap_or_default().contains(';'), "{text}");
    let mut headers = HeaderMap::new();
    with(&mut headers, header::AUTHORIZATION, before);
    if let Some(token) = bearer(&headers) {
        assert!(before.to_ascii_lowercase().starts_with(b"bearer "));
        assert_eq!(token, token.trim());
    }
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() % 4 {
        0 => ranges(&mut input),
        1 => addresses(&mut input),
        2 => networks(&mut input),
        _ => cookies_and_tokens(&mut input),
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for range in [
        "bytes=0-0",
        "bytes=5-",
        "bytes=-3",
        "bytes=0-1,3-4",
        "bytes=-18446744073709551616",
        "lines=1-2",
    ] {
        let script = Script::default()
            .byte(0)
            .number(u64::MAX)
            .byte(50)
            .number(5)
            .number(9);
        seeds.push(script.text(range).text(ETAG).rest(&[]));
    }
    for chain in [
        "1.2.3.4",
        "1.2.3.4, 10.0.0.7",
        "::ffff:10.0.0.1",
        "unknown, \"[::1]\"",
    ] {
        seeds.push(Script::default().byte(1).byte(9).text(chain).rest(&[]));
    }
    for network in [
        "10.0.0.0/8",
        "2001:db8::/33",
        "::ffff:10.0.0.1/128",
        "0.0.0.0/0",
    ] {
        seeds.push(Script::default().byte(2).text(network).rest(&[]));
    }
    for cookie in [
        "a=1; b=2",
        "__Host-sofie-session=x",
        "Bearer sofie_pat_x",
        ";;=;",
    ] {
        seeds.push(
            Script::default()
                .byte(3)
                .text(cookie)
                .text(cookie)
                .rest(&[]),
        );
    }
    seeds
}
