//! The list of targets.

use crate::targets::{
    answers, archives, clamd, dispositions, dlp, emails, headers, inspector, mails, messages,
    names, rules, sealed, secrets, services, settings, tus, vault_blobs, vault_keys, vault_uploads,
    wire,
};

/// A parser or format with what must hold for any input.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// Panics when the input breaks a promise.
    pub run: fn(&[u8]),
    /// Inputs to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

macro_rules! targets {
    ($($name:literal: $module:ident :: $run:ident, $seeds:ident;)+) => {
        &[$(Target { name: $name, run: $module::$run, seeds: $module::$seeds }),+]
    };
}

/// Every target.
pub const TARGETS: &[Target] = targets! {
    "vault_blob": vault_blobs::run, seeds;
    "vault_upload": vault_uploads::run, seeds;
    "vault_keys": vault_keys::run, seeds;
    "inspector_file": inspector::run, seeds;
    "inspector_zip": archives::zip, zip_seeds;
    "inspector_tar": archives::tar, tar_seeds;
    "inspector_gzip": archives::gzip, gzip_seeds;
    "inspector_dlp": dlp::run, seeds;
    "inspector_sealed": sealed::files, file_seeds;
    "inspector_encryption_info": sealed::info, info_seeds;
    "inspector_wire": wire::run, seeds;
    "yara_wire": rules::run, seeds;
    "clamd_reply": clamd::run, seeds;
    "icap_reply": answers::icap, icap_seeds;
    "kaspersky_reply": answers::kaspersky, kaspersky_seeds;
    "metadefender_reply": services::metadefender, metadefender_seeds;
    "fortisandbox_reply": services::fortisandbox, fortisandbox_seeds;
    "checkpoint_reply": services::checkpoint, checkpoint_seeds;
    "kata_reply": services::kata, kata_seeds;
    "cape_reply": services::cape, cape_seeds;
    "virustotal_reply": services::virustotal, virustotal_seeds;
    "rest_reply": services::rest, rest_seeds;
    "http_headers": headers::run, seeds;
    "tus_headers": tus::run, seeds;
    "content_disposition": dispositions::run, seeds;
    "names": names::run, seeds;
    "emails": emails::run, seeds;
    "secrets": secrets::run, seeds;
    "settings": settings::run, seeds;
    "mails": mails::run, seeds;
    "kafka_message": messages::run, seeds;
};

/// Finds a target by its name.
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
