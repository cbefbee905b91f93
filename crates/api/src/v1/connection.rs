//! How requests arrive here, for whoever sets a proxy up: `sofie doctor --url` asks from outside.

use std::{convert::Infallible, time::Duration};

use axum::{
    Extension,
    body::{Body, Bytes},
    http::{
        HeaderMap,
        header::{CONTENT_TYPE, HOST},
    },
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use tokio::time::sleep;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{State, arrival::Arrival};

/// How long each further piece of the answer lets wait for itself. The first goes on with the header in any case; a
/// proxy that collects answers keeps the second until the third has come.
const HELD: Duration = Duration::from_millis(300);

/// How a request arrived.
#[derive(Debug, Serialize, ToSchema)]
pub struct Connection {
    /// Whose request it is taken for.
    address: Option<String>,
    /// Whether a proxy that is trusted said so.
    forwarded: bool,
    /// The name that the server was called by.
    host: Option<String>,
}

/// Tells how the request arrived. The answer comes in three pieces with pauses between, so that whoever asks sees
/// whether a proxy in between passes it on as it comes.
#[utoipa::path(get, path = "/connection", tag = "health", responses((status = 200, body = Connection)))]
pub(crate) async fn get(Extension(arrival): Extension<Arrival>, headers: HeaderMap) -> Response {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok());
    let told = Connection {
        address: arrival.source.ip.map(|ip| ip.to_string()),
        forwarded: arrival.forwarded,
        host: host.map(str::to_owned),
    };
    let first = Bytes::from(serde_json::to_vec(&told).unwrap_or_default());
    let later = stream::iter([(); 2]).then(async |()| {
        sleep(HELD).await;
        Bytes::from_static(b"\n")
    });
    let pieces = stream::iter([first]).chain(later).map(Ok::<_, Infallible>);
    (
        [(CONTENT_TYPE, "application/json")],
        Body::from_stream(pieces),
    )
        .into_response()
}

/// The route of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(get))
}
