//! The pages: files that were built beforehand and travel in the binary.

use std::borrow::Cow;

use axum::{
    extract::{Request, State as Extracted},
    http::{
        HeaderMap, Method, StatusCode,
        header::{
            ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
            CONTENT_TYPE, VARY,
        },
    },
    response::{IntoResponse, Response},
};

use crate::{Problem, State, middleware::SHELL_POLICY};

/// The built files of the front end.
pub trait FrontEnd: std::fmt::Debug + Send + Sync {
    /// Returns the bytes of a file by its path, such as `assets/index-1a2b.js` or `index.html.br`.
    fn file(&self, path: &str) -> Option<Cow<'static, [u8]>>;
}

/// A server without pages, for tests.
#[derive(Clone, Copy, Debug)]
pub struct NoFrontEnd;

impl FrontEnd for NoFrontEnd {
    fn file(&self, _: &str) -> Option<Cow<'static, [u8]>> {
        None
    }
}

/// The first segments of the front end's own routes; it builds them in `lib/paths.ts`.
const PAGES: &[&str] = &[
    "", "account", "admin", "drafts", "forgot", "guest", "inbox", "login", "p", "packages", "r",
    "requests", "reset", "send", "sent", "setup", "welcome",
];

/// Answers whatever no route of the API took.
pub(crate) async fn serve(Extracted(state): Extracted<State>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    if first == "api" || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return not_found();
    }
    let front_end = state.options.front_end.as_ref();
    let headers = request.headers();
    if path != "index.html"
        && let Some(answer) = file(front_end, path, headers)
    {
        return answer;
    }
    let is_page = PAGES.contains(&first) && !path.contains('.');
    if !is_page && !wants_html(headers) {
        return not_found();
    }
    let Some(mut shell) = file(front_end, "index.html", headers) else {
        return not_found();
    };
    if !is_page {
        *shell.status_mut() = StatusCode::NOT_FOUND;
    }
    shell
}

fn not_found() -> Response {
    Problem::from(sofie_app::Error::NotFound).into_response()
}

fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|text| text.contains("text/html"))
}

/// Returns a file, packed if the browser takes it so and the build packed it.
fn file(front_end: &dyn FrontEnd, path: &str, headers: &HeaderMap) -> Option<Response> {
    let media_type = media_type(path)?;
    let encodings = headers
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok());
    let takes =
        |name: &str| encodings.is_some_and(|text| text.split(',').any(|e| e.trim() == name));
    let packed = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(encoding, _)| takes(encoding))
        .find_map(|(encoding, ending)| {
            let bytes = front_end.file(&format!("{path}.{ending}"))?;
            Some((bytes, Some(encoding)))
        });
    let (bytes, encoding) = packed.or_else(|| front_end.file(path).map(|bytes| (bytes, None)))?;
    let caching = match path {
        "index.html" => "no-store",
        // The build puts a hash of the content into these names.
        _ if path.starts_with("assets/") => "public, max-age=31536000, immutable",
        _ => "public, max-age=3600",
    };
    let mut response = bytes_of(bytes).into_response();
    let out = response.headers_mut();
    out.insert(CONTENT_TYPE, media_type.parse().ok()?);
    out.insert(CACHE_CONTROL, caching.parse().ok()?);
    out.insert(VARY, "accept-encoding".parse().ok()?);
    if let Some(encoding) = encoding {
        out.insert(CONTENT_ENCODING, encoding.parse().ok()?);
    }
    if media_type.starts_with("text/html") {
        out.insert(CONTENT_SECURITY_POLICY, SHELL_POLICY.parse().ok()?);
    }
    Some(response)
}

fn bytes_of(bytes: Cow<'static, [u8]>) -> bytes::Bytes {
    match bytes {
        Cow::Borrowed(bytes) => bytes::Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    }
}

/// Returns the media type of a file that the build makes; other files are not served.
fn media_type(path: &str) -> Option<&'static str> {
    let (_, ending) = path.rsplit_once('.')?;
    Some(match ending {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "webmanifest" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}
