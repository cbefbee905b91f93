//! A file in one body, for scripts: `curl -T report.pdf …/packages/{id}/files/`.

use axum::{
    Json,
    body::Body,
    http::{HeaderMap, StatusCode, header},
    routing::put,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sofie_app::{
    packages::FileView,
    uploads::{self, Algorithm, Checksum, NewFile},
};
use sofie_domain::{PackageId, Withheld};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::packages::FileBody;
use crate::{Caller, Code, Problem, State, extract::Path};

/// Stores the body as a new file of a draft. Folders may come before the name.
#[utoipa::path(put, path = "/packages/{id}/files/{file_id}", tag = "packages",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    params(("id" = Uuid, Path), ("file_id" = String, Path, description = "the file's name, with folders"),
        ("Content-Digest" = Option<String>, Header, description = "sha-256 as in RFC 9530; verified")),
    responses((status = 201, body = FileBody), (status = 404, body = Problem), (status = 408, body = Problem),
        (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem), (status = 460, body = Problem),
        (status = 507, body = Problem)))]
pub(crate) async fn store(
    caller: Caller,
    Path((id, name)): Path<(Uuid, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<FileBody>), Problem> {
    let new = NewFile {
        package: PackageId(id),
        path: name,
        length: length(&headers),
        checksum: content_digest(&headers)?,
    };
    let body = uploads::from_stream(body.into_data_stream());
    let file = uploads::put(&caller.app, &caller.ctx, new, body).await?;
    let view = FileView {
        received: file.size,
        withheld: Some(Withheld::NotSent),
        locked: false,
        findings: Vec::new(),
        file,
    };
    Ok((StatusCode::CREATED, Json(view.into())))
}

/// The same for a file in a folder.
async fn store_below(
    caller: Caller,
    Path((id, folder, rest)): Path<(Uuid, String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<FileBody>), Problem> {
    store(
        caller,
        Path((id, format!("{folder}/{rest}"))),
        headers,
        body,
    )
    .await
}

/// The same for a file called `content`, whose address is also that of another file's bytes.
async fn store_content(
    caller: Caller,
    Path((id, folder)): Path<(Uuid, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<FileBody>), Problem> {
    store(
        caller,
        Path((id, format!("{folder}/content"))),
        headers,
        body,
    )
    .await
}

/// Returns the announced length of a body.
pub(super) fn length(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

/// Reads the SHA-256 of a `Content-Digest` header (RFC 9530 §2); other algorithms are for others.
fn content_digest(headers: &HeaderMap) -> Result<Option<Checksum>, Problem> {
    for value in headers.get_all("content-digest") {
        let text = value.to_str().map_err(|_| unreadable())?;
        for item in text.split(',') {
            let (name, value) = item.trim().split_once('=').ok_or_else(unreadable)?;
            if !name.eq_ignore_ascii_case("sha-256") {
                continue;
            }
            let value = value
                .strip_prefix(':')
                .and_then(|value| value.strip_suffix(':'))
                .and_then(|value| STANDARD.decode(value).ok())
                .filter(|value| value.len() == 32)
                .ok_or_else(unreadable)?;
            let algorithm = Algorithm::Sha256;
            return Ok(Some(Checksum { algorithm, value }));
        }
    }
    Ok(None)
}

fn unreadable() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        Code::Invalid,
        "The header Content-Digest is not readable.",
    )
}

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(store))
        .route("/packages/{id}/files/{file_id}/content", put(store_content))
        .route("/packages/{id}/files/{file_id}/{*rest}", put(store_below))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn digest(text: &'static str) -> Result<Option<Checksum>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert("content-digest", HeaderValue::from_static(text));
        content_digest(&headers)
    }

    #[test]
    fn content_digest_is_read_or_refused() {
        // The example of RFC 9530 §2, and the same beside another algorithm.
        let known = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
        assert_eq!(digest(known).unwrap().unwrap().value.len(), 32);
        assert!(
            digest("sha-512=:AAAA:, sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:")
                .unwrap()
                .is_some()
        );
        assert!(digest("sha-512=:AAAA:").unwrap().is_none());
        for bad in [
            "sha-256",
            "sha-256=",
            "sha-256=RK/0",
            "sha-256=:AAAA:",
            "sha-256=:?:",
        ] {
            assert!(digest(bad).is_err(), "{bad}");
        }
    }
}
