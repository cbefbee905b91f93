//! The guest form: proving an address before sending without an account (PKG-3).

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use sofie_app::{Error, guests, sessions};
use sofie_domain::EmailAddress;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::session::SessionBody;
use crate::{Caller, JsonBody, Problem, State, cookies};

/// The address that somebody says is theirs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GuestAddress {
    email: String,
}

/// The code that was mailed there.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GuestCode {
    code: String,
}

/// Mails a code to the address.
#[utoipa::path(post, path = "/guest/code", tag = "guests", request_body = GuestAddress,
    responses((status = 202), (status = 404, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn code(
    caller: Caller,
    JsonBody(body): JsonBody<GuestAddress>,
) -> Result<Response, Problem> {
    let email: EmailAddress = body
        .email
        .parse()
        .map_err(|_| Error::invalid("email", "invalid"))?;
    let cookie = guests::send_code(&caller.app, &caller.ctx, &email).await?;
    Ok(match cookie {
        Some(token) => (StatusCode::ACCEPTED, cookies::set_visitor(&token)).into_response(),
        None => StatusCode::ACCEPTED.into_response(),
    })
}

/// Proves the address by the code.
#[utoipa::path(post, path = "/guest/verify", tag = "guests", request_body = GuestCode,
    responses((status = 200, body = SessionBody), (status = 403, body = Problem)))]
pub(crate) async fn verify(
    caller: Caller,
    JsonBody(body): JsonBody<GuestCode>,
) -> Result<Json<SessionBody>, Problem> {
    guests::verify(&caller.app, &caller.ctx, &body.code).await?;
    let again = caller.anew().await?;
    Ok(Json(
        sessions::describe(&again.app, &again.ctx).await?.into(),
    ))
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(code))
        .routes(routes!(verify))
}
