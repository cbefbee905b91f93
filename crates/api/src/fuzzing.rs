//! Inner doors for `sofie-fuzz`; no part of the interface.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, Request},
};
use sofie_app::uploads::Checksum;
use sofie_domain::PackageId;

use crate::{Network, arrival::Arrival, v1::uploads::headers};

pub use crate::{
    disposition::attachment,
    ranges::{Wanted, wanted},
};

/// The bearer token of a request.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    crate::caller::bearer(headers)
}

/// The address that a request from `peer` is believed to come from.
pub fn source_address(peer: SocketAddr, headers: HeaderMap, proxies: &[Network]) -> Option<IpAddr> {
    let mut request = Request::new(());
    *request.headers_mut() = headers;
    request.extensions_mut().insert(ConnectInfo(peer));
    Arrival::of(&request, proxies, String::new()).source.ip
}

/// Package and path out of `Upload-Metadata`.
pub fn upload_metadata(headers: &HeaderMap) -> Option<(PackageId, String)> {
    let metadata = headers::metadata(headers).ok()?;
    Some((metadata.package, metadata.path))
}

/// What `Upload-Length` says.
pub fn upload_length(headers: &HeaderMap) -> Option<u64> {
    headers::upload_length(headers).ok()
}

/// What `Upload-Checksum` says.
pub fn upload_checksum(headers: &HeaderMap) -> Option<Checksum> {
    headers::checksum(headers).ok().flatten()
}
