//! Groups of users, for administrators (ACC-15, DET-17).

use std::collections::BTreeMap;

use axum::{
    Json,
    http::{HeaderMap, StatusCode},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sofie_app::groups::{self, Counted, Input};
use sofie_domain::{GroupId, UserId};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    admin_users::{AdminUserBody, with_groups},
    lists::{ItemsBody, PageBody, PageQuery},
    packages::seen_version,
};
use crate::{
    Caller, JsonBody, Problem, State,
    extract::{Path, Query},
};

/// Users who share rules.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Group)]
pub struct GroupBody {
    id: Uuid,
    name: String,
    /// May be empty.
    note: String,
    /// How many users are in it.
    members: u64,
    /// The rules that it has of its own, by the keys of their settings; the rest is inherited.
    rules: BTreeMap<&'static str, String>,
    /// Counts changes.
    version: i64,
    created_at: DateTime<Utc>,
}

impl From<Counted> for GroupBody {
    fn from(counted: Counted) -> Self {
        let group = counted.group;
        let rules = group.rules.iter();
        Self {
            id: group.id.0,
            name: group.name.as_str().to_owned(),
            note: group.note.as_str().to_owned(),
            members: counted.members,
            rules: rules.map(|(key, word)| (key, word.to_owned())).collect(),
            version: group.version,
            created_at: group.created_at,
        }
    }
}

/// What to set of a group; what is not given stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupInput {
    /// At most 100 characters; no two groups have the same.
    name: Option<String>,
    /// At most 1 000 characters.
    note: Option<String>,
}

impl From<GroupInput> for Input {
    fn from(body: GroupInput) -> Self {
        Self {
            name: body.name,
            note: body.note,
        }
    }
}

/// The order of the groups.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupOrder {
    /// The ids of all groups.
    ids: Vec<Uuid>,
}

/// Rules of a group.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeGroupRules {
    /// Words by the keys of settings that are rules; `null` takes a rule of its own away.
    values: BTreeMap<String, Value>,
}

/// Lists the groups in their order: the first with a rule of its own wins.
#[utoipa::path(get, path = "/admin/groups", tag = "administration",
    responses((status = 200, body = ItemsBody<GroupBody>), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn list(caller: Caller) -> Result<Json<ItemsBody<GroupBody>>, Problem> {
    let items = groups::list(&caller.app, &caller.ctx).await?;
    Ok(Json(ItemsBody::from_items(items)))
}

/// Makes a group without members, behind the others.
#[utoipa::path(post, path = "/admin/groups", tag = "administration", request_body = GroupInput,
    responses((status = 201, body = GroupBody), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn create(
    caller: Caller,
    JsonBody(body): JsonBody<GroupInput>,
) -> Result<(StatusCode, Json<GroupBody>), Problem> {
    let made = groups::create(&caller.app, &caller.ctx, &body.into()).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Renames a group, or changes what is said of it.
#[utoipa::path(patch, path = "/admin/groups/{id}", tag = "administration", request_body = GroupInput,
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "the version that was seen, quoted")),
    responses((status = 200, body = GroupBody), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn change(
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<GroupInput>,
) -> Result<Json<GroupBody>, Problem> {
    let seen = seen_version(&headers)?;
    let (app, ctx) = (&caller.app, &caller.ctx);
    let changed = groups::change(app, ctx, GroupId(id), seen, &body.into()).await?;
    Ok(Json(changed.into()))
}

/// Removes a group; its users are judged by what is left to them from the next check on.
#[utoipa::path(delete, path = "/admin/groups/{id}", tag = "administration",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "the version that was seen, quoted")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem)))]
pub(crate) async fn remove(
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let seen = seen_version(&headers)?;
    groups::remove(&caller.app, &caller.ctx, GroupId(id), seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts the groups into an order.
#[utoipa::path(put, path = "/admin/groups/order", tag = "administration", request_body = GroupOrder,
    responses((status = 204), (status = 403, body = Problem), (status = 412, body = Problem)))]
pub(crate) async fn order(
    caller: Caller,
    JsonBody(body): JsonBody<GroupOrder>,
) -> Result<StatusCode, Problem> {
    let ids: Vec<GroupId> = body.ids.into_iter().map(GroupId).collect();
    groups::order(&caller.app, &caller.ctx, &ids).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the users of a group, those added last first.
#[utoipa::path(get, path = "/admin/groups/{id}/members", tag = "administration", params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = PageBody<AdminUserBody>), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn members(
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Result<Json<PageBody<AdminUserBody>>, Problem> {
    let (after, limit) = (page.cursor()?, page.limit());
    let found = groups::members(&caller.app, &caller.ctx, GroupId(id), after, limit).await?;
    Ok(Json(with_groups(&caller, found).await?))
}

/// Puts a user into a group.
#[utoipa::path(put, path = "/admin/groups/{id}/members/{user_id}", tag = "administration",
    params(("id" = Uuid, Path), ("user_id" = Uuid, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn add_member(
    caller: Caller,
    Path((id, user)): Path<(Uuid, Uuid)>,
) -> Result<StatusCode, Problem> {
    let who = (GroupId(id), UserId(user));
    groups::set_member(&caller.app, &caller.ctx, who, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a user out of a group.
#[utoipa::path(delete, path = "/admin/groups/{id}/members/{user_id}", tag = "administration",
    params(("id" = Uuid, Path), ("user_id" = Uuid, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn remove_member(
    caller: Caller,
    Path((id, user)): Path<(Uuid, Uuid)>,
) -> Result<StatusCode, Problem> {
    let who = (GroupId(id), UserId(user));
    groups::set_member(&caller.app, &caller.ctx, who, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a group rules of its own; they act from the next check on.
#[utoipa::path(patch, path = "/admin/groups/{id}/rules", tag = "administration", request_body = ChangeGroupRules,
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "the version that was seen, quoted")),
    responses((status = 200, body = GroupBody), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn change_rules(
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<ChangeGroupRules>,
) -> Result<Json<GroupBody>, Problem> {
    let seen = seen_version(&headers)?;
    let (app, ctx) = (&caller.app, &caller.ctx);
    let changed = groups::change_rules(app, ctx, GroupId(id), seen, &body.values).await?;
    Ok(Json(changed.into()))
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(order))
        .routes(routes!(change, remove))
        .routes(routes!(members))
        .routes(routes!(add_member, remove_member))
        .routes(routes!(change_rules))
}
