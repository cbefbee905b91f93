//! The session of the browser: who am I, log-in, log-out.

use axum::Json;
use serde::Serialize;
use sofie_app::sessions::{self, Standing};
use sofie_domain::{User, UserPermission};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::instance::InstanceBody;
use crate::{Caller, Problem, State};

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

/// Tells who the caller is; also to nobody known.
#[utoipa::path(get, path = "/session", tag = "session",
    responses((status = 200, body = SessionBody)))]
pub(crate) async fn get(caller: Caller) -> Result<Json<SessionBody>, Problem> {
    let standing = sessions::describe(&caller.app, &caller.ctx).await?;
    Ok(Json(standing.into()))
}

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(get))
}
