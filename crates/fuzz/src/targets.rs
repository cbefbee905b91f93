//! The bodies, a file per family of formats.

pub(crate) mod answers;
pub(crate) mod archives;
pub(crate) mod clamd;
pub(crate) mod dispositions;
pub(crate) mod dlp;
pub(crate) mod emails;
pub(crate) mod headers;
pub(crate) mod inspector;
pub(crate) mod licences;
pub(crate) mod mails;
pub(crate) mod messages;
pub(crate) mod names;
pub(crate) mod rules;
pub(crate) mod sealed;
pub(crate) mod secrets;
pub(crate) mod services;
pub(crate) mod settings;
pub(crate) mod tus;
pub(crate) mod vault_blobs;
pub(crate) mod vault_keys;
pub(crate) mod vault_uploads;
pub(crate) mod wire;
