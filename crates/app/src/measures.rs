//! What the metrics tell beside what is counted where it happens: figures of the whole installation, the same in every
//! process.

use chrono::{DateTime, Utc};
use metrics::gauge;
use sofie_store::{dashboard, jobs, mails, measures};

use crate::{App, Result, jobs::queues};

const QUEUES: [&str; 5] = [
    queues::CHECKS,
    queues::CHECKS_LARGE,
    queues::RESCANS,
    queues::MAIL,
    queues::MAINTENANCE,
];

/// Measures the installation once.
pub async fn sample(app: &App) -> Result<()> {
    let now = app.now();
    let mut tx = app.db().read().await?;
    let figures = dashboard::figures(&mut tx).await?;
    let counts = jobs::count(&mut tx).await?;
    let mails = mails::count(&mut tx).await?;
    let waiting = measures::waiting(&mut tx).await?;
    drop(tx);
    for (state, count) in [
        ("active", figures.active),
        ("checking", figures.checking),
        ("quarantined", figures.quarantined),
        ("deleted", figures.deleted),
    ] {
        gauge!("sofie_packages", "state" => state).set(number(count));
    }
    gauge!("sofie_oldest_check_seconds").set(age(now, figures.oldest_check));
    gauge!("sofie_stored_bytes").set(number(figures.bytes));
    gauge!("sofie_users").set(number(figures.users));
    gauge!("sofie_jobs_dead").set(number(counts.dead));
    for queue in QUEUES {
        let own = waiting.iter().find(|one| one.queue == queue);
        gauge!("sofie_jobs_waiting", "queue" => queue)
            .set(own.map_or(0.0, |own| number(own.waiting)));
        gauge!("sofie_jobs_oldest_seconds", "queue" => queue)
            .set(own.map_or(0.0, |own| own.oldest));
    }
    for (state, count) in [("waiting", mails.0), ("failed", mails.1)] {
        gauge!("sofie_mails", "state" => state).set(number(count));
    }
    let free = app.parts().vault.free_space().await;
    if let Some(free) = free.map_err(crate::Error::unavailable)? {
        gauge!("sofie_storage_free_bytes").set(number(free));
    }
    Ok(())
}

/// A figure as a metric, which is a float; above 2^53 it is rounded.
fn number(count: impl TryInto<i64>) -> f64 {
    let count: i64 = count.try_into().unwrap_or(i64::MAX);
    #[expect(clippy::cast_precision_loss, reason = "a metric is a float")]
    let number = count as f64;
    number
}

fn age(now: DateTime<Utc>, since: Option<DateTime<Utc>>) -> f64 {
    since.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0))
}
