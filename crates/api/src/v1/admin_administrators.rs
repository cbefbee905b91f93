//! Administrators, for administrators.

use axum::{Json, http::StatusCode};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sofie_app::administrators::{self, NewAdministrator};
use sofie_domain::{Administrator, AdministratorId};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{admin_users::WantedState, lists::ItemsBody};
use crate::{Caller, JsonBody, Problem, State, extract::Path};

/// An administrator.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Administrator)]
pub struct AdministratorBody {
    id: Uuid,
    email: String,
    name: String,
    /// `active` or `disabled`.
    state: &'static str,
    /// The words of what the administrator may do.
    permissions: Vec<&'static str>,
    created_at: DateTime<Utc>,
    last_login_at: Option<DateTime<Utc>>,
}

impl From<Administrator> for AdministratorBody {
    fn from(found: Administrator) -> Self {
        Self {
            id: found.id.0,
            email: found.email.to_string(),
            name: found.name,
            state: found.state.as_str(),
            permissions: found.permissions.iter().map(|p| p.as_str()).collect(),
            created_at: found.created_at,
            last_login_at: found.last_login_at,
        }
    }
}

/// An administrator to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MakeAdministrator {
    email: String,
    name: String,
    #[schema(value_type = String)]
    password: SecretString,
    /// Everything but reading file contents when not given.
    permissions: Option<Vec<String>>,
}

/// What to change of an administrator.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeAdministrator {
    state: Option<WantedState>,
    permissions: Option<Vec<String>>,
}

/// Lists all administrators.
#[utoipa::path(get, path = "/admin/administrators", tag = "administration", responses(
    (status = 200, body = ItemsBody<AdministratorBody>), (status = 403, body = Problem)))]
pub(crate) async fn list(caller: Caller) -> Result<Json<ItemsBody<AdministratorBody>>, Problem> {
    let found = administrators::list(&caller.app, &caller.ctx).await?;
    Ok(Json(ItemsBody::from_items(found)))
}

/// Makes an administrator.
#[utoipa::path(post, path = "/admin/administrators", tag = "administration",
    request_body = MakeAdministrator, responses((status = 201, body = AdministratorBody),
    (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn create(
    caller: Caller,
    JsonBody(body): JsonBody<MakeAdministrator>,
) -> Result<(StatusCode, Json<AdministratorBody>), Problem> {
    let new = NewAdministrator {
        email: body.email,
        name: body.name,
        password: body.password,
        permissions: body.permissions,
    };
    let made = administrators::create(&caller.app, &caller.ctx, new).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Changes an administrator. Somebody must stay who can manage administrators.
#[utoipa::path(patch, path = "/admin/administrators/{id}", tag = "administration",
    params(("id" = Uuid, Path)), request_body = ChangeAdministrator,
    responses((status = 200, body = AdministratorBody), (status = 403, body = Problem),
    (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn change(
    caller: Caller,
    Path(id): Path<Uuid>,
    JsonBody(body): JsonBody<ChangeAdministrator>,
) -> Result<Json<AdministratorBody>, Problem> {
    let (app, ctx, id) = (&caller.app, &caller.ctx, AdministratorId(id));
    let disabled = body.state.map(WantedState::disables);
    let permissions = body.permissions.as_deref();
    let changed = administrators::change(app, ctx, id, disabled, permissions).await?;
    Ok(Json(changed.into()))
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(change))
}
