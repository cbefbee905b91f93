//! The audit log, for administrators.
#![expect(unused_qualifications, reason = "the macro of utoipa writes them")]

use axum::Json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sofie_app::audit::{self, Entry, Filter};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::lists::{PageBody, PageQuery};
use crate::{Caller, Problem, State, extract::Query};

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct EntryBody {
    /// Its place in the log.
    seq: i64,
    at: DateTime<Utc>,
    /// What happened, such as `USER_LOGGED_IN`.
    event: String,
    /// `info`, `notice`, `warning` or `alert`.
    severity: String,
    actor: ActorBody,
    ip: Option<String>,
    object: Option<ObjectBody>,
    /// Particulars.
    data: Value,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActorBody {
    kind: String,
    /// The address, if one was proved.
    label: Option<String>,
}

/// What it happened to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ObjectBody {
    kind: String,
    id: String,
}

impl From<Entry> for EntryBody {
    fn from(entry: Entry) -> Self {
        let object = entry.object_kind.zip(entry.object_id);
        Self {
            seq: entry.seq,
            at: entry.at,
            event: entry.event,
            severity: entry.severity,
            actor: ActorBody {
                kind: entry.actor_kind,
                label: entry.actor_label,
            },
            ip: entry.ip,
            object: object.map(|(kind, id)| ObjectBody { kind, id }),
            data: entry.data,
        }
    }
}

/// Which entries to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Only this kind of event.
    event: Option<String>,
    /// A text in the actor or the object.
    q: Option<String>,
    /// Not before.
    from: Option<DateTime<Utc>>,
    /// Not at or after.
    to: Option<DateTime<Utc>>,
}

/// Lists the audit log, newest first.
#[utoipa::path(get, path = "/admin/audit", tag = "administration", params(AuditQuery, PageQuery),
    responses((status = 200, body = PageBody<EntryBody>), (status = 403, body = Problem)))]
pub(crate) async fn list(
    caller: Caller,
    Query(query): Query<AuditQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<PageBody<EntryBody>>, Problem> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let filter = Filter {
        event: given(query.event),
        text: given(query.q),
        from: query.from,
        to: query.to,
    };
    let (after, limit) = (page.cursor()?, page.limit());
    let found = audit::list(&caller.app, &caller.ctx, &filter, after, limit).await?;
    Ok(Json(PageBody::from_page(found, Into::into)))
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(list))
}
