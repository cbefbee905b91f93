//! Packages as administrators see them, and the quarantine (DET-25).

use axum::{Json, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sofie_app::{
    Error,
    packages::{self, Box},
    quarantine::{self, FileVerdicts, List, Object, Verdict},
};
use sofie_domain::{FileId, PackageId, Reason};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
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
    /// `all` without it.
    #[param(inline)]
    view: Option<ViewWord>,
    /// Only those whose title or an address contains this. A page may then be short and still have a next one.
    q: Option<String>,
    /// How many rows, 1 to 200; 50 without it.
    limit: Option<usize>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// One of an administrator's lists.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ViewWord {
    /// Delivered, in part or in whole.
    Active,
    /// Being checked.
    Checking,
    /// With files that are held back.
    Quarantined,
    /// Waiting for an approver.
    Waiting,
    /// In the recycle bin.
    Deleted,
    /// Everything.
    All,
}

/// A decision to let files out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Release {
    /// Why; it is shown with the files for ever.
    reason: String,
    /// Which files; all that are held without it.
    file_ids: Option<Vec<Uuid>>,
}

/// A decision against a package.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reject {
    /// Why; the sender is told.
    reason: String,
}

/// What every engine said of a package, in every round of checks.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerdictsBody {
    files: Vec<FileVerdictsBody>,
}

/// What every engine said of a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FileVerdicts)]
pub struct FileVerdictsBody {
    file_id: Uuid,
    path: String,
    /// Oldest first; a re-check adds rows.
    verdicts: Vec<VerdictBody>,
}

/// One row of an engine about a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Verdict)]
pub struct VerdictBody {
    engine: String,
    /// `clean`, `infected`, `suspicious`, `encrypted`, `incomplete`, `skipped`, `unsupported`, `policy_hit` or
    /// `error`.
    outcome: &'static str,
    /// How suspicious, or against which rule.
    level: Option<&'static str>,
    /// Which limit, which kind of error, how much was looked at.
    qualifier: Option<String>,
    /// The engine's name for it.
    name: String,
    /// The exception that lets it pass.
    exception_id: Option<Uuid>,
    /// The object inside the file.
    object: Option<String>,
    detail: Option<String>,
    engine_version: Option<String>,
    signature_version: Option<String>,
    /// When its signatures were made, if it tells.
    signature_at: Option<DateTime<Utc>>,
    /// When the engine had answered.
    at: DateTime<Utc>,
}

impl From<Verdict> for VerdictBody {
    fn from(row: Verdict) -> Self {
        let (outcome, level) = quarantine::outcome_words(row.verdict.outcome);
        Self {
            engine: row.verdict.engine,
            outcome,
            level,
            qualifier: row.qualifier,
            name: row.name,
            exception_id: row.exception.map(|id| id.0),
            object: row.object,
            detail: row.detail,
            engine_version: row.engine_version,
            signature_version: row.signature_version,
            signature_at: row.signature_at,
            at: row.finished_at,
        }
    }
}

impl From<FileVerdicts> for FileVerdictsBody {
    fn from(of: FileVerdicts) -> Self {
        Self {
            file_id: of.file.id.0,
            path: of.file.path.as_str().to_owned(),
            verdicts: of.verdicts.into_iter().map(Into::into).collect(),
        }
    }
}

/// What is in a file, each container before its members.
#[derive(Debug, Serialize, ToSchema)]
pub struct ObjectList {
    /// A bounded number; the first is the file itself.
    objects: Vec<ObjectBody>,
    /// How many more there are.
    unlisted: u64,
}

/// The file itself, or a member of a container in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Object)]
pub struct ObjectBody {
    /// Where it is, as findings name it.
    path: String,
    /// Media type by content.
    media_type: String,
    /// Unpacked size in bytes.
    size: u64,
    /// SHA-256 in hexadecimal, if it was read to its end.
    sha256: Option<String>,
    /// 0 for the file itself, 1 for a member of it, and so on.
    depth: u32,
    /// Only its bytes as they are were searched, not what its format packs.
    surface_only: bool,
}

impl From<Object> for ObjectBody {
    fn from(object: Object) -> Self {
        Self {
            path: object.path,
            media_type: object.media_type,
            size: object.size,
            sha256: object.sha256,
            depth: object.depth,
            surface_only: object.surface_only,
        }
    }
}

impl From<List> for ObjectList {
    fn from(list: List) -> Self {
        Self {
            objects: list.objects.into_iter().map(Into::into).collect(),
            unlisted: list.unlisted,
        }
    }
}

