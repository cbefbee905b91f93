//! The detection engines, for administrators (DET-1, DET-3).

use axum::{
    Json,
    http::{HeaderMap, StatusCode},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sofie_app::engines::{self, Input};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{lists::ItemsBody, packages::seen_version};
use crate::{Caller, JsonBody, Problem, State, extract::Path};

mod body;

use body::{EngineBody, KindBody, TypesBody};

/// What to set of an engine; what is not given stays, or is as usual for its kind.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EngineInput {
    /// What kind of engine it is; for a new one only.
    kind: Option<String>,
    name: Option<String>,
    /// `reputation`, `antivirus` or `sandbox`.
    stage: Option<String>,
    /// Whether files are shown to it; refused for one that does not pass its self-test.
    enabled: Option<bool>,
    /// Whether nothing is delivered without its word.
    mandatory: Option<bool>,
    /// The largest file that it is given, in bytes.
    largest_file: Option<u64>,
    /// What becomes of larger ones: `unscannable` or `skip`.
    oversize: Option<String>,
    types: Option<TypesBody>,
    /// How many files it is given at once.
    at_once: Option<u16>,
    /// How long it may take for a small file.
    seconds: Option<u16>,
    /// The fields of its kind; `null` puts one back to its default.
    #[schema(value_type = Option<Object>)]
    config: Option<Map<String, Value>>,
}

impl EngineInput {
    fn input(self) -> Input {
        Input {
            name: self.name,
            stage: self.stage,
            enabled: self.enabled,
            mandatory: self.mandatory,
            largest_file: self.largest_file,
            oversize: self.oversize,
            types: self.types.map(Into::into),
            at_once: self.at_once,
            seconds: self.seconds,
            config: self.config.unwrap_or_default(),
        }
    }
}

/// The order of the engines.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EngineOrder {
    /// The ids of all engines but the internal ones.
    ids: Vec<String>,
}

/// A moment at which an engine began or ceased to work.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EngineChange)]
pub(crate) struct ChangeBody {
    at: DateTime<Utc>,
    /// Whether it works since then.
    available: bool,
    version: Option<String>,
    signature_version: Option<String>,
    error: Option<String>,
}

/// Lists the engines: the internal ones, then the others in their order.
#[utoipa::path(get, path = "/admin/engines", tag = "administration",
    responses((status = 200, body = ItemsBody<EngineBody>), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn list(caller: Caller) -> Result<Json<ItemsBody<EngineBody>>, Problem> {
    let items = engines::list(&caller.app, &caller.ctx).await?;
    Ok(Json(ItemsBody::from_items(items)))
}

/// Lists the kinds of engines that can be set up, with the fields of their configuration.
#[utoipa::path(get, path = "/admin/engines/kinds", tag = "administration",
    responses((status = 200, body = ItemsBody<KindBody>), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn kinds(caller: Caller) -> Result<Json<ItemsBody<KindBody>>, Problem> {
    let items = engines::kinds(&caller.ctx)?;
    Ok(Json(ItemsBody::from_items(items)))
}

/// Adds an engine. It is tested, and enabled if that is wanted and the test was passed.
#[utoipa::path(post, path = "/admin/engines", tag = "administration", request_body = EngineInput,
    responses((status = 201, body = EngineBody), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn create(
    caller: Caller,
    JsonBody(mut body): JsonBody<EngineInput>,
) -> Result<(StatusCode, Json<EngineBody>), Problem> {
    let kind = body.kind.take().unwrap_or_default();
    let made = engines::create(&caller.app, &caller.ctx, &kind, &body.input()).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Changes an engine. One that does not pass its self-test can't be enabled.
#[utoipa::path(patch, path = "/admin/engines/{id}", tag = "administration", request_body = EngineInput,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "the version that was seen, quoted")),
    responses((status = 200, body = EngineBody), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn change(
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<EngineInput>,
) -> Result<Json<EngineBody>, Problem> {
    if body.kind.is_some() {
        return Err(sofie_app::Error::invalid("kind", "not_allowed").into());
    }
    let seen = seen_version(&headers)?;
    let changed = engines::change(&caller.app, &caller.ctx, &id, seen, &body.input()).await?;
    Ok(Json(changed.into()))
}

/// Takes an engine away; its verdicts stay.
#[utoipa::path(delete, path = "/admin/engines/{id}", tag = "administration",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "the version that was seen, quoted")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem)))]
pub(crate) async fn remove(
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let seen = seen_version(&headers)?;
    engines::remove(&caller.app, &caller.ctx, &id, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts the engines into an order.
#[utoipa::path(put, path = "/admin/engines/order", tag = "administration", request_body = EngineOrder,
    responses((status = 204), (status = 403, body = Problem), (status = 412, body = Problem)))]
pub(crate) async fn order(
    caller: Caller,
    JsonBody(body): JsonBody<EngineOrder>,
) -> Result<StatusCode, Problem> {
    engines::order(&caller.app, &caller.ctx, &body.ids).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells when an engine began and ceased to work, newest first.
#[utoipa::path(get, path = "/admin/engines/{id}/history", tag = "administration", params(("id" = String, Path)),
    responses((status = 200, body = ItemsBody<ChangeBody>), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn history(
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ItemsBody<ChangeBody>>, Problem> {
    let changes = engines::history(&caller.app, &caller.ctx, &id).await?;
    Ok(Json(ItemsBody::from_items(changes)))
}

impl From<engines::Change> for ChangeBody {
    fn from(change: engines::Change) -> Self {
        Self {
            at: change.at,
            available: change.available,
            version: change.version,
            signature_version: change.signature_version,
            error: change.error,
        }
    }
}

/// Tests an engine by files whose verdict is known.
#[utoipa::path(post, path = "/admin/engines/{id}/self-test", tag = "administration", params(("id" = String, Path)),
    responses((status = 200, body = EngineBody), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn self_test(
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<EngineBody>, Problem> {
    Ok(Json(
        engines::self_test(&caller.app, &caller.ctx, &id)
            .await?
            .into(),
    ))
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(kinds))
        .routes(routes!(order))
        .routes(routes!(change, remove))
        .routes(routes!(history))
        .routes(routes!(self_test))
}
