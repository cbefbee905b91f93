//! The session of an administrator.

use axum::{Json, http::StatusCode, response::IntoResponse};
use serde::Serialize;
use sofie_app::{
    administrators::{self, Standing},
    passwords,
    sessions::{self, AccountKind},
};
use sofie_domain::Administrator;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    account::ChangePassword,
    instance::InstanceBody,
    session::{CLEAR_SITE_DATA, LogIn},
};
use crate::{
    Caller, JsonBody, Problem, State,
    cookies::{self, SetCookie},
};

/// Who the browser is to the administration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminSession)]
pub struct AdminSessionBody {
    /// The administrator who is logged in.
    administrator: Option<AdminSelf>,
    /// The installation.
    instance: InstanceBody,
}

/// The administrator who is logged in.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminSelf {
    id: Uuid,
    email: String,
    name: String,
    /// The words of what the administrator may do.
    permissions: Vec<&'static str>,
}

impl From<Administrator> for AdminSelf {
    fn from(found: Administrator) -> Self {
        Self {
            id: found.id.0,
            email: found.email.to_string(),
            name: found.name,
            permissions: found.permissions.iter().map(|p| p.as_str()).collect(),
        }
    }
}

impl From<Standing> for AdminSessionBody {
    fn from(standing: Standing) -> Self {
        Self {
            administrator: standing.administrator.map(Into::into),
            instance: standing.instance.into(),
        }
    }
}

/// Tells who the caller is to the administration; also to nobody known.
#[utoipa::path(get, path = "/admin/session", tag = "administration",
    responses((status = 200, body = AdminSessionBody)))]
pub(crate) async fn get(caller: Caller) -> Result<Json<AdminSessionBody>, Problem> {
    let standing = administrators::describe(&caller.app, &caller.ctx).await?;
    Ok(Json(standing.into()))
}

/// Logs an administrator in: sets the administrator's cookie.
#[utoipa::path(post, path = "/admin/session", tag = "administration", request_body = LogIn, responses(
    (status = 200, body = AdminSessionBody), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn log_in(
    caller: Caller,
    JsonBody(body): JsonBody<LogIn>,
) -> Result<(SetCookie, Json<AdminSessionBody>), Problem> {
    let begun = body.attempt(&caller, AccountKind::Administrator).await?;
    let standing = administrators::describe(&caller.app, &begun.ctx).await?;
    let cookie = cookies::set_session(cookies::ADMINISTRATOR, begun.cookie.expose());
    Ok((cookie, Json(standing.into())))
}

/// Logs the administrator out.
#[utoipa::path(delete, path = "/admin/session", tag = "administration", responses((status = 204)))]
pub(crate) async fn log_out(caller: Caller) -> Result<impl IntoResponse, Problem> {
    sessions::log_out(&caller.app, &caller.ctx).await?;
    let cookie = cookies::clear(cookies::ADMINISTRATOR);
    Ok((StatusCode::NO_CONTENT, cookie, CLEAR_SITE_DATA))
}

/// Changes the administrator's password. Every session ends; this browser gets a new one.
#[utoipa::path(post, path = "/admin/password", tag = "administration", request_body = ChangePassword,
    responses((status = 204), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn change_password(
    caller: Caller,
    JsonBody(body): JsonBody<ChangePassword>,
) -> Result<impl IntoResponse, Problem> {
    let begun = passwords::change(&caller.app, &caller.ctx, &body.current, &body.new).await?;
    let cookie = cookies::set_session(cookies::ADMINISTRATOR, begun.cookie.expose());
    Ok((StatusCode::NO_CONTENT, cookie))
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(get, log_in, log_out))
        .routes(routes!(change_password))
}
