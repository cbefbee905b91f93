//! The session of an administrator.

use axum::{Json, http::StatusCode, response::IntoResponse};
use serde::Serialize;
use sofie_app::{
    administrators::{self, Standing},
    passwords,
    sessions::{self, AccountKind},
};
use sofie_domain::{Administrator, SessionId};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    account::{ChangePassword, SessionEntryBody},
    admin_licence::StandingBody,
    instance::InstanceBody,
    lists::ItemsBody,
    session::{CLEAR_SITE_DATA, ConfirmSession, LogIn},
};
use crate::{
    Caller, JsonBody, Problem, State,
    cookies::{self, SetCookie},
    extract::Path,
};

/// Who the browser is to the administration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminSession)]
pub struct AdminSessionBody {
    /// The administrator who is logged in.
    administrator: Option<AdminSelf>,
    /// The installation.
    instance: InstanceBody,
    /// How the installation stands to its licence; only for administrators.
    licence: Option<StandingBody>,
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
        let licence = standing.instance.licence;
        Self {
            licence: standing.administrator.is_some().then(|| licence.into()),
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

/// Proves again that it is the administrator who sits there, for acts that answer `reauthentication_required`
/// without it. The session goes on under a new cookie.
#[utoipa::path(post, path = "/admin/session/confirm", tag = "administration", request_body = ConfirmSession,
    responses((status = 204), (status = 403, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn confirm(
    caller: Caller,
    JsonBody(body): JsonBody<ConfirmSession>,
) -> Result<(SetCookie, StatusCode), Problem> {
    let cookie = sessions::confirm(&caller.app, &caller.ctx, &body.password).await?;
    let cookie = cookies::set_session(cookies::ADMINISTRATOR, cookie.expose());
    Ok((cookie, StatusCode::NO_CONTENT))
}

/// Lists where the administrator is logged in.
#[utoipa::path(get, path = "/admin/sessions", tag = "administration", responses(
    (status = 200, body = ItemsBody<SessionEntryBody>), (status = 401, body = Problem)))]
pub(crate) async fn list(caller: Caller) -> Result<Json<ItemsBody<SessionEntryBody>>, Problem> {
    let found = sessions::list(&caller.app, &caller.ctx, AccountKind::Administrator).await?;
    Ok(Json(ItemsBody::from_items(found)))
}

/// Logs the administrator out elsewhere.
#[utoipa::path(delete, path = "/admin/sessions/{id}", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn end(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    let (app, ctx) = (&caller.app, &caller.ctx);
    sessions::end(app, ctx, AccountKind::Administrator, SessionId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
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
        .routes(routes!(confirm))
        .routes(routes!(list))
        .routes(routes!(end))
        .routes(routes!(change_password))
}
