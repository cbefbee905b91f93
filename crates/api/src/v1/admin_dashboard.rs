//! The administrator's first page (ADM-10).

use axum::Json;
use serde::Serialize;
use sofie_app::dashboard::{self, Dashboard};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{Caller, Problem, State};

/// How many packages are where.
#[derive(Debug, Serialize, ToSchema)]
pub struct PackageFigures {
    active: i64,
    checking: i64,
    quarantined: i64,
    deleted: i64,
}

/// Bytes of storage.
#[derive(Debug, Serialize, ToSchema)]
pub struct StorageFigures {
    used: i64,
    /// What the storage can still take, if it can tell.
    free: Option<u64>,
}

/// Mails that have not left.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailFigures {
    queued: u64,
    failed: u64,
    /// `smtp`, or `none` while no server is set.
    transport: &'static str,
}

/// Jobs that are not done.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobFigures {
    queued: i64,
    dead: i64,
}

/// Something that needs attention.
#[derive(Debug, Serialize, ToSchema)]
pub struct WarningBody {
    /// A stable word.
    code: &'static str,
    /// A number or name that belongs to it.
    detail: Option<String>,
}

/// The figures of the first page.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dashboard)]
pub struct DashboardBody {
    packages: PackageFigures,
    /// How long the oldest package has waited for its checks.
    oldest_check_seconds: Option<i64>,
    storage: StorageFigures,
    mail: MailFigures,
    jobs: JobFigures,
    users: i64,
    warnings: Vec<WarningBody>,
}

fn body(found: Dashboard, now: chrono::DateTime<chrono::Utc>) -> DashboardBody {
    let figures = found.figures;
    let warnings = found.warnings.into_iter();
    DashboardBody {
        packages: PackageFigures {
            active: figures.active,
            checking: figures.checking,
            quarantined: figures.quarantined,
            deleted: figures.deleted,
        },
        oldest_check_seconds: figures
            .oldest_check
            .map(|since| (now - since).num_seconds()),
        storage: StorageFigures {
            used: figures.bytes,
            free: found.free,
        },
        mail: MailFigures {
            queued: found.mails.0,
            failed: found.mails.1,
            transport: if found.smtp { "smtp" } else { "none" },
        },
        jobs: JobFigures {
            queued: found.jobs.queued,
            dead: found.jobs.dead,
        },
        users: figures.users,
        warnings: warnings
            .map(|w| WarningBody {
                code: w.code,
                detail: w.detail,
            })
            .collect(),
    }
}

/// Collects the figures.
#[utoipa::path(get, path = "/admin/dashboard", tag = "administration",
    responses((status = 200, body = DashboardBody), (status = 401, body = Problem)))]
pub(crate) async fn get(caller: Caller) -> Result<Json<DashboardBody>, Problem> {
    let found = dashboard::get(&caller.app, &caller.ctx).await?;
    Ok(Json(body(found, caller.ctx.now)))
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(get))
}
