//! What engines said of the same content before, so that they need not be asked again (DET-19, ADR 015).
//!
//! A verdict is made by an engine as it is configured, by its signatures, and for some by the file's name. While all of
//! that stays the same content gets the same verdict, if the engine has passed its self-tests ever since. Silence, limits
//! and what only a password showed are never taken over, and whoever wants another look gets one.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sofie_detection::{Engine as _, Passwords, YARA, Yara};
use sofie_domain::{Category, Outcome, Settings};
use sofie_store::{
    engine_states::{self, Working},
    known::{self, Basis},
    objects,
    verdicts::Verdict,
};

use super::{
    examine::{self, Examined},
    file::{Antivirus, Open, Rules},
};
use crate::{
    App, Result,
    engines::{Configured, INTERNAL},
};

/// By what an engine says what it says.
#[derive(Clone, Debug)]
pub(super) struct Maker {
    /// The engine and its settings.
    parts: Vec<String>,
    name_matters: bool,
    /// The versions of program and signatures; the inspector's are among its parts.
    versions: Option<[String; 2]>,
    /// What it said before does not count.
    since: DateTime<Utc>,
}

impl Maker {
    /// On what it speaks of a file, with versions that may not be those of now.
    fn basis(&self, app: &App, name: &str, versions: Option<&[String; 2]>) -> Basis {
        let versions = versions.into_iter().flatten();
        let name = if self.name_matters { name } else { "" };
        let parts = self.parts.iter().chain(versions).map(String::as_str);
        Basis::of(app.db(), &parts.chain([name]).collect::<Vec<_>>())
    }
}

/// Returns by what the engines beside the inspector say what they say; those are missing whose word is for once.
pub(super) async fn makers(app: &App, engines: &[Configured]) -> Result<HashMap<String, Maker>> {
    let hours = app.settings().await?.integer("checks.reuse_hours");
    if hours == 0 || engines.is_empty() {
        return Ok(HashMap::new());
    }
    let not_before = app.now() - TimeDelta::hours(hours);
    let working = engine_states::working(&mut app.db().read().await?).await?;
    let maker = |one: &Configured| {
        let engine = one.engine.as_ref().filter(|one| !one.answers_later())?;
        let state = working.iter().find(|state| state.engine == one.row.id)?;
        let maker = Maker {
            parts: vec![
                one.row.id.clone(),
                one.row.version.to_string(),
                // It says how words of engines are understood.
                env!("CARGO_PKG_VERSION").to_owned(),
            ],
            name_matters: engine.name_matters(),
            versions: versions(state.version.as_ref(), state.signature_version.as_ref()),
            since: state.since.max(not_before),
        };
        Some((one.row.id.clone(), maker))
    };
    Ok(engines.iter().filter_map(maker).collect())
}

/// Without a version of signatures nobody would notice new ones.
fn versions(program: Option<&String>, signatures: Option<&String>) -> Option<[String; 2]> {
    Some([program.cloned().unwrap_or_default(), signatures?.clone()])
}

/// Returns by what the inspector says what it says; nothing if its word is for once.
pub(super) async fn inspector(
    app: &App,
    settings: &Settings,
    yara: Option<&Yara>,
    passwords: &Passwords,
) -> Result<Option<Maker>> {
    if settings.integer("checks.reuse_hours") == 0 || !passwords.is_empty() {
        return Ok(None);
    }
    let Some(program) = app.parts().engines.inspector().fingerprint() else {
        return Ok(None);
    };
    let mut parts = vec!["inspector".to_owned(), hex::encode(program)];
    for setting in ["checks.dlp_detectors", "checks.dlp_expressions"] {
        let list = settings.list(setting);
        parts.push(list.len().to_string());
        parts.extend(list);
    }
    if let Some(yara) = yara {
        let limits = [yara.object_bytes.to_string(), yara.seconds.to_string()];
        parts.push(yara.version.clone());
        parts.extend(limits);
    }
    let working = engine_states::working(&mut app.db().read().await?).await?;
    let since = |id: &str| {
        let state = |state: &&Working| state.engine == id;
        Some(working.iter().find(state)?.since)
    };
    let all: Option<Vec<_>> = INTERNAL
        .into_iter()
        .chain(yara.map(|_| YARA))
        .map(since)
        .collect();
    let since = all.and_then(|all| all.into_iter().max());
    Ok(since.map(|since| Maker {
        parts,
        name_matters: true,
        versions: None,
        since,
    }))
}

