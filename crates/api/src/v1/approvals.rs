//! What waits for a user with the right to approve (PKG-18).

use axum::{Json, http::StatusCode};
use serde::{Deserialize, Serialize};
use sofie_app::approvals::{self, Asked, LookedAt};
use sofie_domain::{FileId, PackageId};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    admin_packages::reason,
    lists::page,
    packages::{PackageBody, PackageList},
};
use crate::{
    Caller, JsonBody, Problem, State,
    extract::{Path, Query},
};

/// Which packages to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// Only those whose title or an address contains this. A page may then be short and still have a next one.
    q: Option<String>,
    /// How many rows, 1 to 200; 50 without it.
    limit: Option<usize>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A package that waits for approval.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ToApprove)]
pub struct ToApproveBody {
    package: PackageBody,
    /// Its held files: an approval is of exactly these.
    held: Vec<HeldFile>,
}

/// A held file in a round of its checks.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HeldFile {
    file_id: Uuid,
    /// Counts checks and re-checks.
    round: i32,
}

/// An approval.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approve {
    /// Why; it is shown with the files for ever, and the sender is told.
    reason: String,
    /// The held files that were looked at: all that the package has.
    held: Vec<HeldFile>,
}

/// A decision against a package.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Disapprove {
    /// Why; the sender is told.
    reason: String,
}

impl From<LookedAt> for HeldFile {
    fn from(one: LookedAt) -> Self {
        Self {
            file_id: one.file.0,
            round: one.round,
        }
    }
}

impl From<HeldFile> for LookedAt {
    fn from(one: HeldFile) -> Self {
        Self {
            file: FileId(one.file_id),
            round: one.round,
        }
    }
}

impl From<Asked> for ToApproveBody {
    fn from(asked: Asked) -> Self {
        Self {
            package: asked.view.into(),
            held: asked.held.into_iter().map(Into::into).collect(),
        }
    }
}

/// Lists the packages that wait for the caller's decision, newest first; one's own are not among them.
#[utoipa::path(get, path = "/approvals", tag = "approvals", params(ListQuery),
    responses((status = 200, body = PackageList), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn list(
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<PackageList>, Problem> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let search = query.q.unwrap_or_default();
    let found = approvals::list(&caller.app, &caller.ctx, &search, page).await?;
    Ok(Json(found.into()))
}

/// Returns a package that waits for the caller's decision, with what was found in it.
#[utoipa::path(get, path = "/approvals/{id}", tag = "approvals", params(("id" = Uuid, Path)),
    responses((status = 200, body = ToApproveBody), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn get(
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<ToApproveBody>, Problem> {
    let asked = approvals::get(&caller.app, &caller.ctx, PackageId(id)).await?;
    Ok(Json(asked.into()))
}

/// Lets a package go, if its held files are still those that were looked at.
#[utoipa::path(post, path = "/approvals/{id}/approve", tag = "approvals", request_body = Approve,
    params(("id" = Uuid, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn approve(
    caller: Caller,
    Path(id): Path<Uuid>,
    JsonBody(body): JsonBody<Approve>,
) -> Result<StatusCode, Problem> {
    let reason = reason(&body.reason)?;
    let held: Vec<LookedAt> = body.held.into_iter().map(Into::into).collect();
    approvals::approve(&caller.app, &caller.ctx, PackageId(id), &reason, &held).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Decides that a package does not leave; its sender is told.
#[utoipa::path(post, path = "/approvals/{id}/reject", tag = "approvals", request_body = Disapprove,
    params(("id" = Uuid, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn reject(
    caller: Caller,
    Path(id): Path<Uuid>,
    JsonBody(body): JsonBody<Disapprove>,
) -> Result<StatusCode, Problem> {
    let reason = reason(&body.reason)?;
    approvals::reject(&caller.app, &caller.ctx, PackageId(id), &reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(approve))
        .routes(routes!(reject))
}
