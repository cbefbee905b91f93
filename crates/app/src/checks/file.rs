//! One file: examined, decided about, written down.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sofie_detection::{Dlp, Engine, Passwords, Yara};
use sofie_domain::{
    Decision, EngineVerdict, Event, Exception, File, FileCheck, FileId, Note, Origin, Policy,
    Settings, Sha256, decide, excuse, passwords_in,
};
use sofie_store::{
    audit::NewEntry,
    verdicts::{self, Tried, Verdict},
};
use sofie_vault::BlobSpec;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    examine::{self, Examined},
    known::{self, Known, Maker},
    later::{self, After, Tickets},
    translate,
};
use crate::{App, Context, Result, audit, engines, hashes, packages::tell};

/// How the files of one package are checked.
#[derive(Debug)]
pub(super) struct Rules {
    /// What to do about what the engines say.
    pub(super) policy: Policy,
    /// Whether the time is over, so that silence counts as *unscannable*.
    pub(super) last_chance: bool,
    /// Whether no engine is asked any more, because asking has ended badly too often.
    pub(super) give_up: bool,
    /// What may open encrypted content.
    pub(super) passwords: Arc<Passwords>,
    /// What two administrators agreed to let pass.
    pub(super) exceptions: Vec<Exception>,
    /// Where the package comes from.
    pub(super) origin: Origin,
    /// Why the inspector's word does not count at present: then nobody's does.
    pub(super) closed: Option<String>,
    /// Which sensitive data is looked for; none if the settings can't be read as that.
    pub(super) dlp: Option<Arc<Dlp>>,
    /// By which rules files are searched.
    pub(super) yara: Option<Arc<Yara>>,
    /// By what the inspector says what it says; nothing if its word is for once.
    pub(super) inspector: Option<Maker>,
}

/// Returns what the settings say of sensitive data.
pub(super) fn dlp(settings: &Settings) -> Option<Arc<Dlp>> {
    let detectors = settings.list("checks.dlp_detectors");
    let expressions = settings.list("checks.dlp_expressions");
    match Dlp::parse(&detectors, &expressions) {
        Ok(dlp) => Some(Arc::new(dlp)),
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "the settings of sensitive data can't be used");
            None
        }
    }
}

/// Returns what may open encrypted content: what people gave, and what is in the note.
pub(super) fn passwords(given: &[SecretString], note: &Note) -> Arc<Passwords> {
    let given = given.iter().map(|one| one.expose_secret().to_owned());
    let all = given.chain(passwords_in(note)).collect();
    // Each is short, and they are few: those of the note by their parser, those of people by what takes them.
    Arc::new(Passwords::new(all).unwrap_or_default())
}

/// The engines beside the inspector, as they are at the beginning of a slice.
#[derive(Clone)]
pub(super) struct Antivirus {
    /// Those whose word counts.
    pub(super) trusted: Vec<Arc<dyn Engine>>,
    /// The others, and why theirs does not.
    pub(super) faulty: Vec<(String, String)>,
    /// By what they say what they say, but for those whose word is for once.
    pub(super) makers: HashMap<String, Maker>,
}

/// A file whose checks are not over.
#[derive(Clone, Debug)]
pub(super) struct Open {
    /// The file.
    pub(super) file: File,
    /// The round that it is in.
    pub(super) round: i32,
    /// Whether engines have spoken in this round.
    pub(super) tried: bool,
    /// When somebody asked for another look: what was said before does not count then.
    pub(super) anew: Option<DateTime<Utc>>,
    /// How to read it; nothing if its key is not there.
    pub(super) spec: Option<BlobSpec>,
}

/// Where a file stands after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// It is settled, by us or by somebody else.
    Settled,
    /// An engine has not spoken yet.
    Waiting,
}

