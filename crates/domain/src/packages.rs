//! Packages, and the state machines of their life and approval.

use chrono::{DateTime, Utc};

use crate::{
    Direction, EmailAddress, FileCheck, Note, PackageId, RecipientId, RequestId, Title, UserId,
    VisitorId, words::words,
};

/// The state does not allow the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event} is not possible in the state {from}")]
pub struct InvalidTransition {
    /// The state.
    pub from: &'static str,
    /// What was tried.
    pub event: &'static str,
}

words! {
    /// Who may fetch a package.
    PackageType {
        /// Named recipients only, after proving who they are.
        Private = "private",
        /// Every user who has the link.
        Internal = "internal",
        /// Everybody who has the link.
        Public = "public",
    }
}

words! {
    /// The life of a package.
    Life {
        /// Somebody was asked for it.
        Requested = "requested",
        /// It is being put together.
        Uploading = "uploading",
        /// It was sent and is complete; it is being checked.
        Submitted = "submitted",
        /// The checks are over and at least one file may be fetched.
        Active = "active",
        /// Withdrawn, expired or rejected; in the recycle bin.
        Deleted = "deleted",
        /// Kept by administrators.
        Archived = "archived",
        /// The key is destroyed; the content is gone for ever.
        Shredded = "shredded",
    }
}

words! {
    /// What happens to a package.
    LifeEvent {
        /// The first file of a requested package arrives.
        Begin = "begin",
        /// It was sent and all uploads are complete.
        Submit = "submit",
        /// The checks ended with something to deliver.
        Activate = "activate",
        /// Files are checked anew.
        Recheck = "recheck",
        /// It is withdrawn, expires or is rejected.
        Delete = "delete",
        /// It comes back from the recycle bin.
        Restore = "restore",
        /// It is put away.
        Archive = "archive",
        /// Its key is destroyed.
        Shred = "shred",
    }
}

impl Life {
    /// Returns the state after an event; the whole table is here.
    pub fn apply(self, event: LifeEvent) -> Result<Self, InvalidTransition> {
        match (self, event) {
            (Self::Requested, LifeEvent::Begin) => Ok(Self::Uploading),
            (Self::Uploading, LifeEvent::Submit) | (Self::Active, LifeEvent::Recheck) => {
                Ok(Self::Submitted)
            }
            (Self::Submitted, LifeEvent::Activate) => Ok(Self::Active),
            (Self::Submitted | Self::Active, LifeEvent::Delete) => Ok(Self::Deleted),
            (Self::Deleted, LifeEvent::Restore) => Ok(Self::Submitted),
            (Self::Deleted, LifeEvent::Archive) => Ok(Self::Archived),
            (
                Self::Requested | Self::Uploading | Self::Deleted | Self::Archived,
                LifeEvent::Shred,
            ) => Ok(Self::Shredded),
            _ => Err(InvalidTransition {
                from: self.as_str(),
                event: event.as_str(),
            }),
        }
    }
}

words! {
    /// Whether somebody must agree before a package leaves.
    Approval {
        /// Nobody must.
        NotRequired = "not_required",
        /// An approver is asked.
        Waiting = "waiting",
        /// An approver agreed.
        Approved = "approved",
        /// An approver did not agree.
        Rejected = "rejected",
    }
}

impl Approval {
    /// Returns the state after an approver's decision.
    pub fn decide(self, agrees: bool) -> Result<Self, InvalidTransition> {
        match (self, agrees) {
            (Self::Waiting, true) => Ok(Self::Approved),
            (Self::Waiting, false) => Ok(Self::Rejected),
            _ => Err(InvalidTransition {
                from: self.as_str(),
                event: if agrees { "approve" } else { "reject" },
            }),
        }
    }
}

words! {
    /// One word for people that sums a package up.
    PackageState {
        /// Not sent yet.
        Draft = "draft",
        /// Sent; uploads still run.
        Uploading = "uploading",
        /// Sent and complete; the checks run.
        Checking = "checking",
        /// Everything may be fetched.
        Delivered = "delivered",
        /// A part may be fetched, a part is held.
        PartlyDelivered = "partly_delivered",
        /// Everything is held.
        Withheld = "withheld",
        /// Somebody must decide.
        AwaitingDecision = "awaiting_decision",
        /// Its time is over.
        Expired = "expired",
        /// It was withdrawn.
        Deleted = "deleted",
    }
}

/// Who sent a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A user.
    User {
        /// The user.
        id: UserId,
        /// The user's address at the time of sending.
        email: EmailAddress,
    },
    /// Somebody without an account.
    Guest {
        /// The browser that put the package together.
        visitor: VisitorId,
        /// The proved address, or the one that a request was mailed to.
        email: EmailAddress,
    },
}

impl Sender {
    /// Returns the sender's address.
    #[must_use]
    pub fn email(&self) -> &EmailAddress {
        match self {
            Self::User { email, .. } | Self::Guest { email, .. } => email,
        }
    }

