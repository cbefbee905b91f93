//! How administrators see and change settings (ADM-3).

use std::{collections::BTreeMap, net::Ipv6Addr};

use serde_json::{Value, json};
use sofie_detection::Dlp;
use sofie_domain::{
    AdministratorPermission, EmailAddress, Event, Setting, SettingKind, SettingValue, Settings,
    registry,
};
use sofie_store::settings::{self as rows, NewValue};

use super::{from_json, load};
use crate::{
    App, Context, Error, FieldError, Result, audit, jobs::queues, outbox, sessions::demand,
};

/// A setting as an administrator sees it.
#[derive(Clone, Debug)]
pub struct SettingView {
    /// The row of the registry.
    pub setting: &'static Setting,
    /// The value in force; of a secret only whether it is set.
    pub value: Option<SettingValue>,
    /// Whether an administrator changed it.
    pub changed: bool,
}

/// Lists all settings in the order of the registry.
pub async fn list(app: &App, ctx: &Context) -> Result<Vec<SettingView>> {
    ctx.may_administrate(AdministratorPermission::Settings)?;
    let settings = app.settings().await?;
    Ok(registry().iter().map(|s| view(s, &settings)).collect())
}

fn view(setting: &'static Setting, settings: &Settings) -> SettingView {
    let value = settings.get(setting.key);
    let value = match setting.kind {
        SettingKind::Secret { .. } => value
            .filter(|value| *value != setting.default)
            .map(|_| SettingValue::Text("set".to_owned())),
        _ => value,
    };
    SettingView {
        setting,
        value,
        changed: settings.changed(setting.key),
    }
}

/// Changes settings, all of them or none; `null` puts one back to its default.
pub async fn change(app: &App, ctx: &Context, values: &BTreeMap<String, Value>) -> Result<()> {
    ctx.may_administrate(AdministratorPermission::Settings)?;
    demand(app, ctx).await?;
    let mut tx = app.db().begin().await?;
    rows::begin_change(&mut tx).await?;
    let before = load(&mut tx).await?;
    let (changes, after) = changed(&before, values)?;
    let by = ctx.actor.email().map_or("system", EmailAddress::as_str);
    let mut told = Vec::new();
    for (setting, value) in &changes {
        let key = setting.key;
        if before.get(key) == after.get(key) && before.changed(key) == after.changed(key) {
            continue;
        }
        match value {
            Some(value) => rows::write(&mut tx, key, &stored(setting, value), by, ctx.now).await?,
            None => rows::forget(&mut tx, key).await?,
        }
        told.push(tell(setting, &before, &after));
    }
    if told.is_empty() {
        return Ok(());
    }
    let data = json!({ "changes": told });
    audit::record(&mut tx, ctx, Event::SettingsChanged, None, data).await?;
    let host = |settings: &Settings| !settings.text("mail.smtp_host").is_empty();
    if host(&after) && !host(&before) {
        outbox::release_held(&mut tx, ctx).await?;
    }
    tx.commit().await?;
    app.parts().settings.forget().await;
    app.parts().waker.wake(queues::MAIL);
    Ok(())
}

/// Returns what the settings would be after a change.
pub(crate) fn proposed(before: &Settings, values: &BTreeMap<String, Value>) -> Result<Settings> {
    changed(before, values).map(|(_, after)| after)
}

fn changed(before: &Settings, values: &BTreeMap<String, Value>) -> Result<(Changes, Settings)> {
    let changes = read(values)?;
    let after = apply(before, &changes);
    check_together(&after)?;
    Ok((changes, after))
}

type Changes = Vec<(&'static Setting, Option<SettingValue>)>;

fn read(values: &BTreeMap<String, Value>) -> Result<Changes> {
    let mut wrong = Vec::new();
    let mut changes = Vec::new();
    for (key, value) in values {
        let Some(setting) = registry().iter().find(|s| s.key == key) else {
            wrong.push(FieldError::new("values", "not_allowed"));
            continue;
        };
        match parse(setting, value) {
            Ok(value) => changes.push((setting, value)),
            Err(code) => wrong.push(FieldError::new(setting.key, code)),
        }
    }
    if wrong.is_empty() {
        Ok(changes)
    } else {
        Err(Error::Invalid(wrong))
    }
}

/// Reads one value; an empty secret is none.
fn parse(
    setting: &Setting,
    value: &Value,
) -> std::result::Result<Option<SettingValue>, &'static str> {
    if value.is_null() {
        return Ok(None);
    }
    let value = from_json(value).ok_or("invalid")?;
    if matches!(setting.kind, SettingKind::Secret { .. }) && value == setting.default {
        return Ok(None);
    }
    setting.check(&value).map_err(|_| code(setting, &value))?;
    match (setting.key, &value) {
        ("instance.base_url", SettingValue::Text(url)) if !is_origin(url) => Err("invalid"),
        ("licence.refresh_url", SettingValue::Text(url)) if !is_https(url) => Err("invalid"),
        ("mail.from", SettingValue::Text(text)) if text.parse::<EmailAddress>().is_err() => {
            Err("invalid")
        }
        ("checks.dlp_detectors", SettingValue::List(lines)) if Dlp::parse(lines, &[]).is_err() => {
            Err("invalid")
        }
        ("checks.dlp_expressions", SettingValue::List(lines))
            if Dlp::parse(&[], lines).is_err() =>
        {
            Err("invalid")
        }
        _ => Ok(Some(value)),
    }
}

/// What an administrator's value of a setting is taken for; for fuzzing.
#[doc(hidden)]
#[must_use]
pub fn accepted(setting: &Setting, value: &Value) -> Option<SettingValue> {
    parse(setting, value).ok().flatten()
}

