//! The certificates that engines are trusted by.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The certificates can't be used.
#[derive(Debug, thiserror::Error)]
#[error("setting up TLS")]
pub(crate) struct Unusable(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Unusable {
    fn because(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

/// TLS by rustls. With certificates in PEM form only those are trusted, else the machine's.
pub(crate) fn config(trusted: &str) -> Result<rustls::ClientConfig, Unusable> {
    let mut roots = RootCertStore::empty();
    if trusted.is_empty() {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
    } else {
        for certificate in CertificateDer::pem_slice_iter(trusted.as_bytes()) {
            let certificate = certificate.map_err(Unusable::because)?;
            roots.add(certificate).map_err(Unusable::because)?;
        }
    }
    if roots.is_empty() {
        return Err(Unusable::because("no certificate is trusted"));
    }
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Unusable::because)?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}
