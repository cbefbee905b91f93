//! The session of the browser: who am I, log-in, log-out.

use axum::{Json, http::StatusCode, response::IntoResponse};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sofie_app::sessions::{self, AccountKind, Begun, Standing};
use sofie_domain::{User, UserPermission};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::instance::InstanceBody;
use crate::{
    Caller, JsonBody, Problem, State,
    cookies::{self, SetCookie},
};

/// Who the browser is, and what its pages may offer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionBody {
    /// The user who is logged in.
    user: Option<SessionUser>,
    /// The browser of somebody without an account.
    visitor: Option<SessionVisitor>,
    /// What the user may do.
    can: Can,
    /// The installation.
    instance: InstanceBody,
}

/// The user who is logged in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionUser {
    /// Identifies the user.
    id: Uuid,
    /// The address.
    email: String,
    /// The person's name.
    name: String,
    /// The language that the person chose.
    locale: Option<String>,
}

/// The browser of somebody without an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionVisitor {
    /// The address that was proved by a code.
    email: Option<String>,
}

/// What a user may do.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "one field per permission")]
pub struct Can {
    /// Send packages to named recipients.
    send_private: bool,
    /// Send packages to every user who has the link.
    send_internal: bool,
    /// Send packages to everybody who has the link.
    send_public: bool,
    /// Ask somebody outside for files.
    request: bool,
    /// Send to oneself.
    briefcase: bool,
    /// Make API tokens.
    api_tokens: bool,
    /// Decide on what others send.
    approve: bool,
}

impl From<User> for SessionUser {
    fn from(user: User) -> Self {
        Self {
            id: user.id.0,
            email: user.email.to_string(),
            name: user.name,
            locale: user.locale,
        }
    }
}

impl From<Standing> for SessionBody {
    fn from(standing: Standing) -> Self {
        let may = |permission| standing.permissions.contains(&permission);
        let can = Can {
            send_private: may(UserPermission::SendPrivate),
            send_internal: may(UserPermission::SendInternal),
            send_public: may(UserPermission::SendPublic),
            request: may(UserPermission::Request),
            briefcase: may(UserPermission::Briefcase),
            api_tokens: may(UserPermission::ApiTokens),
            approve: may(UserPermission::Approve),
        };
        let visitor = standing.visitor.map(|email| SessionVisitor {
            email: email.map(|email| email.to_string()),
        });
        Self {
            user: standing.user.map(Into::into),
            visitor,
            can,
            instance: standing.instance.into(),
        }
    }
}

/// What it takes to log in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogIn {
    /// The address of the account.
    email: String,
    /// Its password.
    #[schema(value_type = String)]
    password: SecretString,
}

/// The password of whoever is logged in, once more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmSession {
    /// The password of the account.
    #[schema(value_type = String)]
    pub(crate) password: SecretString,
}

impl LogIn {
    /// Tries it against the accounts of a kind.
    pub(crate) async fn attempt(
        self,
        caller: &Caller,
        kind: AccountKind,
    ) -> Result<Begun, Problem> {
        let (app, ctx) = (&caller.app, &caller.ctx);
        Ok(sessions::log_in(app, ctx, kind, &self.email, &self.password).await?)
    }
}

/// Tells who the caller is; also to nobody known.
#[utoipa::path(get, path = "/session", tag = "session",
    responses((status = 200, body = SessionBody)))]
pub(crate) async fn get(caller: Caller) -> Result<Json<SessionBody>, Problem> {
    let standing = sessions::describe(&caller.app, &caller.ctx).await?;
    Ok(Json(standing.into()))
}

/// Logs a user in: sets the session cookie.
#[utoipa::path(post, path = "/session", tag = "session", request_body = LogIn, responses(
    (status = 200, body = SessionBody), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn log_in(
    caller: Caller,
    JsonBody(body): JsonBody<LogIn>,
) -> Result<(SetCookie, Json<SessionBody>), Problem> {
    let begun = body.attempt(&caller, AccountKind::User).await?;
    let standing = sessions::describe(&caller.app, &begun.ctx).await?;
    let cookie = cookies::set_session(cookies::USER, begun.cookie.expose());
    Ok((cookie, Json(standing.into())))
}

/// Proves again that it is the user who sits there, for acts that answer `reauthentication_required` without it.
/// The session goes on under a new cookie.
#[utoipa::path(post, path = "/session/confirm", tag = "session", request_body = ConfirmSession, responses(
    (status = 204), (status = 403, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn confirm(
    caller: Caller,
    JsonBody(body): JsonBody<ConfirmSession>,
) -> Result<(SetCookie, StatusCode), Problem> {
    let cookie = sessions::confirm(&caller.app, &caller.ctx, &body.password).await?;
    let cookie = cookies::set_session(cookies::USER, cookie.expose());
    Ok((cookie, StatusCode::NO_CONTENT))
}

/// Leaves: ends the user's session, and forgets the browser.
///
/// What was proved in it at links (addresses, passwords) and the drafts that only it could finish are gone as well: the
/// next person at this computer stands where a stranger does. It works without a session too.
#[utoipa::path(delete, path = "/session", tag = "session", responses((status = 204)))]
pub(crate) async fn log_out(caller: Caller) -> Result<impl IntoResponse, Problem> {
    sessions::log_out(&caller.app, &caller.ctx).await?;
    Ok((
        StatusCode::NO_CONTENT,
        cookies::clear(cookies::USER),
        cookies::clear(cookies::VISITOR),
        CLEAR_SITE_DATA,
    ))
}

/// Tells the browser to forget what it kept of this site (ASVS 5.0 V14.3.1).
pub(crate) const CLEAR_SITE_DATA: [(&str, &str); 1] =
    [("clear-site-data", "\"cache\", \"storage\"")];

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(get, log_in, log_out))
        .routes(routes!(confirm))
}
