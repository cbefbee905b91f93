//! Lists of packages, newest first unless a box says otherwise.

use std::collections::HashMap;

use sofie_domain::{EmailAddress, Package, PackageId, Recipient, UserId};
use uuid::Uuid;

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
    /// Everything that is being checked, oldest first.
    Checking,
    /// Everything that has a file in quarantine.
    Quarantined,
    /// Everything that waits for an approver.
    Waiting,
    /// What waits for an approver, for one who may decide about it: not what is the user's own.
    ToApprove(UserId),
    /// Everything in the recycle bin.
    AllDeleted,
    /// Everything.
    All,
}

/// The two questions to a box, with the same rows in the same order.
struct Sql {
    /// Whole packages.
    list: &'static str,
    /// What a search compares: [`Compared`].
    search: &'static str,
}

/// Selects a [`Compared`]; addresses are compared here, titles are sealed.
macro_rules! compared {
    () => {
        "select p.id, p.ordinal, p.title_sealed,
                position($4 in p.sender_email) > 0
                or exists (select from recipients s
                            where s.package_id = p.id and (not s.blind or $5) and position($4 in s.email) > 0)
                as addressed
           from packages p"
    };
}

macro_rules! sql {
    ($rest:literal) => {
        Sql {
            list: concat!(rows::select!(), $rest),
            search: concat!(compared!(), $rest),
        }
    };
    (where $condition:literal) => {
        Sql {
            list: concat!(
                rows::select!(),
                " where ($1::bigint is null or p.ordinal < $1) and ",
                $condition,
                " order by p.ordinal desc limit $2"
            ),
            search: concat!(
                compared!(),
                " where ($1::bigint is null or p.ordinal < $1) and ",
                $condition,
                " order by p.ordinal desc limit $2"
            ),
        }
    };
}

impl Box {
    fn sql(&self) -> Sql {
        match self {
            Self::Inbox(_) => sql!(
                " join recipients r on r.package_id = p.id and r.email = $3
                  where ($1::bigint is null or r.package_ordinal < $1) and p.life = 'active'
                  order by r.package_ordinal desc limit $2"
            ),
            Self::Sent(_) => sql!(where
                "p.sender_user_id = $3::uuid
                 and (p.life in ('submitted', 'active')
                      or p.life = 'uploading' and p.send_requested_at is not null)"
            ),
            Self::Drafts(_) => sql!(where
                "p.sender_user_id = $3::uuid and p.life = 'uploading' and p.send_requested_at is null"
            ),
            Self::Deleted(_) => sql!(where "p.sender_user_id = $3::uuid and p.life = 'deleted'"),
            Self::Active => sql!(where "p.life = 'active' and $3::text is null"),
            Self::Checking => sql!(
                " where ($1::bigint is null or p.ordinal > $1) and p.life = 'submitted' and $3::text is null
                    and exists (select from files f where f.package_id = p.id and f.check_state = 'pending')
                  order by p.ordinal limit $2"
            ),
            Self::Quarantined => sql!(where
                "p.life in ('submitted', 'active') and $3::text is null
                 and exists (select from files f
                              where f.package_id = p.id and f.check_state in ('blocked', 'unscannable'))"
            ),
            Self::Waiting => sql!(where
                "p.approval = 'waiting' and p.life = 'submitted' and p.checks_started_at is null
                 and $3::text is null"
            ),
            Self::ToApprove(_) => sql!(where
                "p.approval = 'waiting' and p.life = 'submitted' and p.checks_started_at is null
                 and p.sender_user_id is distinct from $3::uuid
                 and not (p.sender_user_id is null
                          and exists (select from recipients r join users u on u.email = r.email
                                       where r.package_id = p.id and u.id = $3::uuid))"
            ),
            Self::AllDeleted => sql!(where "p.life = 'deleted' and $3::text is null"),
            Self::All => sql!(where "$3::text is null"),
        }
    }

    /// Tells whether whoever looks into the box sees blind recipients: its sender and administrators do.
    fn shows_blind(&self) -> bool {
        !matches!(self, Self::Inbox(_))
    }

    fn who(&self) -> Option<String> {
        match self {
            Self::Inbox(email) => Some(email.to_string()),
            Self::Sent(user) | Self::Drafts(user) | Self::Deleted(user) | Self::ToApprove(user) => {
                Some(user.to_string())
            }
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
    let rows: Vec<PackageRow> = sqlx::query_as(which.sql().list)
        .bind(after.map(|cursor| cursor.0))
        .bind(fetch(limit))
        .bind(which.who())
        .fetch_all(tx.conn())
        .await?;
    let page = Page::cut(rows, limit, |row| row.ordinal);
    let next = page.next;
    let items = whole(tx, page.items).await?;
    Ok(Page { items, next })
}

/// Returns the packages of rows, with their recipients.
async fn whole(tx: &mut Tx, rows: Vec<PackageRow>) -> Result<Vec<(Cursor, Package)>> {
    let ids: Vec<PackageId> = rows.iter().map(|row| PackageId(row.id)).collect();
    let mut recipients: HashMap<PackageId, Vec<Recipient>> = HashMap::new();
    for (package, recipient) in recipients::of_packages(tx, &ids).await? {
        recipients.entry(package).or_default().push(recipient);
    }
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let cursor = Cursor(row.ordinal);
        let of_row = recipients.remove(&PackageId(row.id)).unwrap_or_default();
        items.push((cursor, row.into_package(tx, of_row)?));
    }
    Ok(items)
}

/// What a search compares of a package.
#[derive(sqlx::FromRow)]
struct Compared {
    id: Uuid,
    ordinal: i64,
    title_sealed: Vec<u8>,
    addressed: bool,
}

/// What to look for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// A text in lower case that must be in the title or an address.
    pub text: &'a str,
    /// At so many packages the search looks; then it goes on from the cursor.
    pub window: usize,
    /// So many are wanted.
    pub limit: usize,
}

/// Looks for packages of a box, newest first. Titles are sealed, so each that is looked at is opened, and nothing
/// else of it. The page may be short, or empty, and still have a next one.
pub async fn search(
    tx: &mut Tx,
    which: &Box,
    wanted: Wanted<'_>,
    after: Option<Cursor>,
) -> Result<Page<Package>> {
    let rows: Vec<Compared> = sqlx::query_as(which.sql().search)
        .bind(after.map(|cursor| cursor.0))
        .bind(fetch(wanted.window))
        .bind(which.who())
        .bind(wanted.text)
        .bind(which.shows_blind())
        .fetch_all(tx.conn())
        .await?;
    let seen = Page::cut(rows, wanted.window, |row| row.ordinal);
    let mut next = seen.next;
    let mut found = Vec::new();
    for row in seen.items {
        let fits = row.addressed || {
            let title = tx.open("packages.title", row.id, &row.title_sealed)?;
            title.to_lowercase().contains(wanted.text)
        };
        if fits {
            found.push(row.id);
        }
        if found.len() == wanted.limit {
            next = Some(Cursor(row.ordinal));
            break;
        }
    }
    let rows = sqlx::query_as(concat!(
        rows::select!(),
        " where p.id = any($1) order by p.ordinal desc"
    ))
    .bind(found)
    .fetch_all(tx.conn())
    .await?;
    let items = whole(tx, rows).await?;
    Ok(Page {
        items: items.into_iter().map(|(_, package)| package).collect(),
        next,
    })
}
