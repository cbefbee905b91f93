//! Lists of packages, newest first.

use std::collections::HashMap;

use sofie_domain::{EmailAddress, Package, PackageId, Recipient, UserId};

use super::rows::{self, PackageRow};
use crate::{Cursor, Page, Result, Tx, page::fetch, recipients};

/// Which packages to list.
#[derive(Clone, Debug)]
pub enum Box {
    /// What a user received and may see: delivered, not withdrawn, nothing that is still being checked.
    Inbox(EmailAddress),
    /// What a user sent.
    Sent(UserId),
    /// What a user puts together.
    Drafts(UserId),
    /// What a user sent and is in the recycle bin.
    Deleted(UserId),
    /// Everything that was delivered.
    Active,
    /// Everything that is being checked.
    Checking,
    /// Everything that has a file in quarantine.
    Quarantined,
    /// Everything in the recycle bin.
    AllDeleted,
    /// Everything.
    All,
}

macro_rules! listing {
    ($condition:literal) => {
        concat!(
            rows::select!(),
            " where ($1::bigint is null or p.ordinal < $1) and ",
            $condition,
            " order by p.ordinal desc limit $2"
        )
    };
}

impl Box {
    fn sql(&self) -> &'static str {
        match self {
            Self::Inbox(_) => concat!(
                rows::select!(),
                " join recipients r on r.package_id = p.id and r.email = $3
                  where ($1::bigint is null or r.package_ordinal < $1) and p.life = 'active'
                  order by r.package_ordinal desc limit $2"
            ),
            Self::Sent(_) => listing!(
                "p.sender_user_id = $3::uuid
                 and (p.life in ('submitted', 'active')
                      or p.life = 'uploading' and p.send_requested_at is not null)"
            ),
            Self::Drafts(_) => listing!(
                "p.sender_user_id = $3::uuid and p.life = 'uploading' and p.send_requested_at is null"
            ),
            Self::Deleted(_) => listing!("p.sender_user_id = $3::uuid and p.life = 'deleted'"),
            Self::Active => listing!("p.life = 'active' and $3::text is null"),
            Self::Checking => listing!(
                "p.life = 'submitted' and $3::text is null
                 and exists (select from files f where f.package_id = p.id and f.check_state = 'pending')"
            ),
            Self::Quarantined => listing!(
                "p.life in ('submitted', 'active') and $3::text is null
                 and exists (select from files f
                              where f.package_id = p.id and f.check_state in ('blocked', 'unscannable'))"
            ),
            Self::AllDeleted => listing!("p.life = 'deleted' and $3::text is null"),
            Self::All => listing!("$3::text is null"),
        }
    }

    fn who(&self) -> Option<String> {
        match self {
            Self::Inbox(email) => Some(email.to_string()),
            Self::Sent(user) | Self::Drafts(user) | Self::Deleted(user) => Some(user.to_string()),
            _ => None,
        }
    }
}

/// Lists packages of a box, newest first.
pub async fn list(
    tx: &mut Tx,
    which: &Box,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<(Cursor, Package)>> {
    let rows: Vec<PackageRow> = sqlx::query_as(which.sql())
        .bind(after.map(|cursor| cursor.0))
        .bind(fetch(limit))
        .bind(which.who())
        .fetch_all(tx.conn())
        .await?;
    let page = Page::cut(rows, limit, |row| row.ordinal);
    let ids: Vec<PackageId> = page.items.iter().map(|row| PackageId(row.id)).collect();
    let mut recipients: HashMap<PackageId, Vec<Recipient>> = HashMap::new();
    for (package, recipient) in recipients::of_packages(tx, &ids).await? {
        recipients.entry(package).or_default().push(recipient);
    }
    let mut items = Vec::with_capacity(page.items.len());
    for row in page.items {
        let cursor = Cursor(row.ordinal);
        let of_row = recipients.remove(&PackageId(row.id)).unwrap_or_default();
        items.push((cursor, row.into_package(tx, of_row)?));
    }
    Ok(Page {
        items,
        next: page.next,
    })
}
