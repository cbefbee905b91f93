//! The detection engines, for administrators (DET-1).

use axum::Json;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sofie_app::engines::{self, EngineView};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{Caller, Problem, State, extract::Path};

/// An engine and what was last seen of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Engine)]
pub struct EngineBody {
    id: String,
    name: &'static str,
    /// `internal` or `antivirus`.
    class: &'static str,
    /// Whether files are shown to it.
    enabled: bool,
    /// Whether nothing is delivered without its word.
    mandatory: bool,
    /// Whether its self-test passed; not known before the first one.
    available: Option<bool>,
    version: Option<String>,
    signature_version: Option<String>,
    signature_at: Option<DateTime<Utc>>,
    last_error: Option<String>,
    checked_at: Option<DateTime<Utc>>,
    /// What each probe of the last self-test showed.
    self_test: Vec<ProbeBody>,
}

/// One probe of a self-test.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Probe)]
pub struct ProbeBody {
    probe: String,
    passed: bool,
    detail: Option<String>,
}

/// All engines.
#[derive(Debug, Serialize, ToSchema)]
pub struct EngineList {
    items: Vec<EngineBody>,
}

impl From<EngineView> for EngineBody {
    fn from(view: EngineView) -> Self {
        let self_test = view.probes();
        let state = view.state;
        Self {
            id: view.id,
            name: view.name,
            class: view.class,
            enabled: view.enabled,
            mandatory: view.mandatory,
            available: state.as_ref().and_then(|s| s.available),
            version: state.as_ref().and_then(|s| s.version.clone()),
            signature_version: state.as_ref().and_then(|s| s.signature_version.clone()),
            signature_at: state.as_ref().and_then(|s| s.signature_at),
            last_error: state.as_ref().and_then(|s| s.last_error.clone()),
            checked_at: state.as_ref().map(|s| s.checked_at),
            self_test: self_test
                .into_iter()
                .map(|probe| ProbeBody {
                    probe: probe.probe,
                    passed: probe.passed,
                    detail: probe.detail,
                })
                .collect(),
        }
    }
}

/// Lists the engines.
#[utoipa::path(get, path = "/admin/engines", tag = "administration",
    responses((status = 200, body = EngineList), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn list(caller: Caller) -> Result<Json<EngineList>, Problem> {
    let items = engines::list(&caller.app, &caller.ctx).await?;
    let items = items.into_iter().map(Into::into).collect();
    Ok(Json(EngineList { items }))
}

/// Tests an engine by files whose verdict is known.
#[utoipa::path(post, path = "/admin/engines/{id}/self-test", tag = "administration", params(("id" = String, Path)),
    responses((status = 200, body = EngineBody), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn self_test(
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<EngineBody>, Problem> {
    Ok(Json(
        engines::self_test(&caller.app, &caller.ctx, &id)
            .await?
            .into(),
    ))
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(self_test))
}
