//! A package on the wire.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sofie_app::{
    Page,
    packages::{Can, FileView, Finding, Role, Summary, View},
};
use sofie_domain::{Recipient, Release, Sender};
use utoipa::ToSchema;
use uuid::Uuid;

use super::PackageList;

/// A package with its files.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Package)]
pub struct PackageBody {
    #[serde(flatten)]
    summary: PackageSummaryBody,
    note: String,
    /// The files in the order in which they were added; empty while the password is missing.
    files: Vec<FileBody>,
}

/// A package in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PackageSummary)]
pub struct PackageSummaryBody {
    id: Uuid,
    /// `private`, `internal` or `public`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// One word for people.
    state: &'static str,
    /// Where its life stands.
    life: &'static str,
    /// The worst check of its files.
    check: &'static str,
    approval: &'static str,
    title: String,
    sender: SenderBody,
    /// `sender`, `recipient`, `administrator` or `approver`.
    role: &'static str,
    /// The recipients whom the caller may see.
    recipients: Vec<RecipientBody>,
    created_at: DateTime<Utc>,
    submitted_at: Option<DateTime<Utc>>,
    activated_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    /// For how many days it can be fetched once delivered.
    expires_in_days: u32,
    has_password: bool,
    access_limit: Option<u32>,
    /// The address of a public or internal package, for its sender; not in lists.
    link: Option<String>,
    /// Whether it was sent while uploads still run.
    send_requested: bool,
    file_count: u64,
    total_size: u64,
    progress: ProgressBody,
    request_id: Option<Uuid>,
    can: CanBody,
    /// Counts changes; for `If-Match`.
    version: i64,
}

/// Who sent a package.
#[derive(Debug, Serialize, ToSchema)]
pub struct SenderBody {
    email: String,
    name: Option<String>,
    /// Whether it is somebody without an account.
    guest: bool,
}

/// One recipient.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recipient)]
pub struct RecipientBody {
    id: Uuid,
    email: String,
    blind: bool,
    notified_at: Option<DateTime<Utc>>,
}

/// How far a package is.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProgressBody {
    received: u64,
    total: u64,
    checked_files: u64,
}

/// What the caller may do with a package now.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a button of its own")]
pub struct CanBody {
    edit: bool,
    send: bool,
    delete: bool,
    restore: bool,
    extend: bool,
    notify: bool,
    download: bool,
    zip: bool,
    /// Try a password on files that could not be looked into; not in lists.
    unlock: bool,
}

/// One file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = File)]
pub struct FileBody {
    id: Uuid,
    /// The name with folders, `/` between them.
    path: String,
    /// The last part of the path.
    name: String,
    size: u64,
    received: u64,
    complete: bool,
    media_type: Option<String>,
    /// In hexadecimal, once the file was checked.
    sha256: Option<String>,
    check: &'static str,
    released: Option<ReleaseBody>,
    deliverable: bool,
    /// Why the caller can't fetch it.
    withheld: Option<&'static str>,
    /// Whether it is held because it is encrypted, and the caller may give its password.
    locked: bool,
    findings: Vec<FindingBody>,
}

/// The word of an administrator or an approver that let a held file out.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReleaseBody {
    at: DateTime<Utc>,
    reason: String,
    by: String,
}

/// One thing that an engine found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct FindingBody {
    engine: String,
    outcome: &'static str,
    name: String,
    /// The object inside the file.
    object: Option<String>,
}

impl From<View> for PackageBody {
    fn from(view: View) -> Self {
        Self {
            summary: view.summary.into(),
            note: view.note.as_str().to_owned(),
            files: view.files.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Page<Summary>> for PackageList {
    fn from(page: Page<Summary>) -> Self {
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor: page.next.map(|cursor| cursor.to_string()),
        }
    }
}

impl From<Summary> for PackageSummaryBody {
    fn from(summary: Summary) -> Self {
        let package = summary.package;
        let totals = summary.totals;
        let sender = SenderBody {
            email: package.sender.email().to_string(),
            name: summary.sender_name,
            guest: matches!(package.sender, Sender::Guest { .. }),
        };
        Self {
            id: package.id.0,
            kind: package.kind.as_str(),
            state: summary.state.as_str(),
            life: package.life.as_str(),
            check: summary.check.as_str(),
            approval: package.approval.as_str(),
            title: package.title.as_str().to_owned(),
            sender,
            role: match summary.role {
                Role::Sender => "sender",
                Role::Recipient => "recipient",
                Role::Administrator => "administrator",
                Role::Approver => "approver",
            },
            recipients: package.recipients.into_iter().map(Into::into).collect(),
            created_at: package.created_at,
            submitted_at: package.submitted_at,
            activated_at: package.activated_at,
            expires_at: package.expires_at,
            expires_in_days: package.expires_in_days,
            has_password: package.has_password,
            access_limit: package.access_limit,
            link: summary.link,
            send_requested: package.send_requested_at.is_some(),
            file_count: totals.files,
            total_size: totals.size,
            progress: ProgressBody {
                received: totals.received,
                total: totals.size,
                checked_files: totals.checked,
            },
            request_id: package.request_id.map(|id| id.0),
            can: summary.can.into(),
            version: package.version,
        }
    }
}

impl From<Recipient> for RecipientBody {
    fn from(recipient: Recipient) -> Self {
        Self {
            id: recipient.id.0,
            email: recipient.email.to_string(),
            blind: recipient.blind,
            notified_at: recipient.notified_at,
        }
    }
}

impl From<Can> for CanBody {
    fn from(can: Can) -> Self {
        Self {
            edit: can.edit,
            send: can.send,
            delete: can.delete,
            restore: can.restore,
            extend: can.extend,
            notify: can.notify,
            download: can.download,
            zip: can.zip,
            unlock: can.unlock,
        }
    }
}

impl From<FileView> for FileBody {
    fn from(view: FileView) -> Self {
        let file = view.file;
        Self {
            id: file.id.0,
            name: file.path.name().to_owned(),
            path: file.path.as_str().to_owned(),
            size: file.size,
            received: view.received,
            complete: file.completed_at.is_some(),
            media_type: file.media_type,
            sha256: file.sha256.map(hex::encode),
            check: file.check.as_str(),
            released: file.release.map(Into::into),
            deliverable: view.withheld.is_none(),
            withheld: view.withheld.map(sofie_domain::Withheld::as_str),
            locked: view.locked,
            findings: view.findings.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Release> for ReleaseBody {
    fn from(release: Release) -> Self {
        Self {
            at: release.at,
            reason: release.reason.as_str().to_owned(),
            by: release.by,
        }
    }
}

impl From<Finding> for FindingBody {
    fn from(finding: Finding) -> Self {
        Self {
            engine: finding.engine,
            outcome: finding.outcome,
            name: finding.name,
            object: finding.object,
        }
    }
}
