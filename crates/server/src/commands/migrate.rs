//! `sofie migrate`

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use sofie_store::schema::{self, Progress};

use crate::ground::{Base, Power, Purpose, Site};

/// Something is to be done.
const DUE: u8 = 3;

/// Brings the schema up to date, and makes the roles of the processes if that is asked for.
pub async fn run(site: Site, roles: bool) -> Result<ExitCode> {
    let base = Base::open(site, Purpose::Upkeep).await?;
    let done = migrate(&base, roles).await;
    base.power.off().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn migrate(base: &Base, roles: bool) -> Result<()> {
    ensure!(
        !roles || matches!(base.power, Power::Elsewhere),
        "our own PostgreSQL has one role and needs no others: --roles is for database.kind = \"server\""
    );
    schema::migrate(&base.connect, roles, tell)
        .await
        .context("what was done before stays; `sofie migrate` can be run again")?;
    println!("the database's schema is up to date");
    Ok(())
}

/// Says what is to be done.
pub async fn check(site: Site) -> Result<ExitCode> {
    let base = Base::open(site, Purpose::Upkeep).await?;
    let due = schema::due(&base.connect).await;
    base.power.off().await;
    let due = due?;
    for step in &due.steps {
        println!("to be applied: {:04} {}", step.version, step.description);
    }
    if due.rights {
        println!("to be set: the rights of the database roles");
    }
    Ok(if due.is_empty() {
        println!("the database's schema is up to date");
        ExitCode::SUCCESS
    } else {
        ExitCode::from(DUE)
    })
}

/// Shows a step of a migration as it happens.
pub fn tell(progress: Progress) {
    match progress {
        Progress::Begun(step) => println!("applying {:04} {}", step.version, step.description),
        Progress::Done(time) => println!("done in {:.1} s", time.as_secs_f64()),
        Progress::Roles => println!("made the roles sofie_web, sofie_worker and sofie_scheduler"),
        Progress::Rights => println!("set the rights of the roles"),
    }
}