fn code(setting: &Setting, value: &SettingValue) -> &'static str {
    match (&setting.kind, value) {
        (
            SettingKind::Integer { min, max } | SettingKind::Bytes { min, max },
            SettingValue::Integer(n),
        ) => match n {
            n if n < min => "too_small",
            n if n > max => "too_large",
            _ => "invalid",
        },
        (SettingKind::Text { max } | SettingKind::Secret { max }, SettingValue::Text(text))
            if text.chars().count() > *max =>
        {
            "too_long"
        }
        (SettingKind::List { max, most }, SettingValue::List(lines))
            if lines.len() > *most || lines.iter().any(|line| line.chars().count() > *max) =>
        {
            "too_long"
        }
        (SettingKind::Choice(_), SettingValue::Text(_)) => "not_allowed",
        _ => "invalid",
    }
}

/// Tells whether a text is empty or an address of a web server without path, such as `https://a.example:1`.
fn is_origin(url: &str) -> bool {
    if url.is_empty() {
        return true;
    }
    let rest = url.strip_prefix("https://").or(url.strip_prefix("http://"));
    rest.is_some_and(|rest| is_authority(rest.strip_suffix('/').unwrap_or(rest)))
}

/// Tells whether a text is empty or an address that is asked over HTTPS.
fn is_https(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else {
        return url.is_empty();
    };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    is_authority(host)
        && rest
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

/// Tells whether a text is a host, perhaps with a port.
fn is_authority(text: &str) -> bool {
    let (known_host, rest) = if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = rest.split_once(']').unwrap_or_default();
        (address.parse::<Ipv6Addr>().is_ok(), rest)
    } else {
        let (host, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        (!host.is_empty() && host.chars().all(allowed), rest)
    };
    let port = rest.strip_prefix(':').map(|port| {
        let digits = port.chars().all(|c| c.is_ascii_digit());
        digits && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    known_host && (rest.is_empty() || port == Some(true))
}

fn apply(before: &Settings, changes: &Changes) -> Settings {
    let mut after = Settings::default();
    for setting in registry() {
        let change = changes
            .iter()
            .find(|(changed, _)| changed.key == setting.key);
        let value = match change {
            Some((_, value)) => value.clone(),
            None if before.changed(setting.key) => before.get(setting.key),
            None => None,
        };
        if let Some(value) = value {
            // Checked before, here or when it was stored.
            let _ = after.set(setting.key, value);
        }
    }
    after
}

/// Checks what one setting demands of another.
fn check_together(after: &Settings) -> Result<()> {
    let days = |key| after.integer(key);
    let (min, usual, max) = (
        days("packages.expiry_min_days"),
        days("packages.expiry_default_days"),
        days("packages.expiry_max_days"),
    );
    if usual < min {
        return Err(Error::invalid("packages.expiry_default_days", "too_small"));
    }
    if usual > max {
        return Err(Error::invalid("packages.expiry_default_days", "too_large"));
    }
    let default_type = after.text("packages.default_type");
    let possible = match default_type.as_str() {
        "internal" => after.bool("packages.internal"),
        "public" => after.bool("packages.public"),
        _ => true,
    };
    if !possible {
        return Err(Error::invalid("packages.default_type", "not_allowed"));
    }
    Ok(())
}

fn stored(setting: &Setting, value: &SettingValue) -> NewValue {
    match (&setting.kind, value) {
        (SettingKind::Secret { .. }, SettingValue::Text(text)) => NewValue::Secret(text.clone()),
        _ => NewValue::Plain(to_json(value)),
    }
}

/// Returns a value as JSON.
#[must_use]
pub fn to_json(value: &SettingValue) -> Value {
    match value {
        SettingValue::Bool(yes) => json!(yes),
        SettingValue::Integer(number) => json!(number),
        SettingValue::Text(text) => json!(text),
        SettingValue::List(lines) => json!(lines),
    }
}

/// What the audit log tells of a change; of a secret only that there was one.
fn tell(setting: &Setting, before: &Settings, after: &Settings) -> Value {
    let key = setting.key;
    if matches!(setting.kind, SettingKind::Secret { .. }) {
        return json!({ "key": key });
    }
    let value = |settings: &Settings| settings.get(key).map(|value| to_json(&value));
    json!({ "key": key, "before": value(before), "after": value(after) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_an_origin() {
        for good in [
            "",
            "https://a.example.org",
            "http://127.0.0.1:9090/",
            "https://[::1]:1",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "a.example.org",
            "ftp://a",
            "https://",
            "https://a/b",
            "https://a?b",
            "https://u@a",
            "https://:1",
            "https://a:",
            "https://a:b",
            "https://a:1:2",
            "https://a:70000",
            "https://a:+1",
            "https://[::1",
            "https://[a]",
            "https://[::1]1",
            "javascript:x",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn a_licence_server_is_asked_over_https() {
        for good in [
            "",
            "https://l.example",
            "https://l.example:8443/v1/refresh?for=a",
        ] {
            assert!(is_https(good), "{good}");
        }
        for bad in [
            "http://l.example",
            "l.example",
            "https://",
            "https://u:p@l.example/",
            "https://l.example/#a",
            "https://l.example/a b",
        ] {
            assert!(!is_https(bad), "{bad}");
        }
    }

    #[test]
    fn the_usual_life_lies_between_the_others() {
        let mut settings = Settings::default();
        assert!(check_together(&settings).is_ok());
        settings
            .set("packages.expiry_max_days", SettingValue::Integer(7))
            .unwrap();
        assert!(check_together(&settings).is_err());
    }
}
