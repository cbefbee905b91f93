//! The user's API tokens.

use axum::{Json, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sofie_app::tokens::{self, NewToken, Token};
use sofie_domain::TokenId;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::lists::ItemsBody;
use crate::{Caller, JsonBody, Problem, State, extract::Path};

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiToken)]
pub struct TokenBody {
    id: Uuid,
    /// What the owner calls it.
    name: String,
    created_at: DateTime<Utc>,
    /// From when on it no longer works.
    expires_at: Option<DateTime<Utc>>,
    /// To the minute.
    last_used_at: Option<DateTime<Utc>>,
}

/// A new token with its secret, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewApiToken)]
pub struct NewTokenBody {
    /// What to send as `Authorization: Bearer …`.
    token: String,
    #[serde(flatten)]
    about: TokenBody,
}

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MakeToken {
    /// What the owner calls it.
    name: String,
    /// After how many days it ends; never when not given.
    expires_in_days: Option<u32>,
}

impl From<Token> for TokenBody {
    fn from(token: Token) -> Self {
        Self {
            id: token.id.0,
            name: token.name,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
        }
    }
}

/// Lists the user's tokens.
#[utoipa::path(get, path = "/tokens", tag = "tokens", responses(
    (status = 200, body = ItemsBody<TokenBody>), (status = 401, body = Problem)))]
pub(crate) async fn list(caller: Caller) -> Result<Json<ItemsBody<TokenBody>>, Problem> {
    let found = tokens::list(&caller.app, &caller.ctx).await?;
    Ok(Json(ItemsBody::from_items(found)))
}

/// Makes a token. A token can't make tokens.
#[utoipa::path(post, path = "/tokens", tag = "tokens", request_body = MakeToken, responses(
    (status = 201, body = NewTokenBody), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn create(
    caller: Caller,
    JsonBody(body): JsonBody<MakeToken>,
) -> Result<(StatusCode, Json<NewTokenBody>), Problem> {
    let new = NewToken {
        name: body.name,
        expires_in_days: body.expires_in_days,
    };
    let (token, secret) = tokens::create(&caller.app, &caller.ctx, &new).await?;
    let body = NewTokenBody {
        token: secret.expose().to_owned(),
        about: token.into(),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Revokes a token.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "tokens", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn revoke(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    tokens::revoke(&caller.app, &caller.ctx, TokenId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(revoke))
}
