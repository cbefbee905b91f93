//! The recipients of packages and their links.

use chrono::{DateTime, Utc};
use sofie_domain::{PackageId, Recipient, RecipientId};
use uuid::Uuid;

use crate::{Result, Tx, row::parse};

#[derive(Debug, sqlx::FromRow)]
struct RecipientRow {
    id: Uuid,
    package_id: Uuid,
    email: String,
    blind: bool,
    notified_at: Option<DateTime<Utc>>,
    opened_at: Option<DateTime<Utc>>,
}

/// The recipients of one package, each column as an array in their order; no arrays at all for nobody.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Columns {
    #[sqlx(rename = "recipient_ids")]
    ids: Option<Vec<Uuid>>,
    #[sqlx(rename = "recipient_emails")]
    emails: Option<Vec<String>>,
    #[sqlx(rename = "recipient_blinds")]
    blinds: Option<Vec<bool>>,
    #[sqlx(rename = "recipient_notified")]
    notified: Option<Vec<Option<DateTime<Utc>>>>,
    #[sqlx(rename = "recipient_opened")]
    opened: Option<Vec<Option<DateTime<Utc>>>>,
}

impl Columns {
    pub(crate) fn into_list(self) -> Result<Vec<Recipient>> {
        let columns = self.ids.unwrap_or_default().into_iter();
        let columns = columns.zip(self.emails.unwrap_or_default());
        let columns = columns.zip(self.blinds.unwrap_or_default());
        let columns = columns.zip(self.notified.unwrap_or_default());
        let columns = columns.zip(self.opened.unwrap_or_default());
        columns
            .map(|((((id, email), blind), notified_at), opened_at)| {
                Ok(Recipient {
                    id: RecipientId(id),
                    email: parse("recipients", "email", &email)?,
                    blind,
                    notified_at,
                    opened_at,
                })
            })
            .collect()
    }
}

/// Adds recipients behind those that the package has.
pub(crate) async fn insert(tx: &mut Tx, package: PackageId, new: &[Recipient]) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = new.iter().map(|r| r.id.0).collect();
    let emails: Vec<String> = new.iter().map(|r| r.email.to_string()).collect();
    let blind: Vec<bool> = new.iter().map(|r| r.blind).collect();
    sqlx::query(
        "insert into recipients (id, package_id, package_ordinal, ordinal, email, blind)
         select n.id, p.id, p.ordinal,
                (select coalesce(max(ordinal), 0) from recipients where package_id = p.id) + n.place::integer,
                n.email, n.blind
           from packages p, unnest($2::uuid[], $3::text[], $4::bool[])
                with ordinality as n (id, email, blind, place)
          where p.id = $1",
    )
    .bind(package.0)
    .bind(ids)
    .bind(emails)
    .bind(blind)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Puts other recipients in the place of those of a draft.
pub async fn replace(tx: &mut Tx, package: PackageId, new: &[Recipient]) -> Result<()> {
    sqlx::query("delete from recipients where package_id = $1")
        .bind(package.0)
        .execute(tx.conn())
        .await?;
    insert(tx, package, new).await
}

/// Returns the recipients of packages, in the order in which they were given.
pub async fn of_packages(
    tx: &mut Tx,
    packages: &[PackageId],
) -> Result<Vec<(PackageId, Recipient)>> {
    let ids: Vec<Uuid> = packages.iter().map(|id| id.0).collect();
    let rows: Vec<RecipientRow> = sqlx::query_as(
        "select id, package_id, email, blind, notified_at, opened_at
           from recipients where package_id = any($1) order by package_id, ordinal",
    )
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let recipient = Recipient {
                id: RecipientId(row.id),
                email: parse("recipients", "email", &row.email)?,
                blind: row.blind,
                notified_at: row.notified_at,
                opened_at: row.opened_at,
            };
            Ok((PackageId(row.package_id), recipient))
        })
        .collect()
}

/// Gives a recipient a link; an older one stops working.
pub async fn set_link(tx: &mut Tx, id: RecipientId, hash: &[u8; 32], secret: &str) -> Result<()> {
    let sealed = tx.seal("recipients.link", id, secret)?;
    sqlx::query("update recipients set link_hash = $2, link_sealed = $3 where id = $1")
        .bind(id.0)
        .bind(hash.as_slice())
        .bind(sealed)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Returns the secret of a recipient's link.
pub async fn link(tx: &mut Tx, id: RecipientId) -> Result<Option<String>> {
    let row: Option<(Option<Vec<u8>>,)> =
        sqlx::query_as("select link_sealed from recipients where id = $1")
            .bind(id.0)
            .fetch_optional(tx.conn())
            .await?;
    row.and_then(|(sealed,)| sealed)
        .map(|sealed| tx.open("recipients.link", id, &sealed))
        .transpose()
}

/// Returns whose link it is.
pub async fn by_link(tx: &mut Tx, hash: &[u8; 32]) -> Result<Option<(PackageId, RecipientId)>> {
    let row: Option<(Uuid, Uuid)> =
        sqlx::query_as("select package_id, id from recipients where link_hash = $1")
            .bind(hash.as_slice())
            .fetch_optional(tx.conn())
            .await?;
    Ok(row.map(|(package, id)| (PackageId(package), RecipientId(id))))
}

/// Notes that the notices were handed to the outbox; the first time counts.
pub async fn mark_notified(tx: &mut Tx, ids: &[RecipientId], at: DateTime<Utc>) -> Result<()> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query("update recipients set notified_at = coalesce(notified_at, $2) where id = any($1)")
        .bind(ids)
        .bind(at)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes that the recipient opened the package; the first time counts.
pub async fn mark_opened(tx: &mut Tx, id: RecipientId, at: DateTime<Utc>) -> Result<()> {
    sqlx::query("update recipients set opened_at = coalesce(opened_at, $2) where id = $1")
        .bind(id.0)
        .bind(at)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes that the recipient was reminded.
pub async fn mark_reminded(tx: &mut Tx, id: RecipientId, at: DateTime<Utc>) -> Result<()> {
    sqlx::query("update recipients set reminded_at = $2 where id = $1")
        .bind(id.0)
        .bind(at)
        .execute(tx.conn())
        .await?;
    Ok(())
}