/// Checks one file and writes down what came of it.
pub(super) async fn check(
    app: &App,
    ctx: &Context,
    open: &Open,
    (rules, antivirus): (&Rules, &Antivirus),
    cancel: &CancellationToken,
) -> Result<Stand> {
    let mandatory = |name: &str| {
        rules
            .policy
            .engines
            .iter()
            .any(|rule| rule.mandatory && rule.engine == name)
    };
    let hopeless = antivirus.faulty.iter().any(|(name, _)| mandatory(name));
    if hopeless && open.tried && !rules.last_chance {
        // Reading it again would change nothing while that engine is away.
        return Ok(Stand::Waiting);
    }
    let begun = Instant::now();
    let given = later::tickets(app, open).await?;
    // What closes the checks, or makes nobody's word count, counts for a late one too.
    let gated = hopeless || rules.give_up || rules.closed.is_some() || rules.dlp.is_none();
    let after = if gated {
        After::Others
    } else {
        later::ask_after(app, open, (antivirus, &given), cancel).await?
    };
    let examined = match after {
        After::Working if !rules.last_chance => return Ok(Stand::Waiting),
        After::Said(examined) => with_lists(app, rules, *examined).await,
        After::Working | After::Others => {
            match look(app, open, (rules, antivirus, &given), cancel).await {
                Some(examined) => examined,
                None => return Ok(Stand::Waiting),
            }
        }
    };
    sofie_killpoint::reach("K14");
    later::note(app, open, &examined.tickets).await?;
    let stand = conclude(app, ctx, open, rules, examined).await?;
    if stand == Stand::Settled {
        metrics::histogram!("sofie_file_check_seconds").record(begun.elapsed());
    }
    Ok(stand)
}

/// Decides about a file by what was said of it, and writes it down.
async fn conclude(
    app: &App,
    ctx: &Context,
    open: &Open,
    rules: &Rules,
    mut examined: Examined,
) -> Result<Stand> {
    let last_chance = rules.last_chance || examined.corrupted || examined.crashed && open.tried;
    let decision = decide(&rules.policy, &said(&examined.rows), last_chance);
    if let Decision::Settled(_) = decision
        && examined.digests.is_none()
        && !examined.corrupted
        && !rules.give_up
        && let Some(spec) = &open.spec
    {
        examined.digests = examine::digests(app, &open.file, spec).await.ok();
    }
    translate::shorten(&mut examined.rows);
    write(app, ctx, open, examined, decision).await
}

/// Shows a file to the engines; nothing if it was cancelled. Those whose word does not count have a row too.
pub(super) async fn look(
    app: &App,
    open: &Open,
    (rules, antivirus, given): (&Rules, &Antivirus, &Tickets),
    cancel: &CancellationToken,
) -> Option<Examined> {
    let mut examined = read(app, open, (rules, antivirus, given), cancel).await;
    if cancel.is_cancelled() {
        return None;
    }
    for engine in &examined.doubtful {
        engines::doubt(app, engine).await;
    }
    let faulty = antivirus.faulty.iter();
    let silent =
        faulty.map(|(name, why)| translate::not_asked(name, "self-test-failed", why, app.now()));
    examined.rows.extend(silent);
    Some(with_lists(app, rules, examined).await)
}

/// What was examined, by the list of hashes and the exceptions too; without the list nothing of it counts.
async fn with_lists(app: &App, rules: &Rules, examined: Examined) -> Examined {
    match compared(app, rules, examined).await {
        Ok(examined) => examined,
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "the list of hashes could not be read");
            nothing(
                app,
                rules,
                "hashes-unreadable",
                "the list of hashes could not be read",
            )
        }
    }
}

/// Adds what the list of hashes says, and marks what exceptions let pass.
pub(super) async fn compared(app: &App, rules: &Rules, mut examined: Examined) -> Result<Examined> {
    let sha256 = examined.digests.map(|(sha256, _)| sha256);
    let listed = hashes::verdicts(app, sha256, examined.objects.as_ref(), app.now()).await?;
    examined.rows.extend(listed);
    for row in &mut examined.rows {
        let about = (&rules.origin, sha256.map(Sha256));
        row.exception = excuse(&rules.exceptions, about, (&row.verdict, &row.name));
        row.verdict.excused = row.exception.is_some();
    }
    Ok(examined)
}

/// What rows say, for the policy.
pub(super) fn said(rows: &[Verdict]) -> Vec<EngineVerdict> {
    rows.iter().map(|row| row.verdict.clone()).collect()
}

