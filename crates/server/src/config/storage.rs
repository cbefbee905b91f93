use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use sofie_vault::S3Options;

use super::secret::Secret;

/// Where the encrypted files are.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    pub kind: StorageKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    pub prefix: String,
    pub region: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    pub path_style: bool,
}

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageKind {
    /// The folder `blobs` of the data directory.
    Local,
    /// A bucket.
    S3,
}

impl Storage {
    /// Makes sure that what the kind needs is there.
    pub fn check(&self) -> Result<()> {
        match self.kind {
            StorageKind::Local => Ok(()),
            StorageKind::S3 => self.s3().map(drop),
        }
    }

    /// How the bucket is entered, whatever the kind is.
    pub fn s3(&self) -> Result<S3Options> {
        let endpoint = given("endpoint", self.endpoint.as_deref())?.trim_end_matches('/');
        let host = endpoint
            .strip_prefix("https://")
            .or_else(|| endpoint.strip_prefix("http://"))
            .context("storage.endpoint must begin with https:// or http://")?;
        ensure!(
            !host.is_empty() && !host.contains(['/', '?', '#', '@']),
            "storage.endpoint is more or less than the address of a store: {endpoint}"
        );
        let bucket = given("bucket", self.bucket.as_deref())?;
        ensure!(
            bucket
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)),
            "storage.bucket is not the name of a bucket: {bucket}"
        );
        let fine = |b: u8| b.is_ascii_alphanumeric() || b"-_./".contains(&b);
        let folders = self.prefix.trim_matches('/').split('/');
        ensure!(
            self.prefix.bytes().all(fine)
                && (self.prefix.is_empty()
                    || folders
                        .clone()
                        .all(|name| !name.trim_matches('.').is_empty())),
            "storage.prefix may hold letters, digits and - _ . / only: {}",
            self.prefix
        );
        ensure!(!self.region.is_empty(), "storage.region is needed");
        let secret = Secret::of(
            self.secret_key.as_ref(),
            self.secret_key_file.as_deref().map(Path::new),
        )?;
        let ca_pem = self.ca_file.as_ref().map(|file| {
            fs::read(file)
                .with_context(|| format!("cannot read storage.ca_file {}", file.display()))
        });
        Ok(S3Options {
            endpoint: endpoint.to_owned(),
            bucket: bucket.to_owned(),
            prefix: self.prefix.trim_matches('/').to_owned(),
            region: self.region.clone(),
            access_key: given("access_key", self.access_key.as_deref())?.to_owned(),
            secret_key: secret
                .context("storage.secret_key or storage.secret_key_file is needed for S3")?,
            ca_pem: ca_pem.transpose()?,
            path_style: self.path_style,
        })
    }
}

fn given<'a>(name: &str, value: Option<&'a str>) -> Result<&'a str> {
    value
        .filter(|value| !value.is_empty())
        .with_context(|| format!("storage.{name} is needed for S3"))
}
