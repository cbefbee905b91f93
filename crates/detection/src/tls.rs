//! The certificates that engines are trusted by.

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The certificates can't be used.
#[derive(Debug, thiserror::Error)]
#[error("setting up TLS")]
pub(crate) struct Unusable(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Unusable {
    fn because(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

/// By what we prove who we are: a certificate with what signed it, and its private key, in PEM form.
#[derive(Clone, Copy)]
pub(crate) struct Identity<'a> {
    pub(crate) certificate: &'a str,
    pub(crate) key: &'a str,
}

/// TLS by rustls. With certificates in PEM form only those are trusted, else the machine's.
pub(crate) fn config(trusted: &str) -> Result<rustls::ClientConfig, Unusable> {
    Ok(trusting(trusted)?.with_no_client_auth())
}

/// The same, and we prove who we are.
pub(crate) fn config_as(
    trusted: &str,
    identity: Identity<'_>,
) -> Result<rustls::ClientConfig, Unusable> {
    let chain = CertificateDer::pem_slice_iter(identity.certificate.as_bytes());
    let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(Unusable::because)?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(Unusable::because)?;
    let config = trusting(trusted)?.with_client_auth_cert(chain, key);
    config.map_err(Unusable::because)
}

fn trusting(
    trusted: &str,
) -> Result<rustls::ConfigBuilder<rustls::ClientConfig, rustls::client::WantsClientCert>, Unusable>
{
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
    Ok(versions.with_root_certificates(roots))
}