async fn read(
    app: &App,
    open: &Open,
    (rules, antivirus, given): (&Rules, &Antivirus, &Tickets),
    cancel: &CancellationToken,
) -> Examined {
    if rules.give_up {
        return nothing(
            app,
            rules,
            "checks-gave-up",
            "the checks of this package ended abruptly too often",
        );
    }
    if let Some(why) = &rules.closed {
        return nothing(app, rules, "self-test-failed", why);
    }
    let Some(spec) = &open.spec else {
        return nothing(app, rules, "no-key", "the key of this package is not there");
    };
    let Some(dlp) = rules.dlp.clone() else {
        // Another release wrote the setting: what was wanted is not known, so nothing is clean.
        let detail = "the settings of sensitive data can't be used";
        return nothing(app, rules, "dlp-settings", detail);
    };
    let looked_for = (dlp, rules.yara.clone(), Arc::clone(&rules.passwords));
    let known = known::find(app, open, (rules, antivirus)).await;
    let known = known.unwrap_or_else(|error| {
        let error: &dyn std::error::Error = &error;
        tracing::warn!(error, file.id = %open.file.id, "what is known of a file could not be read");
        Known::default()
    });
    match examine::examine(
        app,
        (&open.file, spec),
        &antivirus.trusted,
        (looked_for, given, known),
        cancel,
    )
    .await
    {
        Ok(mut examined) => {
            known::mark(app, open, (rules, antivirus), &mut examined.rows);
            examined
        }
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, file.id = %open.file.id, "a file could not be read for its checks");
            nothing(app, rules, "file-unreadable", "the file could not be read")
        }
    }
}

/// The rows of engines that could not be asked.
fn nothing(app: &App, rules: &Rules, name: &str, detail: &str) -> Examined {
    let row = |engine: &str| translate::not_asked(engine, name, detail, app.now());
    Examined {
        rows: rules
            .policy
            .engines
            .iter()
            .map(|rule| row(&rule.engine))
            .collect(),
        ..Examined::default()
    }
}

/// Writes the rows, and the file's state if it is settled, unless another worker or a re-check was faster.
async fn write(
    app: &App,
    ctx: &Context,
    open: &Open,
    examined: Examined,
    decision: Decision,
) -> Result<Stand> {
    let ctx = Context {
        now: app.now(),
        ..ctx.clone()
    };
    let mut file = open.file.clone();
    let mut entries = Vec::new();
    let mut stand = Stand::Waiting;
    file.media_type = examined.media_type.clone().or(file.media_type);
    if examined.digests.is_some() || decision != Decision::Wait {
        file.sha256 = examined.digests.map(|(sha256, _)| sha256);
        file.crc32 = examined.digests.map(|(_, crc32)| crc32);
    }
    if let Decision::Settled(check) = decision {
        file.check = file.check.settle(checked(check, &examined))?;
        entries.push(settled(&ctx, &file, &examined.rows));
        stand = Stand::Settled;
        metrics::counter!("sofie_files_checked_total", "state" => file.check.as_str()).increment(1);
    }
    if examined.corrupted {
        let data = json!({ "package": file.package_id });
        let object = Some(object(file.id));
        entries.push(audit::entry(&ctx, Event::FileCorrupted, object, data));
    }
    let tried = Tried {
        file: &file,
        round: open.round,
        rows: &examined.rows,
        objects: examined.objects.as_ref(),
        at: ctx.now,
        entries: &entries,
    };
    if !verdicts::record(&mut app.db().read().await?, &tried).await? {
        return Ok(Stand::Settled);
    }
    tell(app, file.package_id);
    Ok(stand)
}

pub(super) fn settled(ctx: &Context, file: &File, rows: &[Verdict]) -> NewEntry {
    let event = if file.check.held() {
        Event::FileBlocked
    } else {
        Event::FileChecked
    };
    let data = json!({
        "package": file.package_id,
        "check": file.check.as_str(),
        "found": found(rows),
    });
    audit::entry(ctx, event, Some(object(file.id)), data)
}

/// A file passes only with digests: without them nobody read all of it.
fn checked(check: FileCheck, examined: &Examined) -> FileCheck {
    if check.passes() && examined.digests.is_none() {
        FileCheck::Unscannable
    } else {
        check
    }
}

pub(super) fn object(id: FileId) -> (&'static str, String) {
    ("file", id.to_string())
}

/// Names what was found, for the audit log: no names of files.
pub(super) fn found(rows: &[Verdict]) -> Vec<String> {
    let mut found: Vec<String> = rows
        .iter()
        .filter(|row| !row.name.is_empty())
        .map(|row| format!("{}: {}", row.verdict.engine, row.name))
        .collect();
    found.sort_unstable();
    found.dedup();
    found.truncate(20);
    found
}
