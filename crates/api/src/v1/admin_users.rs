//! Users, for administrators.
#![expect(unused_qualifications, reason = "the macro of utoipa writes them")]

use axum::{Json, http::StatusCode};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sofie_app::{
    Page,
    groups::{self, Because, UserRule},
    users::{self, NewUser, UserChange},
};
use sofie_domain::{GroupId, User, UserId};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::lists::{ItemsBody, PageBody, PageQuery};
use crate::{
    Caller, JsonBody, Problem, State,
    extract::{Path, Query},
};

/// A user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminUser)]
pub struct AdminUserBody {
    id: Uuid,
    email: String,
    name: String,
    /// `invited`, `active` or `disabled`.
    state: &'static str,
    /// The words of what the user may do.
    permissions: Vec<&'static str>,
    /// In their order: the first with a rule of its own wins.
    groups: Vec<GroupTag>,
    created_at: DateTime<Utc>,
    last_login_at: Option<DateTime<Utc>>,
}

/// A group by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupTag {
    id: Uuid,
    name: String,
}

impl AdminUserBody {
    pub(super) fn new(user: User, groups: Vec<(GroupId, String)>) -> Self {
        let tag = |(id, name): (GroupId, String)| GroupTag { id: id.0, name };
        Self {
            groups: groups.into_iter().map(tag).collect(),
            id: user.id.0,
            email: user.email.to_string(),
            name: user.name,
            state: user.state.as_str(),
            permissions: user.permissions.iter().map(|p| p.as_str()).collect(),
            created_at: user.created_at,
            last_login_at: user.last_login_at,
        }
    }
}

/// A rule of the policy as it holds for a user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserRule)]
pub struct UserRuleBody {
    /// Its name, such as `macro`.
    rule: &'static str,
    /// What happens to what the user sends.
    outgoing: RulingBody,
    /// What happens to what people without an account send to the user.
    incoming: RulingBody,
}

/// What happens, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ruling)]
pub struct RulingBody {
    /// `deliver`, `flag`, `approval`, `quarantine` or `reject`.
    action: &'static str,
    /// The group whose rule it is; none for the installation's.
    group: Option<GroupTag>,
}

impl From<Because> for RulingBody {
    fn from((action, group): Because) -> Self {
        Self {
            action: action.as_str(),
            group: group.map(|(id, name)| GroupTag { id: id.0, name }),
        }
    }
}

impl From<UserRule> for UserRuleBody {
    fn from(rule: UserRule) -> Self {
        Self {
            rule: rule.name,
            outgoing: rule.outgoing.into(),
            incoming: rule.incoming.into(),
        }
    }
}

/// Tells of users, each with its groups.
pub(super) async fn with_groups(
    caller: &Caller,
    found: Page<User>,
) -> Result<PageBody<AdminUserBody>, Problem> {
    let ids: Vec<UserId> = found.items.iter().map(|user| user.id).collect();
    let mut groups = groups::of_users(&caller.app, &caller.ctx, &ids).await?;
    Ok(PageBody::from_page(found, |user| {
        let of_user = groups.remove(&user.id).unwrap_or_default();
        AdminUserBody::new(user, of_user)
    }))
}

/// Which users to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UserQuery {
    /// A text in the address or the name.
    q: Option<String>,
}

/// A user to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MakeUser {
    email: String,
    name: String,
    /// Without it an invitation is mailed.
    #[schema(value_type = Option<String>)]
    password: Option<SecretString>,
    /// All but `approve` when not given.
    permissions: Option<Vec<String>>,
}

/// What to change of a user.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeUser {
    name: Option<String>,
    state: Option<WantedState>,
    permissions: Option<Vec<String>>,
}

/// Where an account shall stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WantedState {
    /// May log in.
    Active,
    /// Is shut out.
    Disabled,
}

impl WantedState {
    /// Tells whether the account is to be shut out.
    pub(crate) fn disables(self) -> bool {
        self == Self::Disabled
    }
}

/// Lists users, newest first.
#[utoipa::path(get, path = "/admin/users", tag = "administration", params(UserQuery, PageQuery),
    responses((status = 200, body = PageBody<AdminUserBody>), (status = 403, body = Problem)))]
pub(crate) async fn list(
    caller: Caller,
    Query(query): Query<UserQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<PageBody<AdminUserBody>>, Problem> {
    let text = query.q.as_deref().filter(|text| !text.is_empty());
    let (after, limit) = (page.cursor()?, page.limit());
    let found = users::list(&caller.app, &caller.ctx, text, after, limit).await?;
    Ok(Json(with_groups(&caller, found).await?))
}

/// Makes a user.
#[utoipa::path(post, path = "/admin/users", tag = "administration", request_body = MakeUser, responses(
    (status = 201, body = AdminUserBody), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn create(
    caller: Caller,
    JsonBody(body): JsonBody<MakeUser>,
) -> Result<(StatusCode, Json<AdminUserBody>), Problem> {
    let new = NewUser {
        email: body.email,
        name: body.name,
        password: body.password,
        permissions: body.permissions,
    };
    let user = users::create(&caller.app, &caller.ctx, new).await?;
    let body = AdminUserBody::new(user, Vec::new());
    Ok((StatusCode::CREATED, Json(body)))
}

/// Changes a user; `disabled` ends every session at once.
#[utoipa::path(patch, path = "/admin/users/{id}", tag = "administration", params(("id" = Uuid, Path)),
    request_body = ChangeUser, responses((status = 200, body = AdminUserBody),
    (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn change(
    caller: Caller,
    Path(id): Path<Uuid>,
    JsonBody(body): JsonBody<ChangeUser>,
) -> Result<Json<AdminUserBody>, Problem> {
    let change = UserChange {
        name: body.name,
        disabled: body.state.map(WantedState::disables),
        permissions: body.permissions,
    };
    let user = users::change(&caller.app, &caller.ctx, UserId(id), change).await?;
    let mut groups = groups::of_users(&caller.app, &caller.ctx, &[user.id]).await?;
    let of_user = groups.remove(&user.id).unwrap_or_default();
    Ok(Json(AdminUserBody::new(user, of_user)))
}

/// Tells which rules of the policy hold for a user, and because of which group.
#[utoipa::path(get, path = "/admin/users/{id}/rules", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 200, body = ItemsBody<UserRuleBody>), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn rules(
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<ItemsBody<UserRuleBody>>, Problem> {
    let rules = groups::rules_of_user(&caller.app, &caller.ctx, UserId(id)).await?;
    Ok(Json(ItemsBody::from_items(rules)))
}

/// Mails the user a link to set a password.
#[utoipa::path(post, path = "/admin/users/{id}/reset", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 202), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn reset(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    users::send_link(&caller.app, &caller.ctx, UserId(id)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Ends every session of the user.
#[utoipa::path(delete, path = "/admin/users/{id}/sessions", tag = "administration",
    params(("id" = Uuid, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn end_sessions(
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    users::end_sessions(&caller.app, &caller.ctx, UserId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(change))
        .routes(routes!(rules))
        .routes(routes!(reset))
        .routes(routes!(end_sessions))
}
