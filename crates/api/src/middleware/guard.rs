//! Requests that another site made a browser send are refused (ASVS 5.0 V3.5).

use axum::{
    extract::{Request, State as Extracted},
    http::{
        HeaderMap, Method, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, ORIGIN, TRANSFER_ENCODING},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{Code, Problem, State, caller, cookies};

/// Lets a request pass that nobody but its own site, or a program with a token, can have made.
pub async fn guard(Extracted(state): Extracted<State>, request: Request, next: Next) -> Response {
    let settings = state.app.parts().settings.known().await;
    let base_url = settings.map_or(String::new(), |s| s.text("instance.base_url"));
    let asked = (request.method(), request.uri().path());
    let verdict =
        check_site(asked, request.headers(), &base_url).and_then(|()| check_media_type(&request));
    match verdict {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Where the browser says that a request comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Site {
    Same,
    Other,
    Unknown,
}

fn check_site(
    (method, path): (&Method, &str),
    headers: &HeaderMap,
    base_url: &str,
) -> Result<(), Problem> {
    // A browser never adds a token by itself.
    if caller::bearer(headers).is_some() {
        return Ok(());
    }
    let word = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let fetch_site = word("sec-fetch-site");
    if method.is_safe() {
        // A link in somebody's webmail leads to a page; nothing else is another site's to ask for.
        let page = !path.starts_with("/api/") && word("sec-fetch-mode") == Some("navigate");
        return if fetch_site == Some("cross-site") && !page {
            Err(csrf())
        } else {
            Ok(())
        };
    }
    let site = match fetch_site {
        Some("same-origin" | "none") => Site::Same,
        Some(_) => Site::Other,
        None => by_origin(headers, base_url),
    };
    let marked = headers.get("x-sofie").is_some_and(|value| value == "1");
    let allowed = match site {
        Site::Same => marked || !cookies::any(headers),
        Site::Other => false,
        Site::Unknown => !cookies::any(headers),
    };
    if allowed { Ok(()) } else { Err(csrf()) }
}

/// Compares the origin with the configured address or with the host that was asked for.
fn by_origin(headers: &HeaderMap, base_url: &str) -> Site {
    let Some(origin) = headers.get(ORIGIN) else {
        return Site::Unknown;
    };
    let Ok(origin) = origin.to_str() else {
        return Site::Other;
    };
    let host = headers.get(HOST).and_then(|value| value.to_str().ok());
    let own_host = host.is_some_and(|host| {
        let rest = origin
            .strip_prefix("https://")
            .or(origin.strip_prefix("http://"));
        rest.is_some_and(|rest| rest.eq_ignore_ascii_case(host))
    });
    let configured =
        !base_url.is_empty() && origin.eq_ignore_ascii_case(base_url.trim_end_matches('/'));
    if own_host || configured {
        Site::Same
    } else {
        Site::Other
    }
}

/// Takes only media types that a foreign page can't send without asking first, except for raw uploads by
/// PUT, which always asks.
fn check_media_type(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let method = request.method();
    let has_body = headers.contains_key(TRANSFER_ENCODING)
        || headers
            .get(CONTENT_LENGTH)
            .is_some_and(|length| length != "0");
    if method.is_safe() || method == Method::PUT || !has_body {
        return Ok(());
    }
    let media_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = media_type
        .and_then(|text| text.split(';').next())
        .map(str::trim);
    let upload = request.uri().path().starts_with("/api/v1/uploads");
    match media_type {
        Some(t) if t.eq_ignore_ascii_case("application/json") => Ok(()),
        Some(t) if upload && t.eq_ignore_ascii_case("application/offset+octet-stream") => Ok(()),
        _ => Err(Problem::unsupported_media_type()),
    }
}

fn csrf() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        Code::Csrf,
        "This request does not come from our own pages.",
    )
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn passes(method: &Method, headers: &[(&str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        map.insert(HOST, "files.example.org".parse().unwrap());
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            map.insert(name, value.parse().unwrap());
        }
        let asked = (method, "/api/v1/packages");
        check_site(asked, &map, "https://public.example.org").is_ok()
    }

    #[test]
    fn a_link_on_another_site_leads_to_a_page_and_to_nothing_else() {
        let passes = |path, mode: &str| {
            let mut map = HeaderMap::new();
            map.insert("sec-fetch-site", "cross-site".parse().unwrap());
            map.insert("sec-fetch-mode", mode.parse().unwrap());
            check_site((&Method::GET, path), &map, "").is_ok()
        };
        assert!(passes("/p", "navigate"));
        assert!(!passes("/p", "cors"));
        assert!(!passes("/assets/index.js", "no-cors"));
        assert!(!passes("/api/v1/session", "navigate"));
    }

    const COOKIE: (&str, &str) = ("cookie", "__Host-sofie-session=x");
    const MARK: (&str, &str) = ("x-sofie", "1");

    #[test]
    fn a_cookie_needs_the_mark_and_a_site() {
        let site = |word| ("sec-fetch-site", word);
        assert!(passes(&Method::POST, &[COOKIE, MARK, site("same-origin")]));
        assert!(passes(&Method::POST, &[COOKIE, MARK, site("none")]));
        assert!(!passes(&Method::POST, &[COOKIE, site("same-origin")]));
        assert!(!passes(&Method::POST, &[COOKIE, MARK, site("same-site")]));
        assert!(!passes(
            &Method::DELETE,
            &[COOKIE, MARK, site("cross-site")]
        ));
        assert!(!passes(&Method::POST, &[COOKIE, MARK]));
    }

    #[test]
    fn without_fetch_metadata_the_origin_decides() {
        let origin = |url| ("origin", url);
        assert!(passes(
            &Method::PUT,
            &[COOKIE, MARK, origin("https://files.example.org")]
        ));
        assert!(passes(
            &Method::PUT,
            &[COOKIE, MARK, origin("https://public.example.org")]
        ));
        assert!(!passes(
            &Method::PUT,
            &[COOKIE, MARK, origin("https://evil.example.org")]
        ));
        assert!(!passes(&Method::PUT, &[COOKIE, MARK, origin("null")]));
        assert!(!passes(
            &Method::POST,
            &[origin("https://evil.example.org")]
        ));
    }

    #[test]
    fn reading_and_tokens_need_no_mark() {
        assert!(passes(&Method::GET, &[COOKIE]));
        assert!(!passes(
            &Method::GET,
            &[COOKIE, ("sec-fetch-site", "cross-site")]
        ));
        assert!(passes(
            &Method::POST,
            &[("authorization", "Bearer sofie_pat_x")]
        ));
        assert!(passes(&Method::POST, &[]));
    }
}
