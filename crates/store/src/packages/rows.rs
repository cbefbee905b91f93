//! The row of a package.

use chrono::{DateTime, Utc};
use sofie_domain::{
    EmailAddress, Note, Package, PackageId, Recipient, RequestId, Sender, Title, UserId, VisitorId,
};
use uuid::Uuid;

use crate::{
    Error, Result, Tx,
    row::{convert, parse},
};

/// The columns of a [`PackageRow`].
macro_rules! select {
    () => {
        "select p.id, p.ordinal, p.kind, p.life, p.approval, p.sender_user_id, p.sender_visitor_id,
                p.sender_email, p.request_id, p.title_sealed, p.note_sealed,
                p.password is not null as has_password, p.access_limit, p.expires_in_days, p.created_at,
                p.send_requested_at, p.submitted_at, p.checks_started_at, p.activated_at, p.expires_at, p.deleted_at, p.version
           from packages p"
    };
}
pub(super) use select;

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
