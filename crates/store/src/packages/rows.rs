//! The row of a package.

use chrono::{DateTime, Utc};
use sofie_domain::{
    EmailAddress, Note, Package, PackageId, Recipient, RequestId, Sender, Title, UserId, VisitorId,
};
use uuid::Uuid;

use crate::{
    Error, Result, Tx,
    recipients::Columns,
    row::{convert, parse},
};

/// The columns of a [`PackageRow`].
macro_rules! columns {
    () => {
        "p.id, p.ordinal, p.kind, p.life, p.approval, p.sender_user_id, p.sender_visitor_id,
                p.sender_email, p.request_id, p.title_sealed, p.note_sealed,
                p.password is not null as has_password, p.access_limit, p.expires_in_days, p.created_at,
                p.send_requested_at, p.submitted_at, p.checks_started_at, p.activated_at, p.expires_at, p.deleted_at, p.version"
    };
}
pub(super) use columns;

/// Selects a [`PackageRow`].
macro_rules! select {
    () => {
        concat!("select ", rows::columns!(), " from packages p")
    };
}
pub(super) use select;

/// Selects a [`WholeRow`].
macro_rules! select_whole {
    () => {
        concat!(
            "select ",
            rows::columns!(),
            ", r.*
               from packages p
              cross join lateral (
                    select array_agg(id order by ordinal) as recipient_ids,
                           array_agg(email order by ordinal) as recipient_emails,
                           array_agg(blind order by ordinal) as recipient_blinds,
                           array_agg(notified_at order by ordinal) as recipient_notified,
                           array_agg(opened_at order by ordinal) as recipient_opened
                      from recipients where package_id = p.id) r"
        )
    };
}
pub(super) use select_whole;

#[derive(Debug, sqlx::FromRow)]
pub(super) struct PackageRow {
    pub(super) id: Uuid,
    pub(super) ordinal: i64,
    kind: String,
    life: String,
    approval: String,
    sender_user_id: Option<Uuid>,
    sender_visitor_id: Option<Uuid>,
    sender_email: String,
    request_id: Option<Uuid>,
    title_sealed: Vec<u8>,
    note_sealed: Vec<u8>,
    has_password: bool,
    access_limit: Option<i32>,
    expires_in_days: i32,
    created_at: DateTime<Utc>,
    send_requested_at: Option<DateTime<Utc>>,
    submitted_at: Option<DateTime<Utc>>,
    checks_started_at: Option<DateTime<Utc>>,
    activated_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    deleted_at: Option<DateTime<Utc>>,
    version: i64,
}

/// A package together with its recipients, each of their columns as an array.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct WholeRow {
    #[sqlx(flatten)]
    package: PackageRow,
    #[sqlx(flatten)]
    recipients: Columns,
}

impl WholeRow {
    pub(super) fn into_package(self, tx: &Tx) -> Result<Package> {
        let recipients = self.recipients.into_list()?;
        self.package.into_package(tx, recipients)
    }
}

impl PackageRow {
    pub(super) fn into_package(self, tx: &Tx, recipients: Vec<Recipient>) -> Result<Package> {
        let id = PackageId(self.id);
        let wrong = |column| Error::Inconsistent {
            table: "packages",
            column,
        };
        let title = tx.open("packages.title", id, &self.title_sealed)?;
        let note = tx.open("packages.note", id, &self.note_sealed)?;
        let access_limit = self
            .access_limit
            .map(|n| convert("packages", "access_limit", n))
            .transpose()?;
        Ok(Package {
            id,
            kind: parse("packages", "kind", &self.kind)?,
            life: parse("packages", "life", &self.life)?,
            approval: parse("packages", "approval", &self.approval)?,
            sender: self.sender()?,
            request_id: self.request_id.map(RequestId),
            title: Title::parse(&title).map_err(|_| wrong("title_sealed"))?,
            note: Note::parse(&note).map_err(|_| wrong("note_sealed"))?,
            recipients,
            has_password: self.has_password,
            access_limit,
            expires_in_days: convert("packages", "expires_in_days", self.expires_in_days)?,
            created_at: self.created_at,
            send_requested_at: self.send_requested_at,
            submitted_at: self.submitted_at,
            checks_started_at: self.checks_started_at,
            activated_at: self.activated_at,
            expires_at: self.expires_at,
            deleted_at: self.deleted_at,
            version: self.version,
        })
    }

    fn sender(&self) -> Result<Sender> {
        let email: EmailAddress = parse("packages", "sender_email", &self.sender_email)?;
        match (self.sender_user_id, self.sender_visitor_id) {
            (Some(id), None) => Ok(Sender::User {
                id: UserId(id),
                email,
            }),
            (None, Some(id)) => Ok(Sender::Guest {
                visitor: VisitorId(id),
                email,
            }),
            _ => Err(Error::Inconsistent {
                table: "packages",
                column: "sender_user_id",
            }),
        }
    }
}