/// Lists packages, newest first; those being checked oldest first.
#[utoipa::path(get, path = "/admin/packages", tag = "administration", params(ListQuery),
    responses((status = 200, body = PackageList), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn list(
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<PackageList>, Problem> {
    let which = match query.view.unwrap_or(ViewWord::All) {
        ViewWord::Active => Box::Active,
        ViewWord::Checking => Box::Checking,
        ViewWord::Quarantined => Box::Quarantined,
        ViewWord::Waiting => Box::Waiting,
        ViewWord::Deleted => Box::AllDeleted,
        ViewWord::All => Box::All,
    };
    let page = page(query.limit, query.cursor.as_deref())?;
    let search = query.q.unwrap_or_default();
    let found = packages::list_all(&caller.app, &caller.ctx, &which, &search, page).await?;
    Ok(Json(found.into()))
}

/// Returns a package with every finding.
#[utoipa::path(get, path = "/admin/packages/{id}", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 200, body = PackageBody), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn get(
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<PackageBody>, Problem> {
    let view = quarantine::look(&caller.app, &caller.ctx, PackageId(id)).await?;
    Ok(Json(view.into()))
}

/// Returns every row of every engine.
#[utoipa::path(get, path = "/admin/packages/{id}/verdicts", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 200, body = VerdictsBody), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn verdicts(
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<VerdictsBody>, Problem> {
    let files = quarantine::all_verdicts(&caller.app, &caller.ctx, PackageId(id)).await?;
    let files = files.into_iter().map(Into::into).collect();
    Ok(Json(VerdictsBody { files }))
}

/// Returns what is in a file.
#[utoipa::path(get, path = "/admin/packages/{id}/files/{file_id}/objects", tag = "administration",
    params(("id" = Uuid, Path), ("file_id" = Uuid, Path)),
    responses((status = 200, body = ObjectList), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn objects(
    caller: Caller,
    Path((id, file)): Path<(Uuid, Uuid)>,
) -> Result<Json<ObjectList>, Problem> {
    let (app, ctx) = (&caller.app, &caller.ctx);
    let list = quarantine::objects(app, ctx, PackageId(id), FileId(file)).await?;
    Ok(Json(list.into()))
}

/// Lets held files out of the quarantine.
#[utoipa::path(post, path = "/admin/packages/{id}/release", tag = "administration", request_body = Release,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = PackageBody), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn release(
    caller: Caller,
    Path(id): Path<Uuid>,
    JsonBody(body): JsonBody<Release>,
) -> Result<Json<PackageBody>, Problem> {
    let reason = reason(&body.reason)?;
    let only: Option<Vec<FileId>> = body
        .file_ids
        .map(|ids| ids.into_iter().map(FileId).collect());
    let (app, ctx) = (&caller.app, &caller.ctx);
    let view = quarantine::release(app, ctx, PackageId(id), &reason, only.as_deref()).await?;
    Ok(Json(view.into()))
}

/// Decides against a package that is held; its sender is told.
#[utoipa::path(post, path = "/admin/packages/{id}/reject", tag = "administration", request_body = Reject,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = PackageBody), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn reject(
    caller: Caller,
    Path(id): Path<Uuid>,
    JsonBody(body): JsonBody<Reject>,
) -> Result<Json<PackageBody>, Problem> {
    let reason = reason(&body.reason)?;
    let view = quarantine::reject(&caller.app, &caller.ctx, PackageId(id), &reason).await?;
    Ok(Json(view.into()))
}

/// Sends all files through the checks again; meanwhile nothing can be fetched.
#[utoipa::path(post, path = "/admin/packages/{id}/recheck", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 200, body = PackageBody), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn recheck(
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<PackageBody>, Problem> {
    let view = quarantine::recheck(&caller.app, &caller.ctx, PackageId(id)).await?;
    Ok(Json(view.into()))
}

/// Withdraws a package, or shreds a draft.
#[utoipa::path(delete, path = "/admin/packages/{id}", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn remove(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    quarantine::remove(&caller.app, &caller.ctx, PackageId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn reason(text: &str) -> Result<Reason, Error> {
    Reason::parse(text).map_err(|invalid| Error::invalid("reason", invalid_code(invalid)))
}

fn invalid_code(invalid: sofie_domain::InvalidText) -> &'static str {
    match invalid {
        sofie_domain::InvalidText::Empty => "required",
        sofie_domain::InvalidText::TooLong { .. } => "too_long",
        sofie_domain::InvalidText::Control => "invalid",
    }
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, remove))
        .routes(routes!(verdicts))
        .routes(routes!(objects))
        .routes(routes!(release))
        .routes(routes!(reject))
        .routes(routes!(recheck))
}
