//! The first administrator.

use axum::{Json, http::StatusCode, response::IntoResponse};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sofie_app::{administrators::NewAdministrator, setup};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{Caller, JsonBody, Problem, State, cookies};

/// Whether the first administrator must be made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Setup)]
pub struct SetupBody {
    required: bool,
}

/// The first administrator, and the secret of the link that the server printed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetUp {
    #[schema(value_type = String)]
    token: SecretString,
    email: String,
    name: String,
    #[schema(value_type = String)]
    password: SecretString,
}

/// Tells whether the first administrator must be made.
#[utoipa::path(get, path = "/setup", tag = "setup", responses((status = 200, body = SetupBody)))]
pub(crate) async fn get(caller: Caller) -> Result<Json<SetupBody>, Problem> {
    let required = setup::required(&caller.app).await?;
    Ok(Json(SetupBody { required }))
}

/// Makes the first administrator and logs in; once there is one, there is nothing here.
#[utoipa::path(post, path = "/setup", tag = "setup", request_body = SetUp, responses(
    (status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn finish(
    caller: Caller,
    JsonBody(body): JsonBody<SetUp>,
) -> Result<impl IntoResponse, Problem> {
    let new = NewAdministrator {
        email: body.email,
        name: body.name,
        password: body.password,
        permissions: None,
    };
    let begun = setup::finish(&caller.app, &caller.ctx, &body.token, &new).await?;
    let cookie = cookies::set_session(cookies::ADMINISTRATOR, begun.cookie.expose());
    Ok((StatusCode::NO_CONTENT, cookie))
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(get, finish))
}
