//! How a caller stands to a package.

use crate::{
    Actor, AdministratorPermission, Approval, EmailAddress, Life, Package, PackageType,
    RecipientId, Sender, UserId,
};

/// What a browser has shown for one package: the link, and perhaps more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The recipient whose link was opened; none for a public or internal link.
    pub recipient_id: Option<RecipientId>,
    /// Whether the address was proved by a mailed code in this browser.
    pub proved: bool,
    /// Whether the package password was given in this browser.
    pub password: bool,
    /// Whether an access was spent and is still valid.
    pub access: bool,
}

/// How a caller stands to a package. Everything that is not named is a stranger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Has nothing to do with it; must not learn that it exists.
    Stranger,
    /// Holds a private link but has not proved the address.
    Unproved(RecipientId),
    /// Holds an internal link but is not logged in.
    LoginNeeded,
    /// Sent it.
    Sender,
    /// Is a named recipient and proved it.
    Recipient(RecipientId),
    /// May fetch because of the link: internal and logged in, or public.
    LinkHolder,
    /// Sees packages as an administrator; contents only with that permission.
    Administrator {
        /// May fetch file contents.
        contents: bool,
    },
    /// Decides whether it leaves; sees what is in it by name only, and fetches nothing.
    Approver,
}

/// Tells whether a package waits for a user with the right to approve. Nobody approves what is their own: what they
/// sent, or what somebody outside sends to them.
#[must_use]
pub fn may_approve(package: &Package, (id, email): (UserId, &EmailAddress)) -> bool {
    let own = match &package.sender {
        Sender::User { id: sender, .. } => *sender == id,
        Sender::Guest { .. } => package.recipients.iter().any(|r| r.email == *email),
    };
    let waits = package.approval == Approval::Waiting && package.checks_started_at.is_none();
    package.life == Life::Submitted && waits && !own
}

/// Returns how `actor` stands to `package`, given what the browser has shown for it.
#[must_use]
pub fn relation(
    package: &Package,
    actor: &Actor,
    permissions: &[AdministratorPermission],
    grant: Option<&Grant>,
) -> Relation {
    match actor {
        Actor::Administrator { .. } if permissions.contains(&AdministratorPermission::Packages) => {
            Relation::Administrator {
                contents: permissions.contains(&AdministratorPermission::Contents),
            }
        }
        Actor::Administrator { .. } | Actor::System | Actor::Anonymous => Relation::Stranger,
        Actor::User { id, email, .. } => match &package.sender {
            Sender::User { id: sender, .. } if sender == id => Relation::Sender,
            _ => match package.recipients.iter().find(|r| &r.email == email) {
                Some(recipient) => Relation::Recipient(recipient.id),
                None => by_link(package, true, grant),
            },
        },
        Actor::Visitor { id, .. } => match &package.sender {
            Sender::Guest { visitor, .. } if visitor == id => Relation::Sender,
            _ => by_link(package, false, grant),
        },
    }
}

fn by_link(package: &Package, logged_in: bool, grant: Option<&Grant>) -> Relation {
    let Some(grant) = grant else {
        return Relation::Stranger;
    };
    match (package.kind, grant.recipient_id) {
        (PackageType::Private, Some(id)) if !package.recipients.iter().any(|r| r.id == id) => {
            Relation::Stranger
        }
        (PackageType::Private, Some(id)) if grant.proved => Relation::Recipient(id),
        (PackageType::Private, Some(id)) => Relation::Unproved(id),
        (PackageType::Private, None) => Relation::Stranger,
        (PackageType::Internal, _) if logged_in => Relation::LinkHolder,
        (PackageType::Internal, _) => Relation::LoginNeeded,
        (PackageType::Public, _) => Relation::LinkHolder,
    }
}