fn by_inspector(engine: &str) -> bool {
    engine == YARA || INTERNAL.contains(&engine)
}

/// What is known of a file without asking.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// What the inspector said, if it did.
    pub(super) inspected: Option<Examined>,
    /// What others said.
    pub(super) rows: Vec<Verdict>,
}

impl Known {
    /// Whether an engine need not be asked.
    pub(super) fn says(&self, engine: &str) -> bool {
        self.rows.iter().any(|row| row.verdict.engine == engine)
    }
}

/// Returns what is known of a file's content. Its digests are computed for that only if a file of the same size is known.
pub(super) async fn find(
    app: &App,
    open: &Open,
    (rules, antivirus): (&Rules, &Antivirus),
) -> Result<Known> {
    let name = open.file.path.name();
    let trusted = antivirus.trusted.iter();
    let others = trusted.filter_map(|engine| antivirus.makers.get(&engine.descriptor().id));
    let others = others.filter(|maker| maker.versions.is_some());
    let makers = rules.inspector.iter().chain(others);
    let since = |maker: &Maker| open.anew.map_or(maker.since, |anew| maker.since.max(anew));
    let wanted: Vec<_> = makers
        .map(|maker| {
            (
                maker.basis(app, name, maker.versions.as_ref()),
                since(maker),
            )
        })
        .collect();
    let Some(digests) = digests(app, open).await?.filter(|_| !wanted.is_empty()) else {
        return Ok(Known::default());
    };
    let mut known = Known::default();
    let mut tx = app.db().read().await?;
    for said in known::said(&mut tx, &digests.0, &wanted).await? {
        for row in &said.rows {
            let engine = row.verdict.engine.clone();
            metrics::counter!("sofie_verdicts_reused_total", "engine" => engine).increment(1);
        }
        if said
            .rows
            .iter()
            .any(|row| by_inspector(&row.verdict.engine))
        {
            known.inspected = Some(Examined {
                objects: objects::of_round(&mut tx, said.file, said.round).await?,
                media_type: said.media_type,
                rows: said.rows,
                digests: Some(digests),
                ..Examined::default()
            });
        } else {
            known.rows.extend(said.rows);
        }
    }
    Ok(known)
}

/// The digests of a file, if they are known or worth computing.
async fn digests(app: &App, open: &Open) -> Result<Option<([u8; 32], u32)>> {
    let file = &open.file;
    if let Some(known) = file.sha256.zip(file.crc32) {
        return Ok(Some(known));
    }
    let Some(spec) = &open.spec else {
        return Ok(None);
    };
    if !known::has_size(&mut app.db().read().await?, file.size).await? {
        return Ok(None);
    }
    Ok(examine::digests(app, file, spec).await.ok())
}

/// Notes on what rows were said, as far as they may be taken over: all of an engine's, or none.
pub(super) fn mark(
    app: &App,
    open: &Open,
    (rules, antivirus): (&Rules, &Antivirus),
    rows: &mut [Verdict],
) {
    let name = open.file.path.name();
    if let Some(maker) = &rules.inspector {
        let own = |row: &Verdict| by_inspector(&row.verdict.engine);
        put(rows, own, maker.basis(app, name, None));
    }
    for (engine, maker) in &antivirus.makers {
        let own = |row: &Verdict| row.verdict.engine == *engine;
        let Some(first) = rows.iter().find(|row| own(row)) else {
            continue;
        };
        let made_with = versions(
            first.engine_version.as_ref(),
            first.signature_version.as_ref(),
        );
        if let Some(made_with) = made_with {
            put(rows, own, maker.basis(app, name, Some(&made_with)));
        }
    }
}

fn put(rows: &mut [Verdict], own: impl Fn(&Verdict) -> bool, basis: Basis) {
    let mut all = rows.iter().filter(|row| own(row));
    if all.all(|row| lasting(row.verdict.outcome)) {
        for row in rows.iter_mut().filter(|row| own(row)) {
            row.basis = Some(basis);
        }
    }
}

/// Whether the same engine would say it again.
fn lasting(outcome: Outcome) -> bool {
    match outcome {
        Outcome::PolicyHit(category) => category != Category::Opened,
        Outcome::Clean
        | Outcome::Infected
        | Outcome::Suspicious(_)
        | Outcome::Encrypted
        | Outcome::Unsupported
        | Outcome::Skipped => true,
        Outcome::Incomplete | Outcome::Error => false,
    }
}
