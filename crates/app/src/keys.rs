//! Keys: the chain from the key-encryption key to a file's bytes, and sealed columns.

mod change;
mod ring;
mod rotate;
mod uses;
mod views;

use std::collections::HashMap;

use sofie_domain::{FileId, PackageId};
use sofie_store::{
    CipherError, ColumnCipher, Tx,
    files::{self, Secrets},
    package_keys::{self, WrappedPackageKey},
};
use sofie_vault::{BlobId, BlobSpec, Context, FieldCipher, FileKey, PackageKey, WrappedKey};

pub use self::change::{activate, add, derive, export, remove};
pub use self::ring::{Keyring, RingError};
pub(crate) use self::rotate::go_on;
pub use self::rotate::{Progress, begin_rotation, rotate, rotate_some, stop_rotation};
pub use self::uses::tell_uses;
pub use self::views::{KekState, KekView, list};

use crate::{App, Error, Result};

/// A new blob is the first encryption of its file.
const FIRST_GENERATION: u64 = 1;

/// Seals the columns of the database under the installation's column key.
#[derive(Debug)]
pub struct Columns(FieldCipher);

impl Columns {
    /// Takes the cipher that the column key gives out.
    #[must_use]
    pub fn new(cipher: FieldCipher) -> Self {
        Self(cipher)
    }
}

impl ColumnCipher for Columns {
    fn seal(&self, context: &str, plain: &[u8]) -> std::result::Result<Vec<u8>, CipherError> {
        self.0
            .seal(context.as_bytes(), plain)
            .map_err(|_| CipherError)
    }

    fn open(&self, context: &str, sealed: &[u8]) -> std::result::Result<Vec<u8>, CipherError> {
        match self.0.open(context.as_bytes(), sealed) {
            Ok(plain) => Ok(plain.to_vec()),
            Err(_) => Err(CipherError),
        }
    }

    fn keyed_hash(&self, context: &str, value: &[u8]) -> [u8; 32] {
        self.0.keyed_hash(context.as_bytes(), value)
    }
}

/// Makes the key of a new package, wrapped by the active key-encryption key.
pub(crate) async fn add_package_key(app: &App, tx: &mut Tx, package: PackageId) -> Result<()> {
    let keys = &app.parts().keys;
    let key = PackageKey::generate().map_err(Error::internal)?;
    for last_try in [false, true] {
        let kek = keys.active();
        let wrapped = kek
            .wrap_package_key(&key, package.0.as_bytes())
            .map_err(Error::internal)?;
        let row = WrappedPackageKey {
            kek_id: kek.id().to_string(),
            wrapped: wrapped.to_bytes(),
        };
        keys.uses().wrapped(&row.kek_id);
        if package_keys::insert(tx, package, &row).await? {
            return Ok(());
        }
        if !last_try {
            // Another process has made another key the active one.
            keys.reload(app.db()).await.map_err(Error::unavailable)?;
        }
    }
    Err(Error::Conflict("conflict"))
}

/// Makes the blob of a new file, and what its row must say about it.
pub(crate) async fn new_blob(
    app: &App,
    package_key: &WrappedPackageKey,
    package: PackageId,
    file: FileId,
) -> Result<(BlobSpec, Secrets)> {
    let wrapping = open_package_key(app, package_key, package).await?;
    let key = FileKey::generate().map_err(Error::internal)?;
    let ids = (package.0.as_bytes(), file.0.as_bytes());
    let wrapped = wrapping
        .wrap_file_key(&key, ids.0, ids.1, FIRST_GENERATION)
        .map_err(Error::internal)?;
    let blob = BlobId::random().map_err(Error::internal)?;
    let secrets = Secrets {
        blob_id: blob.0,
        generation: FIRST_GENERATION,
        key_wrapped: wrapped.to_bytes(),
    };
    let spec = BlobSpec {
        blob,
        generation: FIRST_GENERATION,
        context: context(app, package, file),
        key,
    };
    Ok((spec, secrets))
}

/// Returns how to read or append to a file's blob, given its row and the wrapped key of its package.
pub(crate) async fn open_blob(
    app: &App,
    package_key: &WrappedPackageKey,
    package: PackageId,
    file: FileId,
    secrets: &Secrets,
) -> Result<BlobSpec> {
    let wrapping = open_package_key(app, package_key, package).await?;
    unwrap_file(app, &wrapping, package, file, secrets)
}

/// Returns how to read a file's blob. [`Error::NotFound`] once the package's key is destroyed.
pub async fn blob_spec(
    app: &App,
    tx: &mut Tx,
    package: PackageId,
    file: FileId,
) -> Result<BlobSpec> {
    let found = files::with_secrets(tx, package, file).await?;
    let (secrets, key) = found
        .and_then(|(_, secrets)| secrets)
        .ok_or(Error::NotFound)?;
    open_blob(app, &key, package, file, &secrets).await
}

/// Returns how to read every file's blob of a package, in one query.
pub async fn blob_specs(
    app: &App,
    tx: &mut Tx,
    package: PackageId,
) -> Result<HashMap<FileId, BlobSpec>> {
    let rows = files::secrets_of_package(tx, package).await?;
    let Some((_, _, key)) = rows.first() else {
        return Ok(HashMap::new());
    };
    let wrapping = open_package_key(app, key, package).await?;
    rows.iter()
        .map(|(file, secrets, _)| {
            Ok((*file, unwrap_file(app, &wrapping, package, *file, secrets)?))
        })
        .collect()
}

async fn open_package_key(
    app: &App,
    key: &WrappedPackageKey,
    package: PackageId,
) -> Result<PackageKey> {
    let wrapped = WrappedKey::from_bytes(&key.wrapped).map_err(Error::internal)?;
    let keys = &app.parts().keys;
    let kek = keys.find(app.db(), &key.kek_id).await;
    keys.uses().unwrapped(&key.kek_id);
    kek.map_err(Error::unavailable)?
        .unwrap_package_key(&wrapped, package.0.as_bytes())
        .map_err(Error::internal)
}

fn unwrap_file(
    app: &App,
    wrapping: &PackageKey,
    package: PackageId,
    file: FileId,
    secrets: &Secrets,
) -> Result<BlobSpec> {
    let wrapped = WrappedKey::from_bytes(&secrets.key_wrapped).map_err(Error::internal)?;
    let ids = (package.0.as_bytes(), file.0.as_bytes());
    let key = wrapping
        .unwrap_file_key(&wrapped, ids.0, ids.1, secrets.generation)
        .map_err(Error::internal)?;
    Ok(BlobSpec {
        blob: BlobId(secrets.blob_id),
        generation: secrets.generation,
        context: context(app, package, file),
        key,
    })
}

fn context(app: &App, package: PackageId, file: FileId) -> Context {
    Context::new(
        app.parts().instance.0.as_bytes(),
        package.0.as_bytes(),
        file.0.as_bytes(),
    )
}
