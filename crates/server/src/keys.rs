//! The key-encryption key: found, made once, never made over existing data.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use sofie_store::{CipherError, ColumnCipher, ConnectOptions, Database, instance};
use sofie_vault::{FieldCipher, FileKek, Kek, KekError};

/// The key in use, and where it lies.
#[derive(Debug)]
pub struct Keys {
    pub kek: Kek,
    pub file: PathBuf,
    /// Whether it was made just now.
    pub fresh: bool,
}

impl Keys {
    /// Loads the key; makes it when the installation has not begun.
    pub async fn open(file: PathBuf, database: &ConnectOptions) -> Result<Self> {
        match FileKek::load(&file) {
            Ok(kek) => Ok(Self {
                kek,
                file,
                fresh: false,
            }),
            Err(KekError::Missing) if has_begun(database).await? => bail!(
                "the key file {} is missing, and this installation has begun with a key: put back the copy of it, \
                 or name its place in keys.kek_file. Nothing was changed",
                file.display()
            ),
            Err(KekError::Missing) => {
                let kek = make(&file)
                    .with_context(|| format!("cannot make the key file {}", file.display()))?;
                Ok(Self {
                    kek,
                    file,
                    fresh: true,
                })
            }
            Err(error) => {
                Err(error).with_context(|| format!("cannot use the key file {}", file.display()))
            }
        }
    }

    /// The cipher of the database's sealed columns.
    pub fn columns(&self) -> Result<Arc<dyn ColumnCipher>> {
        let cipher = self
            .kek
            .field_cipher()
            .context("cannot derive the key of sealed columns")?;
        Ok(Arc::new(Columns(cipher)))
    }

    /// What its owner must know about a key that was just made.
    pub fn warning(&self) -> Option<String> {
        self.fresh.then(|| {
            format!(
                "A new key was made: {}\nWithout this file nothing that is stored can ever be read, and nobody can \
                 help.\nCopy it to a safe place now, apart from the data and its backups.",
                self.file.display()
            )
        })
    }
}

fn make(file: &Path) -> Result<Kek> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(FileKek::create_new(file)?)
}

/// Whether the database holds an installation, which then has a key.
async fn has_begun(options: &ConnectOptions) -> Result<bool> {
    let database = Database::connect(options, Arc::new(NoCipher), 1).await?;
    let exists = instance::exists(&mut database.read().await?).await?;
    database.close().await;
    Ok(exists)
}

struct Columns(FieldCipher);

impl std::fmt::Debug for Columns {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Columns")
    }
}

impl ColumnCipher for Columns {
    fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, CipherError> {
        self.0
            .seal(context.as_bytes(), plain)
            .map_err(|_| CipherError)
    }

    fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        self.0
            .open(context.as_bytes(), sealed)
            .map(|plain| plain.to_vec())
            .map_err(|_| CipherError)
    }

    fn keyed_hash(&self, context: &str, value: &[u8]) -> [u8; 32] {
        self.0.keyed_hash(context.as_bytes(), value)
    }
}

/// For looking at the database before there is a key, or where none is needed.
#[derive(Debug)]
pub struct NoCipher;

impl ColumnCipher for NoCipher {
    fn seal(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, CipherError> {
        Err(CipherError)
    }

    fn open(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, CipherError> {
        Err(CipherError)
    }

    fn keyed_hash(&self, _: &str, _: &[u8]) -> [u8; 32] {
        [0; 32]
    }
}
