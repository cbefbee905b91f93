//! Who fetched what.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use sofie_domain::{AdministratorId, FileId, PackageId, RecipientId, UserId, VisitorId};
use uuid::Uuid;

use crate::{Result, Tx, row};

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

/// Records a download and returns its id and whether it is a new one: a range that goes on with a download
/// of the last hour (`resumes`) belongs to that one.
pub async fn record(tx: &mut Tx, new: &NewDownload, resumes: bool) -> Result<(Uuid, bool)> {
    if resumes {
        let earlier: Option<Uuid> = sqlx::query_scalar(
            "select id from downloads
              where package_id = $1 and file_id is not distinct from $2
                and recipient_id is not distinct from $3 and user_id is not distinct from $4
                and visitor_id is not distinct from $5 and administrator_id is not distinct from $6
                and started_at > $7 - interval '1 hour'
              order by started_at desc limit 1",
        )
        .bind(new.package_id.0)
        .bind(new.file_id.map(|id| id.0))
        .bind(new.fetcher.recipient.map(|id| id.0))
        .bind(new.fetcher.user.map(|id| id.0))
        .bind(new.fetcher.visitor.map(|id| id.0))
        .bind(new.fetcher.administrator.map(|id| id.0))
        .bind(new.now)
        .fetch_optional(tx.conn())
        .await?;
        if let Some(id) = earlier {
            return Ok((id, false));
        }
    }
    let id = Uuid::now_v7();
    sqlx::query(
        "insert into downloads (id, package_id, file_id, recipient_id, user_id, visitor_id, administrator_id,
                                started_at, size, ip, user_agent)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::inet, $11)",
    )
    .bind(id)
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
    .execute(tx.conn())
    .await?;
    Ok((id, true))
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

/// Lists the downloads of a package, newest first; at most a thousand.
pub async fn list(tx: &mut Tx, package: PackageId) -> Result<Vec<Download>> {
    Ok(sqlx::query_as(
        "select d.id, d.file_id, d.recipient_id, u.email as user_email, d.started_at, d.bytes_sent, d.complete,
                host(d.ip) as ip
           from downloads d
           left join users u on u.id = d.user_id
          where d.package_id = $1
          order by d.started_at desc
          limit 1000",
    )
    .bind(package.0)
    .fetch_all(tx.conn())
    .await?)
}
