//! What became of a package at its recipients.

use chrono::{DateTime, Utc};
use sofie_domain::PackageId;
use uuid::Uuid;

use crate::{Result, Tx};

/// How far a package got with one recipient.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Tracked {
    /// Identifies the recipient.
    pub id: Uuid,
    /// The address.
    pub email: String,
    /// Whether the others must not see this recipient.
    pub blind: bool,
    /// When the notice was handed to the outbox.
    pub notified_at: Option<DateTime<Utc>>,
    /// When the link was first opened.
    pub opened_at: Option<DateTime<Utc>>,
    /// Where the newest mail stands, if there is one.
    pub mail: Option<String>,
}

/// Lists the recipients of a package with where their newest mail stands.
pub async fn recipients(tx: &mut Tx, package: PackageId) -> Result<Vec<Tracked>> {
    Ok(sqlx::query_as(
        "select r.id, r.email, r.blind, r.notified_at, r.opened_at,
                (select m.state from mails m where m.recipient_id = r.id and m.kind = 'new_package'
                  order by m.created_at desc limit 1) as mail
           from recipients r
          where r.package_id = $1
          order by r.ordinal",
    )
    .bind(package.0)
    .fetch_all(tx.conn())
    .await?)
}
