//! Jobs, for administrators: what waits, what died, and trying it again.

use axum::Json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sofie_app::jobs::{self, Filter, Row};
use sofie_domain::JobId;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::lists::{PageBody, page};
use crate::{
    Caller, Problem, State,
    extract::{Path, Query},
};

/// Which jobs to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// Only those in this state.
    #[param(inline)]
    state: Option<StateWord>,
    /// Only those of this kind.
    kind: Option<String>,
    /// How many rows, 1 to 200; 50 without it.
    limit: Option<usize>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Where a job stands.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StateWord {
    Queued,
    Running,
    Done,
    Dead,
}

impl StateWord {
    fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }
}

/// A job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobBody {
    id: Uuid,
    kind: String,
    /// `queued`, `running`, `done` or `dead`.
    state: String,
    /// How many times it was tried.
    attempt: i32,
    /// When it may run, or might have.
    run_at: DateTime<Utc>,
    last_error: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<Row> for JobBody {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: row.name,
            state: row.state,
            attempt: row.attempt,
            run_at: row.run_at,
            last_error: row.last_error,
            created_at: row.created_at,
        }
    }
}

/// Lists jobs, newest first.
#[utoipa::path(get, path = "/admin/jobs", tag = "administration", params(ListQuery),
    responses((status = 200, body = PageBody<JobBody>), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn list(
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<PageBody<JobBody>>, Problem> {
    let (after, limit) = page(query.limit, query.cursor.as_deref())?;
    let filter = Filter {
        state: query.state.map(|state| state.as_str().to_owned()),
        name: query.kind,
    };
    let found = jobs::list(&caller.app, &caller.ctx, &filter, after, limit).await?;
    Ok(Json(PageBody::from_page(found, JobBody::from)))
}

/// Lets a dead job run again.
#[utoipa::path(post, path = "/admin/jobs/{id}/retry", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 200, body = JobBody), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn retry(caller: Caller, Path(id): Path<Uuid>) -> Result<Json<JobBody>, Problem> {
    Ok(Json(
        jobs::retry(&caller.app, &caller.ctx, JobId(id))
            .await?
            .into(),
    ))
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(retry))
}
