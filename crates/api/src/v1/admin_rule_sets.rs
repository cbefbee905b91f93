//! Sets of YARA rules, for administrators (DET-10).

use axum::{Json, extract::DefaultBodyLimit, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sofie_app::rule_sets::{self, LONGEST_SOURCE, RuleSetView, Version};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::lists::ItemsBody;
use crate::{Caller, JsonBody, Problem, State, extract::Path};

/// The most bytes of a body with rules: JSON takes two bytes for a line's end.
const BODY_LIMIT: usize = 2 * LONGEST_SOURCE;

/// Rules to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleSetInput {
    /// The set: small letters, digits and dashes. It stands before the names of rules in findings.
    name: String,
    /// The rules, as YARA has them.
    source: String,
}

/// Which version is to be in force.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleSetActivation {
    /// The number of the version; `null` takes the set out of force.
    version: Option<i32>,
}

/// A version of a set of YARA rules.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleSetVersion)]
pub(crate) struct VersionBody {
    number: i32,
    /// SHA-256 of the rules as they were written.
    sha256: String,
    /// Their length in bytes.
    bytes: u64,
    /// How many rules there are.
    rules: u64,
    /// The address of the administrator who uploaded it.
    author: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<Version> for VersionBody {
    fn from(version: Version) -> Self {
        Self {
            number: version.number,
            sha256: hex::encode(version.sha256),
            bytes: version.bytes,
            rules: version.rules,
            author: version.author,
            created_at: version.created_at,
        }
    }
}

/// A set of YARA rules.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleSet)]
pub(crate) struct RuleSetBody {
    name: String,
    /// The version in force, if one is.
    active_version: Option<i32>,
    /// The newest first.
    versions: Vec<VersionBody>,
}

impl From<RuleSetView> for RuleSetBody {
    fn from(set: RuleSetView) -> Self {
        Self {
            name: set.name,
            active_version: set.active_version,
            versions: set.versions.into_iter().map(Into::into).collect(),
        }
    }
}

/// The rules of a version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleSetSource {
    /// As they were written.
    source: String,
}

/// Lists the sets with their versions.
#[utoipa::path(get, path = "/admin/rule-sets", tag = "administration",
    responses((status = 200, body = ItemsBody<RuleSetBody>), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn list(caller: Caller) -> Result<Json<ItemsBody<RuleSetBody>>, Problem> {
    let items = rule_sets::list(&caller.app, &caller.ctx).await?;
    Ok(Json(ItemsBody::from_items(items)))
}

/// Adds a version of a set, which is made if there is none. Rules that can't be compiled are refused, with the lines
/// that are wrong; the others are kept and not yet in force.
#[utoipa::path(post, path = "/admin/rule-sets", tag = "administration", request_body = RuleSetInput,
    responses((status = 201, body = RuleSetBody), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn upload(
    caller: Caller,
    JsonBody(body): JsonBody<RuleSetInput>,
) -> Result<(StatusCode, Json<RuleSetBody>), Problem> {
    let made = rule_sets::upload(&caller.app, &caller.ctx, &body.name, &body.source).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Puts a version of a set in force, an older one as well as a newer one, or takes the set out of force. Files that
/// can still be fetched are then looked at again.
#[utoipa::path(put, path = "/admin/rule-sets/{name}/active", tag = "administration", request_body = RuleSetActivation,
    params(("name" = String, Path)),
    responses((status = 200, body = RuleSetBody), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn activate(
    caller: Caller,
    Path(name): Path<String>,
    JsonBody(body): JsonBody<RuleSetActivation>,
) -> Result<Json<RuleSetBody>, Problem> {
    let changed = rule_sets::activate(&caller.app, &caller.ctx, &name, body.version).await?;
    Ok(Json(changed.into()))
}

/// Takes a set away with all its versions; its findings stay.
#[utoipa::path(delete, path = "/admin/rule-sets/{name}", tag = "administration", params(("name" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn remove(
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    rule_sets::remove(&caller.app, &caller.ctx, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the rules of a version.
#[utoipa::path(get, path = "/admin/rule-sets/{name}/versions/{number}", tag = "administration",
    params(("name" = String, Path), ("number" = i32, Path)),
    responses((status = 200, body = RuleSetSource), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn source(
    caller: Caller,
    Path((name, number)): Path<(String, i32)>,
) -> Result<Json<RuleSetSource>, Problem> {
    let source = rule_sets::source(&caller.app, &caller.ctx, &name, number).await?;
    Ok(Json(RuleSetSource { source }))
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, upload))
        .routes(routes!(activate))
        .routes(routes!(remove))
        .routes(routes!(source))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}
