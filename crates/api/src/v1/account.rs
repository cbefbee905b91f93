//! The user's own account: sessions, name, language, password.

use axum::{Json, http::StatusCode, response::IntoResponse};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sofie_app::{
    passwords,
    sessions::{self, AccountKind, OwnSession},
    users,
};
use sofie_domain::SessionId;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{lists::ItemsBody, session::SessionBody};
use crate::{Caller, JsonBody, Problem, State, cookies, extract::Path};

/// A place where the user is logged in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionEntry)]
pub struct SessionEntryBody {
    id: Uuid,
    /// Whether it is the one that asks.
    current: bool,
    created_at: DateTime<Utc>,
    /// To the minute.
    last_seen_at: DateTime<Utc>,
    ip: Option<String>,
    user_agent: Option<String>,
}

impl From<OwnSession> for SessionEntryBody {
    fn from(own: OwnSession) -> Self {
        Self {
            id: own.session.id.0,
            current: own.current,
            created_at: own.session.created_at,
            last_seen_at: own.session.last_seen_at,
            ip: own.session.ip,
            user_agent: own.session.user_agent,
        }
    }
}

/// What users change about themselves.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeMe {
    /// The person's name.
    name: Option<String>,
    /// The language of pages and mails.
    locale: Option<String>,
}

/// A new password in place of the present one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePassword {
    #[schema(value_type = String)]
    pub(crate) current: SecretString,
    #[schema(value_type = String)]
    pub(crate) new: SecretString,
}

/// Who forgot the password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgotPassword {
    email: String,
}

/// The secret of a mailed link, and the password that it sets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetPassword {
    #[schema(value_type = String)]
    token: SecretString,
    #[schema(value_type = String)]
    password: SecretString,
}

/// Lists where the user is logged in.
#[utoipa::path(get, path = "/sessions", tag = "account", responses(
    (status = 200, body = ItemsBody<SessionEntryBody>), (status = 401, body = Problem)))]
pub(crate) async fn list(caller: Caller) -> Result<Json<ItemsBody<SessionEntryBody>>, Problem> {
    let found = sessions::list(&caller.app, &caller.ctx, AccountKind::User).await?;
    Ok(Json(ItemsBody::from_items(found)))
}

/// Logs the user out elsewhere.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "account", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn end(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    sessions::end(&caller.app, &caller.ctx, AccountKind::User, SessionId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes the user's name or language.
#[utoipa::path(patch, path = "/me", tag = "account", request_body = ChangeMe, responses(
    (status = 200, body = SessionBody), (status = 422, body = Problem)))]
pub(crate) async fn change(
    caller: Caller,
    JsonBody(body): JsonBody<ChangeMe>,
) -> Result<Json<SessionBody>, Problem> {
    let (app, ctx) = (&caller.app, &caller.ctx);
    users::change_self(app, ctx, body.name.as_deref(), body.locale.as_deref()).await?;
    Ok(Json(sessions::describe(app, ctx).await?.into()))
}

/// Changes the user's password. Every session ends; this browser gets a new one.
#[utoipa::path(post, path = "/password", tag = "account", request_body = ChangePassword, responses(
    (status = 204), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn change_password(
    caller: Caller,
    JsonBody(body): JsonBody<ChangePassword>,
) -> Result<impl IntoResponse, Problem> {
    let begun = passwords::change(&caller.app, &caller.ctx, &body.current, &body.new).await?;
    let cookie = cookies::set_session(cookies::USER, begun.cookie.expose());
    Ok((StatusCode::NO_CONTENT, cookie))
}

/// Mails a link to set a new password. The answer is the same whether there is such an account or not.
#[utoipa::path(post, path = "/password/forgot", tag = "account", request_body = ForgotPassword,
    responses((status = 202), (status = 429, body = Problem)))]
pub(crate) async fn forgot(
    caller: Caller,
    JsonBody(body): JsonBody<ForgotPassword>,
) -> Result<StatusCode, Problem> {
    passwords::forgot(&caller.app, &caller.ctx, &body.email).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Sets a password by a mailed link, of a reset or an invitation. Does not log in.
#[utoipa::path(post, path = "/password/reset", tag = "account", request_body = ResetPassword, responses(
    (status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn reset(
    caller: Caller,
    JsonBody(body): JsonBody<ResetPassword>,
) -> Result<StatusCode, Problem> {
    let (app, ctx) = (&caller.app, &caller.ctx);
    passwords::reset(app, ctx, &body.token, &body.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(end))
        .routes(routes!(change))
        .routes(routes!(change_password))
        .routes(routes!(forgot))
        .routes(routes!(reset))
}
