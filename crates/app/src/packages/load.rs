//! A package with its files.

use sofie_domain::{File, FileCheck, Package, PackageId, PackageState, worst};
use sofie_store::{Tx, files, packages};

use crate::{Error, Result};

/// A package with its files, as they stand in one transaction.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The package.
    pub package: Package,
    /// Its files, in the order in which they were added.
    pub files: Vec<File>,
}

impl Loaded {
    /// Returns where the checks of the package stand: at the worst of its files.
    #[must_use]
    pub fn check(&self) -> FileCheck {
        worst(self.files.iter().map(|file| file.check))
    }

    /// Returns the one word for people.
    #[must_use]
    pub fn state(&self, now: chrono::DateTime<chrono::Utc>) -> PackageState {
        let checks: Vec<FileCheck> = self.files.iter().map(|file| file.check).collect();
        self.package.state(&checks, now)
    }

    /// Tells whether all bytes of all files are stored.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.files.iter().all(|file| file.completed_at.is_some())
    }
}

/// Returns a package with its files.
pub async fn load(tx: &mut Tx, id: PackageId) -> Result<Loaded> {
    let package = packages::find(tx, id).await?.ok_or(Error::NotFound)?;
    let files = files::of_package(tx, id).await?;
    Ok(Loaded { package, files })
}

/// Returns a package with its files and keeps others from changing it until the transaction ends.
pub async fn lock(tx: &mut Tx, id: PackageId) -> Result<Loaded> {
    let package = packages::lock(tx, id).await?.ok_or(Error::NotFound)?;
    let files = files::of_package(tx, id).await?;
    Ok(Loaded { package, files })
}
