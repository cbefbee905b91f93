//! What a load balancer and a monitor ask: is it alive, does it take work, how is it.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use metrics_exporter_prometheus::PrometheusHandle;
use sofie_store::Database;

use crate::client_address::client_address;
use crate::config::Http;
use crate::lifecycle::Lifecycle;

/// A database that needs longer is down.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the probes look at.
#[derive(Clone)]
pub struct Probes {
    pub http: Http,
    pub lifecycle: Lifecycle,
    pub db: Database,
    pub metrics: PrometheusHandle,
}

impl Probes {
    /// `/healthz`, `/readyz` and `/metrics`.
    pub fn router(self) -> Router {
        Router::new()
            .route("/healthz", get(|| async { plain(StatusCode::OK, "alive") }))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics))
            .with_state(self)
    }
}

async fn ready(State(probes): State<Probes>) -> Response {
    if !probes.lifecycle.is_ready() {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "starting or stopping");
    }
    match tokio::time::timeout(PATIENCE, probes.db.ping()).await {
        Ok(Ok(())) => plain(StatusCode::OK, "ready"),
        Ok(Err(_)) | Err(_) => plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "the database does not answer",
        ),
    }
}

async fn metrics(
    State(probes): State<Probes>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let client = client_address(peer.ip(), &headers, &probes.http.trusted_proxies);
    if probes
        .http
        .metrics_from
        .iter()
        .any(|network| network.contains(client))
    {
        plain(StatusCode::OK, probes.metrics.render())
    } else {
        plain(StatusCode::NOT_FOUND, "not found")
    }
}

fn plain(status: StatusCode, text: impl Into<String>) -> Response {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, text.into()).into_response()
}
