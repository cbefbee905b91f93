//! Packages: drafts, sending, lists, the recycle bin.

mod body;
mod input;

pub use body::{FileBody, PackageBody, PackageSummaryBody};

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sofie_app::{
    Error,
    packages::{self, Which},
    uploads,
};
use sofie_domain::{FileId, PackageId, RecipientId};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    Caller, JsonBody, Problem, State,
    extract::{Path, Query},
};
use input::{Notify, PackageInput, Send, Unlock};

/// The most items of one page.
const PAGE: usize = 200;
/// The usual number of items of one page.
const USUAL_PAGE: usize = 50;

/// Which packages to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// `inbox` (the default), `sent`, `drafts` or `deleted`.
    #[serde(rename = "box")]
    #[param(inline)]
    which: Option<BoxWord>,
    /// Only those whose title or an address contains this. A page may then be short and still have a next one.
    q: Option<String>,
    /// The most items, up to 200.
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// One of a user's lists.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BoxWord {
    Inbox,
    Sent,
    Drafts,
    Deleted,
}

/// One page of packages.
#[derive(Debug, Serialize, ToSchema)]
pub struct PackageList {
    /// The packages, newest first.
    pub(crate) items: Vec<PackageSummaryBody>,
    /// Where the next page begins, if there is more.
    pub(crate) next_cursor: Option<String>,
}

/// Makes a draft. A visitor needs a proved address or an open request.
///
/// A request has one answer at a time. Whoever has begun it in this browser gets it as it is (200, the other fields
/// are not looked at); if it was begun in another browser the answer is `answer_begun`, unless `start_over` gives
/// that one up.
#[utoipa::path(post, path = "/packages", tag = "packages", request_body = PackageInput,
    responses((status = 200, body = PackageBody), (status = 201, body = PackageBody),
        (status = 401, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn create(
    caller: Caller,
    JsonBody(body): JsonBody<PackageInput>,
) -> Result<(StatusCode, Json<PackageBody>), Problem> {
    let made = packages::create(&caller.app, &caller.ctx, &body.into()).await?;
    let status = if made.fresh {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(made.view.into())))
}

/// Lists packages of the user, newest first.
#[utoipa::path(get, path = "/packages", tag = "packages", params(ListQuery),
    responses((status = 200, body = PackageList), (status = 401, body = Problem)))]
pub(crate) async fn list(
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<PackageList>, Problem> {
    let which = match query.which.unwrap_or(BoxWord::Inbox) {
        BoxWord::Inbox => Which::Inbox,
        BoxWord::Sent => Which::Sent,
        BoxWord::Drafts => Which::Drafts,
        BoxWord::Deleted => Which::Deleted,
    };
    let after = query.cursor.map(|text| text.parse());
    let after = after
        .transpose()
        .map_err(|_| Error::invalid("cursor", "invalid"))?;
    let limit = query.limit.unwrap_or(USUAL_PAGE).clamp(1, PAGE);
    let search = query.q.unwrap_or_default();
    let page = packages::list(&caller.app, &caller.ctx, which, &search, after, limit).await?;
    Ok(Json(page.into()))
}

/// Returns a package as the caller may see it.
#[utoipa::path(get, path = "/packages/{id}", tag = "packages", params(("id" = Uuid, Path)),
    responses((status = 200, body = PackageBody), (status = 404, body = Problem)))]
pub(crate) async fn get(
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<PackageBody>, Problem> {
    let view = packages::get(&caller.app, &caller.ctx, PackageId(id)).await?;
    Ok(Json(view.into()))
}

/// Changes a draft; of a package that was sent only `expires_in_days`, counted from now on.
#[utoipa::path(patch, path = "/packages/{id}", tag = "packages", request_body = PackageInput,
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "the version that was seen, quoted")),
    responses((status = 200, body = PackageBody), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn edit(
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<PackageInput>,
) -> Result<Json<PackageBody>, Problem> {
    let seen = seen_version(&headers)?;
    let view = packages::edit(&caller.app, &caller.ctx, PackageId(id), seen, &body.into()).await?;
    Ok(Json(view.into()))
}

/// Reads the version of an `If-Match` header; what we never gave out matches nothing.
pub(super) fn seen_version(headers: &HeaderMap) -> Result<Option<i64>, Error> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    if text == "*" {
        return Ok(None);
    }
    let version = text.trim_matches('"').parse();
    version
        .map(Some)
        .map_err(|_| Error::Conflict("version_conflict"))
}

/// Sends a draft, also while its uploads run.
#[utoipa::path(post, path = "/packages/{id}/send", tag = "packages", request_body = Option<Send>,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = PackageBody), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn send(
    caller: Caller,
    Path(id): Path<Uuid>,
    body: Option<JsonBody<Send>>,
) -> Result<Json<PackageBody>, Problem> {
    let files = body.and_then(|JsonBody(body)| body.files);
    let view = packages::send(&caller.app, &caller.ctx, PackageId(id), files).await?;
    Ok(Json(view.into()))
}

/// Removes a package: a draft for ever, a sent one into the recycle bin.
#[utoipa::path(delete, path = "/packages/{id}", tag = "packages", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn remove(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    packages::remove(&caller.app, &caller.ctx, PackageId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Brings a withdrawn package back; it is checked before it is delivered again.
#[utoipa::path(post, path = "/packages/{id}/restore", tag = "packages", params(("id" = Uuid, Path)),
    responses((status = 200, body = PackageBody), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn restore(
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<PackageBody>, Problem> {
    let view = packages::restore(&caller.app, &caller.ctx, PackageId(id)).await?;
    Ok(Json(view.into()))
}

/// Tries a password on held files that could not be looked into. It is used at once, kept nowhere, and the package is
/// being checked until it is known what came of it.
#[utoipa::path(post, path = "/packages/{id}/unlock", tag = "packages", request_body = Unlock,
    params(("id" = Uuid, Path)),
    responses((status = 202, body = PackageBody), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn unlock(
    caller: Caller,
    Path(id): Path<Uuid>,
    JsonBody(body): JsonBody<Unlock>,
) -> Result<(StatusCode, Json<PackageBody>), Problem> {
    let what = (body.file_id.map(FileId), SecretString::from(body.password));
    let view = packages::unlock(&caller.app, &caller.ctx, PackageId(id), what).await?;
    Ok((StatusCode::ACCEPTED, Json(view.into())))
}

/// Mails a recipient the notice again.
#[utoipa::path(post, path = "/packages/{id}/notify", tag = "packages", request_body = Notify,
    params(("id" = Uuid, Path)),
    responses((status = 202), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn notify(
    caller: Caller,
    Path(id): Path<Uuid>,
    JsonBody(body): JsonBody<Notify>,
) -> Result<StatusCode, Problem> {
    let recipient = RecipientId(body.recipient_id);
    packages::notify(&caller.app, &caller.ctx, PackageId(id), recipient).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Removes a file of a draft.
#[utoipa::path(delete, path = "/packages/{id}/files/{file_id}", tag = "packages",
    params(("id" = Uuid, Path), ("file_id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn remove_file(
    caller: Caller,
    Path((id, file)): Path<(Uuid, Uuid)>,
) -> Result<StatusCode, Problem> {
    let package = Some(PackageId(id));
    uploads::remove(&caller.app, &caller.ctx, package, FileId(file)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(get, edit, remove))
        .routes(routes!(send))
        .routes(routes!(restore))
        .routes(routes!(unlock))
        .routes(routes!(notify))
        .routes(routes!(remove_file))
}
