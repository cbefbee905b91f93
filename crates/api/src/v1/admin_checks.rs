//! The queue of checks, for administrators.

use axum::Json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sofie_app::checks::{self, Waiting};
use sofie_domain::PackageId;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    admin_packages::reason,
    lists::{PageBody, PageQuery},
    packages::{PackageBody, PackageSummaryBody},
};
use crate::{
    Caller, JsonBody, Problem, State,
    extract::{Path, Query},
};

/// A package that is being checked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Waiting)]
pub struct WaitingBody {
    package: PackageSummaryBody,
    /// When its checks began; none if nobody took them up yet.
    started_at: Option<DateTime<Utc>>,
    /// When what is not known by then is unscannable.
    deadline: Option<DateTime<Utc>>,
    /// How many of its files are settled.
    checked: u64,
    /// Whether a worker is at it.
    running: bool,
    /// When a worker takes it up again; none if one is at it.
    next_at: Option<DateTime<Utc>>,
    /// The engines that did not answer for a file yet.
    awaited: Vec<String>,
}

impl From<Waiting> for WaitingBody {
    fn from(waiting: Waiting) -> Self {
        let progress = waiting.progress;
        Self {
            package: waiting.package.into(),
            started_at: progress.started_at,
            deadline: waiting.deadline,
            checked: progress.checked,
            running: progress.running,
            next_at: progress.next_at,
            awaited: progress.awaited,
        }
    }
}

/// Why checks are ended early.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StopChecks {
    /// Why; it is kept with the package.
    reason: String,
}

/// Lists packages that are being checked, longest waiting first.
#[utoipa::path(get, path = "/admin/checks", tag = "administration", params(PageQuery),
    responses((status = 200, body = PageBody<WaitingBody>), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn list(
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageBody<WaitingBody>>, Problem> {
    let after = query.cursor()?;
    let found = checks::list(&caller.app, &caller.ctx, after, query.limit()).await?;
    Ok(Json(PageBody::from_page(found, WaitingBody::from)))
}

/// Ends the checks of a package now; what is not settled is unscannable and held back.
#[utoipa::path(post, path = "/admin/packages/{id}/stop-checks", tag = "administration", request_body = StopChecks,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = PackageBody), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn stop(
    caller: Caller,
    Path(id): Path<Uuid>,
    JsonBody(body): JsonBody<StopChecks>,
) -> Result<Json<PackageBody>, Problem> {
    let reason = reason(&body.reason)?;
    let view = checks::stop(&caller.app, &caller.ctx, PackageId(id), &reason).await?;
    Ok(Json(view.into()))
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(stop))
}
