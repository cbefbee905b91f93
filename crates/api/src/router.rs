//! All routes on one page.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{StatusCode, header::CONTENT_TYPE},
    middleware::from_fn_with_state,
    routing::get,
};
use sofie_app::App;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    Code, Options, Problem, State, front_end, health,
    middleware::{answer_panic, demo, edge, guard},
    openapi::{Head, openapi},
    v1,
};

/// The most bytes of a JSON body; uploads stream past this.
const BODY_LIMIT: usize = 256 * 1024;

/// Every route with its description.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(Head::openapi())
        .nest("/api/v1", version_1())
        .merge(health::routes())
}

fn version_1() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .merge(v1::session::routes())
        .merge(v1::account::routes())
        .merge(v1::tokens::routes())
        .merge(v1::setup::routes())
        .merge(v1::admin_session::routes())
        .merge(v1::admin_users::routes())
        .merge(v1::admin_administrators::routes())
        .merge(v1::admin_checks::routes())
        .merge(v1::admin_exceptions::routes())
        .merge(v1::admin_groups::routes())
        .merge(v1::admin_policy::routes())
        .merge(v1::admin_settings::routes())
        .merge(v1::admin_licence::routes())
        .merge(v1::admin_audit::routes())
        .merge(v1::admin_dashboard::routes())
        .merge(v1::admin_outbox::routes())
        .merge(v1::admin_packages::routes())
        .merge(v1::admin_engines::routes())
        .merge(v1::admin_rule_sets::routes())
        .merge(v1::admin_jobs::routes())
        .merge(v1::admin_keys::routes())
        .merge(v1::admin_integrity::routes())
        .merge(v1::visits::routes())
        .merge(v1::tracking::routes())
        .merge(v1::requests::routes())
        .merge(v1::guest::routes())
        .merge(v1::events::routes())
        .merge(v1::connection::routes())
        .merge(v1::content::routes())
        .merge(v1::approvals::routes())
        .merge(v1::packages::routes())
        .merge(v1::files::routes())
        .merge(v1::uploads::routes())
}

/// Builds the whole HTTP service.
///
/// Serve it with `into_make_service_with_connect_info::<SocketAddr>()`; without connect info the peer counts
/// as a trusted proxy on a unix socket.
pub fn router(app: App, options: Options) -> Router {
    let state = State::new(app, options);
    let (router, _) = routes().split_for_parts();
    let document = serde_json::to_string(&openapi()).unwrap_or_default();
    router
        .route(
            "/api/openapi.json",
            get(async move || ([(CONTENT_TYPE, "application/json")], document)),
        )
        .fallback(front_end::serve)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(state.clone(), demo))
        .layer(from_fn_with_state(state.clone(), guard))
        .layer(CatchPanicLayer::custom(answer_panic))
        .layer(from_fn_with_state(state.clone(), edge))
        .with_state(state)
}

async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        Code::MethodNotAllowed,
        "This address does not take this method.",
    )
}
