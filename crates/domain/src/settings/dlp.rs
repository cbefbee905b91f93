//! The settings of sensitive data.

use super::{Setting, SettingKind, SettingValue};

/// Which sensitive data is looked for; what happens then is a rule.
pub(super) fn settings() -> Vec<Setting> {
    vec![
        list(
            "checks.dlp_detectors",
            (40, 20),
            &["card", "private-key", "token"],
            "Which sensitive data is looked for: `card`, `iban`, `birth-number`, `company-id`, `steuer-id`, `pesel`, `ssn`, `private-key`, `token`, `label`; behind a colon the number of matches in a file from which on it counts, such as `iban:10`.",
        ),
        list(
            "checks.dlp_expressions",
            (1100, 50),
            &[],
            "Regular expressions that are looked for too, each as `name: expression`.",
        ),
    ]
}

fn list(
    key: &'static str,
    (max, most): (usize, usize),
    default: &[&str],
    description: &'static str,
) -> Setting {
    Setting {
        key,
        kind: SettingKind::List { max, most },
        default: SettingValue::List(default.iter().map(|&line| line.to_owned()).collect()),
        description,
    }
}
