//! The administrator's first page: figures, and what needs attention.

use sofie_domain::LicenceStanding;
use sofie_queue::kafka::Link;
use sofie_store::{dashboard::Figures, integrity_runs, jobs::Counts, mails};

use crate::{App, Context, Error, Result, outbox};

/// Below so many free bytes of storage the page warns.
const LOW_DISK_BYTES: u64 = 5 << 30;

/// Something that needs attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// A stable word.
    pub code: &'static str,
    /// A number or name that belongs to it.
    pub detail: Option<String>,
}

/// What the first page shows.
#[derive(Debug)]
pub struct Dashboard {
    /// Packages, users and bytes.
    pub figures: Figures,
    /// Jobs that wait and that died.
    pub jobs: Counts,
    /// Mails that wait and that failed.
    pub mails: (u64, u64),
    /// Whether a mail server is set.
    pub smtp: bool,
    /// Bytes free on the storage, if it can tell.
    pub free: Option<u64>,
    /// What needs attention.
    pub warnings: Vec<Warning>,
}

/// Collects the first page; every administrator may see it.
pub async fn get(app: &App, ctx: &Context) -> Result<Dashboard> {
    if !matches!(ctx.actor, sofie_domain::Actor::Administrator { .. }) {
        return Err(Error::Unauthenticated);
    }
    let mut tx = app.db().read().await?;
    let figures = sofie_store::dashboard::figures(&mut tx).await?;
    let jobs = sofie_store::jobs::count(&mut tx).await?;
    let mails = mails::count(&mut tx).await?;
    let bad = integrity_runs::bad(&mut tx).await?;
    let check = integrity_runs::last(&mut tx).await?;
    drop(tx);
    let smtp = outbox::smtp(app).await?.is_some();
    let free = app
        .parts()
        .vault
        .free_space()
        .await
        .map_err(Error::unavailable)?;
    let no_antivirus = crate::engines::no_antivirus(app).await?;
    let base_url = !app.settings().await?.text("instance.base_url").is_empty();
    let number = |n: u64| (n > 0).then(|| n.to_string());
    let low = free
        .filter(|free| *free < LOW_DISK_BYTES)
        .map(|free| free.to_string());
    let kafka = app.parts().kafka.as_ref().map(Link::state);
    let kafka_away = kafka.filter(|kafka| !kafka.reachable);
    let licence = app.licence().await?.standing;
    let fine = matches!(
        licence,
        LicenceStanding::Unlicensed | LicenceStanding::Valid
    );
    let count = |n: i64| number(u64::try_from(n).unwrap_or(0));
    let check_failed = check.is_some_and(|run| run.state == "failed");
    let warnings = [
        count(bad.0).map(|n| ("files_corrupted", Some(n))),
        count(bad.1).map(|n| ("files_inaccessible", Some(n))),
        check_failed.then_some(("integrity_failed", None)),
        no_antivirus.then_some(("no_antivirus", None)),
        (!smtp).then_some(("no_smtp", None)),
        (!base_url).then_some(("base_url_unset", None)),
        count(jobs.dead).map(|n| ("jobs_dead", Some(n))),
        number(mails.1).map(|n| ("mail_failed", Some(n))),
        low.map(|n| ("low_disk", Some(n))),
        kafka_away.map(|_| ("kafka_away", None)),
        (!fine).then_some(("licence", None)),
    ];
    let warnings = warnings
        .into_iter()
        .flatten()
        .map(|(code, detail)| Warning { code, detail })
        .collect();
    Ok(Dashboard {
        figures,
        jobs,
        mails,
        smtp,
        free,
        warnings,
    })
}
