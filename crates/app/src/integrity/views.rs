//! What administrators see of whether everything stored is intact.

use chrono::{DateTime, Utc};
use sofie_domain::{AdministratorPermission, Cron};
use sofie_store::integrity_runs::{self as runs, Counts, Finding, Run};

use crate::{App, Context, Result};

/// So many findings are shown; the counts tell of all.
const SHOWN: i64 = 100;

/// Whether everything stored is intact, as far as it is known.
#[derive(Debug)]
pub struct Overview {
    /// How many files are in which state.
    pub counts: Counts,
    /// The check that is running, or else the last one.
    pub run: Option<Run>,
    /// When the schedule begins the next one.
    pub next_at: Option<DateTime<Utc>>,
    /// The files that are not intact, the last found first.
    pub findings: Vec<Finding>,
}

/// Returns the overview.
pub async fn overview(app: &App, ctx: &Context) -> Result<Overview> {
    ctx.may_administrate(AdministratorPermission::Keys)?;
    let schedule = app.settings().await?.text("integrity.schedule");
    let mut tx = app.db().read().await?;
    Ok(Overview {
        counts: runs::counts(&mut tx).await?,
        run: runs::last(&mut tx).await?,
        next_at: schedule
            .parse()
            .ok()
            .and_then(|cron: Cron| cron.next(ctx.now)),
        findings: runs::findings(&mut tx, SHOWN).await?,
    })
}
