//! The outermost layer: the request's id, its log line and the headers of every response.

use std::time::Instant;

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State as Extracted},
    http::{HeaderName, HeaderValue, Method, header::CONTENT_LENGTH},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

use super::headers;
use crate::{Problem, State, arrival::Arrival};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id of ours (a client's own is not believed), logs it, and completes the response.
pub async fn edge(
    Extracted(state): Extracted<State>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let id = uuid::Uuid::now_v7().to_string();
    let arrival = Arrival::of(&request, &state.options.trusted_proxies, id.clone());
    request.extensions_mut().insert(arrival);
    let method = request.method().clone();
    let is_api = request.uri().path().starts_with("/api/");
    // The pattern, never the path: paths of scripts hold names of files.
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("-".to_owned(), |path| path.as_str().to_owned());
    let span =
        tracing::info_span!("http", request.id = %id, http.method = %method, http.route = %route);
    let mut response = next.run(request).instrument(span.clone()).await;
    span.in_scope(|| log(&method, &route, response.status().as_u16(), started));
    name_request(&mut response, &id, &method);
    headers::complete(
        &mut response,
        is_api,
        headers::served_over_https(&state.app).await,
    );
    response
}

fn log(method: &Method, route: &str, status: u16, started: Instant) {
    let elapsed = started.elapsed();
    let milliseconds = elapsed.as_secs_f64() * 1000.0;
    tracing::info!(
        http.status = status,
        http.milliseconds = milliseconds,
        "request answered"
    );
    let labels = [
        ("method", known(method).to_owned()),
        ("route", route.to_owned()),
        ("status", status.to_string()),
    ];
    metrics::counter!("sofie_http_requests_total", &labels).increment(1);
    metrics::histogram!("sofie_http_request_seconds", &labels).record(elapsed.as_secs_f64());
}

/// Names a method; a client can make up as many others as it likes, and each would be a row of metrics for ever.
fn known(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS => method.as_str(),
        _ => "other",
    }
}

/// Tells the client the request's id, in the header and in the body of a problem.
fn name_request(response: &mut Response, id: &str, method: &Method) {
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let Some(mut problem) = response.extensions_mut().remove::<Problem>() else {
        return;
    };
    problem.request_id = Some(id.to_owned());
    if let Ok(body) = serde_json::to_vec(&problem) {
        response.headers_mut().remove(CONTENT_LENGTH);
        if method != Method::HEAD {
            *response.body_mut() = Body::from(body);
        }
    }
}
