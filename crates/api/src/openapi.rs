//! The OpenAPI document, written by the code.

use utoipa::OpenApi;

use crate::router;

/// The head of the document.
#[derive(Debug, OpenApi)]
#[openapi(info(
    title = "SOFiE",
    description = "Safe online file exchange. Unsafe calls with a cookie need the header `X-Sofie: 1`; \
                   programs send `Authorization: Bearer sofie_pat_…` instead.",
    license(name = "Apache-2.0", identifier = "Apache-2.0")
))]
pub(crate) struct Head;

/// Returns the OpenAPI 3.1 document of all routes.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    router::routes().into_openapi()
}
