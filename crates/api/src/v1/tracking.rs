//! `GET /packages/{id}/tracking`.

use axum::Json;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sofie_app::tracking;
use sofie_domain::{FileId, PackageId};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{Caller, Problem, State, extract::Path};

/// One download.
#[derive(Debug, Serialize, ToSchema)]
pub struct DownloadBody {
    /// The file; none for the ZIP of all files.
    file_id: Option<Uuid>,
    /// Its name.
    name: Option<String>,
    /// When it began.
    at: DateTime<Utc>,
    /// Whether every byte went out.
    complete: bool,
    /// How many bytes went out.
    bytes: i64,
    /// To where.
    ip: Option<String>,
    /// The user, if it was one.
    who: Option<String>,
}

/// What became of the package at one recipient.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrackedBody {
    id: Uuid,
    email: String,
    blind: bool,
    notified_at: Option<DateTime<Utc>>,
    /// Where the notice stands: `none`, `queued`, `sent`, `failed`.
    mail: &'static str,
    opened_at: Option<DateTime<Utc>>,
    downloads: Vec<DownloadBody>,
}

/// What became of a package.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrackingBody {
    recipients: Vec<TrackedBody>,
    /// Downloads by others than the named recipients.
    others: Vec<DownloadBody>,
}

impl From<tracking::Tracking> for TrackingBody {
    fn from(found: tracking::Tracking) -> Self {
        let body = |d: sofie_app::Download| DownloadBody {
            name: d
                .file_id
                .and_then(|id| found.names.get(&FileId(id)).cloned()),
            file_id: d.file_id,
            at: d.started_at,
            complete: d.complete,
            bytes: d.bytes_sent,
            ip: d.ip,
            who: d.user_email,
        };
        let recipients = found
            .recipients
            .into_iter()
            .map(|(r, downloads)| TrackedBody {
                id: r.id,
                email: r.email,
                blind: r.blind,
                notified_at: r.notified_at,
                mail: mail_word(r.mail.as_deref()),
                opened_at: r.opened_at,
                downloads: downloads.into_iter().map(body).collect(),
            });
        Self {
            recipients: recipients.collect(),
            others: found.others.into_iter().map(body).collect(),
        }
    }
}

fn mail_word(state: Option<&str>) -> &'static str {
    match state {
        None => "none",
        Some("sent") => "sent",
        Some("failed") => "failed",
        Some(_) => "queued",
    }
}

/// Tells the sender who fetched what.
#[utoipa::path(get, path = "/packages/{id}/tracking", tag = "packages", params(("id" = Uuid, Path)),
    responses((status = 200, body = TrackingBody), (status = 404, body = Problem)))]
pub(crate) async fn get(
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<TrackingBody>, Problem> {
    Ok(Json(
        tracking::get(&caller.app, &caller.ctx, PackageId(id))
            .await?
            .into(),
    ))
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(get))
}
