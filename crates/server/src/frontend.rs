//! The embedded front end: its files with their compressed twins, and the page for every address of the app.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$SOFIE_FRONTEND"]
struct Files;

const PAGE: &str = "index.html";
/// What Vite puts here has a hash of its content in its name.
const HASHED: &str = "assets/";
/// Addresses that are never a page: a mistake there must not answer with HTML.
const NOT_PAGES: &[&str] = &["api/", "assets/"];

/// Styles may be inline because the component library sets them on elements; scripts may not.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
    font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// Whether the front end was built before this binary.
pub fn is_built() -> bool {
    env!("SOFIE_FRONTEND_BUILT") == "true"
}

/// Answers with a file of the front end, or with its page.
pub async fn serve(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    let known = !path.is_empty() && !is_twin(path) && Files::get(path).is_some();
    if !known
        && (NOT_PAGES.iter().any(|prefix| path.starts_with(prefix)) || looks_like_a_file(path))
    {
        return StatusCode::NOT_FOUND.into_response();
    }
    answer(if known { path } else { PAGE }, request.headers())
}

/// The compressed twins are chosen by what the browser accepts, never asked for.
fn is_twin(path: &str) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, extension)| matches!(extension, "br" | "gz"))
}

fn looks_like_a_file(path: &str) -> bool {
    path.rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'))
}

fn answer(path: &str, asked: &HeaderMap) -> Response {
    let Some((file, encoding)) = choose(path, asked) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    let tag = tag(&file);
    let hashed = path.starts_with(HASHED);
    let caching = if hashed {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut put = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    put(header::ETAG, &tag);
    put(header::CACHE_CONTROL, caching);
    put(header::VARY, "accept-encoding");
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(header::CONTENT_SECURITY_POLICY, POLICY);
    put(header::REFERRER_POLICY, "no-referrer");
    put(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    put(
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    );
    put(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    );
    if asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .any(|known| known.as_bytes() == tag.as_bytes())
    {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    put(header::CONTENT_TYPE, media_type(path));
    if let Some(encoding) = encoding {
        put(header::CONTENT_ENCODING, encoding);
    }
    *response.body_mut() = match file.data {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    };
    response
}

/// The smallest twin that the browser accepts.
fn choose(path: &str, asked: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted = asked
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let accepts = |coding: &str| {
        accepted.split(',').any(|entry| {
            let mut parts = entry.split(';').map(str::trim);
            parts.next() == Some(coding)
                && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        })
    };
    for (coding, extension) in [("br", "br"), ("gzip", "gz")] {
        if accepts(coding)
            && let Some(file) = Files::get(&format!("{path}.{extension}"))
        {
            return Some((file, Some(coding)));
        }
    }
    Files::get(path).map(|file| (file, None))
}

fn tag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let digits: String = hash[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{digits}\"")
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(path: &str, headers: &[(HeaderName, &str)]) -> Response {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        serve(request.body(Body::empty()).unwrap()).await
    }

    #[tokio::test]
    async fn every_address_of_the_app_is_its_page() {
        for path in ["/", "/packages/42", "/p", "/admin/users", "/setup"] {
            let response = get(path, &[]).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(
                response.headers()[header::CONTENT_TYPE],
                "text/html; charset=utf-8"
            );
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap();
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe-eval"));
        }
    }

    #[tokio::test]
    async fn what_is_no_page_is_not_found() {
        for path in [
            "/api/v2/packages",
            "/assets/gone.js",
            "/robots.tx",
            "/.env",
            "/index.html.br",
            "/a/../../etc/passwd.txt",
        ] {
            assert_eq!(
                get(path, &[]).await.status(),
                StatusCode::NOT_FOUND,
                "{path}"
            );
        }
        let post = Request::post("/").body(Body::empty()).unwrap();
        assert_eq!(serve(post).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    }

    #[tokio::test]
    async fn an_unchanged_page_is_not_sent_again() {
        let tag = get("/", &[]).await.headers()[header::ETAG]
            .to_str()
            .unwrap()
            .to_owned();
        let again = get("/", &[(header::IF_NONE_MATCH, &tag)]).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again.headers()[header::ETAG], tag.as_str());
    }

    #[tokio::test]
    async fn a_coding_that_is_refused_is_not_used() {
        let response = get("/", &[(header::ACCEPT_ENCODING, "br;q=0, gzip;q=0")]).await;
        assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
    }
}