    /// Returns which way the sender's packages go.
    #[must_use]
    pub fn direction(&self) -> Direction {
        match self {
            Self::User { .. } => Direction::Outgoing,
            Self::Guest { .. } => Direction::Incoming,
        }
    }
}

/// One recipient of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Identifies the recipient.
    pub id: RecipientId,
    /// The address.
    pub email: EmailAddress,
    /// Whether the others must not see this recipient.
    pub blind: bool,
    /// When the notice was handed to the outbox.
    pub notified_at: Option<DateTime<Utc>>,
    /// When the recipient first opened the package.
    pub opened_at: Option<DateTime<Utc>>,
}

/// A package, without its files.
#[derive(Clone, Debug)]
pub struct Package {
    /// Identifies the package.
    pub id: PackageId,
    /// Who may fetch it.
    pub kind: PackageType,
    /// Where its life stands.
    pub life: Life,
    /// Where its approval stands.
    pub approval: Approval,
    /// Who sent it.
    pub sender: Sender,
    /// The request that it answers.
    pub request_id: Option<RequestId>,
    /// Title.
    pub title: Title,
    /// Note.
    pub note: Note,
    /// Recipients, in the order given.
    pub recipients: Vec<Recipient>,
    /// Whether a package password was set.
    pub has_password: bool,
    /// How many accesses each recipient (or, for a link, everybody together) has.
    pub access_limit: Option<u32>,
    /// For how many days it can be fetched once delivered.
    pub expires_in_days: u32,
    /// When the draft was made.
    pub created_at: DateTime<Utc>,
    /// When the sender pressed *send*.
    pub send_requested_at: Option<DateTime<Utc>>,
    /// When it was sent and complete.
    pub submitted_at: Option<DateTime<Utc>>,
    /// When the checks that are under way began; none when they are over or did not begin.
    pub checks_started_at: Option<DateTime<Utc>>,
    /// When it could first be fetched.
    pub activated_at: Option<DateTime<Utc>>,
    /// From when on it can't be fetched.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it came into the recycle bin.
    pub deleted_at: Option<DateTime<Utc>>,
    /// Counts changes; the entity tag of the API.
    pub version: i64,
}

impl Package {
    /// Tells whether its time is over.
    #[must_use]
    pub fn expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| now >= end)
    }

    /// Sums the package up for people, given the checks of its files.
    #[must_use]
    pub fn state(&self, checks: &[FileCheck], now: DateTime<Utc>) -> PackageState {
        match self.life {
            Life::Uploading if self.send_requested_at.is_some() => PackageState::Uploading,
            Life::Requested | Life::Uploading => PackageState::Draft,
            Life::Deleted | Life::Archived | Life::Shredded if self.expired(now) => {
                PackageState::Expired
            }
            Life::Deleted | Life::Archived | Life::Shredded => PackageState::Deleted,
            Life::Submitted | Life::Active if self.expired(now) => PackageState::Expired,
            Life::Submitted | Life::Active => self.state_of_checks(checks),
        }
    }

    fn state_of_checks(&self, checks: &[FileCheck]) -> PackageState {
        // The last file is settled a moment before the package is: until then nothing is decided.
        if self.checks_started_at.is_some() || checks.contains(&FileCheck::Pending) {
            return PackageState::Checking;
        }
        match self.approval {
            Approval::Waiting => return PackageState::AwaitingDecision,
            Approval::Rejected => return PackageState::Withheld,
            Approval::NotRequired | Approval::Approved => {}
        }
        match (
            checks.iter().any(|c| c.passes()),
            checks.iter().any(|c| c.held()),
        ) {
            (true, false) if self.life == Life::Active => PackageState::Delivered,
            (true, true) if self.life == Life::Active => PackageState::PartlyDelivered,
            // Back from the recycle bin; the next moment it is active.
            (true, false) => PackageState::Checking,
            (_, _) => PackageState::Withheld,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UnknownWord;

    #[test]
    fn the_life_table_is_as_documented() {
        let mut table = String::new();
        for from in Life::ALL {
            for event in LifeEvent::ALL {
                if let Ok(to) = from.apply(*event) {
                    let row = [from.as_str(), event.as_str(), to.as_str()].join(" ");
                    table.push_str(&row);
                    table.push('\n');
                }
            }
        }
        assert_eq!(
            table,
            "requested begin uploading\nrequested shred shredded\nuploading submit submitted\n\
             uploading shred shredded\nsubmitted activate active\nsubmitted delete deleted\n\
             active recheck submitted\nactive delete deleted\ndeleted restore submitted\n\
             deleted archive archived\ndeleted shred shredded\narchived shred shredded\n"
        );
    }

    #[test]
    fn words_go_both_ways() {
        for life in Life::ALL {
            assert_eq!(life.as_str().parse(), Ok(*life));
        }
        assert_eq!("nonsense".parse::<Life>(), Err(UnknownWord));
    }
}
