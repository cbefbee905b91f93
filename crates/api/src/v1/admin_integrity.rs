//! Whether everything stored is intact, for administrators (ADM-9).

use std::collections::BTreeMap;

use axum::Json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sofie_app::integrity::{self, Finding, Overview, Row as Run};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{Caller, JsonBody, Problem, State};

/// How many files are in which state.
#[derive(Debug, Serialize, ToSchema)]
pub struct IntegrityCounts {
    /// Complete files that somebody may still ask for.
    total: i64,
    ok: i64,
    /// Their bytes are not the ones that were stored.
    corrupted: i64,
    /// Their bytes could not be had.
    inaccessible: i64,
    unchecked: i64,
}

/// A check of everything stored.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IntegrityRun)]
pub struct RunBody {
    /// `running`, `done`, `cancelled` or `failed`.
    state: String,
    /// Whether every byte is read.
    deep: bool,
    /// Who asked; nobody: the schedule.
    asked_by: Option<String>,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    /// How much of the store it has been through, in hundredths.
    percent: i32,
    files: i64,
    bytes: i64,
    /// How many problems of each kind: `missing`, `wrong_length`, `damaged`, `locked`, `unreadable` or `surplus`.
    problems: BTreeMap<String, u64>,
    /// Why it failed.
    error: Option<String>,
}

/// A file that is not intact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IntegrityFinding)]
pub struct FindingBody {
    file_id: Uuid,
    package_id: Uuid,
    /// `corrupted` or `inaccessible`.
    state: String,
    /// `missing`, `wrong_length`, `damaged`, `locked` or `unreadable`.
    kind: String,
    /// The same in words.
    detail: String,
    checked_at: DateTime<Utc>,
}

/// Whether everything stored is intact, as far as it is known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Integrity)]
pub struct IntegrityBody {
    files: IntegrityCounts,
    /// The check that is running, or else the last one.
    run: Option<RunBody>,
    /// When the schedule begins the next one.
    next_at: Option<DateTime<Utc>>,
    /// The last found first, at most a hundred.
    findings: Vec<FindingBody>,
}

/// What kind of check to begin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginCheck {
    /// Whether to read every byte.
    deep: bool,
}

impl From<Run> for RunBody {
    fn from(run: Run) -> Self {
        Self {
            percent: run.shard * 100 / 256,
            problems: serde_json::from_value(run.problems).unwrap_or_default(),
            state: run.state,
            deep: run.deep,
            asked_by: run.asked_by,
            started_at: run.started_at,
            ended_at: run.ended_at,
            files: run.files,
            bytes: run.bytes,
            error: run.error,
        }
    }
}

impl From<Finding> for FindingBody {
    fn from(finding: Finding) -> Self {
        Self {
            file_id: finding.file_id.0,
            package_id: finding.package_id.0,
            state: finding.state,
            kind: finding.kind,
            detail: finding.detail,
            checked_at: finding.checked_at,
        }
    }
}

impl From<Overview> for IntegrityBody {
    fn from(found: Overview) -> Self {
        let counts = found.counts;
        Self {
            files: IntegrityCounts {
                total: counts.total,
                ok: counts.ok,
                corrupted: counts.corrupted,
                inaccessible: counts.inaccessible,
                unchecked: counts.unchecked,
            },
            run: found.run.map(RunBody::from),
            next_at: found.next_at,
            findings: found.findings.into_iter().map(FindingBody::from).collect(),
        }
    }
}

async fn body(caller: &Caller) -> Result<Json<IntegrityBody>, Problem> {
    let found = integrity::overview(&caller.app, &caller.ctx).await?;
    Ok(Json(found.into()))
}

/// Tells whether everything stored is intact.
#[utoipa::path(get, path = "/admin/integrity", tag = "administration",
    responses((status = 200, body = IntegrityBody), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn get(caller: Caller) -> Result<Json<IntegrityBody>, Problem> {
    body(&caller).await
}

/// Begins a check.
#[utoipa::path(post, path = "/admin/integrity/run", tag = "administration", request_body = BeginCheck,
    responses((status = 200, body = IntegrityBody), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem)))]
pub(crate) async fn begin(
    caller: Caller,
    JsonBody(asked): JsonBody<BeginCheck>,
) -> Result<Json<IntegrityBody>, Problem> {
    integrity::begin(&caller.app, &caller.ctx, asked.deep).await?;
    body(&caller).await
}

/// Ends the check that is running; what it found stays known.
#[utoipa::path(delete, path = "/admin/integrity/run", tag = "administration",
    responses((status = 200, body = IntegrityBody), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn cancel(caller: Caller) -> Result<Json<IntegrityBody>, Problem> {
    integrity::cancel(&caller.app, &caller.ctx).await?;
    body(&caller).await
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(get))
        .routes(routes!(begin, cancel))
}
