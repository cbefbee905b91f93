//! Settings of what keeps an installation in order: the licence, and whether everything stored is intact.

use super::table::{flag, number, text};
use super::{Setting, SettingKind, SettingValue};

pub(super) fn licence() -> Vec<Setting> {
    vec![text(
        "licence.refresh_url",
        "",
        "Where an installed licence is refreshed every day: an address that begins with https://. It is told the licence's id and the number of users, nothing else. Empty: nobody is asked.",
    )]
}

pub(super) fn integrity() -> Vec<Setting> {
    vec![
        Setting {
            key: "integrity.schedule",
            kind: SettingKind::Cron,
            default: SettingValue::Text("0 2 * * sat".to_owned()),
            description: "When it is checked whether everything stored is intact: minute, hour, day of the month, month, day of the week, in UTC, as in cron. Empty: only when somebody asks for it.",
        },
        flag(
            "integrity.deep",
            true,
            "Whether the check by the schedule decrypts every byte and compares the SHA-256 of every file; without it, it looks whether each file is there, of the right length and with an authentic frame.",
        ),
        number(
            "integrity.mib_per_second",
            (0, 50, 100_000),
            "How many MiB in a second the check reads at most; 0: as many as it can.",
        ),
    ]
}
