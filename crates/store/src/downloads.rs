//! Who fetched what.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use sofie_domain::{
    AdministratorId, EmailAddress, FileId, PackageId, RecipientId, UserId, VisitorId,
};
use uuid::Uuid;

use crate::{
    Result, Tx,
    audit::{self, NewEntry},
    row,
};

/// The one who fetches, as far as the record knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fetcher {
    /// The recipient behind the link.
    pub recipient: Option<RecipientId>,
    /// The user.
    pub user: Option<UserId>,
    /// The browser of somebody without an account.
    pub visitor: Option<VisitorId>,
    /// The administrator.
    pub administrator: Option<AdministratorId>,
}

/// A download to record before its first byte.
#[derive(Clone, Debug)]
pub struct NewDownload {
    /// The package.
    pub package_id: PackageId,
    /// The file; none for the ZIP of all files.
    pub file_id: Option<FileId>,
    /// Who fetches.
    pub fetcher: Fetcher,
    /// How long the whole is, in bytes.
    pub size: u64,
    /// When it starts.
    pub now: DateTime<Utc>,
    /// From where.
    pub ip: Option<IpAddr>,
    /// With what.
    pub user_agent: Option<String>,
}

/// A download as it was recorded.
#[derive(Clone, Debug, sqlx::FromRow)]
#[expect(missing_docs, reason = "the fields are those of NewDownload")]
pub struct Download {
    pub id: Uuid,
    pub file_id: Option<Uuid>,
    pub recipient_id: Option<Uuid>,
    pub user_email: Option<String>,
    pub started_at: DateTime<Utc>,
    pub bytes_sent: i64,
    pub complete: bool,
    pub ip: Option<String>,
}

/// Records a download in one statement and returns its id: a range that goes on with a download of the last
/// hour (`resumes`) belongs to that one; a new one comes with its audit entry.
pub async fn record(
    tx: &mut Tx,
    new: &NewDownload,
    resumes: bool,
    entry: &NewEntry,
) -> Result<Uuid> {
    let query = sqlx::query(
        "with earlier as (
             select id from downloads
              where $12 and package_id = $2 and file_id is not distinct from $3
                and recipient_id is not distinct from $4 and user_id is not distinct from $5
                and visitor_id is not distinct from $6 and administrator_id is not distinct from $7
                and started_at > $8 - interval '1 hour'
              order by started_at desc limit 1
         ), added as (
             insert into downloads (id, package_id, file_id, recipient_id, user_id, visitor_id, administrator_id,
                                    started_at, size, ip, user_agent)
             select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10::inet, $11 where not exists (select from earlier)
             returning id
         ), noted as (
             insert into audit (at, event, severity, actor_kind, actor_id, actor_label, ip, object_kind,
                                object_id, data, request_id)
             select $8, $13, $14, $15, $16, $17, $18::inet, $19, $20, $21, $22 from added
         )
         select id from earlier union all select id from added",
    )
    .bind(Uuid::now_v7())
    .bind(new.package_id.0)
    .bind(new.file_id.map(|id| id.0))
    .bind(new.fetcher.recipient.map(|id| id.0))
    .bind(new.fetcher.user.map(|id| id.0))
    .bind(new.fetcher.visitor.map(|id| id.0))
    .bind(new.fetcher.administrator.map(|id| id.0))
    .bind(new.now)
    .bind(row::bigint(new.size))
    .bind(new.ip.map(|ip| ip.to_string()))
    .bind(&new.user_agent)
    .bind(resumes);
    let row = audit::bind(query, Some(entry)).fetch_one(tx.conn()).await?;
    Ok(sqlx::Row::try_get(&row, 0)?)
}

/// Adds bytes that went out; a download is complete when as many bytes went out as the whole has.
pub async fn add_sent(tx: &mut Tx, id: Uuid, bytes: u64, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "update downloads
            set bytes_sent = bytes_sent + $2, finished_at = $3, complete = bytes_sent + $2 >= size
          where id = $1",
    )
    .bind(id)
    .bind(row::bigint(bytes))
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns the addresses of those who fetched a file, alone or in the archive, administrators aside; and how many
/// downloads there were by people whose address is not known.
pub async fn fetchers(
    tx: &mut Tx,
    package: PackageId,
    file: FileId,
) -> Result<(Vec<EmailAddress>, u64)> {
    let rows: Vec<(Option<String>, i64)> = sqlx::query_as(
        "select coalesce(u.email, r.email) as email, count(*)
           from downloads d
           left join users u on u.id = d.user_id
           left join recipients r on r.id = d.recipient_id
          where d.package_id = $1 and (d.file_id = $2 or d.file_id is null) and d.administrator_id is null
          group by 1 order by 1",
    )
    .bind(package.0)
    .bind(file.0)
    .fetch_all(tx.conn())
    .await?;
    let (mut known, mut unknown) = (Vec::new(), 0);
    for (email, count) in rows {
        match email {
            Some(email) => known.push(row::parse("downloads", "email", &email)?),
            None => unknown += u64::try_from(count).unwrap_or(0),
        }
    }
    Ok((known, unknown))
}

/// Lists the downloads of a package, newest first; at most a thousand.
pub async fn list(tx: &mut Tx, package: PackageId) -> Result<Vec<Download>> {
    Ok(sqlx::query_as(
        "select d.id, d.file_id, d.recipient_id, coalesce(u.email, a.email) as user_email, d.started_at, d.bytes_sent, d.complete,
                host(d.ip) as ip
           from downloads d
           left join users u on u.id = d.user_id
           left join administrators a on a.id = d.administrator_id
          where d.package_id = $1
          order by d.started_at desc
          limit 1000",
    )
    .bind(package.0)
    .fetch_all(tx.conn())
    .await?)
}

/// Tells whether all these files of a package still pass, and it is still there for its recipients.
pub async fn may_go_on(tx: &mut Tx, package: PackageId, files: &[FileId]) -> Result<bool> {
    let ids: Vec<Uuid> = files.iter().map(|id| id.0).collect();
    let (may,): (bool,) = sqlx::query_as(
        "select count(*) = cardinality($2)
           from files f join packages p on p.id = f.package_id
          where p.id = $1 and p.life = 'active' and f.id = any($2)
            and f.check_state in ('clean', 'flagged', 'released')",
    )
    .bind(package.0)
    .bind(ids)
    .fetch_one(tx.conn())
    .await?;
    Ok(may)
}
