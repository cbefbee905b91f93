//! The database roles of the processes: three groups that own nothing, and what each may do.
//!
//! The rights are written in `roles/rights.sql`, which is applied as a whole: what is not in it is taken away. Its
//! digest is kept beside the schema, so that a process sees whether it runs under the rights that it was made for.

use aws_lc_rs::digest::{SHA256, digest};
use sqlx::{Connection as _, PgConnection};

use crate::{ConnectOptions, Result};

/// Makes the groups.
const CREATE: &str = include_str!("../roles/create.sql");
/// What each group may do.
pub const RIGHTS: &str = include_str!("../roles/rights.sql");

/// Who is connected, and whether that is more than a process needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The role.
    pub name: String,
    /// Whether it may do everything that the owner of the tables may, such as take away what protects the audit log.
    pub owner: bool,
    /// Whether it may make tables and functions of its own among ours.
    pub creator: bool,
}

/// Tells who connects with these options.
pub async fn standing(options: &ConnectOptions) -> Result<Standing> {
    let mut connection = options.open_for_upkeep().await?;
    let name = sqlx::query_scalar("select current_user::text")
        .fetch_one(&mut connection)
        .await?;
    let owner = owns(&mut connection).await?;
    let creator = sqlx::query_scalar("select has_schema_privilege('public', 'create')")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(Standing {
        name,
        owner,
        creator,
    })
}

/// Makes the groups that are missing; tells whether there were any.
pub(crate) async fn create(connection: &mut PgConnection) -> Result<bool> {
    let missing = !exist(connection).await?;
    if missing {
        sqlx::raw_sql(CREATE).execute(connection).await?;
    }
    Ok(missing)
}

async fn exist(connection: &mut PgConnection) -> Result<bool> {
    let count: i64 = sqlx::query_scalar(
        "select count(*) from pg_roles where rolname in ('sofie_web', 'sofie_worker', 'sofie_scheduler')",
    )
    .fetch_one(connection)
    .await?;
    Ok(count == 3)
}

/// Sets the rights if they were set before, by this or another version, or if `first` asks for them; tells whether
/// it changed anything.
pub(crate) async fn set_rights(connection: &mut PgConnection, first: bool) -> Result<bool> {
    if !(first || are_outdated(connection).await?) {
        return Ok(false);
    }
    let mut transaction = connection.begin().await?;
    sqlx::raw_sql(RIGHTS).execute(&mut *transaction).await?;
    let done = sqlx::query("update schema_state set rights = $1 where rights is distinct from $1")
        .bind(fingerprint())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(first || done.rows_affected() > 0)
}

/// Whether rights were set, but by another version.
pub(crate) async fn are_outdated(connection: &mut PgConnection) -> Result<bool> {
    let set: Option<Vec<u8>> = sqlx::query_scalar("select rights from schema_state")
        .fetch_optional(connection)
        .await?
        .flatten();
    Ok(set.is_some_and(|rights| rights != fingerprint()))
}

fn fingerprint() -> Vec<u8> {
    digest(&SHA256, RIGHTS.as_bytes()).as_ref().to_vec()
}

/// Whether the one who is connected may do everything that the owner of the tables may.
pub(crate) async fn owns(connection: &mut PgConnection) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "select pg_has_role(relowner, 'usage') from pg_class where oid = 'audit'::regclass",
    )
    .fetch_one(connection)
    .await?)
}
