//! The licence, for administrators (ADM-12).

use axum::{Json, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sofie_app::licences::{self, LicenceView};
use sofie_domain::{Licence, LicenceStanding};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{Caller, JsonBody, Problem, State};

/// How the installation stands to its licence.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LicenceStanding)]
pub struct StandingBody {
    /// `unlicensed`, `valid`, `expires_soon`, `grace` or `demo`.
    standing: &'static str,
    /// Why it does not hold: `invalid`, `revoked`, `other_host`, `too_many_users`, `expired` or `not_refreshed`.
    fault: Option<&'static str>,
    /// When it gets worse.
    until: Option<DateTime<Utc>>,
}

impl From<LicenceStanding> for StandingBody {
    fn from(standing: LicenceStanding) -> Self {
        Self {
            standing: standing.as_str(),
            fault: standing.fault().map(sofie_domain::LicenceFault::as_str),
            until: standing.until(),
        }
    }
}

/// What a licence says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LicenceTerms)]
pub struct TermsBody {
    id: String,
    /// To whom it was given.
    holder: String,
    edition: String,
    /// The most users; any number without it.
    users: Option<u64>,
    issued: DateTime<Utc>,
    expires: DateTime<Utc>,
    /// The hosts that it is for; any without one.
    hosts: Vec<String>,
    /// What else it allows.
    features: Vec<String>,
}

impl From<Licence> for TermsBody {
    fn from(licence: Licence) -> Self {
        Self {
            id: licence.id,
            holder: licence.holder,
            edition: licence.edition,
            users: licence.users,
            issued: licence.issued,
            expires: licence.expires,
            hosts: licence.hosts,
            features: licence.features,
        }
    }
}

/// The licence that is installed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Licence)]
pub struct LicenceBody {
    /// How the installation stands to it.
    state: StandingBody,
    /// What it says; nothing without one, and of one that no known key signed.
    licence: Option<TermsBody>,
    /// How many users count.
    users: u64,
    installed_at: Option<DateTime<Utc>>,
    /// When the licence server last gave one.
    refreshed_at: Option<DateTime<Utc>>,
}

impl From<LicenceView> for LicenceBody {
    fn from(view: LicenceView) -> Self {
        let held = view.held.as_ref();
        Self {
            state: view.standing.into(),
            users: view.users,
            installed_at: held.map(|held| held.installed_at),
            refreshed_at: held.and_then(|held| held.refreshed_at),
            licence: view.held.and_then(|held| held.licence).map(Into::into),
        }
    }
}

/// A licence to install.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LicenceInput {
    /// The signed text, its first and last line included.
    text: String,
}

/// Shows the licence.
#[utoipa::path(get, path = "/admin/licence", tag = "administration",
    responses((status = 200, body = LicenceBody), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn show(caller: Caller) -> Result<Json<LicenceBody>, Problem> {
    let view = licences::show(&caller.app, &caller.ctx).await?;
    Ok(Json(view.into()))
}

/// Installs a licence in the place of the one that there is. One that would not hold here is refused: its field's
/// code is `invalid`, `unknown_key`, `wrong_signature`, `revoked`, `other_host`, `too_many_users` or `expired`.
#[utoipa::path(put, path = "/admin/licence", tag = "administration", request_body = LicenceInput,
    responses((status = 200, body = LicenceBody), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn install(
    caller: Caller,
    JsonBody(body): JsonBody<LicenceInput>,
) -> Result<Json<LicenceBody>, Problem> {
    let view = licences::install(&caller.app, &caller.ctx, &body.text).await?;
    Ok(Json(view.into()))
}

/// Removes the licence: the installation is of the default edition again.
#[utoipa::path(delete, path = "/admin/licence", tag = "administration",
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn remove(caller: Caller) -> Result<StatusCode, Problem> {
    licences::remove(&caller.app, &caller.ctx).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(show, install, remove))
}
