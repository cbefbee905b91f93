//! Requests for files (PKG-4).

use axum::{Json, http::StatusCode};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sofie_app::{
    Error,
    requests::{self, Linked, NewRequest},
};
use sofie_domain::{EmailAddress, Note, RequestId, Title};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::lists::{PageBody, PageQuery};
use crate::{
    Caller, JsonBody, Problem, State,
    extract::{Path, Query},
};

/// What a user asks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskFor {
    /// Who is asked.
    email: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    note: String,
    /// The upload password.
    password: Option<String>,
    /// Whether the link is mailed; `true` without it.
    send_mail: Option<bool>,
    expires_in_days: Option<u32>,
}

impl TryFrom<AskFor> for NewRequest {
    type Error = Problem;

    fn try_from(body: AskFor) -> Result<Self, Problem> {
        let email: EmailAddress = body
            .email
            .parse()
            .map_err(|_| Error::invalid("email", "invalid"))?;
        Ok(Self {
            email,
            title: Title::parse(&body.title).map_err(|_| Error::invalid("title", "too_long"))?,
            note: Note::parse(&body.note).map_err(|_| Error::invalid("note", "too_long"))?,
            password: body.password.map(SecretString::from),
            send_mail: body.send_mail.unwrap_or(true),
            expires_in_days: body.expires_in_days,
        })
    }
}

/// A request for files.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Request)]
pub struct RequestBody {
    id: Uuid,
    email: String,
    title: String,
    note: String,
    /// The whole link, secret included; for its owner only.
    link: String,
    /// `open`, `uploading`, `fulfilled`, `expired` or `cancelled`.
    state: &'static str,
    has_password: bool,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// The package that answers it, once it was sent.
    package_id: Option<Uuid>,
}

fn body(found: Linked, now: DateTime<Utc>) -> RequestBody {
    let request = found.request;
    RequestBody {
        id: request.id.0,
        email: request.email.to_string(),
        title: request.title.as_str().to_owned(),
        note: request.note.as_str().to_owned(),
        link: found.link,
        state: request.state(now).as_str(),
        has_password: request.has_password,
        created_at: request.created_at,
        expires_at: request.expires_at,
        package_id: request
            .package_id
            .filter(|_| request.fulfilled_at.is_some())
            .map(|id| id.0),
    }
}

/// Lists the caller's requests, newest first.
#[utoipa::path(get, path = "/requests", tag = "requests", params(PageQuery),
    responses((status = 200, body = PageBody<RequestBody>), (status = 401, body = Problem)))]
pub(crate) async fn list(
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<PageBody<RequestBody>>, Problem> {
    let found = requests::list(&caller.app, &caller.ctx, page.cursor()?, page.limit()).await?;
    Ok(Json(PageBody::from_page(found, |request| {
        body(request, caller.ctx.now)
    })))
}

/// Asks somebody for files.
#[utoipa::path(post, path = "/requests", tag = "requests", request_body = AskFor,
    responses((status = 201, body = RequestBody), (status = 401, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn create(
    caller: Caller,
    JsonBody(ask): JsonBody<AskFor>,
) -> Result<(StatusCode, Json<RequestBody>), Problem> {
    let made = requests::create(&caller.app, &caller.ctx, ask.try_into()?).await?;
    Ok((StatusCode::CREATED, Json(body(made, caller.ctx.now))))
}

/// Returns one of the caller's requests.
#[utoipa::path(get, path = "/requests/{id}", tag = "requests", params(("id" = Uuid, Path)),
    responses((status = 200, body = RequestBody), (status = 404, body = Problem)))]
pub(crate) async fn get(
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<RequestBody>, Problem> {
    let found = requests::get(&caller.app, &caller.ctx, RequestId(id)).await?;
    Ok(Json(body(found, caller.ctx.now)))
}

/// Takes a request back.
#[utoipa::path(delete, path = "/requests/{id}", tag = "requests", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn cancel(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    requests::cancel(&caller.app, &caller.ctx, RequestId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, cancel))
}
