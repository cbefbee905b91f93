//! Links and visits: people without an account at the door of a package or a request.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sofie_app::visits::{self, Opened, Step, Visit};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::packages::PackageBody;
use crate::{Caller, JsonBody, Problem, State, cookies, extract::Path};

/// The secret behind the `#` of a link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenLink {
    secret: String,
}

/// A code as a person types it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GiveCode {
    code: String,
}

/// The password of a package or a request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GivePassword {
    password: String,
}

/// How many accesses there are and are left.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessBody {
    limit: u32,
    left: u32,
}

/// Who asks for files.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequesterBody {
    email: String,
    name: Option<String>,
}

/// The request that a link led to.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitedRequestBody {
    id: Uuid,
    title: String,
    note: String,
    requester: RequesterBody,
    /// Who was asked.
    email: String,
    expires_at: DateTime<Utc>,
}

/// Where a visit stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitBody {
    /// `package` or `request`.
    kind: &'static str,
    id: Uuid,
    /// What to do next: `code`, `login`, `password`, `confirm_access`, `waiting`, `ready`.
    step: &'static str,
    masked_email: Option<String>,
    code_sent_at: Option<DateTime<Utc>>,
    /// While waiting or ready; of a request the answer that was begun in this browser and is not sent.
    package: Option<PackageBody>,
    access: Option<AccessBody>,
    request: Option<VisitedRequestBody>,
}

fn word(step: Step) -> &'static str {
    match step {
        Step::Code => "code",
        Step::Login => "login",
        Step::Password => "password",
        Step::ConfirmAccess => "confirm_access",
        Step::Waiting => "waiting",
        Step::Ready => "ready",
    }
}

impl From<Visit> for VisitBody {
    fn from(visit: Visit) -> Self {
        match visit {
            Visit::Package(visit) => Self {
                kind: "package",
                id: visit.id.0,
                step: word(visit.step),
                masked_email: visit.masked_email,
                code_sent_at: visit.code_sent_at,
                package: visit.view.map(Into::into),
                access: visit.access.map(|(limit, left)| AccessBody { limit, left }),
                request: None,
            },
            Visit::Request(visit) => {
                let visit = *visit;
                Self {
                    kind: "request",
                    id: visit.request.id.0,
                    step: word(visit.step),
                    masked_email: None,
                    code_sent_at: None,
                    package: visit.draft.map(Into::into),
                    access: None,
                    request: (visit.step == Step::Ready).then(|| VisitedRequestBody {
                        id: visit.request.id.0,
                        title: visit.request.title.as_str().to_owned(),
                        note: visit.request.note.as_str().to_owned(),
                        requester: RequesterBody {
                            email: visit.requester.0,
                            name: visit.requester.1,
                        },
                        email: visit.request.email.to_string(),
                        expires_at: visit.request.expires_at,
                    }),
                }
            }
        }
    }
}

fn answer(opened: Opened) -> Response {
    let body = Json(VisitBody::from(opened.visit));
    match opened.cookie {
        Some(token) => (cookies::set_visitor(&token), body).into_response(),
        None => body.into_response(),
    }
}

/// Opens a link. A wrong, old or withdrawn one is `link_invalid`.
#[utoipa::path(post, path = "/links/open", tag = "visits", request_body = OpenLink,
    responses((status = 200, body = VisitBody), (status = 404, body = Problem)))]
pub(crate) async fn open(
    caller: Caller,
    JsonBody(body): JsonBody<OpenLink>,
) -> Result<Response, Problem> {
    Ok(answer(
        visits::open(&caller.app, &caller.ctx, &body.secret).await?,
    ))
}

/// Returns where a visit stands; changes nothing.
#[utoipa::path(get, path = "/visits/{id}", tag = "visits", params(("id" = Uuid, Path)),
    responses((status = 200, body = VisitBody), (status = 404, body = Problem)))]
pub(crate) async fn get(caller: Caller, Path(id): Path<Uuid>) -> Result<Json<VisitBody>, Problem> {
    Ok(Json(
        visits::get(&caller.app, &caller.ctx, id).await?.into(),
    ))
}

/// Mails a code to the recipient behind the link.
#[utoipa::path(post, path = "/visits/{id}/code", tag = "visits", params(("id" = Uuid, Path)),
    responses((status = 200, body = VisitBody), (status = 404, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn code(caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    Ok(answer(
        visits::send_code(&caller.app, &caller.ctx, id).await?,
    ))
}

/// Proves the address by the mailed code.
#[utoipa::path(post, path = "/visits/{id}/verify", tag = "visits", params(("id" = Uuid, Path)),
    request_body = GiveCode,
    responses((status = 200, body = VisitBody), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn verify(
    caller: Caller,
    Path(id): Path<Uuid>,
    JsonBody(body): JsonBody<GiveCode>,
) -> Result<Response, Problem> {
    Ok(answer(
        visits::verify_code(&caller.app, &caller.ctx, id, &body.code).await?,
    ))
}

/// Gives the password of a package or a request.
#[utoipa::path(post, path = "/visits/{id}/password", tag = "visits", params(("id" = Uuid, Path)),
    request_body = GivePassword,
    responses((status = 200, body = VisitBody), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn password(
    caller: Caller,
    Path(id): Path<Uuid>,
    JsonBody(body): JsonBody<GivePassword>,
) -> Result<Response, Problem> {
    let password = SecretString::from(body.password);
    Ok(answer(
        visits::give_password(&caller.app, &caller.ctx, id, password).await?,
    ))
}

/// Spends one access.
#[utoipa::path(post, path = "/visits/{id}/access", tag = "visits", params(("id" = Uuid, Path)),
    responses((status = 200, body = VisitBody), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn access(caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    Ok(answer(
        visits::spend_access(&caller.app, &caller.ctx, id).await?,
    ))
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(get))
        .routes(routes!(code))
        .routes(routes!(verify))
        .routes(routes!(password))
        .routes(routes!(access))
}
