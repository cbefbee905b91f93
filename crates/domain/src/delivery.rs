//! Whether bytes may leave: one function for what is delivered, one for samples of what is held.

use chrono::{DateTime, Utc};

use crate::{
    AdministratorPermission, Approval, File, FileCheck, FileId, Life, Package, PackageId, Relation,
    words::words,
};

/// A caller, as far as delivery cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// How the caller stands to the package.
    pub relation: Relation,
    /// Whether the package password was given.
    pub password: bool,
    /// Whether an access was spent and is still valid.
    pub access: bool,
}

words! {
    /// Why a file may not leave.
    Withheld {
        /// The caller has nothing to do with the package.
        NotRecipient = "not_recipient",
        /// The caller must prove an address or log in first.
        IdentityRequired = "identity_required",
        /// The package password is needed first.
        PasswordRequired = "password_required",
        /// An access must be spent first.
        AccessLimit = "access_limit",
        /// The file has not arrived completely.
        Uploading = "uploading",
        /// The package was not sent.
        NotSent = "not_sent",
        /// The checks are not over.
        ChecksPending = "checks_pending",
        /// The file is dangerous or not allowed.
        Blocked = "blocked",
        /// The file could not be looked into.
        Unscannable = "unscannable",
        /// An approver has not spoken.
        ApprovalPending = "approval_pending",
        /// An approver said no.
        Rejected = "rejected",
        /// The package's time is over.
        Expired = "expired",
        /// The package was withdrawn.
        Deleted = "deleted",
    }
}

/// Proof that one file may leave now; only [`deliverable`] makes it, and the code that opens stored
/// content for a caller asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deliverable {
    package_id: PackageId,
    file_id: FileId,
    until: Option<DateTime<Utc>>,
}

impl Deliverable {
    /// Returns the package of the file.
    #[must_use]
    pub fn package_id(&self) -> PackageId {
        self.package_id
    }

    /// Returns the file that may leave.
    #[must_use]
    pub fn file_id(&self) -> FileId {
        self.file_id
    }

    /// Tells whether the package's time is not over at `now`: to be asked again by who keeps a proof for a
    /// moment (docs/adr/006-permits.md).
    #[must_use]
    pub fn holds(&self, now: DateTime<Utc>) -> bool {
        self.until.is_none_or(|end| now < end)
    }
}

/// Decides whether the bytes of `file` may leave to `viewer` at `now`.
///
/// Identity comes first, so that a stranger learns nothing about the state of a package. The sender and
/// an administrator with the right to contents need no password and spend no access, but the verdict binds
/// everybody: what is held leaves to nobody.
pub fn deliverable(
    package: &Package,
    file: &File,
    viewer: &Viewer,
    now: DateTime<Utc>,
) -> Result<Deliverable, Withheld> {
    if file.package_id != package.id {
        return Err(Withheld::NotRecipient);
    }
    identity(package, viewer)?;
    life(package, now)?;
    if file.completed_at.is_none() {
        return Err(Withheld::Uploading);
    }
    match file.check {
        FileCheck::Clean | FileCheck::Flagged | FileCheck::Released => {}
        FileCheck::Pending => return Err(Withheld::ChecksPending),
        FileCheck::Unscannable => return Err(Withheld::Unscannable),
        FileCheck::Blocked => return Err(Withheld::Blocked),
    }
    match package.approval {
        Approval::NotRequired | Approval::Approved => {}
        Approval::Waiting => return Err(Withheld::ApprovalPending),
        Approval::Rejected => return Err(Withheld::Rejected),
    }
    Ok(Deliverable {
        package_id: package.id,
        file_id: file.id,
        until: package.expires_at,
    })
}

/// Proof that one held file may leave now, locked in an archive; only [`sample`] makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    package_id: PackageId,
    file_id: FileId,
}

impl Sample {
    /// Returns the package of the file.
    #[must_use]
    pub fn package_id(&self) -> PackageId {
        self.package_id
    }

    /// Returns the file that may leave.
    #[must_use]
    pub fn file_id(&self) -> FileId {
        self.file_id
    }
}

/// Decides whether the bytes of `file` may leave at `now` as a sample, for somebody who looks into what was
/// found (DET-25).
///
/// That is the one way out of the quarantine beside a release, and for administrators with that permission
/// only. It is for what is held and for nothing else: what was delivered has a door of its own.
pub fn sample(
    package: &Package,
    file: &File,
    permissions: &[AdministratorPermission],
    now: DateTime<Utc>,
) -> Result<Sample, Withheld> {
    let may = permissions.contains(&AdministratorPermission::Samples);
    if file.package_id != package.id || !may {
        return Err(Withheld::NotRecipient);
    }
    match life(package, now) {
        // A package with nothing to deliver stays so.
        Ok(()) | Err(Withheld::ChecksPending) => {}
        Err(reason) => return Err(reason),
    }
    if file.completed_at.is_none() {
        return Err(Withheld::Uploading);
    }
    match file.check {
        FileCheck::Unscannable | FileCheck::Blocked => Ok(Sample {
            package_id: package.id,
            file_id: file.id,
        }),
        FileCheck::Pending => Err(Withheld::ChecksPending),
        FileCheck::Clean | FileCheck::Flagged | FileCheck::Released => Err(Withheld::NotRecipient),
    }
}

fn identity(package: &Package, viewer: &Viewer) -> Result<(), Withheld> {
    match viewer.relation {
        Relation::Stranger | Relation::Approver | Relation::Administrator { contents: false } => {
            Err(Withheld::NotRecipient)
        }
        Relation::Unproved(_) | Relation::LoginNeeded => Err(Withheld::IdentityRequired),
        Relation::Sender | Relation::Administrator { contents: true } => Ok(()),
        Relation::Recipient(_) | Relation::LinkHolder => {
            if package.has_password && !viewer.password {
                Err(Withheld::PasswordRequired)
            } else if package.access_limit.is_some() && !viewer.access {
                Err(Withheld::AccessLimit)
            } else {
                Ok(())
            }
        }
    }
}

fn life(package: &Package, now: DateTime<Utc>) -> Result<(), Withheld> {
    match package.life {
        Life::Requested | Life::Uploading => Err(Withheld::NotSent),
        Life::Deleted | Life::Archived | Life::Shredded if package.expired(now) => {
            Err(Withheld::Expired)
        }
        Life::Deleted | Life::Archived | Life::Shredded => Err(Withheld::Deleted),
        Life::Submitted | Life::Active if package.expired(now) => Err(Withheld::Expired),
        Life::Submitted => Err(Withheld::ChecksPending),
        Life::Active => Ok(()),
    }
}

#[cfg(test)]
mod tests;
