//! HTTP/1.1 connections: limits on what a client may hold, and a graceful end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::routing::get;
use axum::{Json, Router};
use http::{StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt;

use crate::config::Http;
use crate::lifecycle::Lifecycle;

/// Header lines of one request.
const MOST_HEADERS: usize = 100;
/// Bytes of one request's header; also what one connection buffers.
const HEADER_BYTES: usize = 64 * 1024;
/// After a failed accept (no file descriptors left, say), so that the error does not come a million times.
const PAUSE: Duration = Duration::from_millis(100);

/// A bound address.
pub struct Listener {
    socket: TcpListener,
    http: Http,
}

impl Listener {
    /// Takes the address; connections queue up from now on.
    pub async fn bind(http: &Http) -> Result<Self> {
        let socket = TcpListener::bind(http.listen)
            .await
            .with_context(|| format!("cannot listen on {}", http.listen))?;
        Ok(Self {
            socket,
            http: http.clone(),
        })
    }

    /// The address, with the port that the system chose when 0 was asked for.
    pub fn address(&self) -> Result<SocketAddr> {
        self.socket
            .local_addr()
            .context("cannot tell the address of the listener")
    }

    /// Serves until the soft stop, then waits for the requests under way.
    pub async fn serve(self, router: Router, lifecycle: Lifecycle) {
        let graceful = GracefulShutdown::new();
        let free = Arc::new(Semaphore::new(self.http.max_connections));
        loop {
            let accepted = tokio::select! {
                accepted = self.accept(&free) => accepted,
                () = lifecycle.soft.cancelled() => break,
            };
            let Some((stream, peer, place)) = accepted else {
                continue;
            };
            let connection = self
                .builder()
                .serve_connection(TokioIo::new(stream), service(router.clone(), peer));
            let connection = graceful.watch(connection);
            let hard = lifecycle.hard.clone();
            tokio::spawn(async move {
                let _place = place;
                tokio::select! {
                    ended = connection => {
                        if let Err(error) = ended {
                            tracing::debug!(%error, "a connection broke off");
                        }
                    }
                    () = hard.cancelled() => {}
                }
            });
        }
        // New connections are refused from here on.
        drop(self.socket);
        let under_way = graceful.count();
        if !lifecycle
            .drain(graceful.shutdown(), self.http.drain())
            .await
        {
            tracing::warn!(
                connections = under_way,
                "cutting requests that outlast the drain"
            );
        }
    }

    /// Tells everybody that we are not there yet, and why, once the start has to wait for something.
    pub async fn turn_away(&self, lifecycle: &Lifecycle) -> Infallible {
        let reason = lifecycle.waits().await;
        let fine = || async { Json(serde_json::json!({ "status": "ok" })) };
        let not_yet = move || async move {
            let headers = [
                (header::CACHE_CONTROL, "no-store"),
                (header::RETRY_AFTER, "10"),
            ];
            let text = format!("starting: {reason}\n");
            (StatusCode::SERVICE_UNAVAILABLE, headers, text)
        };
        let router = Router::new().route("/healthz", get(fine)).fallback(not_yet);
        let free = Arc::new(Semaphore::new(self.http.max_connections));
        loop {
            let Some((stream, peer, place)) = self.accept(&free).await else {
                continue;
            };
            let service = service(router.clone(), peer);
            // One answer for each, so that nobody keeps talking to this when we are ready.
            let connection = self
                .builder()
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(async move {
                let _place = place;
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection broke off");
                }
            });
        }
    }

    async fn accept(
        &self,
        free: &Arc<Semaphore>,
    ) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
        let place = Arc::clone(free).acquire_owned().await.ok()?;
        match self.socket.accept().await {
            Ok((stream, peer)) => {
                // Small answers must not wait for an acknowledgement; an error means that the peer is gone.
                let _ = stream.set_nodelay(true);
                Some((stream, peer, place))
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
                None
            }
        }
    }

    fn builder(&self) -> http1::Builder {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(self.http.header_limit())
            .max_headers(MOST_HEADERS)
            .max_buf_size(HEADER_BYTES)
            // A client that has sent its request and closed its side still gets its answer.
            .half_close(true);
        builder
    }
}

/// The router as hyper wants it; handlers find the address of the peer in the request.
fn service(
    router: Router,
    peer: SocketAddr,
) -> impl hyper::service::Service<
    http::Request<Incoming>,
    Response = axum::response::Response,
    Error = Infallible,
    Future: Send + 'static,
> {
    hyper::service::service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request.map(Body::new))
    })
}
