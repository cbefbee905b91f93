//! File contents and the archive of a package: the only routes that return stored bytes.

use std::ops::Range;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::Stream;
use serde::Deserialize;
use sofie_app::downloads::{self, Asked, Chunk, Purpose};
use sofie_domain::{AdministratorPermission, FileId, PackageId};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::admin_packages::reason;
use crate::{
    Caller, Problem, State,
    caller::Asker,
    disposition,
    extract::{Path, Query},
    ranges,
    ranges::Wanted,
};

/// What is known of a representation before its bytes.
struct Head {
    name: String,
    len: u64,
    etag: String,
}

/// Returns the bytes of a file, or a range of them, as an attachment.
#[utoipa::path(get, path = "/packages/{id}/files/{file_id}/content", tag = "packages",
    params(("id" = Uuid, Path), ("file_id" = Uuid, Path)),
    responses((status = 200, content_type = "application/octet-stream"),
        (status = 206, content_type = "application/octet-stream"),
        (status = 404, body = Problem), (status = 403, body = Problem), (status = 416)))]
pub(crate) async fn file(
    asker: Asker,
    method: Method,
    Path((id, file)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Asked {
        credentials: &asker.credentials,
        source: &asker.source,
        package: PackageId(id),
        file: FileId(file),
        purpose: purpose(&method, &headers),
        reason: None,
    };
    send_file(&asker, &asked, &method, &headers).await
}

/// Why an administrator reads a file.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadQuery {
    /// The reason; it stands in the audit log.
    reason: Option<String>,
}

/// Returns the bytes of a delivered file, or a range of them, to an administrator who may read contents and says
/// why. What is held leaves to nobody.
#[utoipa::path(get, path = "/admin/packages/{id}/files/{file_id}/content", tag = "administration",
    params(("id" = Uuid, Path), ("file_id" = Uuid, Path), ReadQuery),
    responses((status = 200, content_type = "application/octet-stream"),
        (status = 206, content_type = "application/octet-stream"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 416), (status = 422, body = Problem)))]
pub(crate) async fn administrators_file(
    caller: Caller,
    asker: Asker,
    method: Method,
    Path((id, file)): Path<(Uuid, Uuid)>,
    Query(query): Query<ReadQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // Nobody else learns what is wrong with the request.
    caller
        .ctx
        .administrator_who_may(AdministratorPermission::Contents)?;
    let reason = reason(&query.reason.unwrap_or_default())?;
    let asked = Asked {
        credentials: &asker.credentials,
        source: &asker.source,
        package: PackageId(id),
        file: FileId(file),
        purpose: purpose(&method, &headers),
        reason: Some(&reason),
    };
    send_file(&asker, &asked, &method, &headers).await
}

async fn send_file(
    asker: &Asker,
    asked: &Asked<'_>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let found = downloads::file(&asker.app, asked).await?;
    let etag = found.file.sha256.map(hex::encode).unwrap_or_default();
    let head = Head {
        name: found.file.path.name().to_owned(),
        len: found.file.size,
        etag,
    };
    Ok(respond(&head, headers, method, |range| found.stream(range)))
}

/// Returns the archive of all files of a package that may leave to the caller.
#[utoipa::path(get, path = "/packages/{id}/zip", tag = "packages", params(("id" = Uuid, Path)),
    responses((status = 200, content_type = "application/octet-stream"),
        (status = 206, content_type = "application/octet-stream"),
        (status = 404, body = Problem), (status = 403, body = Problem), (status = 416)))]
pub(crate) async fn zip(
    caller: Caller,
    method: Method,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let purpose = purpose(&method, &headers);
    let found = downloads::zip(&caller.app, &caller.ctx, PackageId(id), purpose).await?;
    let head = Head {
        name: found.name.clone(),
        len: found.size(),
        etag: found.etag.clone(),
    };
    Ok(respond(&head, &headers, &method, |range| {
        found.stream(range)
    }))
}

fn purpose(method: &Method, headers: &HeaderMap) -> Purpose {
    let from_the_start = headers
        .get(header::RANGE)
        .and_then(|v| v.to_str().ok())
        .is_none_or(|range| range.starts_with("bytes=0-"));
    match (method == Method::HEAD, from_the_start) {
        (true, _) => Purpose::Look,
        (false, true) => Purpose::Fetch,
        (false, false) => Purpose::Resume,
    }
}

fn respond<S>(
    head: &Head,
    headers: &HeaderMap,
    method: &Method,
    open: impl FnOnce(Range<u64>) -> S,
) -> Response
where
    S: Stream<Item = Chunk> + Send + 'static,
{
    let etag = format!("\"{}\"", head.etag);
    let (status, range) = match ranges::wanted(headers, head.len, &etag) {
        Wanted::Whole => (StatusCode::OK, 0..head.len),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Unsatisfiable => {
            let total = format!("bytes */{}", head.len);
            return (
                StatusCode::RANGE_NOT_SATISFIABLE,
                [(header::CONTENT_RANGE, total)],
            )
                .into_response();
        }
    };
    let len = range.end - range.start;
    let content_range = format!(
        "bytes {}-{}/{}",
        range.start,
        range.end.saturating_sub(1),
        head.len
    );
    let body = if *method == Method::HEAD {
        Body::empty()
    } else {
        Body::from_stream(open(range))
    };
    let mut response = (status, body).into_response();
    let out = response.headers_mut();
    // Never the file's own type: no browser may take the bytes for anything to show or run.
    out.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    out.insert(header::CONTENT_LENGTH, len.into());
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    out.insert(
        header::CONTENT_DISPOSITION,
        disposition::attachment(&head.name),
    );
    if let Ok(value) = HeaderValue::try_from(etag) {
        out.insert(header::ETAG, value);
    }
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(value) = HeaderValue::try_from(content_range)
    {
        out.insert(header::CONTENT_RANGE, value);
    }
    response
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(file))
        .routes(routes!(administrators_file))
        .routes(routes!(zip))
}
