//! How far the checks of packages are, for whoever looks at the queue.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sofie_domain::PackageId;
use uuid::Uuid;

use crate::{Result, Tx, row::convert};

/// How far the checks of one package are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// When they began; nothing if nobody took them up yet.
    pub started_at: Option<DateTime<Utc>>,
    /// How many files are settled.
    pub checked: u64,
    /// Whether a worker is at it.
    pub running: bool,
    /// When a worker takes it up again; nothing if one is at it, or no job is there.
    pub next_at: Option<DateTime<Utc>>,
    /// The engines that did not answer for a file yet.
    pub awaited: Vec<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    checks_started_at: Option<DateTime<Utc>>,
    checked: i64,
    running: bool,
    next_at: Option<DateTime<Utc>>,
    awaited: Vec<String>,
}

/// Returns how far the checks of packages are; `jobs` are the names of those that check.
pub async fn progress(
    tx: &mut Tx,
    packages: &[PackageId],
    jobs: &[&str],
) -> Result<HashMap<PackageId, Progress>> {
    let ids: Vec<Uuid> = packages.iter().map(|id| id.0).collect();
    let rows: Vec<Row> = sqlx::query_as(
        "select p.id, p.checks_started_at,
                (select count(*) from files f where f.package_id = p.id and f.check_state <> 'pending') as checked,
                coalesce(j.running, false) as running, case when j.running then null else j.next_at end as next_at,
                array(select distinct v.engine
                        from files f join verdicts v on v.file_id = f.id and v.round = f.check_round
                       where f.package_id = p.id and f.check_state = 'pending' and v.outcome = 'error'
                       order by v.engine) as awaited
           from packages p
           left join (select payload ->> 'package_id' as package_id, bool_or(state = 'running') as running,
                             min(run_at) as next_at
                        from jobs where state in ('queued', 'running') and name = any($2)
                       group by 1) j on j.package_id = p.id::text
          where p.id = any($1)",
    )
    .bind(ids)
    .bind(jobs)
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let progress = Progress {
                started_at: row.checks_started_at,
                checked: convert("files", "count", row.checked)?,
                running: row.running,
                next_at: row.next_at,
                awaited: row.awaited,
            };
            Ok((PackageId(row.id), progress))
        })
        .collect()
}
