//! Resumable uploads: tus 1.0.0 with creation, creation-with-upload, termination, checksum and expiration.
//!
//! See <https://tus.io/protocols/resumable-upload>. Any unmodified client works, with any chunk size.

pub(crate) mod headers;

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode},
    middleware::{from_fn, map_response},
    response::{IntoResponse, Response},
};
use sofie_app::{
    Error,
    uploads::{self, Append, NewFile, NewUpload, Progress},
};
use sofie_domain::FileId;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{Caller, Problem, State, extract::Path};
use headers::{Metadata, WHOLE};

/// Tells what this server can do.
#[utoipa::path(options, path = "/uploads", tag = "uploads", responses((status = 204)))]
pub(crate) async fn options(
    axum::extract::State(state): axum::extract::State<State>,
) -> Result<Response, Problem> {
    let settings = state.app.settings().await?;
    let most = settings.count("packages.max_file_size");
    Ok((StatusCode::NO_CONTENT, headers::abilities(most)).into_response())
}

/// Begins an upload, perhaps with its first bytes. `Upload-Metadata` names `package`, `filename` and, for a
/// file in folders, `relativePath`.
#[utoipa::path(post, path = "/uploads", tag = "uploads",
    params(("Upload-Length" = u64, Header), ("Upload-Metadata" = String, Header)),
    responses((status = 201), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem), (status = 507, body = Problem)))]
pub(crate) async fn create(
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let Metadata { package, path } = headers::metadata(&headers)?;
    let size = headers::upload_length(&headers)?;
    let checksum = headers::checksum(&headers)?;
    let length = headers::body_length(&headers)?;
    let body = uploads::from_stream(body.into_data_stream());
    if length == Some(size) && size > 0 && size <= WHOLE {
        let new = NewFile {
            package,
            path,
            length,
            checksum,
        };
        let file = uploads::put(&caller.app, &caller.ctx, new, body).await;
        let file = file.map_err(resumable)?;
        return Ok(created(&headers::of_whole(&file)));
    }
    let new = NewUpload {
        package,
        path,
        size,
    };
    let begun = uploads::create(&caller.app, &caller.ctx, &new).await?;
    if length == Some(0) || size == 0 {
        return Ok(created(&begun));
    }
    let append = Append {
        offset: 0,
        length,
        checksum,
    };
    let progress = uploads::append(&caller.app, &caller.ctx, begun.id, append, body).await;
    Ok(created(&progress.map_err(resumable)?))
}

/// A body that was too slow does not end the upload. Clients take 408 for its end; after 409 they ask how far
/// it is, and go on.
fn resumable(error: Error) -> Problem {
    match error {
        Error::TooSlow => Problem::too_slow(StatusCode::CONFLICT),
        other => other.into(),
    }
}

fn created(progress: &Progress) -> Response {
    let location = headers::location(progress);
    (StatusCode::CREATED, location, headers::standing(progress)).into_response()
}

/// Tells how far an upload is.
#[utoipa::path(head, path = "/uploads/{file_id}", tag = "uploads", params(("file_id" = Uuid, Path)),
    responses((status = 200), (status = 404), (status = 412)))]
pub(crate) async fn head(caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let progress = uploads::status(&caller.app, &caller.ctx, FileId(id)).await?;
    let length = headers::length(&progress);
    Ok((StatusCode::OK, length, headers::standing(&progress)).into_response())
}

/// Appends bytes at `Upload-Offset`.
#[utoipa::path(patch, path = "/uploads/{file_id}", tag = "uploads",
    params(("file_id" = Uuid, Path), ("Upload-Offset" = u64, Header),
        ("Upload-Checksum" = Option<String>, Header, description = "sha256, crc32 or sha1, a space, base64")),
    responses((status = 204), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 460, body = Problem), (status = 507, body = Problem)))]
pub(crate) async fn patch(
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    headers::demand_media_type(&headers)?;
    let append = Append {
        offset: headers::upload_offset(&headers)?,
        length: headers::body_length(&headers)?,
        checksum: headers::checksum(&headers)?,
    };
    let body = uploads::from_stream(body.into_data_stream());
    let progress = uploads::append(&caller.app, &caller.ctx, FileId(id), append, body).await;
    let progress = progress.map_err(resumable)?;
    Ok((StatusCode::NO_CONTENT, headers::standing(&progress)).into_response())
}

/// Gives an upload up.
#[utoipa::path(delete, path = "/uploads/{file_id}", tag = "uploads", params(("file_id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem)))]
pub(crate) async fn terminate(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    uploads::remove(&caller.app, &caller.ctx, None, FileId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(options, create))
        .routes(routes!(head, patch, terminate))
        .layer(from_fn(headers::demand_version))
        .layer(map_response(headers::say_version))
}
