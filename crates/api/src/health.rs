//! Signs of life for supervisors, load balancers and monitoring.

use std::net::IpAddr;

use axum::{
    Extension, Json,
    extract::State as Extracted,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{Problem, State, arrival::Arrival};

/// A sign of life.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    status: &'static str,
}

const OK: Json<Health> = Json(Health { status: "ok" });

/// Tells that the process answers.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Health)))]
async fn healthz() -> Json<Health> {
    OK
}

/// Tells that the process can serve: the database answers, and the store of files is there.
#[utoipa::path(get, path = "/readyz", tag = "health",
    responses((status = 200, body = Health), (status = 503, body = Problem)))]
async fn readyz(Extracted(state): Extracted<State>) -> Result<Json<Health>, Problem> {
    sofie_app::health::ready(&state.app).await?;
    Ok(OK)
}

/// Returns the metrics of the process, to callers on the same machine only.
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, body = String), (status = 404, body = Problem)))]
async fn metrics(
    Extracted(state): Extracted<State>,
    Extension(arrival): Extension<Arrival>,
) -> Result<Response, Problem> {
    let local = arrival.source.ip.is_none_or(|ip: IpAddr| ip.is_loopback());
    let rendered = state.options.metrics.as_ref().map(|metrics| metrics.0());
    match rendered.filter(|_| local && !arrival.forwarded_blindly) {
        Some(text) => {
            let kind = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
            Ok((kind, text).into_response())
        }
        None => Err(sofie_app::Error::NotFound.into()),
    }
}

/// The routes outside the API proper.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .routes(routes!(metrics))
}
