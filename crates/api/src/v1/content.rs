//! File contents and the archive of a package: the only routes that return stored bytes.

use std::ops::Range;

use axum::{
    Json,
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::Stream;
use serde::{Deserialize, Serialize};
use sofie_app::downloads::{self, Asked, Chunk, FileDownload, Purpose, ZipDownload};
use sofie_domain::{AdministratorPermission, FileId, PackageId};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::admin_packages::reason;
use crate::{
    Caller, Problem, State,
    caller::Asker,
    disposition,
    extract::{Path, Query},
    ranges::{self, Beginning, Wanted},
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
    who: Asker,
    method: Method,
    Path((id, file)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Asked {
        credentials: &who.credentials,
        source: &who.source,
        package: PackageId(id),
        file: FileId(file),
        purpose: purpose(&method, &headers),
        reason: None,
    };
    send_file(&who, &asked, &method, &headers).await
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
    who: Asker,
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
        credentials: &who.credentials,
        source: &who.source,
        package: PackageId(id),
        file: FileId(file),
        purpose: purpose(&method, &headers),
        reason: Some(&reason),
    };
    send_file(&who, &asked, &method, &headers).await
}

/// What the sample of a held file is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Sample)]
pub struct SampleBody {
    /// What the archive is called.
    name: String,
    /// Its length in bytes.
    size: u64,
    /// What opens it.
    password: &'static str,
}

/// Says what the sample of a held file is, if the caller may fetch it now.
#[utoipa::path(get, path = "/admin/packages/{id}/files/{file_id}/sample", tag = "administration",
    params(("id" = Uuid, Path), ("file_id" = Uuid, Path)),
    responses((status = 200, body = SampleBody), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn about_sample(
    caller: Caller,
    Path((id, file)): Path<(Uuid, Uuid)>,
) -> Result<Json<SampleBody>, Problem> {
    let (app, ctx) = (&caller.app, &caller.ctx);
    let about = downloads::about_sample(app, ctx, PackageId(id), FileId(file)).await?;
    Ok(Json(SampleBody {
        name: about.name,
        size: about.size,
        password: about.password,
    }))
}

/// Returns a held file in an archive with a password, to an administrator who may have samples and says why.
#[utoipa::path(get, path = "/admin/packages/{id}/files/{file_id}/sample/content", tag = "administration",
    params(("id" = Uuid, Path), ("file_id" = Uuid, Path), ReadQuery),
    responses((status = 200, content_type = "application/octet-stream"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn sample(
    caller: Caller,
    method: Method,
    Path((id, file)): Path<(Uuid, Uuid)>,
    Query(query): Query<ReadQuery>,
) -> Result<Response, Problem> {
    let (app, ctx) = (&caller.app, &caller.ctx);
    // Nobody else learns what is wrong with the request.
    ctx.administrator_who_may(AdministratorPermission::Samples)?;
    let reason = reason(&query.reason.unwrap_or_default())?;
    let (id, file) = (PackageId(id), FileId(file));
    if method == Method::HEAD {
        let about = downloads::about_sample(app, ctx, id, file).await?;
        return Ok(attachment(&about.name, about.size, Body::empty()));
    }
    let found = downloads::sample(app, ctx, id, file, &reason).await?;
    let (name, size) = (found.about.name.clone(), found.about.size);
    Ok(attachment(&name, size, Body::from_stream(found.stream())))
}

async fn send_file(
    who: &Asker,
    asked: &Asked<'_>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let mut found = downloads::file(&who.app, asked).await?;
    let mut head = Head::of_file(&found);
    if asked.purpose == Purpose::Look
        && let Some(purpose) = meant(method, headers, &head)
    {
        found = downloads::file(&who.app, &Asked { purpose, ..*asked }).await?;
        head = Head::of_file(&found);
    }
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
    let (app, ctx, id) = (&caller.app, &caller.ctx, PackageId(id));
    let first = purpose(&method, &headers);
    let mut found = downloads::zip(app, ctx, id, first).await?;
    let mut head = Head::of_archive(&found);
    if first == Purpose::Look
        && let Some(purpose) = meant(&method, &headers, &head)
    {
        found = downloads::zip(app, ctx, id, purpose).await?;
        head = Head::of_archive(&found);
    }
    Ok(respond(&head, &headers, &method, |range| {
        found.stream(range)
    }))
}

/// What a request is for, as far as that can be known beforehand; it is looked up first where it can't.
fn purpose(method: &Method, headers: &HeaderMap) -> Purpose {
    match (method, ranges::beginning(headers)) {
        (&Method::HEAD, _) | (_, Beginning::Depends) => Purpose::Look,
        (_, Beginning::Start) => Purpose::Fetch,
        (_, Beginning::Later) => Purpose::Resume,
    }
}

/// What a request that was looked up is for, if anything is going to be sent.
fn meant(method: &Method, headers: &HeaderMap, head: &Head) -> Option<Purpose> {
    if method == Method::HEAD {
        return None;
    }
    match ranges::wanted(headers, head.len, &head.quoted_etag()) {
        Wanted::Part(Range { start: 1.., .. }) => Some(Purpose::Resume),
        Wanted::Part(_) | Wanted::Whole => Some(Purpose::Fetch),
        Wanted::Unsatisfiable => None,
    }
}

impl Head {
    fn of_file(found: &FileDownload) -> Self {
        Self {
            name: found.file.path.name().to_owned(),
            len: found.file.size,
            etag: found.file.sha256.map(hex::encode).unwrap_or_default(),
        }
    }

    fn of_archive(found: &ZipDownload) -> Self {
        Self {
            name: found.name.clone(),
            len: found.size(),
            etag: found.etag.clone(),
        }
    }

    fn quoted_etag(&self) -> String {
        format!("\"{}\"", self.etag)
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
    let etag = head.quoted_etag();
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
    let mut response = attachment(&head.name, len, body);
    *response.status_mut() = status;
    let out = response.headers_mut();
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
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

fn attachment(name: &str, len: u64, body: Body) -> Response {
    let mut response = body.into_response();
    let out = response.headers_mut();
    // Never the file's own type: no browser may take the bytes for anything to show or run.
    out.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    out.insert(header::CONTENT_LENGTH, len.into());
    out.insert(header::CONTENT_DISPOSITION, disposition::attachment(name));
    response
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(file))
        .routes(routes!(administrators_file))
        .routes(routes!(about_sample))
        .routes(routes!(sample))
        .routes(routes!(zip))
}
