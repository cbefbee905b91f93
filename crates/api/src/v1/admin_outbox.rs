//! The outbox and the mail server's test, for administrators (ADM-7).

use axum::{Json, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sofie_app::{Error, Mail, outbox};
use sofie_domain::{EmailAddress, MailId};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::lists::{PageBody, PageQuery};
use crate::{
    Caller, JsonBody, Problem, State,
    extract::{Path, Query},
};

/// A mail without its words.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailSummary)]
pub struct MailSummaryBody {
    id: Uuid,
    to: String,
    subject: String,
    kind: String,
    /// `held` (there is no server), `queued`, `sending`, `sent` or `failed`.
    state: String,
    attempts: i32,
    created_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
    /// What the server or the network said last.
    last_error: Option<String>,
}

/// A mail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Mail)]
pub struct MailBody {
    #[serde(flatten)]
    summary: MailSummaryBody,
    text: String,
    html: String,
    /// Whether text and HTML are kept back, and empty therefore: a link or code in them lets its reader in.
    hidden: bool,
}

impl From<Mail> for MailSummaryBody {
    fn from(mail: Mail) -> Self {
        Self {
            id: mail.row.id,
            to: mail.row.to_email,
            subject: mail.subject,
            kind: mail.row.kind,
            state: mail.row.state,
            attempts: mail.row.attempts,
            created_at: mail.row.created_at,
            sent_at: mail.row.sent_at,
            last_error: mail.row.last_error,
        }
    }
}

impl From<outbox::Opened> for MailBody {
    fn from(opened: outbox::Opened) -> Self {
        let outbox::Opened { mut mail, hidden } = opened;
        let (text, html) = (
            std::mem::take(&mut mail.text),
            std::mem::take(&mut mail.html),
        );
        Self {
            summary: mail.into(),
            text,
            html,
            hidden,
        }
    }
}

/// Where a test mail goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestTo {
    to: String,
}

/// What came of a test mail.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestedBody {
    /// Whether the server took it.
    sent: bool,
    /// What the server or the network said, if not.
    detail: Option<String>,
}

/// Lists the outbox, newest first.
#[utoipa::path(get, path = "/admin/outbox", tag = "administration", params(PageQuery),
    responses((status = 200, body = PageBody<MailSummaryBody>), (status = 401, body = Problem)))]
pub(crate) async fn list(
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<PageBody<MailSummaryBody>>, Problem> {
    let found = outbox::list(&caller.app, &caller.ctx, page.cursor()?, page.limit()).await?;
    Ok(Json(PageBody::from_page(found, MailSummaryBody::from)))
}

/// Reads a mail.
#[utoipa::path(get, path = "/admin/outbox/{id}", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 200, body = MailBody), (status = 404, body = Problem)))]
pub(crate) async fn get(caller: Caller, Path(id): Path<Uuid>) -> Result<Json<MailBody>, Problem> {
    Ok(Json(
        outbox::get(&caller.app, &caller.ctx, MailId(id))
            .await?
            .into(),
    ))
}

/// Sends a failed or held mail again.
#[utoipa::path(post, path = "/admin/outbox/{id}/retry", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 202), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn retry(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    outbox::retry(&caller.app, &caller.ctx, MailId(id)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Sends a test mail at once and tells what the server said.
#[utoipa::path(post, path = "/admin/mail/test", tag = "administration", request_body = TestTo,
    responses((status = 200, body = TestedBody), (status = 401, body = Problem)))]
pub(crate) async fn test(
    caller: Caller,
    JsonBody(body): JsonBody<TestTo>,
) -> Result<Json<TestedBody>, Problem> {
    let to: EmailAddress = body
        .to
        .parse()
        .map_err(|_| Error::invalid("to", "invalid"))?;
    let tested = outbox::test(&caller.app, &caller.ctx, &to).await?;
    Ok(Json(TestedBody {
        sent: tested.sent,
        detail: tested.detail,
    }))
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(retry))
        .routes(routes!(test))
}
