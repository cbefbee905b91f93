//! Exceptions and the list of hashes, for administrators (DET-10, DET-24).

use axum::{Json, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sofie_app::{
    Error,
    exceptions::{self, Proposal, Record},
    hashes::{self, Listed},
};
use sofie_domain::{ExceptionId, Excused, Sha256};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::lists::{PageBody, PageQuery};
use crate::{
    Caller, JsonBody, Problem, State,
    extract::{Path, Query},
};

/// Something that the policy would hold, and that two administrators let pass.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Exception)]
pub struct ExceptionBody {
    id: Uuid,
    /// SHA-256 of the content that it is about, whatever is said of it; or the next two.
    sha256: Option<String>,
    /// The engine whose findings it is about.
    engine: Option<String>,
    /// What the engine calls them, with `*` for any text; never what it calls infected.
    finding: Option<String>,
    /// Whose packages: an address, a domain behind an `@`, or the id of a group behind `group:`; empty is everybody's.
    sender: String,
    /// The name of that group; none if it is gone, and the exception nobody's.
    group: Option<String>,
    reason: String,
    /// `proposed`, `active`, `expired` or `revoked`.
    state: &'static str,
    proposed_by: String,
    proposed_at: DateTime<Utc>,
    approved_by: Option<String>,
    approved_at: Option<DateTime<Utc>>,
    revoked_by: Option<String>,
    expires_at: DateTime<Utc>,
}

impl ExceptionBody {
    fn new(record: Record, now: DateTime<Utc>) -> Self {
        let state = match (&record.revoked, &record.approved) {
            (Some(_), _) => "revoked",
            _ if record.expires_at <= now => "expired",
            (None, Some(_)) => "active",
            (None, None) => "proposed",
        };
        let (sha256, engine, finding) = match record.exception.excused {
            Excused::Content(sha256) => (Some(sha256.to_string()), None, None),
            Excused::Finding { engine, name } => {
                (None, Some(engine), Some(name.as_str().to_owned()))
            }
        };
        let (approved_by, approved_at) = record.approved.unzip();
        Self {
            id: record.exception.id.0,
            sha256,
            engine,
            finding,
            sender: record.exception.senders.to_string(),
            group: record.group,
            reason: record.reason,
            state,
            proposed_by: record.proposed.0,
            proposed_at: record.proposed.1,
            approved_by,
            approved_at,
            revoked_by: record.revoked.map(|(by, _)| by),
            expires_at: record.expires_at,
        }
    }
}

/// An exception to propose: either `sha256`, or `engine` and `finding`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProposeException {
    sha256: Option<String>,
    engine: Option<String>,
    /// With `*` for any text; at most 200 characters.
    finding: Option<String>,
    /// An address, a domain behind an `@`, or the id of a group behind `group:`; everybody without it.
    sender: Option<String>,
    reason: String,
    /// At most a year from now.
    expires_at: DateTime<Utc>,
}

/// Hashes to list.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListHashes {
    /// A line each: 64 hexadecimal digits, and after a comma, a semicolon or a blank a comment. At most 10 000 lines.
    hashes: String,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct HashesListed {
    /// How many were not on the list before.
    added: u64,
}

/// A hash of content that is dangerous whatever engines say.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListedHash)]
pub struct ListedHashBody {
    sha256: String,
    comment: String,
    added_by: String,
    added_at: DateTime<Utc>,
}

impl From<Listed> for ListedHashBody {
    fn from(listed: Listed) -> Self {
        Self {
            sha256: listed.hash.sha256.to_string(),
            comment: listed.hash.comment,
            added_by: listed.added_by,
            added_at: listed.added_at,
        }
    }
}

/// Lists exceptions, newest first.
#[utoipa::path(get, path = "/admin/exceptions", tag = "administration", params(PageQuery),
    responses((status = 200, body = PageBody<ExceptionBody>), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn list(
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageBody<ExceptionBody>>, Problem> {
    let (now, after) = (caller.ctx.now, query.cursor()?);
    let found = exceptions::list(&caller.app, &caller.ctx, after, query.limit()).await?;
    Ok(Json(PageBody::from_page(found, |one| {
        ExceptionBody::new(one, now)
    })))
}

/// Proposes an exception; it counts once another administrator approves it.
#[utoipa::path(post, path = "/admin/exceptions", tag = "administration", request_body = ProposeException,
    responses((status = 201, body = ExceptionBody), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn propose(
    caller: Caller,
    JsonBody(body): JsonBody<ProposeException>,
) -> Result<(StatusCode, Json<ExceptionBody>), Problem> {
    let proposal = Proposal {
        sha256: body.sha256,
        engine: body.engine,
        finding: body.finding,
        sender: body.sender.unwrap_or_default(),
        reason: body.reason,
        expires_at: body.expires_at,
    };
    let record = exceptions::propose(&caller.app, &caller.ctx, &proposal).await?;
    let body = ExceptionBody::new(record, caller.ctx.now);
    Ok((StatusCode::CREATED, Json(body)))
}

/// Puts an exception in force that another administrator proposed.
#[utoipa::path(post, path = "/admin/exceptions/{id}/approve", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 200, body = ExceptionBody), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn approve(
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<ExceptionBody>, Problem> {
    let record = exceptions::approve(&caller.app, &caller.ctx, ExceptionId(id)).await?;
    Ok(Json(ExceptionBody::new(record, caller.ctx.now)))
}

/// Ends an exception before its time, or refuses a proposal.
#[utoipa::path(delete, path = "/admin/exceptions/{id}", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn revoke(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    exceptions::revoke(&caller.app, &caller.ctx, ExceptionId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists hashes of dangerous content, newest first.
#[utoipa::path(get, path = "/admin/hashes", tag = "administration", params(PageQuery),
    responses((status = 200, body = PageBody<ListedHashBody>), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn hashes(
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageBody<ListedHashBody>>, Problem> {
    let after = query.cursor()?;
    let found = hashes::list(&caller.app, &caller.ctx, after, query.limit()).await?;
    Ok(Json(PageBody::from_page(found, ListedHashBody::from)))
}

/// Lists hashes as dangerous. Delivered files with one of them are taken back.
#[utoipa::path(post, path = "/admin/hashes", tag = "administration", request_body = ListHashes,
    responses((status = 200, body = HashesListed), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn add_hashes(
    caller: Caller,
    JsonBody(body): JsonBody<ListHashes>,
) -> Result<Json<HashesListed>, Problem> {
    let added = hashes::add(&caller.app, &caller.ctx, &body.hashes).await?;
    Ok(Json(HashesListed { added }))
}

/// Takes a hash off the list.
#[utoipa::path(delete, path = "/admin/hashes/{sha256}", tag = "administration", params(("sha256" = String, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn remove_hash(
    caller: Caller,
    Path(sha256): Path<String>,
) -> Result<StatusCode, Problem> {
    let sha256 = Sha256::parse(&sha256).ok_or(Error::NotFound)?;
    hashes::remove(&caller.app, &caller.ctx, sha256).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, propose))
        .routes(routes!(approve))
        .routes(routes!(revoke))
        .routes(routes!(hashes, add_hashes))
        .routes(routes!(remove_hash))
}
