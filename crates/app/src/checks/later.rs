//! Engines that take minutes: they are given a file once, and asked after it by a ticket (DET-14).
//!
//! While they work, the package waits as it waits for any engine, and no worker with it: whoever takes the job up
//! again asks only them, and reads nothing.

use std::{collections::BTreeMap, sync::Arc};

use sofie_detection::{Body, Engine, EngineReport, ErrorKind, Outcome as Said, Ticket};
use sofie_domain::{FileId, Outcome};
use sofie_store::{
    objects,
    tickets::{self, Ticket as Kept},
    verdicts::{self, Verdict},
};
use tokio_util::sync::CancellationToken;

use super::{
    examine::{self, Examined},
    file::{Antivirus, Open},
    translate,
};
use crate::{App, Result};

/// What engines remember of a file.
pub(super) type Tickets = Arc<BTreeMap<String, Ticket>>;

/// Returns what engines remember of a file in its present round.
pub(super) async fn tickets(app: &App, open: &Open) -> Result<Tickets> {
    let mut tx = app.db().read().await?;
    let kept = tickets::of_file(&mut tx, open.file.id, open.round).await?;
    let ticket = |kept: Kept| {
        if kept.again {
            Ticket::Again(kept.text)
        } else {
            Ticket::Given(kept.text)
        }
    };
    let tickets = kept.into_iter().map(|(name, kept)| (name, ticket(kept)));
    Ok(Arc::new(tickets.collect()))
}

/// Notes what engines remember of a file from now on.
pub(super) async fn note(app: &App, open: &Open, changes: &[(String, Ticket)]) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut tx = app.db().begin().await?;
    for (engine, ticket) in changes {
        let of = (open.file.id, open.round, engine.as_str());
        let (text, again) = match ticket {
            Ticket::Given(text) => (text.clone(), false),
            Ticket::Again(text) => (text.clone(), true),
        };
        tickets::save(&mut tx, of, &Kept { text, again }, app.now()).await?;
    }
    Ok(tx.commit().await?)
}

/// What came of asking after a file.
pub(super) enum After {
    /// Somebody else must be asked, so the file is read again.
    Others,
    /// They still work on it.
    Working,
    /// What everybody said; boxed, since it is much larger than the others.
    Said(Box<Examined>),
}

/// Asks after a file, if the only engines that have not answered in this round have a ticket for it.
pub(super) async fn ask_after(
    app: &App,
    open: &Open,
    (antivirus, given): (&Antivirus, &Tickets),
    cancel: &CancellationToken,
) -> Result<After> {
    let Some(spec) = open
        .spec
        .as_ref()
        .filter(|_| open.tried && !given.is_empty())
    else {
        return Ok(After::Others);
    };
    let mut rows = said(app, open).await?;
    let asked = silent(&antivirus.trusted, &rows);
    let has_ticket = |name: &str| matches!(given.get(name), Some(Ticket::Given(_)));
    let errors = rows
        .iter()
        .filter(|row| row.verdict.outcome == Outcome::Error);
    let others = errors.clone().any(|row| !has_ticket(&row.verdict.engine));
    if others || asked.is_empty() || !asked.iter().all(|one| has_ticket(&one.descriptor().id)) {
        return Ok(After::Others);
    }
    let reports = ask(app, open, (&asked, given), cancel).await?;
    if cancel.is_cancelled() || reports.iter().all(is_pending) {
        return Ok(After::Working);
    }
    replace(&mut rows, &reports);
    let digests = examine::digests(app, &open.file, spec).await.ok();
    let objects = objects::of_file(&mut app.db().read().await?, open.file.id).await?;
    Ok(After::Said(Box::new(Examined {
        rows,
        media_type: open.file.media_type.clone(),
        objects,
        digests,
        ..Examined::default()
    })))
}

/// The engines that have not answered yet.
pub(super) fn silent(engines: &[Arc<dyn Engine>], rows: &[Verdict]) -> Vec<Arc<dyn Engine>> {
    let is_silent = |engine: &&Arc<dyn Engine>| {
        let name = &engine.descriptor().id;
        let mut own = rows.iter().filter(|row| row.verdict.engine == *name);
        let errors = own.clone().any(|row| row.verdict.outcome == Outcome::Error);
        errors || own.next().is_none()
    };
    engines.iter().filter(is_silent).cloned().collect()
}

/// Asks engines after a file, and notes what they remember of it from now on.
pub(super) async fn ask(
    app: &App,
    open: &Open,
    (engines, given): (&[Arc<dyn Engine>], &Tickets),
    cancel: &CancellationToken,
) -> Result<Vec<EngineReport>> {
    let scan = examine::scan(app, &open.file, engines, cancel).without_content(Arc::clone(given));
    let mut reports = Vec::with_capacity(engines.len());
    for engine in engines {
        let _turn = engine.turn().await;
        reports.push(engine.scan(&scan, Body::of(&[])).await);
    }
    note(app, open, &changes(&reports)).await?;
    Ok(reports)
}

/// Whether an engine still works on what it was asked after, or is to be given it again.
fn is_pending(report: &EngineReport) -> bool {
    let kind = match report.outcome {
        Said::Error { kind, .. } => Some(kind),
        _ => None,
    };
    kind == Some(ErrorKind::Pending)
}

/// Puts what engines say now in the place of what they said before.
pub(super) fn replace(rows: &mut Vec<Verdict>, reports: &[EngineReport]) {
    rows.retain(|row| {
        !reports
            .iter()
            .any(|report| report.engine == row.verdict.engine)
    });
    rows.extend(reports.iter().flat_map(translate::rows));
}

/// The rows of a file in its present round, but those of lists, which are looked at anew.
pub(super) async fn said(app: &App, open: &Open) -> Result<Vec<Verdict>> {
    let mut tx = app.db().read().await?;
    let of_file = |(file, _): &(FileId, Verdict)| *file == open.file.id;
    let rows = verdicts::of_package(&mut tx, open.file.package_id).await?;
    let rows = rows.into_iter().filter(of_file).map(|(_, row)| row);
    Ok(rows
        .filter(|row| row.verdict.engine != crate::hashes::ENGINE)
        .collect())
}

/// What changed about what engines remember of a file.
pub(super) fn changes(reports: &[EngineReport]) -> Vec<(String, Ticket)> {
    let change = |report: &EngineReport| Some((report.engine.clone(), report.ticket.clone()?));
    reports.iter().filter_map(change).collect()
}
