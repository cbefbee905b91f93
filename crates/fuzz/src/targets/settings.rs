//! Values of settings: what is accepted fits its kind, survives storage, and lets nothing unchecked out.

use serde_json::{Value, json};
use sofie_app::settings::{accepted, to_json};
use sofie_domain::{
    Decision, Direction, EngineRule, EngineVerdict, FileCheck, GroupRules, Outcome, SettingKind,
    SettingValue, Settings, Whose, approvable, decide, registry,
};

use crate::input::{Input, Script};

fn value(input: &mut Input<'_>) -> Value {
    match input.byte() % 5 {
        0 => json!(input.byte().is_multiple_of(2)),
        1 => json!(input.number().cast_signed()),
        2 => json!(i64::from(input.byte())),
        3 => json!(input.text()),
        _ => serde_json::from_slice(input.bytes()).unwrap_or(Value::Null),
    }
}

fn fits(kind: &SettingKind, value: &SettingValue) -> bool {
    match (kind, value) {
        (SettingKind::Bool, SettingValue::Bool(_)) => true,
        (
            SettingKind::Integer { min, max } | SettingKind::Bytes { min, max },
            SettingValue::Integer(n),
        ) => min <= n && n <= max,
        (SettingKind::Text { max } | SettingKind::Secret { max }, SettingValue::Text(text)) => {
            text.chars().count() <= *max && !text.contains(char::is_control)
        }
        (SettingKind::List { max, most }, SettingValue::List(lines)) => {
            let fits =
                |line: &String| line.chars().count() <= *max && !line.contains(char::is_control);
            lines.len() <= *most && lines.iter().all(fits)
        }
        (SettingKind::Cron, SettingValue::Text(text)) => {
            text.is_empty() || text.split_ascii_whitespace().count() == 5
        }
        (SettingKind::Choice(words), SettingValue::Text(text)) => words.contains(&text.as_str()),
        _ => false,
    }
}

/// Links in mails begin with it.
fn assert_origin(url: &str) {
    if !url.is_empty() {
        let uri = url.parse::<http::Uri>();
        assert!(uri.is_ok(), "{url} is no address");
        let uri = uri.unwrap_or_default();
        assert!(matches!(uri.scheme_str(), Some("http" | "https")), "{url}");
        assert!(uri.host().is_some_and(|host| !host.is_empty()), "{url}");
        assert_eq!((uri.path(), uri.query()), ("/", None), "{url}");
        assert!(!url.contains(['@', '"', '<', '>', ' ']), "{url}");
    }
}

/// Whatever administrators set: a mandatory engine without an answer holds a file back, and danger blocks it; and no
/// approver may let out either.
fn assert_silence_blocks(settings: &Settings, whose: &Whose) {
    let clamd = EngineRule {
        engine: "clamd".to_owned(),
        mandatory: true,
    };
    let policy = settings.policy(whose, vec![clamd]);
    let row = |engine: &str, outcome| EngineVerdict {
        engine: engine.to_owned(),
        outcome,
        excused: false,
    };
    for rule in policy.engines.iter().filter(|rule| rule.mandatory) {
        let others = policy
            .engines
            .iter()
            .filter(|other| other.engine != rule.engine);
        let mut rows: Vec<EngineVerdict> = others
            .map(|other| row(&other.engine, Outcome::Clean))
            .collect();
        assert_eq!(decide(&policy, &rows, false), Decision::Wait);
        let late = decide(&policy, &rows, true);
        assert_eq!(
            late,
            Decision::Settled(FileCheck::Unscannable),
            "silence of {}",
            rule.engine
        );
        assert!(!approvable(&policy, &rows), "silence of {}", rule.engine);
        rows.push(row(&rule.engine, Outcome::Infected));
        assert_eq!(
            decide(&policy, &rows, true),
            Decision::Settled(FileCheck::Blocked)
        );
        assert!(!approvable(&policy, &rows), "danger");
    }
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut settings = Settings::default();
    let mut group = GroupRules::default();
    while !input.is_empty() {
        let setting = &registry()[usize::from(input.byte()) % registry().len()];
        let value = value(&mut input);
        let Some(taken) = accepted(setting, &value) else {
            continue;
        };
        assert!(fits(&setting.kind, &taken), "{}: {taken:?}", setting.key);
        assert_eq!(
            accepted(setting, &to_json(&taken)).as_ref(),
            Some(&taken),
            "{}",
            setting.key
        );
        if let SettingValue::Text(word) = &taken {
            // Only rules are for groups.
            let _ = group.set(setting.key, word);
        }
        let set = settings.set(setting.key, taken.clone());
        set.expect("what is accepted can be set");
        assert_eq!(settings.get(setting.key), Some(taken));
    }
    assert_origin(&settings.text("instance.base_url"));
    for direction in [Direction::Outgoing, Direction::Incoming] {
        let users = vec![vec![group.clone()], Vec::new()];
        assert_silence_blocks(&settings, &Whose::everybody(direction));
        assert_silence_blocks(&settings, &Whose { direction, users });
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (index, setting) in (0..).zip(registry()) {
        let script = Script::default().byte(index);
        seeds.push(match &setting.default {
            SettingValue::Bool(yes) => script.byte(0).byte(u8::from(*yes)).rest(&[]),
            SettingValue::Integer(number) => {
                script.byte(1).number(number.cast_unsigned()).rest(&[])
            }
            SettingValue::Text(text) => script.byte(3).text(text).rest(&[]),
            SettingValue::List(lines) => script.byte(4).text(&json!(lines).to_string()).rest(&[]),
        });
        if setting.key == "instance.base_url" {
            seeds.push(
                Script::default()
                    .byte(index)
                    .byte(3)
                    .text("https://[::1]:9090/")
                    .rest(&[]),
            );
        }
    }
    let all = seeds.concat();
    seeds.push(all);
    seeds
}
