//! What another policy would do, for administrators (DET-22).

use std::collections::BTreeMap;

use axum::Json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sofie_app::policy::{self, Affected, Fate, Trial};
use sofie_domain::GroupId;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{Caller, JsonBody, Problem, State};

/// A policy to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TryPolicy {
    /// How many days to look back, 1 to 90.
    days: u16,
    /// The group whose rules would be changed; the settings of the installation without it.
    group_id: Option<Uuid>,
    /// Settings by key that would be changed; `null` stands for the default, or of a group for what is inherited.
    values: BTreeMap<String, Value>,
}

/// What would have happened to what was sent; nothing is changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyTrial)]
pub struct TrialBody {
    /// How many packages were looked at; the newest 10 000 at most.
    packages: usize,
    /// Whether there were more.
    more: bool,
    /// Of how many packages more files would have been held.
    held_more: usize,
    /// Of how many packages fewer files would have been held.
    held_less: usize,
    /// How many packages would have gone back to their senders.
    returned: usize,
    /// The newest packages with a difference, 100 at most; none for callers who may not see packages.
    affected: Vec<AffectedBody>,
}

/// A package that the policy would have treated otherwise.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AffectedPackage)]
pub struct AffectedBody {
    package_id: Uuid,
    sender: String,
    submitted_at: DateTime<Utc>,
    /// By the policy in force.
    before: FateBody,
    /// By the policy on trial.
    after: FateBody,
    /// Which rules make the difference, such as `macro`.
    because: Vec<&'static str>,
}

/// What a policy makes of a package.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PackageFate)]
pub struct FateBody {
    /// How many files are held.
    held: usize,
    /// Whether the package goes back to its sender.
    returned: bool,
    /// Whether approval is all that the held files lack.
    approval: bool,
}

impl From<Fate> for FateBody {
    fn from(fate: Fate) -> Self {
        Self {
            held: fate.held,
            returned: fate.returned,
            approval: fate.approval,
        }
    }
}

impl From<Affected> for AffectedBody {
    fn from(one: Affected) -> Self {
        Self {
            package_id: one.id.0,
            sender: one.sender,
            submitted_at: one.submitted_at,
            before: one.before.into(),
            after: one.after.into(),
            because: one.because.into_iter().collect(),
        }
    }
}

impl From<Trial> for TrialBody {
    fn from(trial: Trial) -> Self {
        Self {
            packages: trial.packages,
            more: trial.more,
            held_more: trial.held_more,
            held_less: trial.held_less,
            returned: trial.returned,
            affected: trial.affected.into_iter().map(Into::into).collect(),
        }
    }
}

/// Tries a policy on the packages of the last days.
#[utoipa::path(post, path = "/admin/policy/trial", tag = "administration", request_body = TryPolicy,
    responses((status = 200, body = TrialBody), (status = 403, body = Problem), (status = 404, body = Problem),
    (status = 422, body = Problem)))]
pub(crate) async fn trial(
    caller: Caller,
    JsonBody(body): JsonBody<TryPolicy>,
) -> Result<Json<TrialBody>, Problem> {
    let what = (body.group_id.map(GroupId), &body.values);
    let trial = policy::trial(&caller.app, &caller.ctx, body.days, what).await?;
    Ok(Json(trial.into()))
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(trial))
}
