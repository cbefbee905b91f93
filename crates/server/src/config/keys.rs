use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use sofie_vault::{AwsKmsOptions, Pkcs11Options, SealOptions, VaultLogin, VaultOptions};

use super::secret::Secret;
use crate::cli::Seal;

/// Where the keys are, and what seals them.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kek_file: Option<PathBuf>,
    pub seal: SealKind,
    pub vault: VaultSection,
    pub aws_kms: AwsKmsSection,
    pub pkcs11: Pkcs11Section,
}

/// What seals new keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SealKind {
    /// Nothing: the file alone opens what is stored.
    None,
    /// The Transit engine of Vault or OpenBao.
    Vault,
    /// AWS KMS.
    AwsKms,
    /// A token behind a PKCS#11 library.
    Pkcs11,
}

impl From<Seal> for SealKind {
    fn from(seal: Seal) -> Self {
        match seal {
            Seal::None => Self::None,
            Seal::Vault => Self::Vault,
            Seal::AwsKms => Self::AwsKms,
            Seal::Pkcs11 => Self::Pkcs11,
        }
    }
}

impl SealKind {
    /// The kind as the vault calls it.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Vault => Some("vault"),
            Self::AwsKms => Some("aws_kms"),
            Self::Pkcs11 => Some("pkcs11"),
        }
    }
}

/// The Transit engine; there is one if it has an address.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct VaultSection {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    pub mount: String,
    pub key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    pub role_mount: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_id_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

/// AWS KMS; there is one if it has a key.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AwsKmsSection {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    pub region: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

/// A token; there is one if it has a library.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Pkcs11Section {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<PathBuf>,
    pub token: String,
    pub key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin_file: Option<PathBuf>,
}

impl Keys {
    /// Everything that may have sealed keys.
    pub fn seals(&self) -> Result<Vec<SealOptions>> {
        let vault = self.vault.options().transpose();
        let aws = self.aws_kms.options().transpose();
        let pkcs11 = self.pkcs11.options().transpose();
        [vault, aws, pkcs11].into_iter().flatten().collect()
    }

    /// The addresses of services that may have sealed keys.
    pub fn services(&self) -> Vec<String> {
        let aws = given(self.aws_kms.key_id.as_ref()).map(|_| {
            let usual = || format!("https://kms.{}.amazonaws.com", self.aws_kms.region);
            given(self.aws_kms.endpoint.as_ref()).unwrap_or_else(usual)
        });
        let vault = given(self.vault.address.as_ref());
        vault.into_iter().chain(aws).collect()
    }

    /// Makes sure that what the kind needs is there.
    pub fn check(&self) -> Result<()> {
        for seal in self.seals()? {
            seal.open()?;
        }
        let missing = match self.seal {
            SealKind::None => None,
            SealKind::Vault => self.vault.address.is_none().then_some("vault.address"),
            SealKind::AwsKms => self.aws_kms.key_id.is_none().then_some("aws_kms.key_id"),
            SealKind::Pkcs11 => self.pkcs11.module.is_none().then_some("pkcs11.module"),
        };
        match missing {
            Some(missing) => anyhow::bail!("keys.{missing} is needed, because of keys.seal"),
            None => Ok(()),
        }
    }
}

impl VaultSection {
    fn options(&self) -> Result<Option<SealOptions>> {
        let Some(address) = given(self.address.as_ref()) else {
            return Ok(None);
        };
        let login = match (&self.token_file, &self.role_id, &self.secret_id_file) {
            (Some(file), None, None) => VaultLogin::Token(file.clone()),
            (None, Some(role_id), Some(file)) => VaultLogin::AppRole {
                mount: self.role_mount.clone(),
                role_id: role_id.clone(),
                secret_id_file: file.clone(),
            },
            _ => anyhow::bail!(
                "keys.vault needs token_file, or role_id together with secret_id_file, and not both"
            ),
        };
        Ok(Some(SealOptions::Vault(VaultOptions {
            address,
            namespace: given(self.namespace.as_ref()),
            mount: self.mount.trim_matches('/').to_owned(),
            key: self.key.clone(),
            login,
            ca_pem: certificates(self.ca_file.as_ref())?,
        })))
    }
}

impl AwsKmsSection {
    fn options(&self) -> Result<Option<SealOptions>> {
        let Some(key_id) = given(self.key_id.as_ref()) else {
            return Ok(None);
        };
        let secret = Secret::of(self.secret_key.as_ref(), self.secret_key_file.as_deref())?;
        let access = match (given(self.access_key.as_ref()), secret) {
            (Some(key), Some(secret)) => Some((key, secret)),
            (None, None) => None,
            _ => anyhow::bail!("keys.aws_kms needs access_key and its secret, or neither"),
        };
        Ok(Some(SealOptions::AwsKms(AwsKmsOptions {
            key_id,
            region: self.region.clone(),
            endpoint: given(self.endpoint.as_ref()),
            access,
            ca_pem: certificates(self.ca_file.as_ref())?,
        })))
    }
}

impl Pkcs11Section {
    fn options(&self) -> Result<Option<SealOptions>> {
        let Some(module) = &self.module else {
            return Ok(None);
        };
        ensure!(
            module.is_absolute(),
            "keys.pkcs11.module is the whole path of a library"
        );
        let pin_file = self.pin_file.clone();
        Ok(Some(SealOptions::Pkcs11(Pkcs11Options {
            module: module.clone(),
            token: self.token.clone(),
            key: self.key.clone(),
            pin_file: pin_file.context("keys.pkcs11.pin_file is needed")?,
        })))
    }
}

fn given(value: Option<&String>) -> Option<String> {
    value.filter(|value| !value.is_empty()).cloned()
}

fn certificates(file: Option<&PathBuf>) -> Result<Option<Vec<u8>>> {
    let read = |file: &PathBuf| {
        fs::read(file).with_context(|| format!("cannot read the certificates {}", file.display()))
    };
    file.map(read).transpose()
}
