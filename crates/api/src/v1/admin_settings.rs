//! Settings, for administrators.

use std::collections::BTreeMap;

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sofie_app::settings::{self, SettingView, to_json};
use sofie_domain::SettingKind;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::lists::ItemsBody;
use crate::{Caller, JsonBody, Problem, State};

/// A setting.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Setting)]
pub struct SettingBody {
    /// Its stable name.
    key: &'static str,
    /// The part of the name before the first dot.
    group: &'static str,
    /// `bool`, `integer`, `bytes`, `text`, `secret` or `choice`.
    kind: &'static str,
    /// The value in force; of a secret `"set"` or nothing.
    value: Option<Value>,
    /// What holds unless somebody changes it; of a secret nothing.
    default: Option<Value>,
    /// The least, of numbers.
    min: Option<i64>,
    /// The most, of numbers; the most characters, of texts.
    max: Option<i64>,
    /// The words to choose from.
    options: Option<&'static [&'static str]>,
    /// Whether somebody changed it.
    changed: bool,
    /// What it does.
    description: &'static str,
}

impl From<SettingView> for SettingBody {
    fn from(view: SettingView) -> Self {
        let setting = view.setting;
        let length = |max: usize| i64::try_from(max).ok();
        let (kind, min, max, options) = match setting.kind {
            SettingKind::Bool => ("bool", None, None, None),
            SettingKind::Integer { min, max } => ("integer", Some(min), Some(max), None),
            SettingKind::Bytes { min, max } => ("bytes", Some(min), Some(max), None),
            SettingKind::Text { max } => ("text", None, length(max), None),
            SettingKind::Secret { max } => ("secret", None, length(max), None),
            SettingKind::Cron => ("cron", None, None, None),
            SettingKind::List { max, .. } => ("list", None, length(max), None),
            SettingKind::Choice(words) => ("choice", None, None, Some(words)),
        };
        let secret = kind == "secret";
        Self {
            key: setting.key,
            group: setting.group(),
            kind,
            value: view.value.as_ref().map(to_json),
            default: (!secret).then(|| to_json(&setting.default)),
            min,
            max,
            options,
            changed: view.changed,
            description: setting.description,
        }
    }
}

/// Settings to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeSettings {
    /// New values by key; `null` puts a setting back to its default.
    values: BTreeMap<String, Value>,
}

/// Lists all settings.
#[utoipa::path(get, path = "/admin/settings", tag = "administration", responses(
    (status = 200, body = ItemsBody<SettingBody>), (status = 403, body = Problem)))]
pub(crate) async fn list(caller: Caller) -> Result<Json<ItemsBody<SettingBody>>, Problem> {
    let found = settings::list(&caller.app, &caller.ctx).await?;
    Ok(Json(ItemsBody::from_items(found)))
}

/// Changes settings, all of them or none.
#[utoipa::path(patch, path = "/admin/settings", tag = "administration", request_body = ChangeSettings,
    responses((status = 200, body = ItemsBody<SettingBody>), (status = 403, body = Problem),
    (status = 422, body = Problem)))]
pub(crate) async fn change(
    caller: Caller,
    JsonBody(body): JsonBody<ChangeSettings>,
) -> Result<Json<ItemsBody<SettingBody>>, Problem> {
    settings::change(&caller.app, &caller.ctx, &body.values).await?;
    list(caller).await
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(list, change))
}
