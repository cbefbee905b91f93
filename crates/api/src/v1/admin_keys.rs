//! The key-encryption keys, for administrators (ADM-8).

use axum::{Json, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sofie_app::keys::{self, KekState, KekView};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{Caller, Problem, State, extract::Path};

/// A key-encryption key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Key)]
pub struct KeyBody {
    /// Its name, which says nothing about it.
    id: String,
    /// Whether it wraps the keys of new packages.
    active: bool,
    /// `ready`; `adding` while packages move to it, `removing` while its packages move away.
    state: &'static str,
    /// How many packages need it.
    packages: u64,
    /// What seals it where it lies: `vault`, `aws_kms` or `pkcs11`; nothing if it lies there as it is.
    seal: Option<String>,
    /// Whether this process can use it.
    found: bool,
    /// Why it can't be opened although it is there.
    closed: Option<String>,
    /// How many keys of packages it has wrapped, and unwrapped.
    wraps: u64,
    unwraps: u64,
    last_used_at: Option<DateTime<Utc>>,
    added_at: DateTime<Utc>,
    activated_at: Option<DateTime<Utc>>,
    can: KeyCan,
}

/// What may be done with a key now.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyCan {
    activate: bool,
    remove: bool,
}

/// The keys, and how far packages have moved to the active one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Keys)]
pub struct KeysBody {
    /// The oldest first.
    items: Vec<KeyBody>,
    rotation: RotationBody,
}

/// The move of all packages to the active key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rotation)]
pub struct RotationBody {
    running: bool,
    /// Packages that are under another key than the active one.
    left: u64,
    /// All packages.
    total: u64,
}

impl From<KekView> for KeyBody {
    fn from(view: KekView) -> Self {
        let found = view.place.is_some() && view.closed.is_none();
        Self {
            can: KeyCan {
                activate: !view.active && found,
                remove: !view.active && view.packages == 0,
            },
            found,
            state: view.state.as_str(),
            id: view.id,
            active: view.active,
            packages: view.packages,
            seal: view.seal,
            closed: view.closed,
            wraps: view.wraps,
            unwraps: view.unwraps,
            last_used_at: view.last_used_at,
            added_at: view.added_at,
            activated_at: view.activated_at,
        }
    }
}

async fn body(caller: &Caller) -> Result<Json<KeysBody>, Problem> {
    let views = keys::list(&caller.app, &caller.ctx).await?;
    let others = views.iter().filter(|view| !view.active);
    let rotation = RotationBody {
        running: views.iter().any(|view| view.state == KekState::Removing),
        left: others.map(|view| view.packages).sum(),
        total: views.iter().map(|view| view.packages).sum(),
    };
    let items = views.into_iter().map(KeyBody::from).collect();
    Ok(Json(KeysBody { items, rotation }))
}

/// Lists the keys.
#[utoipa::path(get, path = "/admin/keys", tag = "administration",
    responses((status = 200, body = KeysBody), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn list(caller: Caller) -> Result<Json<KeysBody>, Problem> {
    body(&caller).await
}

/// Has a key wrap the keys of new packages.
#[utoipa::path(post, path = "/admin/keys/{id}/activate", tag = "administration", params(("id" = String, Path)),
    responses((status = 200, body = KeysBody), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn activate(
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<KeysBody>, Problem> {
    keys::activate(&caller.app, &caller.ctx, &id).await?;
    body(&caller).await
}

/// Takes a key off the list that nothing needs. Where it lies is not touched: backups may need it.
#[utoipa::path(delete, path = "/admin/keys/{id}", tag = "administration", params(("id" = String, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn remove(caller: Caller, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    keys::remove(&caller.app, &caller.ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begins to move all packages to the active key, or goes on with it.
#[utoipa::path(post, path = "/admin/keys/rotation", tag = "administration",
    responses((status = 200, body = KeysBody), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn rotate(caller: Caller) -> Result<Json<KeysBody>, Problem> {
    keys::begin_rotation(&caller.app, &caller.ctx).await?;
    body(&caller).await
}

/// Stops that move, wherever it is: what has moved stays moved.
#[utoipa::path(delete, path = "/admin/keys/rotation", tag = "administration",
    responses((status = 200, body = KeysBody), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn stop(caller: Caller) -> Result<Json<KeysBody>, Problem> {
    keys::stop_rotation(&caller.app, &caller.ctx).await?;
    body(&caller).await
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(activate))
        .routes(routes!(remove))
        .routes(routes!(rotate, stop))
}
